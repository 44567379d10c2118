// The helper under Vitest, with the global setup: one server for all files.
import { expect, test as base } from 'vitest'
import { sandbox } from 'tombstone-sandbox'

const test = base.extend({
  world: async ({ task }, use) => {
    const world = await sandbox(task.id)
    await use(world)
    await world.remove()
  },
})

test.concurrent.for([1, 2, 3])('pet %i goes once', async (id, { world }) => {
  const pet = `${world.url}/pets/${id}`
  await fetch(`${world.url}/pets`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Rex"}' })
  const [{ id: made }] = await (await fetch(`${world.url}/pets`)).json()
  expect(pet).toContain(world.name)
  expect((await fetch(`${world.url}/pets/${made}`, { method: 'DELETE' })).status).toBe(204)
  expect((await fetch(`${world.url}/pets/${made}`)).status).toBe(404)
})
