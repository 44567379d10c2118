'use strict'
// Fixtures for Playwright: `sandbox`, one for each test, and `tombstone`, one server for each worker unless the global
// setup or TOMBSTONE_URL has one for all. `tombstoneOptions` are those of `start`, `sandboxSpec` how sandboxes begin.

const { expect, test: base } = require('@playwright/test')

const { connect, start } = require('./index.js')

const test = base.extend({
  tombstoneOptions: [{}, { option: true, scope: 'worker' }],
  sandboxSpec: [{}, { option: true }],
  tombstone: [
    async ({ tombstoneOptions }, use) => {
      if (process.env.TOMBSTONE_URL) return use(connect())
      const server = await start(tombstoneOptions)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  sandbox: async ({ tombstone, sandboxSpec }, use, testInfo) => {
    const { testId, retry, repeatEachIndex } = testInfo
    const sandbox = await tombstone.sandbox(`${testId}-${repeatEachIndex}-${retry}`, sandboxSpec)
    await use(sandbox)
    if (testInfo.status !== testInfo.expectedStatus) {
      const body = JSON.stringify(await sandbox.report(), null, 2)
      await testInfo.attach('tombstone-journal.json', { body, contentType: 'application/json' })
    }
    await sandbox.remove()
  },
})

module.exports = { expect, test }
