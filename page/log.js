// The log: what happens, while it does. Only the rows that are seen are drawn.

import { h } from './dom.js'
import { day, number, time } from './format.js'
import { address } from './router.js'
import { command, effectWords, empty, link, method, status } from './parts.js'
import { changed, of, onEntry, readOlder, state } from './state.js'
import { firstCalls } from './first.js'

const OVERSCAN = 12
// So near to the end somebody is at the end.
const NEAR = 24

// The list that scrolls.
let rowsElement = null

const isNarrow = matchMedia('(max-width: 719px)')
const rowHeight = () => (isNarrow.matches ? 52 : 30)

export const log = () => of('log', () => ({ text: '', isPaused: false, pausedAt: 0, isAtEnd: true, top: 0, height: 800, seen: 0, wasFirst: null, shown: null }))

const SHORT = { edit: 'edit', task: 'task', clock: 'clock', undo: 'undo', redo: 'redo' }

const words = (entry) => {
  if (entry.kind === 'undo') return `undid ${list(entry.turned)}`
  if (entry.kind === 'redo') return `did ${list(entry.turned)} again`
  return entry.why ?? ''
}

const list = (ids) => (ids.length === 1 ? `entry ${ids[0]}` : `${ids.length} entries (${ids.slice(0, 4).join(', ')}${ids.length > 4 ? ', …' : ''})`)

// Every word has to be somewhere in the row.
const fits = (entry, wanted) => {
  if (!wanted.length) return true
  const text = `${entry.id} ${entry.kind} ${entry.method} ${entry.target} ${entry.status ?? ''} ${entry.operation ?? ''} ${entry.provider ?? ''} ${words(entry)} ${entry.effects.map((one) => one.text).join(' ')} ${entry.isDryRun ? 'dry run' : ''} ${entry.faults.length ? 'fault' : ''} ${entry.violations ? 'violation' : ''} ${entry.undone ? 'undone' : ''}`.toLowerCase()
  return wanted.every((word) => text.includes(word))
}

const visibleEntries = () => {
  const view = log()
  const wanted = view.text.toLowerCase().split(/\s+/).filter(Boolean)
  const upTo = view.isPaused ? view.pausedAt : Infinity
  if (!wanted.length && upTo === Infinity) return state.entries
  return state.entries.filter((entry) => entry.id <= upTo && fits(entry, wanted))
}

// `deleteOrganization rule 3, specs/x.yaml:9` is told by its first part, the file is in the row's own page.
const rule = (text) => {
  const at = text.lastIndexOf(', ')
  return at > 0 && /:\d+$/.test(text) ? [text.slice(0, at), text.slice(at + 2)] : [text, '']
}

const marks = (entry) => [
  entry.isDryRun ? h('span', { class: 'mark', key: 'dry' }, 'dry run') : null,
  entry.faults.length ? h('span', { class: 'mark fault', key: 'fault' }, 'fault') : null,
  entry.violations ? h('span', { class: 'mark', key: 'violation' }, entry.violations === 1 ? '1 violation' : `${entry.violations} violations`) : null,
  entry.undone ? h('span', { class: 'mark', key: 'undone' }, 'undone') : null,
]

const row = (entry, place, total, height) => {
  const [why, file] = rule(words(entry))
  const isChosen = String(entry.id) === state.route.rest[0]
  const isCall = entry.kind === 'call'
  const path = isCall ? entry.target : ''
  return h('li', { key: entry.id, class: `row${isChosen ? ' chosen' : ''}${entry.undone ? ' undone' : ''}`, style: { transform: `translateY(${place * height}px)`, height: `${height}px` }, 'aria-setsize': total, 'aria-posinset': place + 1 },
    h('a', { href: address(state.route.sandbox, 'requests', entry.id), 'aria-current': isChosen ? 'true' : null },
      h('span', { class: 'time' }, time(entry.at)),
      isCall ? method(entry.method) : h('span', { class: 'method other' }, SHORT[entry.kind]),
      isCall ? status(entry.status) : h('span', { class: 'status' }),
      isCall ? h('span', { class: 'path', title: path }, path) : h('span', { class: 'path words' }, why),
      h('span', { class: 'why', title: file ? `${why}, ${file}` : why }, isCall ? why : ''),
      h('span', { class: 'did' }, entry.effects.length ? h('span', { class: 'effects' }, effectWords(entry.effects.slice(0, 12))) : null, marks(entry))))
}

const measure = () => {
  const view = log()
  const element = rowsElement
  if (!element) return
  view.top = element.scrollTop
  view.height = element.clientHeight
  view.isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR
  if (view.isAtEnd) view.seen = state.entries.at(-1)?.id ?? 0
  if (element.scrollTop < 400 && state.older) readOlder()
  changed()
}

// After each drawing: the end stays in sight for who is there, and older rows that come above push nothing down.
export const settleLog = () => {
  const view = log()
  const element = rowsElement
  if (!element?.isConnected) return
  const entries = visibleEntries()
  const first = entries[0]?.id ?? null
  if (view.isAtEnd && !view.isPaused) {
    element.scrollTop = element.scrollHeight
    view.seen = state.entries.at(-1)?.id ?? 0
  } else if (view.wasFirst !== null && first !== null && first < view.wasFirst) {
    element.scrollTop += entries.findIndex((entry) => entry.id === view.wasFirst) * rowHeight()
  }
  view.wasFirst = first
  showChosen(entries, view, element)
  if (view.height !== element.clientHeight || Math.abs(view.top - element.scrollTop) > 1) {
    view.height = element.clientHeight
    view.top = element.scrollTop
    changed()
  }
}

