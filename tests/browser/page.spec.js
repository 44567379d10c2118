// The page under /__admin/ui/, each view by its main action, in a browser.
import { expect, test } from '@playwright/test'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { APPLIVERY, PARTOO, start } from './server.js'

const PETSTORE = join(dirname(process.env.PAGES), '../../documents/petstore.yaml')

let server
test.beforeAll(async () => { server = await start('--set', 'velt.erasure_time=24h', '--journal-entries', '20000') })
test.afterAll(() => server.stop())

// Nothing on any page may fail, or be kept from being loaded.
let problems
test.beforeEach(async ({ page }) => {
  problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('Failed to load resource')) problems.push(message.text()) })
  await server.admin('POST', '/reset')
})
test.afterEach(() => { expect(problems).toEqual([]) })

const open = (page, hash = '#/default') => page.goto(`${server.page}${hash}`)
const live = (page) => expect(page.locator('.connection')).toHaveText('live')
const row = (page, text) => page.locator('.rows li', { hasText: text })
const deleteGlobex = () => server.call('DELETE', '/applivery/v1/organizations/globex', APPLIVERY)

test('a browser that is given the address of the server gets to the page', async ({ page }) => {
  await page.goto(`${server.url}/`)
  await expect(page).toHaveURL(new RegExp('/__admin/ui/'))
  await expect(page.getByRole('heading', { name: 'Nothing has happened here yet' })).toBeVisible()
  await expect(page.locator('.command')).toHaveCount(2)
})

test('a call is in the log at once, with what decided and what it did', async ({ page }) => {
  await open(page)
  await live(page)
  await deleteGlobex()
  const deleted = row(page, '/applivery/v1/organizations/globex')
  await expect(deleted).toContainText('200')
  await expect(deleted).toContainText('−1 organization')
  await expect(deleted).toContainText('deleteOrganization rule 4')
  await server.call('GET', '/nowhere')
  await expect(row(page, '/nowhere')).toContainText('404')
})

test('who pauses is told how many are new, and sees them when he wants to', async ({ page }) => {
  await server.call('GET', '/before')
  await open(page)
  await live(page)
  await page.getByRole('button', { name: 'Pause' }).click()
  for (let nth = 0; nth < 12; nth += 1) await server.call('GET', `/new-${nth}`)
  await expect(page.getByRole('button', { name: '12 new' })).toBeVisible()
  await expect(page.locator('.rows li')).toHaveCount(1)
  await page.getByRole('button', { name: '12 new' }).click()
  await expect(page.locator('.rows li')).toHaveCount(13)
  await page.getByLabel('Search the log').fill('new-7')
  await expect(page.locator('.rows li')).toHaveCount(1)
})

test('an entry says why, shows the blast radius, and is undone', async ({ page }) => {
  await server.call('DELETE', '/partoo/org/42?force=true', PARTOO)
  await open(page, '#/default/requests/1')
  const entry = page.getByRole('article', { name: 'Entry 1' })
  await expect(entry.locator('.rule.held')).toContainText('otherwise')
  await expect(entry.locator('.rule').first()).toContainText("principal.role != 'PROVIDER'")
  await expect(entry.locator('.tree > li')).toContainText('1 organization')
  await expect(entry.locator('.tree ul > li')).toContainText(['2 groups', '4 users', '1 api key', '3 businesses'])
  await entry.getByRole('button', { name: 'Undo to before this' }).click()
  await expect(row(page, 'undid entry 1')).toBeVisible()
  await expect(entry.getByRole('button', { name: 'Undo to before this' })).toHaveCount(0)
  expect((await server.call('GET', '/partoo/org/42', PARTOO)).status).toBe(200)
  await page.getByRole('link', { name: 'Close' }).click()
  await expect(entry).toHaveCount(0)
})

test('commands are copied as they work', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await server.call('DELETE', '/partoo/org/42?force=true', PARTOO)
  await open(page, '#/default/requests/1')
  const copied = () => page.evaluate(() => navigator.clipboard.readText())
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  expect(await copied()).toBe(`curl -i -X DELETE '${server.url}/partoo/org/42?force=true' -H 'x-apikey: <x-apikey>'`)
  await page.getByRole('button', { name: 'Copy as expectation' }).click()
  const verified = await (await server.admin('POST', '/sandboxes/default/verify', JSON.parse(await copied()))).json()
  expect(verified.passed, JSON.stringify(verified)).toBe(true)
})

