// A test that fails: its report gets the journal.
import { expect, test } from 'tombstone-sandbox/playwright'

test('what failed is told', async ({ request, sandbox }) => {
  const answer = await request.get(`${sandbox.url}/partoo/org/42`)
  expect(answer.status()).toBe(200)
})
