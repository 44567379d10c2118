// The modules of the page that know neither the server nor the views, one by one.
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { start } from './server.js'

let server
test.beforeAll(async () => { server = await start() })
test.afterAll(() => server.stop())
test.beforeEach(({ page }) => page.goto(`${server.page}icon.svg`).then(() => page.goto(server.page)))

const inPage = (page, work, argument) => page.evaluate(work, argument)

test('nodes with keys keep their elements, wherever they go', async ({ page }) => {
  const kept = await inPage(page, async () => {
    const { h, render } = await import('/__admin/ui/dom.js')
    const box = document.createElement('ul')
    const list = (...keys) => keys.map((key) => h('li', { key }, key))
    const texts = () => [...box.children].map((element) => element.textContent).join('')
    render(box, list('a', 'b', 'c'))
    const b = box.children[1]
    render(box, list('c', 'b', 'd', 'a'))
    const moved = [texts(), box.children[1] === b]
    render(box, list('b'))
    return [...moved, texts(), box.children[0] === b]
  })
  expect(kept).toEqual(['cbda', true, 'b', true])
})

test('what somebody is typing in stays his, with the place of the cursor', async ({ page }) => {
  const typed = await inPage(page, async () => {
    const { h, render } = await import('/__admin/ui/dom.js')
    const box = document.createElement('div')
    document.body.append(box)
    const draw = (value, before) => render(box, before ? h('p', {}, before) : null, h('input', { value }))
    draw('one')
    const input = box.querySelector('input')
    input.focus()
    input.value = 'one two'
    input.setSelectionRange(3, 3)
    draw('one two', 'something comes before it')
    return [box.querySelector('input') === input, document.activeElement === input, input.selectionStart]
  })
  expect(typed).toEqual([true, true, 3])
})

test('attributes, styles and listeners come and go', async ({ page }) => {
  const seen = await inPage(page, async () => {
    const { h, render } = await import('/__admin/ui/dom.js')
    const box = document.createElement('div')
    let clicks = 0
    render(box, h('button', { class: 'a', title: 'x', disabled: false, style: { left: '1px', top: '2px' }, onclick: () => { clicks += 1 } }, 'text'))
    const button = box.firstChild
    button.click()
    render(box, h('button', { class: 'b', disabled: true, style: { left: '3px' } }, 'other'))
    button.disabled = false
    button.click()
    return [clicks, button.outerHTML]
  })
  expect(seen).toEqual([1, '<button class="b" style="left: 3px;">other</button>'])
})

test('a text is a text, whatever is in it', async ({ page }) => {
  const html = await inPage(page, async () => {
    const { h, render } = await import('/__admin/ui/dom.js')
    const box = document.createElement('div')
    render(box, h('p', {}, '<img src=x onerror=alert(1)>', null, false, 0))
    return box.innerHTML
  })
  expect(html).toBe('<p>&lt;img src=x onerror=alert(1)&gt;0</p>')
})

test('values are told as people read them', async ({ page }) => {
  const told = await inPage(page, async () => {
    const { counted, curl, differences, effects, span } = await import('/__admin/ui/format.js')
    const { address, read } = await import('/__admin/ui/router.js')
    const counts = { deleted: { 'partoo/businesses': 3, 'partoo/organizations': 1 }, unlinked: { 'partoo/users': 5 } }
    return {
      counted: [counted(1, 'activities'), counted(1, 'businesses'), counted(1, 'addresses'), counted(1200, 'api_keys'), counted(1, 'status')],
      effects: effects(counts, { kind: 'deleted', provider: 'partoo', resource: 'organizations' }).map((one) => one.text),
      span: [span(400), span(61000), span(86400e3), span(90000e3)],
      differences: differences({ a: 1, b: { c: 1 } }, { b: { c: 1 }, d: null }).map((one) => one.name),
      curl: curl('http://x', 'demo', { method: 'POST', target: "/a?b=it's", headers: [{ name: 'X-Key', value: '[REDACTED]' }, { name: 'Host', value: 'x' }], body: { a: 1 } }),
      address: read(address('a', 'records', 'p', 'r', 'k/ä,1')).rest,
      odd: [read('').sandbox, read('#/x/nonsense').view, read('#/%').sandbox],
    }
  })
  expect(told).toEqual({
    counted: ['1 activity', '1 business', '1 address', '1,200 api keys', '1 status'],
    effects: ['−1 organization', '−3 businesses', '5 users unlinked'],
    span: ['400 ms', '1 min 1 s', '1 d', '1 d 1 h'],
    differences: ['a', 'd'],
    curl: "curl -i 'http://x/a?b=it'\\''s' -H 'X-Key: <x-key>' -H 'Tombstone-Sandbox: demo' --data-raw '{\"a\":1}'",
    address: ['p', 'r', 'k/ä,1'],
    odd: ['default', 'requests', '%'],
  })
})

test('events are read however they are cut', async ({ page }) => {
  const read = await inPage(page, async () => {
    const { events } = await import('/__admin/ui/api.js')
    const text = ': listening\n\nid: 1\nevent: call\ndata: {"id":1,"path":"/ä: b"}\n\nevent: gap\ndata: {"from":2,"to":3}\n\n'
    const bytes = new TextEncoder().encode(text)
    const body = new ReadableStream({ start: (to) => { for (const byte of bytes) to.enqueue(new Uint8Array([byte])); to.close() } })
    const found = []
    for await (const event of events(body)) found.push(event)
    return found
  })
  expect(read).toEqual([{ id: '1', event: 'call', data: { id: 1, path: '/ä: b' } }, { event: 'gap', data: { from: 2, to: 3 } }])
})

test('words have the same singulars as in the program', async ({ page }) => {
  const words = JSON.parse(readFileSync(new URL('singulars.json', import.meta.url), 'utf8'))
  const singulars = await inPage(page, async (many) => {
    const { singular } = await import('/__admin/ui/format.js')
    return many.map(singular)
  }, words.map(([many]) => many))
  expect(singulars).toEqual(words.map(([, one]) => one))
})