test('the deletion of a record is planned, done, shown as gone, and undone', async ({ page }) => {
  await open(page, '#/default/records/partoo/organizations')
  await page.getByRole('link', { name: '42', exact: true }).click()
  await expect(page.locator('.references')).toContainText(['2 groups'])
  await page.getByRole('button', { name: 'Plan its deletion' }).click()
  await expect(page.locator('.tree ul > li')).toContainText(['2 groups', '4 users', '1 api key', '3 businesses'])
  expect((await server.call('GET', '/partoo/org/42', PARTOO)).status, 'it was planned only').toBe(200)
  await page.getByRole('button', { name: 'Delete it' }).click()
  const gone = page.locator('tr.gone', { hasText: 'deleted in' })
  await expect(gone).toContainText('42')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(gone).toHaveCount(0)
  await expect(page.getByRole('link', { name: '42', exact: true })).toBeVisible()
})

test('a record is edited, and held against its schema', async ({ page }) => {
  await open(page, '#/default/records/partoo/organizations/43')
  await page.getByLabel('name', { exact: true }).fill('Garage du Nord')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => (await (await server.admin('GET', '/sandboxes/default/resources/partoo/organizations/43')).json()).name).toBe('Garage du Nord')
  await page.getByRole('button', { name: 'Edit as JSON' }).click()
  const text = page.getByLabel('The record as JSON')
  await text.fill((await text.inputValue()).replace('"small_medium_business"', '"nonsense"'))
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('alert')).toContainText('nonsense')
})

test('records are filtered by a property', async ({ page }) => {
  await open(page, '#/default/records/partoo/organizations')
  await expect(page.locator('.records tbody tr')).toHaveCount(5)
  await page.getByLabel('Filter records').fill('provider=meridian')
  await expect(page.locator('.records tbody tr')).toHaveCount(1)
  await page.getByLabel('Filter records').fill('boulangerie')
  await expect(page.locator('.records tbody tr')).toHaveCount(1)
})

test('an operation that destroys is a dry run until somebody says otherwise', async ({ page }) => {
  await open(page, '#/default/try')
  await page.getByLabel('Find an operation').fill('partoo deleteOrganization')
  await page.locator('nav a[href$="/partoo/deleteOrganization"]').click()
  await page.getByRole('button', { name: /with force it is deleted/ }).click()
  await expect(page.getByLabel('Dry run')).toBeChecked()
  await page.getByRole('button', { name: 'Plan', exact: true }).click()
  await expect(page.locator('.tree > li')).toContainText('1 organization')
  await page.getByRole('button', { name: 'Send as a dry run' }).click()
  await expect(page.locator('.part')).toContainText('nothing was changed')
  expect((await server.call('GET', '/partoo/org/42', PARTOO)).status).toBe(200)
  await page.getByLabel('Dry run').uncheck()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('link', { name: /why, in entry/ }).click()
  await expect(page.locator('article h1')).toContainText('/partoo/org/42?force=true')
  expect((await server.call('GET', '/partoo/org/42', PARTOO)).status).toBe(404)
})

test('credentials are offered from the records, and an answer can be forced', async ({ page }) => {
  await open(page, '#/default/try/partoo/deleteOrganization')
  await expect(page.locator('datalist option[value="partoo-provider-read"]')).toHaveCount(1)
  await page.getByLabel('x-APIKey').fill('partoo-provider-read')
  await page.getByRole('button', { name: 'Send as a dry run' }).click()
  await expect(page.locator('.part .summary')).toContainText('403')
  await page.locator('.chip', { hasText: '404' }).last().click()
  await page.getByLabel('Dry run').uncheck()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(page.locator('.part .summary')).toContainText('404')
})

test('an erasure that takes a day is shown from deletion to proof, by clicking', async ({ page }) => {
  await open(page, '#/default/try/velt/deleteUserData')
  await page.getByLabel('Dry run').uncheck()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(page.locator('.part .summary')).toContainText('202')
  const body = JSON.parse(await page.locator('label', { hasText: 'Body' }).locator('textarea').inputValue())
  const [user] = body.data.userIds
  await page.getByRole('link', { name: /^Time/ }).click()
  const job = page.locator('.job.running')
  await expect(job).toContainText('0 of')
  await expect(page.locator('.due .in')).toContainText('next in')
  await page.getByRole('button', { name: '+24 h: 24 hours on' }).click()
  await expect(page.locator('.job.running')).toHaveCount(0)
  await page.getByRole('link', { name: 'Records' }).click()
  await page.getByLabel('A user’s id, an address, a name').fill(user)
  await page.getByRole('button', { name: 'Search every record' }).click()
  await expect(page.locator('.residue')).toContainText(/Nothing is left of|place/)
  const left = await (await server.admin('GET', `/sandboxes/default/residue?value=${user}`)).json()
  const inRecords = left.hits.filter((hit) => hit.where === 'record')
  expect(inRecords, 'the job itself says whom it erased').toEqual([])
})

