// A front end under development: pages that Vite serves, and the ways in which they call the sandbox.
import { expect, test } from '@playwright/test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'vite'
import { PARTOO, start } from './server.js'

// Every form of `server.proxy` in Vite's documentation: text (which changes the origin, too), options, and a pattern.
const FORMS = {
  '/__admin': (target) => target,
  '/plain': (target) => ({ target, rewrite: (path) => path.replace('/plain', '') }),
  '/changed': (target) => ({ target, changeOrigin: true, rewrite: (path) => path.replace('/changed', '') }),
  '^/pattern/.*': (target) => ({ target, changeOrigin: true, rewrite: (path) => path.replace('/pattern', '') }),
  '/api': (target) => ({ target, changeOrigin: true, rewrite: (path) => path.replace(/^\/api/, '/@dev') }),
}

let server
let vite
let origin
test.beforeAll(async () => {
  server = await start()
  const root = mkdtempSync(join(tmpdir(), 'vite-'))
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>app</title>')
  const proxy = Object.fromEntries(Object.entries(FORMS).map(([path, form]) => [path, form(server.url)]))
  vite = await createServer({ root, configFile: false, logLevel: 'silent', cacheDir: join(root, 'cache'), server: { host: 'localhost', port: 0, proxy } })
  await vite.listen()
  origin = `http://localhost:${vite.httpServer.address().port}`
})
test.afterAll(async () => {
  await vite.close()
  await server.stop()
})

// What a page gets for a call that it makes.
const call = (page, url, options = {}) => page.evaluate(async ([address, init]) => {
  const began = performance.now()
  try {
    const answer = await fetch(address, init)
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text(), ms: performance.now() - began }
  } catch (error) {
    return { refused: String(error), ms: performance.now() - began }
  }
}, [url, options])

const JSON_TYPE = { 'content-type': 'application/json' }

for (const prefix of ['', '/plain', '/changed', '/pattern']) {
  test(`the admin API is called through a proxy: ${prefix || 'text'}`, async ({ page }) => {
    await page.goto(origin)
    const read = await call(page, `${prefix}/__admin/sandboxes`)
    expect(read.status, read.text).toBe(200)
    const made = await call(page, `${prefix}/__admin/sandboxes/from-page`, { method: 'PUT', headers: JSON_TYPE, body: '{}' })
    expect([200, 201], made.text).toContain(made.status)
    expect((await call(page, `${prefix}/__admin/sandboxes/from-page/reset`, { method: 'POST' })).status).toBe(200)
  })
}

test('the emulated API is called through a proxy that picks the sandbox, with cookies', async ({ page }) => {
  await page.goto(origin)
  const fault = { path: '/org/43', times: 1, answer: { status: 200, headers: { 'Set-Cookie': 'sid=7; Path=/; HttpOnly; SameSite=Lax' }, body: {} } }
  await server.admin('PUT', '/sandboxes/dev')
  await server.admin('POST', '/sandboxes/dev/faults', fault)
  expect((await call(page, '/api/partoo/org/43', { headers: PARTOO })).headers['tombstone-sandbox']).toBe('dev')
  await call(page, '/api/partoo/org/43', { headers: PARTOO })
  const { requests: [last] } = await (await server.admin('GET', '/sandboxes/dev/requests')).json()
  expect(last.request.headers.map(({ name }) => name.toLowerCase())).toContain('cookie')
})

test('a page of another origin calls the emulated API and reads its headers, and gets nothing of the admin API', async ({ page }) => {
  await page.goto(origin)
  const there = server.url.replace('127.0.0.1', 'localhost')
  await server.admin('POST', '/sandboxes/default/faults', { path: '/org/43', times: 1, answer: { status: 429, headers: { 'Retry-After': 3, 'X-Quota-Left': 0 }, body: {} } })
  const faulty = await call(page, `${there}/partoo/org/43`, { headers: PARTOO, credentials: 'include' })
  expect([faulty.status, faulty.headers['retry-after'], faulty.headers['x-quota-left']]).toEqual([429, '3', '0'])
  expect(faulty.headers['tombstone-request-id']).toBeTruthy()
  expect((await call(page, `${there}/__admin/reset`, { method: 'POST' })).refused).toContain('TypeError')
})

test('an answer is held back for one request', async ({ page }) => {
  await page.goto(origin)
  const slow = await call(page, `${server.url}/partoo/org/44`, { headers: { ...PARTOO, Prefer: 'wait=700ms' } })
  expect(slow.ms).toBeGreaterThan(690)
  expect(slow.headers['preference-applied']).toBe('wait=700ms')
})

test('a browser sends again what breaks on a connection that was used before, and a fault that strikes always is seen', async ({ page }) => {
  await page.goto(origin)
  await server.admin('PUT', '/sandboxes/broken')
  const url = `${server.url}/@broken/partoo/org/44`
  await call(page, url, { headers: PARTOO })
  await server.admin('POST', '/sandboxes/broken/faults', { method: 'GET', connection: 'reset' })
  expect((await call(page, url, { headers: PARTOO })).refused).toContain('TypeError')
  const { faults: [fault] } = await (await server.admin('GET', '/sandboxes/broken/faults')).json()
  expect(fault.struck, 'the browser tried again by itself').toBeGreaterThanOrEqual(2)
})
