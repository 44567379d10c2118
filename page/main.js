// The page: what is in the address is shown, keys do what they say, and all of it is drawn when something has changed.

import { hasToken, setToken, whenTokenIsNeeded } from './api.js'
import { coverageView, readCoverage } from './coverage.js'
import { h, render } from './dom.js'
import { faultsView } from './faults.js'
import { focusRow, log, logView, pause, settleLog, step } from './log.js'
import { openPalette, paletteView } from './palette.js'
import { readRecords, recordsView } from './records.js'
import { readRequest, requestView } from './request.js'
import { address, NAMES, read } from './router.js'
import { sandboxesView } from './sandboxes.js'
import { changed, openSandbox, readContracts, readSandboxes, redo, state, undo, watchVisibility, whenChanged } from './state.js'
import { timeStrip, timeView } from './time.js'
import { readOperation, tryView } from './try.js'

const CONNECTIONS = { live: 'live', lost: 'no connection', refused: 'refused', gone: 'not there yet', '': 'connecting' }

const counts = (view) => (view === 'faults' && state.faults.length ? state.faults.length : view === 'time' ? state.jobs.filter((job) => job.state === 'running').length || null : null)

const tabs = () => h('nav', { class: 'tabs', 'aria-label': 'Views' }, Object.keys(NAMES).map((view) => h('a', { key: view, href: address(state.route.sandbox, view), 'aria-current': state.route.view === view ? 'page' : null }, NAMES[view], counts(view) ? h('span', { class: 'badge' }, counts(view)) : null)))

const switcher = () => {
  const names = state.sandboxes.map((one) => one.name)
  if (!names.includes(state.route.sandbox)) names.unshift(state.route.sandbox)
  return h('div', { class: 'switcher' }, h('select', { 'aria-label': 'Sandbox', value: state.route.sandbox, onchange: (event) => { location.hash = address(event.target.value, state.route.view) } }, names.slice(0, 500).map((name) => h('option', { key: name, value: name }, name))))
}

const skip = (event) => {
  event.preventDefault()
  document.querySelector('main').focus()
}

const header = () => h('header', {},
  h('a', { class: 'skip', href: location.hash || '#', onclick: skip }, 'To the content'),
  h('a', { class: 'brand', 'aria-label': 'Tombstone', href: address(state.route.sandbox, 'requests') }, h('img', { src: 'icon.svg', alt: '', width: 20, height: 20 }), h('span', {}, 'Tombstone')),
  switcher(), tabs(),
  h('span', { class: `connection ${state.connection || 'connecting'}`, role: 'status' }, CONNECTIONS[state.connection]),
  h('button', { type: 'button', class: 'quiet more', onclick: openPalette, 'aria-keyshortcuts': '.', 'aria-label': 'Commands', title: 'Commands (.)' }, '⋯'))

const views = {
  requests: () => {
    const isOpen = state.route.rest.length > 0
    return h('div', { class: `pair${isOpen ? ' open' : ''}`, key: 'requests' }, logView(), isOpen ? requestView() : null)
  },
  records: recordsView, try: tryView, time: timeView, faults: faultsView, coverage: coverageView, sandboxes: sandboxesView,
}

const tokenForm = () => {
  const submit = (event) => {
    event.preventDefault()
    setToken(event.target.elements.token.value)
    state.needsToken = false
    start()
  }
  return h('main', { class: 'token' }, h('form', { onsubmit: submit },
    h('h1', {}, 'Tombstone'),
    h('p', {}, hasToken() ? 'The server does not take that token.' : 'This server was started with an admin token.'),
    h('label', { class: 'field' }, h('span', {}, 'Admin token'), h('input', { type: 'password', name: 'token', autocomplete: 'off', required: true, autofocus: true })),
    h('button', { type: 'submit', class: 'strong' }, 'Open'),
    h('p', { class: 'none' }, 'It is kept until this tab is closed, and sent to this server only.')))
}

const draw = () => {
  if (state.needsToken) return render(document.getElementById('app'), tokenForm())
  const { view, rest, sandbox } = state.route
  document.title = `${[...rest].reverse().concat(NAMES[view], sandbox).join(' · ')} · Tombstone`
  render(document.getElementById('app'),
    header(), timeStrip(),
    h('main', { tabindex: -1, class: view }, views[view]()),
    paletteView(),
    state.notice ? h('div', { class: `notice${state.notice.isError ? ' error' : ''}`, key: 'notice' }, state.notice.text) : null)
  settleLog()
  // Each reads only what is not there yet.
  if (view === 'requests' && rest.length) readRequest()
  else if (view === 'records') readRecords()
  else if (view === 'try') readOperation()
  else if (view === 'coverage') readCoverage()
}

const start = () => {
  state.route = read(location.hash)
  openSandbox(state.route.sandbox)
  readContracts()
  readSandboxes()
  changed()
}

addEventListener('hashchange', () => {
  const before = state.route
  state.route = read(location.hash)
  if (before.sandbox !== state.route.sandbox) openSandbox(state.route.sandbox)
  changed()
  const [left] = before.view === 'requests' ? before.rest : []
  if (left && !state.route.rest.length) setTimeout(() => focusRow(left), 50)
})

const search = () => {
  const input = document.getElementById('search')
  if (input) input.focus()
  else { location.hash = address(state.route.sandbox, 'requests'); setTimeout(() => document.getElementById('search')?.focus(), 50) }
}

const KEYS = {
  '/': search,
  '.': openPalette,
  u: () => undo({}),
  r: () => redo({}),
  j: () => step(1),
  k: () => step(-1),
  p: pause,
  g: () => { log().isAtEnd = true; log().isPaused = false; changed() },
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || state.needsToken) return
  const isTyping = /^(input|textarea|select)$/i.test(event.target.tagName) && !['checkbox', 'radio'].includes(event.target.type)
  if (event.key === 'Escape' && !document.querySelector('dialog[open]')) {
    if (isTyping) event.target.blur()
    else if (state.route.view === 'requests' && state.route.rest.length) location.hash = address(state.route.sandbox, 'requests')
    return
  }
  if (isTyping || document.querySelector('dialog[open]') || !KEYS[event.key]) return
  event.preventDefault()
  KEYS[event.key](event)
})

whenChanged(draw)
whenTokenIsNeeded(() => { state.needsToken = true; changed() })
watchVisibility()
// The clock goes on by itself.
setInterval(() => { if (!document.hidden && state.clock && !state.clock.frozen) changed() }, 1000)
start()
