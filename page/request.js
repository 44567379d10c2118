// One entry of the journal: why it was answered so, what it changed, and the way back.

import { get } from './api.js'
import { h } from './dom.js'
import { bytes, curl, day, expectation, short, timeExact } from './format.js'
import { button, changes, copy, empty, json, link, method, section, status, totals, tree } from './parts.js'
import { address } from './router.js'
import { changed, here, of, state, undo } from './state.js'
import { prefill } from './try.js'

const view = () => of('request', () => ({ id: null, entry: null, refused: null, undone: null }))

// The entry is read again when it was undone or done again since.
export const readRequest = async () => {
  const id = state.route.rest[0]
  const shown = view()
  const undone = state.entries.find((entry) => String(entry.id) === id)?.undone ?? null
  if (shown.id === id && shown.undone === undone) return
  const isOther = shown.id !== id
  Object.assign(shown, { id, undone, ...(isOther ? { entry: null, refused: null } : {}) })
  try {
    const entry = await get(here('requests', id))
    if (view() === shown && shown.id === id) shown.entry = entry
  } catch (error) {
    if (shown.id === id) shown.refused = error.message
  }
  changed()
}

const TITLES = { task: 'A task of a job', edit: 'An edit', clock: 'The clock', undo: 'Undo', redo: 'Redo' }

const head = (entry) => (entry.request
  ? h('h1', {}, method(entry.request.method), ' ', status(entry.response.status), ' ', h('span', { class: 'target' }, entry.request.target))
  : h('h1', {}, TITLES[entry.kind], ' ', h('span', { class: 'target' }, entry.why ?? (entry.entries ?? []).map((id) => `entry ${id}`).join(', '))))

const facts = (entry) => {
  const list = [
    ['Entry', entry.id],
    ['At', `${day(entry.at)} ${timeExact(entry.at)}`],
    entry.operation ? ['Operation', `${entry.provider} ${entry.operation}`] : entry.provider ? ['Provider', entry.provider] : null,
    entry.dry_run ? ['Dry run', 'changed nothing'] : null,
    entry.faults?.length ? ['Faults', entry.faults.join(', ')] : null,
    entry.delay_ms ? ['Delayed by', `${entry.delay_ms} ms`] : null,
    entry.delivery && entry.delivery !== 'whole' ? ['Sent', short(entry.delivery)] : null,
    entry.undone ? ['Undone', 'since'] : null,
  ]
  return h('dl', { class: 'facts' }, list.filter(Boolean).map(([name, value]) => h('div', { key: name }, h('dt', {}, name), h('dd', {}, value))))
}

const actions = (entry) => {
  const isStep = !['undo', 'redo'].includes(entry.kind)
  // Something of this entry or after it has to be there to be undone.
  const canUndo = isStep && state.entries.some((one) => one.id >= entry.id && !one.undone && (one.changed > 0 || one.kind === 'clock') && !['undo', 'redo'].includes(one.kind))
  const call = entry.request && { ...entry.request, body: entry.request.body }
  return h('div', { class: 'actions' },
    canUndo ? button('Undo to before this', () => undo({ to: entry.id }), { class: 'strong' }) : null,
    call && entry.operation ? button('Send again…', () => { prefill(entry); location.hash = address(state.route.sandbox, 'try', entry.provider, entry.operation) }, { title: 'Opens the form for this operation, filled in' }) : null,
    call ? button('Copy as curl', () => copy(curl(location.origin, state.route.sandbox, call), 'a command')) : null,
    call ? button('Copy as expectation', () => copy(JSON.stringify(expectation(entry), null, 2), 'an expectation for verify')) : null,
    button('Copy link', () => copy(location.href, 'the address')))
}

const OUTCOMES = { held: 'held', 'not held': 'no', error: 'error', 'not reached': 'not reached', passed: 'passed', failed: 'failed' }

const stages = (list) => (list?.length ? h('ol', { class: 'stages' }, list.map((one) => h('li', { key: one.stage, class: one.outcome.replaceAll(' ', '-') },
  h('span', { class: 'stage' }, one.stage), ' ', OUTCOMES[one.outcome], one.reason ? `: ${one.reason}` : '', one.principal ? h('span', { class: 'who' }, ` ${one.principal.key ?? short(one.principal, 40)}`) : null))) : null)

