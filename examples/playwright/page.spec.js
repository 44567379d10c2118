import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

import { expect, test } from 'tombstone-sandbox/playwright'

// Stands for the development server of the front end.
const html = await readFile(new URL('page.html', import.meta.url))
const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html))

test.beforeAll(() => new Promise((listening) => server.listen(0, '127.0.0.1', listening)))
test.afterAll(() => server.close())

test.beforeEach(async ({ page, sandbox }) => {
  await page.goto(`http://127.0.0.1:${server.address().port}/?api=${encodeURIComponent(sandbox.url)}`)
})

test('the page tells that an organization is gone', async ({ page, sandbox }) => {
  await page.getByRole('button').click()
  await expect(page.getByRole('status')).toHaveText('The organization is gone.')
  await page.getByRole('button').click()
  await expect(page.getByRole('status')).toHaveText('Entity not found')
  await sandbox.verify({ calls: { provider: 'applivery', operation: 'deleteOrganization' }, count: 2 })
})

test('the page tells that the network is down', async ({ page, sandbox }) => {
  await sandbox.fault({ provider: 'applivery', operation: 'deleteOrganization', connection: 'reset' })
  await page.getByRole('button').click()
  await expect(page.getByRole('status')).toHaveText('The network is down.')
  // The call came so far, or the page would be right for another reason; Chromium may have tried it again.
  await sandbox.verify(
    { calls: { provider: 'applivery', operation: 'deleteOrganization' } },
    { untouched: { provider: 'applivery', resource: 'organizations' } },
  )
})
