// What the declarations promise, for `import`; types.cts is the same for `require`.
import { type Entry, type Sandbox, sandbox, start } from 'tombstone-sandbox'
import setup from 'tombstone-sandbox/global-setup'
import { expect, test } from 'tombstone-sandbox/playwright'

const server = await start({ args: ['mock', 'openapi.yaml'], timeout: 5_000 })
const world: Sandbox = await server.sandbox('types', { clock: { frozen: true } })
await world.verify({ deleted: { resource: 'pets', key: 1 }, count: { min: 1 } }, { no_residue: 'a@b.example' })
const entries: Entry[] = await world.journal({ status: '4xx' })
const pets = await world.records<{ id: number }>('petstore', 'pets')
// @ts-expect-error: it is no expectation
await world.verify({ removed: { resource: 'pets' } })
await (await setup())()
test('fixtures are typed', async ({ page, sandbox: own, tombstone }) => {
  await page.goto(`${own.url}/${pets[0]!.id}/${entries.length}`)
  expect(tombstone.url).toContain((await sandbox()).name)
})