test('the strip leads back and forward', async ({ page }) => {
  // The handle is where it will be, and not on its way.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await deleteGlobex()
  await server.call('DELETE', '/partoo/org/43', PARTOO)
  await open(page)
  const handle = page.getByRole('slider')
  await expect(handle).toHaveAttribute('aria-valuenow', '2')
  await handle.focus()
  await page.keyboard.press('Home')
  await expect(handle).toHaveAttribute('aria-valuenow', '0')
  expect((await server.call('GET', '/partoo/org/43', PARTOO)).status).toBe(200)
  await page.keyboard.press('ArrowRight')
  await expect(handle).toHaveAttribute('aria-valuenow', '1')
  await page.keyboard.press('End')
  await expect(handle).toHaveAttribute('aria-valuenow', '2')
  const track = await page.locator('.track').boundingBox()
  const grip = await handle.boundingBox()
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2)
  await page.mouse.down()
  await page.mouse.move(track.x + track.width / 2, track.y + 14, { steps: 4 })
  await expect(page.locator('.bubble')).toHaveText('undo 1')
  await page.mouse.up()
  await expect(handle).toHaveAttribute('aria-valuenow', '1')
  expect((await server.call('GET', '/partoo/org/43', PARTOO)).status).toBe(200)
})

test('the clock is moved and stands still', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Freeze the clock' }).click()
  await expect(page.locator('.dial')).toContainText('frozen')
  const before = await page.locator('.dial time').getAttribute('datetime')
  await page.getByRole('button', { name: '+1 h: one hour on' }).click()
  await expect.poll(async () => Date.parse(await page.locator('.dial time').getAttribute('datetime')) - Date.parse(before)).toBe(3_600_000)
})