const rule = (one) => {
  const at = one.rule.lastIndexOf(', ')
  return h('li', { key: one.rule, class: `rule ${one.outcome.replaceAll(' ', '-')}` },
    h('div', { class: 'line' }, h('span', { class: 'outcome' }, OUTCOMES[one.outcome]), h('code', { class: 'when' }, one.when ?? 'otherwise'), h('span', { class: 'file' }, at > 0 ? one.rule.slice(at + 2) : one.rule)),
    one.error ? h('p', { class: 'error' }, one.error) : null,
    one.values.length ? h('ul', { class: 'values' }, one.values.map((read) => h('li', { key: read.expression }, h('details', {}, h('summary', {}, h('code', {}, read.expression), h('span', { class: 'is' }, ` = ${brief(read.value)}`)), json(read.value))))) : null)
}

const brief = (value) => {
  if (value && typeof value === 'object' && value.resource && value.key) return `${value.resource} ${value.key}`
  return short(value, 70)
}

const why = (explanation) => {
  if (!explanation) return null
  const { rules = [], lets = {}, near } = explanation
  const last = rules.findLastIndex((one) => one.outcome !== 'not reached')
  const reached = rules.slice(0, last + 1)
  return section('Why', {},
    h('p', { class: 'summary' }, explanation.summary, explanation.effect && explanation.effect !== 'nothing' ? h('span', { class: 'none' }, `: ${explanation.effect}`) : null),
    stages(explanation.stages),
    reached.length ? h('ol', { class: 'rules' }, reached.map(rule)) : null,
    rules.length > reached.length ? h('p', { class: 'none' }, `${rules.length - reached.length} ${rules.length - reached.length === 1 ? 'rule was' : 'rules were'} not reached`) : null,
    Object.keys(lets).length ? h('details', {}, h('summary', {}, 'Names'), h('dl', { class: 'lets' }, Object.entries(lets).map(([name, text]) => h('div', { key: name }, h('dt', {}, name), h('dd', {}, h('code', {}, text)))))) : null,
    near?.length ? h('div', {}, h('p', {}, 'The nearest operations:'), h('ul', { class: 'near' }, near.map((one) => h('li', { key: one.method + one.path }, method(one.method), ' ', h('code', {}, one.path), h('span', { class: 'none' }, ` ${one.differs}`))))) : null)
}

const violations = (list) => (list?.length ? section('Violations', {}, h('ul', { class: 'violations' }, list.map((one, place) => h('li', { key: place }, h('strong', {}, [one.in, one.field, one.pointer].filter(Boolean).join(' ')), ` ${one.text ?? short(one, 200)}`)))) : null)

const headers = (list) => h('details', {}, h('summary', {}, `${list.length} headers`), h('table', { class: 'headers' }, h('tbody', {}, list.map((one, place) => h('tr', { key: place }, h('th', { scope: 'row' }, one.name), h('td', {}, one.value))))))

const message = (title, one, extra) => section(title, {}, extra, headers(one.headers), one.body_truncated ? h('p', { class: 'none' }, `the first part of ${bytes(one.body_bytes)}`) : null, json(one.body))

// Where the log makes room for the entry, the focus goes with it.
const takeFocus = (element) => setTimeout(() => {
  if (document.activeElement === document.body && !document.querySelector('.log')?.offsetParent) element.focus()
})

export const requestView = () => {
  const { entry, refused, id } = view()
  if (refused) return h('article', { class: 'detail' }, empty(`There is no entry ${id}`, h('p', {}, refused)))
  if (!entry || String(entry.id) !== state.route.rest[0]) return h('article', { class: 'detail', 'aria-busy': 'true' })
  return h('article', { class: 'detail', key: entry.id, tabindex: -1, 'aria-label': `Entry ${entry.id}`, ref: takeFocus },
    h('div', { class: 'top' }, head(entry), link(['requests'], { class: 'close', 'aria-label': 'Close', title: 'Close (Escape)' }, '×')),
    facts(entry), actions(entry),
    why(entry.explanation),
    violations(entry.violations),
    entry.tree?.length ? section('Blast radius', {}, totals(entry.counts, entry.tree[0]), tree(entry.tree, { isPlan: false, name: entry.id })) : null,
    entry.changes.length ? section('Records', {}, changes(entry.changes, entry.changes_left_off, entry.id)) : null,
    entry.response ? message('Answer', entry.response) : null,
    entry.request ? message('Request', entry.request) : null)
}