// An entry that is opened by its address is brought into sight, once.
const showChosen = (entries, view, element) => {
  const chosen = state.route.rest[0] ?? null
  if (view.shown === chosen) return
  const at = chosen === null ? -1 : entries.findIndex((entry) => String(entry.id) === chosen)
  if (chosen !== null && at < 0) return
  view.shown = chosen
  const [top, height] = [at * rowHeight(), rowHeight()]
  if (at < 0 || (top >= element.scrollTop && top + height <= element.scrollTop + element.clientHeight)) return
  view.isAtEnd = false
  element.scrollTop = top - element.clientHeight / 2
}

// Who closes an entry is back at its row.
export const focusRow = (id) => document.activeElement === document.body && rowsElement?.querySelector(`a[href="${address(state.route.sandbox, 'requests', id)}"]`)?.focus()

const resume = () => {
  const view = log()
  Object.assign(view, { isPaused: false, isAtEnd: true })
  changed()
}

export const pause = () => {
  const view = log()
  if (view.isPaused) return resume()
  Object.assign(view, { isPaused: true, pausedAt: state.entries.at(-1)?.id ?? 0, seen: state.entries.at(-1)?.id ?? 0 })
  return changed()
}

// The entries that came since somebody saw the end.
const fresh = () => {
  const view = log()
  if (!view.isPaused && view.isAtEnd) return 0
  let count = 0
  for (let place = state.entries.length - 1; place >= 0 && state.entries[place].id > view.seen; place -= 1) count += 1
  return count
}

// The row before or after the chosen one.
export const step = (by) => {
  const entries = visibleEntries()
  if (!entries.length) return
  const at = entries.findIndex((entry) => String(entry.id) === state.route.rest[0])
  const next = at < 0 ? entries.length - 1 : Math.min(Math.max(at + by, 0), entries.length - 1)
  const view = log()
  location.hash = address(state.route.sandbox, 'requests', entries[next].id)
  const [top, height] = [next * rowHeight(), rowHeight()]
  if (rowsElement?.isConnected) {
    view.isAtEnd = false
    if (top < rowsElement.scrollTop) rowsElement.scrollTop = top
    else if (top + height > rowsElement.scrollTop + rowsElement.clientHeight) rowsElement.scrollTop = top + height - rowsElement.clientHeight
  }
}

const search = (event) => {
  const view = log()
  view.text = event.target.value
  view.isAtEnd = true
  changed()
  readAll()
}

// A search is over all that the journal has.
const readAll = async () => {
  while (state.older && log().text) await readOlder()
}

const rows = (entries) => {
  const view = log()
  const height = rowHeight()
  const from = Math.max(0, Math.floor(view.top / height) - OVERSCAN)
  const to = Math.min(entries.length, Math.ceil((view.top + view.height) / height) + OVERSCAN)
  const shown = []
  for (let place = from; place < to; place += 1) shown.push(row(entries[place], place, entries.length, height))
  return h('div', { class: 'rows', key: 'rows', ref: (element) => { rowsElement = element; element.onscroll = measure; new ResizeObserver(measure).observe(element) } },
    h('ol', { style: { height: `${entries.length * height}px` }, 'aria-label': 'Entries of the journal, the newest last' }, shown))
}

export const logView = () => {
  const view = log()
  const entries = visibleEntries()
  const missed = fresh()
  const first = entries[0]
  return h('div', { class: 'log', key: 'log' },
    h('h1', { class: 'unseen' }, 'Log'),
    h('div', { class: 'bar' },
      h('input', { type: 'search', id: 'search', value: view.text, oninput: search, placeholder: 'Search: DELETE 4xx acme …', 'aria-label': 'Search the log', 'aria-keyshortcuts': '/' }),
      h('button', { type: 'button', onclick: pause, 'aria-pressed': String(view.isPaused), 'aria-keyshortcuts': 'p' }, view.isPaused ? 'Resume' : 'Pause'),
      h('span', { class: 'count' }, view.text ? `${number(entries.length)} of ${number(state.count)}` : number(state.count), first ? h('span', { class: 'day' }, ` since ${day(first.at)} ${time(first.at)}`) : null)),
    state.entries.length === 0 && !state.isLoading ? start() : [
      h('div', { class: 'row head', 'aria-hidden': 'true', key: 'head' }, ['Time', 'Call', 'Status', 'Path', 'Decided by', 'Did'].map((name) => h('span', { key: name }, name))),
      entries.length ? rows(entries) : h('div', { class: 'rows', key: 'none' }, empty('Nothing fits', h('p', {}, 'No entry of the journal has all of these words.')))],
    missed ? h('button', { type: 'button', class: 'pill', onclick: resume, key: 'pill' }, `${number(missed)} new`) : null)
}

// Two calls to make, for who is here first.
const start = () => empty('Nothing has happened here yet',
  h('p', {}, 'Call one of the emulated APIs, and it is told here at once, with what decided and what it changed. For example:'),
  firstCalls().map((call) => h('div', { key: call.text }, h('p', { class: 'shows' }, call.shows), command(call.text))),
  h('p', {}, 'Or ', link(['try'], {}, 'try an operation'), ' from here. ', 'Undo takes anything back.'))

// New entries are told to screen readers, a few at a time.
let untold = []
let telling = null
onEntry((entry) => {
  untold.push(entry)
  telling ??= setTimeout(() => {
    const last = untold.at(-1)
    const what = last.kind === 'call' ? `${last.method} ${last.target} ${last.status}` : `${last.kind} ${words(last)}`
    document.getElementById('told').textContent = untold.length === 1 ? what : `${untold.length} new entries, the last ${what}`
    untold = []
    telling = null
  }, 2000)
})
