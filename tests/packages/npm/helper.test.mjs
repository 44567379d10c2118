// The helper under Node's own test runner.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'

import { AdminError, VerificationError, connect, globalSetup, sandbox, start } from 'tombstone-sandbox'

const authorization = { Authorization: 'Bearer applivery-admin' }
const remove = (world) => fetch(`${world.urlOf('applivery')}/v1/organizations/globex`, { method: 'DELETE', headers: authorization })
const devices = { provider: 'applivery', resource: 'devices' }

let server
before(async () => {
  server = await start()
})
after(() => server.stop())

test('each test has a world of its own', async (t) => {
  const world = await server.sandbox(t.name)
  const other = await server.sandbox()
  assert.match(world.name, /^each-test-has-a-world-of-its-own-[0-9a-f]{12}$/)
  assert.equal((await remove(world)).status, 200)
  assert.equal((await remove(world)).status, 404)
  await world.verify({ deleted: devices, count: { min: 1 } }, { calls: { operation: 'deleteOrganization' }, count: 2 })
  await other.verify({ untouched: devices })
  const [kept] = await other.records('applivery', 'organizations', { slug: 'globex' })
  assert.equal(kept.slug, 'globex')
  await Promise.all([world.remove(), other.remove(), other.remove()])
})

test('what was done can be undone, and done again', async () => {
  const world = await server.sandbox()
  await remove(world)
  await world.undo()
  await world.verify({ untouched: devices })
  await world.redo()
  await world.verify({ deleted: devices })
  await world.reset()
  await world.verify({ untouched: devices })
})

test('time is moved, and stands', async () => {
  const world = await server.sandbox('clock', { clock: { start: '2030-01-01T00:00:00Z', frozen: true } })
  assert.match((await world.get('clock')).now, /^2030-01-01T00:00:00/)
  assert.match((await world.advance('24h')).now, /^2030-01-02T00:00:00/)
  assert.match((await world.freeze('2031-01-01T00:00:00Z')).now, /^2031/)
})

test('faults strike, and calls are planned', async () => {
  const world = await server.sandbox()
  await world.fault({ operation: 'deleteOrganization', times: 1, answer: { status: 503 } })
  assert.equal((await remove(world)).status, 503)
  const plan = await world.plan('DELETE', '/applivery/v1/organizations/globex', { headers: authorization })
  assert.equal(plan.counts.deleted['applivery/organizations'], 1)
  await world.verify({ untouched: devices })
})

test('what does not hold is said, and what the server refuses', async () => {
  const world = await server.sandbox()
  await assert.rejects(world.verify({ deleted: devices, description: 'the devices' }), (error) => {
    assert(error instanceof VerificationError)
    assert.match(error.message, /^an expectation does not hold\n {2}the devices: expected .+; found .+/)
    return true
  })
  await assert.rejects(world.post('clock', { advance: 'soon' }), (error) => {
    assert(error instanceof AdminError)
    assert.equal(error.status, 422)
    assert.match(error.message, /POST .+\/clock: 422 /)
    return true
  })
  await remove(world)
  const [entry] = (await world.report()).filter(({ operation }) => operation === 'deleteOrganization')
  assert.ok(entry.explanation)
})

test('the admin token is sent', async () => {
  const closed = await start({ token: 'secret' })
  await closed.sandbox('mine')
  await assert.rejects(connect(closed.url, { token: 'another' }).sandbox('mine'), { status: 401 })
  await closed.stop()
})

test('a server that does not start says why', async () => {
  await assert.rejects(start({ args: ['mock', 'nothing.yaml'] }), /ended with 2 before it was ready:\n.*nothing\.yaml/s)
  await assert.rejects(start({ program: 'no-such-program' }), /cannot be run/)
})

test('the global setup has one server for all', async () => {
  const teardown = await globalSetup({ args: ['mock', 'openapi.yaml'] })()
  const world = await sandbox()
  assert.equal((await fetch(`${world.url}/pets`)).status, 200)
  assert.equal(await (await globalSetup()()) (), undefined)
  await teardown()
  assert.equal(process.env.TOMBSTONE_URL, undefined)
})

test('it is there for require, too', () => {
  assert.equal(createRequire(import.meta.url)('tombstone-sandbox').start, start)
})
