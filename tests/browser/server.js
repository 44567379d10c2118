// A server with the four built-in APIs, for tests that need one of their own: to be killed, or with other options.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PATIENCE_MS = 20_000

export const start = async (...options) => {
  const ready = join(mkdtempSync(join(tmpdir(), 'page-')), 'ready.json')
  const args = ['serve', '--log-format', 'none', '--ready-file', ready, ...(options.includes('--port') ? [] : ['--port', '0']), ...options]
  const child = spawn(process.env.TOMBSTONE, args, { stdio: 'ignore' })
  const began = Date.now()
  while (!existsSync(ready)) {
    if (Date.now() - began > PATIENCE_MS || child.exitCode !== null) throw new Error('the server did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { url, page_url: page, port } = JSON.parse(readFileSync(ready, 'utf8'))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const call = (method, path, headers = {}, body = undefined) => fetch(url + path, { method, headers, body })
  const admin = (method, path, body = {}) => call(method, `/__admin${path}`, { 'content-type': 'application/json' }, method === 'GET' ? undefined : JSON.stringify(body))
  return { url, page, port, call, admin, stop: (signal = 'SIGTERM') => { child.kill(signal); return ended } }
}

export const APPLIVERY = { authorization: 'Bearer applivery-admin' }
export const PARTOO = { 'x-APIKey': 'partoo-provider-write' }
