// What the declarations promise, for `require`.
import tombstone = require('tombstone-sandbox')
import setup = require('tombstone-sandbox/global-setup')
import playwright = require('tombstone-sandbox/playwright')

async function main(): Promise<void> {
  const teardown: () => Promise<void> = await setup()
  const world: tombstone.Sandbox = await tombstone.sandbox()
  await world.undo({ to: 17 })
  await teardown()
}
playwright.test('is typed', main)
