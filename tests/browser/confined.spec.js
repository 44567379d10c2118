// No answer of an emulated API runs as a page that gets at the admin API, which has the same origin.
import { expect, test } from '@playwright/test'

const html = `<script>
  fetch('/__admin/sandboxes/from-' + location.pathname.split('/').pop(), {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}',
  })
</script>`

// Opens a page. Its script runs before it has loaded, if at all; what it asks for is answered soon after.
const visit = async (page, path) => {
  await page.goto(path)
  await page.waitForTimeout(300)
}

const isMade = async (request, name) => (await request.get(`/__admin/sandboxes/${name}`)).ok()

test('a page of this origin that is not confined gets in, or the others prove nothing', async ({ page, request }) => {
  await page.route('**/documented', async (route) => {
    const answer = await route.fetch()
    const { 'content-security-policy': _, ...headers } = answer.headers()
    await route.fulfill({ response: answer, headers })
  })
  await visit(page, '/documented')
  await expect.poll(() => isMade(request, 'from-documented')).toBe(true)
  await request.delete('/__admin/sandboxes/from-documented')
})

const ways = ['documented', 'any', 'spaced', 'listed', 'unknown', 'ruled', 'relabeled', 'svg', 'xhtml', 'xml']
for (const way of [...ways, 'forced?__code=500', '@elsewhere/documented', 'nothing-here']) {
  test(`/${way} does not get in`, async ({ page, request }) => {
    await visit(page, `/${way}`)
    const name = new URL(way, 'http://x/').pathname.split('/').pop()
    expect(await isMade(request, `from-${name}`)).toBe(false)
  })
}

for (const [way, connection] of [['faulty', undefined], ['slow', { trickle: { bytes: 16, every: '1ms' } }]]) {
  test(`the page of a fault does not get in (${way})`, async ({ page, request }) => {
    const answer = { status: 503, headers: { 'Content-Type': 'text/html' }, body: html }
    const fault = { path: `/${way}`, answer, connection }
    const made = await request.post('/__admin/sandboxes/default/faults', { data: fault })
    expect(made.ok(), await made.text()).toBe(true)
    await visit(page, `/${way}`)
    expect(await isMade(request, `from-${way}`)).toBe(false)
  })
}

test('a kept page is not let out by what a later answer says of it', async ({ page, request }) => {
  await visit(page, '/kept')
  await page.reload()
  const journal = await (await request.get('/__admin/sandboxes/default/requests')).json()
  const calls = journal.requests.filter((entry) => entry.request?.target === '/kept')
  expect(calls.map((entry) => entry.response.status).sort()).toEqual([200, 304])
  expect(await isMade(request, 'from-kept')).toBe(false)
})
