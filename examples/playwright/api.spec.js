import { expect, test } from 'tombstone-sandbox/playwright'

const authorization = { Authorization: 'Bearer applivery-admin' }
const globex = 'applivery/v1/organizations/globex'

test('an organization can be deleted once', async ({ request, sandbox }) => {
  const remove = () => request.delete(`${sandbox.url}/${globex}`, { headers: authorization })
  expect((await remove()).status()).toBe(200)
  expect((await remove()).status()).toBe(404)
  await sandbox.verify({ deleted: { provider: 'applivery', resource: 'devices' } })
})

test('a deletion can be taken back', async ({ request, sandbox }) => {
  await request.delete(`${sandbox.url}/${globex}`, { headers: authorization })
  await sandbox.undo()
  await sandbox.verify({ exists: { provider: 'applivery', resource: 'organizations', where: { slug: 'globex' } } })
})

test('who may only look deletes nothing', async ({ request, sandbox }) => {
  const headers = { Authorization: 'Bearer applivery-viewer' }
  const answer = await request.delete(`${sandbox.url}/${globex}`, { headers })
  expect(answer.status()).toBe(403)
  await sandbox.verify({ untouched: { provider: 'applivery', resource: 'organizations' } })
})

test('a user is erased within a day', async ({ request, sandbox }) => {
  const headers = { 'x-velt-api-key': 'velt-sandbox-key', 'x-velt-auth-token': 'velt-sandbox-token' }
  const data = { data: { userIds: ['yourUserId1'] } }
  const answer = await request.post(`${sandbox.url}/velt/v2/users/data/delete`, { headers, data })
  expect(answer.status()).toBe(202)
  await sandbox.advance('PT24H')
  await sandbox.verify({ absent: { provider: 'velt', resource: 'members', where: { user_id: 'yourUserId1' } } })
})