test('sandboxes are made, forked, reset and dropped', async ({ page }) => {
  await deleteGlobex()
  await open(page, '#/default/sandboxes')
  await page.getByRole('button', { name: 'Fork default' }).click()
  await page.getByLabel('Name').fill('demo')
  await page.getByRole('button', { name: 'Make' }).click()
  await expect(page).toHaveURL(/#\/demo\/requests/)
  await expect(page.getByLabel('Sandbox', { exact: true })).toHaveValue('demo')
  await page.getByLabel('Sandbox', { exact: true }).selectOption('default')
  await expect(row(page, 'globex')).toBeVisible()
  await page.getByRole('link', { name: 'Sandboxes' }).click()
  await page.getByRole('button', { name: 'Drop demo' }).click()
  await expect(page.getByRole('button', { name: 'Drop demo' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Reset default' }).click()
  await page.getByRole('link', { name: 'Log' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing has happened here yet' })).toBeVisible()
})

test('a sandbox that a client makes is there to choose', async ({ page }) => {
  await open(page)
  await live(page)
  await server.call('GET', '/@from-a-test/partoo/org/42', PARTOO)
  await expect(page.locator('.switcher option', { hasText: 'from-a-test' })).toHaveCount(1)
})

test('a fault is added, strikes, and is removed', async ({ page }) => {
  await open(page, '#/default/faults')
  await page.getByLabel('Operation').fill('deleteOrganization')
  await page.getByLabel('Method').fill('DELETE')
  await page.getByLabel('After').fill('1')
  await page.getByText('Headers and body').click()
  await page.getByLabel('Only with these headers').fill('X-Tenant: acme')
  await page.getByLabel('Headers of the answer').fill('Retry-After: 3\nX-Quota: 0')
  await page.getByLabel('Body of the answer').fill('{"error":"slow down"}')
  await page.getByRole('button', { name: 'Add' }).click()
  await expect(page.locator('.faults tbody tr')).toContainText('answers 503')
  const { faults: [fault] } = await (await server.admin('GET', '/sandboxes/default/faults')).json()
  expect(fault).toMatchObject({ method: 'DELETE', after: 1, times: 1, headers: { 'X-Tenant': 'acme' }, answer: { body: { error: 'slow down' } } })
  const struck = () => server.call('DELETE', '/partoo/org/99999', { ...PARTOO, 'X-Tenant': 'acme' })
  expect((await server.call('DELETE', '/partoo/org/99999', PARTOO)).status).toBe(404)
  expect((await struck()).status, 'the first one passes').toBe(404)
  const answer = await struck()
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-quota')]).toEqual([503, '3', '0'])
  await expect(page.locator('.faults tbody td').nth(5)).toHaveText('1')
  await page.getByRole('button', { name: /^Remove the fault/ }).click()
  await expect(page.getByRole('heading', { name: 'Nothing goes wrong on purpose' })).toBeVisible()
})

test('coverage tells what was never exercised', async ({ page }) => {
  await server.call('DELETE', '/partoo/org/43', PARTOO)
  await open(page, '#/default/coverage')
  await expect(page.locator('tr', { hasText: '/org/{org_id}' }).filter({ hasText: 'deleteOrganization' }).locator('.response.covered')).toHaveText('200')
  const all = await page.locator('.coverage tbody tr').count()
  expect(all).toBeGreaterThan(30)
})

test('everything is done by keys', async ({ page }) => {
  for (const path of ['/one', '/two', '/three']) await server.call('GET', path)
  await server.call('DELETE', '/partoo/org/43', PARTOO)
  await open(page)
  await expect(row(page, '/three')).toBeVisible()
  await page.keyboard.press('k')
  await expect(page).toHaveURL(/requests\/4$/)
  await page.keyboard.press('k')
  await expect(page).toHaveURL(/requests\/3$/)
  await page.keyboard.press('j')
  await expect(page).toHaveURL(/requests\/4$/)
  await page.keyboard.press('u')
  await expect(row(page, 'undid entry 4')).toBeVisible()
  await page.keyboard.press('r')
  await expect(row(page, 'did entry 4 again')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/requests$/)
  await page.keyboard.press('/')
  await expect(page.getByLabel('Search the log')).toBeFocused()
  await page.keyboard.press('Escape')
  await page.keyboard.press('.')
  await expect(page.getByRole('combobox', { name: 'Command' })).toBeFocused()
  await page.keyboard.type('coverage')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: /^Coverage/ })).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

const VIEWS = ['requests', 'requests/1', 'records', 'records/partoo/organizations', 'records/partoo/organizations/42', 'try/partoo/deleteOrganization', 'time', 'faults', 'coverage', 'sandboxes']

// Looks at each view as it is on a desk and on a phone.
const atEachView = async (page, look) => {
  await server.call('DELETE', '/partoo/org/43', PARTOO)
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 })
    for (const view of VIEWS) {
      await open(page, `#/default/${view}`)
      await live(page)
      await look(`${view} at ${width}`)
    }
  }
}

test('every control of every view has a name, and nothing is wider than a phone', ({ page }) => atEachView(page, async (view) => {
  const controls = page.locator('a, button, input, select, textarea, summary, [role=slider]')
  await expect(controls.first()).toBeVisible()
  const nameless = await controls.evaluateAll((all) => all.filter((one) => {
    const text = (one.getAttribute('aria-label') ?? '') + (one.labels?.[0]?.textContent ?? '') + (one.tagName === 'INPUT' || one.tagName === 'TEXTAREA' ? '' : one.textContent)
    return text.trim() === ''
  }).map((one) => one.outerHTML.slice(0, 120)))
  expect(nameless, view).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), view).toBeLessThanOrEqual(0)
  await expect(page.locator('h1, .log')).not.toHaveCount(0)
}))

for (const colorScheme of ['light', 'dark']) {
  test(`nothing serious keeps anybody from using a view (${colorScheme})`, async ({ page }) => {
    test.setTimeout(120_000)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.addInitScript({ path: createRequire(import.meta.url).resolve('axe-core') })
    await atEachView(page, async (view) => {
      await expect(page.locator('h1:visible, .log:visible').first()).toBeVisible()
      const { violations, passes } = await page.evaluate(() => window.axe.run())
      expect(passes.length).toBeGreaterThan(10)
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
      const told = serious.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`)
      expect(told, view).toEqual([])
    })
  })
}

test('ten thousand entries are drawn as far as they are seen', async ({ page }) => {
  test.setTimeout(90_000)
  for (let nth = 0; nth < 10_000; nth += 200) await Promise.all(Array.from({ length: 200 }, (_, at) => server.call('GET', `/many-${nth + at}`)))
  await open(page)
  await live(page)
  await expect(page.locator('.bar .count')).toContainText('10,000')
  expect(await page.locator('.rows li').count()).toBeLessThan(80)
  const list = page.locator('.rows')
  await expect.poll(async () => {
    await list.evaluate((element) => { element.scrollTop = 0 })
    return page.locator('.rows li').first().getAttribute('aria-setsize')
  }, { timeout: 60_000, intervals: [50] }).toBe('10000')
  expect(await page.locator('.rows li').count()).toBeLessThan(80)
  await list.evaluate((element) => { element.scrollTop = element.scrollHeight / 2 })
  await expect(page.locator('.rows li').first()).toHaveAttribute('aria-posinset', /^4\d{3}$/)
  await server.call('GET', '/last')
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible()
})

test('two pages show one sandbox', async ({ page, context }) => {
  const other = await context.newPage()
  await open(page)
  await open(other)
  await live(page)
  await live(other)
  await deleteGlobex()
  await expect(row(other, 'globex')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row(other, 'undid entry 1')).toBeVisible()
  await expect(row(other, 'globex')).toContainText('undone')
})

test('a journal that is cleared is empty on every page', async ({ page }) => {
  await server.call('GET', '/before')
  await open(page)
  await live(page)
  await expect(row(page, '/before')).toBeVisible()
  await server.call('DELETE', '/__admin/sandboxes/default/requests')
  await expect(page.getByRole('heading', { name: 'Nothing has happened here yet' })).toBeVisible()
  await server.call('GET', '/after')
  await expect(row(page, '/after')).toBeVisible()
  await expect(page.locator('.rows li')).toHaveCount(1)
})

test('a server that ends and comes back is followed again', async ({ page }) => {
  let own = await start()
  await page.goto(own.page)
  await live(page)
  await own.stop('SIGKILL')
  await expect(page.locator('.connection')).toHaveText('no connection')
  own = await start('--port', String(own.port))
  await live(page)
  await own.call('GET', '/after')
  await expect(row(page, '/after')).toBeVisible()
  await own.stop()
})

test('a token is asked for, and is in no address and no log', async ({ page }) => {
  const own = await start('--admin-token', 'a secret')
  await page.goto(`${own.page}#/default/faults`)
  await page.getByLabel('Admin token').fill('wrong')
  await page.getByRole('button', { name: 'Open' }).click()
  await expect(page.getByText('The server does not take that token.')).toBeVisible()
  await page.getByLabel('Admin token').fill('a secret')
  await page.getByRole('button', { name: 'Open' }).click()
  await live(page)
  await expect(page.getByRole('heading', { name: 'Faults' })).toBeVisible()
  expect(page.url()).not.toContain('secret')
  await page.reload()
  await live(page)
  await own.stop()
})

test('a document without behavior has a form for each operation that works', async ({ page }) => {
  const own = await start(PETSTORE, '--built-in', 'off', '--stateless')
  await page.goto(own.page)
  await expect(page.locator('.command')).not.toHaveCount(0)
  await page.goto(`${own.page}#/default/try`)
  await page.locator('nav.side a').first().click()
  await page.getByLabel('Dry run').uncheck()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('link', { name: /why, in entry/ }).click()
  await expect(page.locator('article')).toContainText('by the contract')
  await page.getByRole('link', { name: 'Records' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing is remembered here' })).toBeVisible()
  await own.stop()
})

test('a document whose state is inferred has records, calls to them that work, and a way back', async ({ page }) => {
  const own = await start(PETSTORE, '--built-in', 'off')
  await page.goto(own.page)
  await expect(page.locator('.command')).toHaveCount(2)
  const commands = await page.locator('.command code').allTextContents()
  const calls = commands.map((command) => ({ method: command.match(/-X (\w+)/)?.[1] ?? 'GET', path: new URL(command.match(/http[^\s']+/)[0]).pathname }))
  const statuses = []
  for (const { method, path } of calls.sort((one) => (one.method === 'GET' ? -1 : 1))) statuses.push((await own.call(method, path, { 'X-Key': 'key' })).status)
  expect(statuses, commands.join(' ')).toEqual([200, 204])
  await expect(row(page, 'DELETE')).toContainText('−1 pet')
  await page.getByRole('link', { name: 'Records' }).click()
  await page.locator('a[href$="/records/petstore/pets"]').first().click()
  await expect(page.locator('.records tbody tr:not(.gone)')).toHaveCount(2)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.locator('.records tbody tr:not(.gone)')).toHaveCount(3)
  await own.stop()
})

test('a page of another origin can neither frame the page nor call it', async ({ page }) => {
  const [other, own] = [await start(), await start()]
  await page.goto(`${other.url}/__admin/health`)
  const framed = await page.evaluate(async (address) => {
    const frame = document.createElement('iframe')
    frame.src = address
    document.body.append(frame)
    await new Promise((resolve) => { frame.onload = resolve; setTimeout(resolve, 2000) })
    try { return frame.contentDocument?.body?.textContent ?? 'closed' } catch { return 'closed' }
  }, own.page)
  expect(framed).not.toContain('Tombstone')
  const called = await page.evaluate((address) => fetch(address, { method: 'POST' }).then(() => 'answered', () => 'refused'), `${own.url}/__admin/reset`)
  expect(called).toBe('refused')
  problems = []
  await other.stop()
  await own.stop()
})
