// Records: by resource, one by one, and what would become of them.

import { del, get, put } from './api.js'
import { h } from './dom.js'
import { counted, number, pretty, short } from './format.js'
import { button, changes, empty, json, link, section, totals, tree } from './parts.js'
import { residueView } from './residue.js'
import { address } from './router.js'
import { attempt, changed, here, of, state } from './state.js'

const COLUMNS_MAX = 7
const ROWS = 100

const table = () => of('table', () => ({ name: null, version: null, text: '', records: [], count: 0, next: null, gone: [] }))

// The version of what is shown: what is shown is read again when something has changed.
const version = () => state.entries.at(-1)?.id ?? 0

// `status=active name=x` are asked of the server; all other words are looked for in the rows.
const conditions = (text) => text.split(/\s+/).filter((word) => /^[^=]+=./.test(word)).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])
const plainWords = (text) => text.toLowerCase().split(/\s+/).filter((word) => word && !/^[^=]+=./.test(word))

export const readRecords = async () => {
  const [provider, resource, key] = state.route.rest
  if (!resource) return
  if (key !== undefined) {
    await readRecord(provider, resource, key)
    return
  }
  const view = table()
  const asked = conditions(view.text)
  const name = [provider, resource, JSON.stringify(asked)].join('/')
  if (view.name === name && view.version === version()) return
  if (view.name?.split('/{')[0] !== name.split('/{')[0] && !name.startsWith(`${provider}/${resource}/`)) view.records = []
  Object.assign(view, { name, version: version() })
  try {
    const query = new URLSearchParams([['limit', ROWS], ...asked])
    const [page, entries] = await Promise.all([get(`${here('resources', provider, resource)}?${query}`), get(`${here('requests')}?effect=deleted:${encodeURIComponent(resource)}&limit=100`)])
    if (view.name !== name) return
    Object.assign(view, { ...page, of: `${provider}/${resource}`, gone: deleted(entries.requests, provider, resource), refused: null })
  } catch (error) {
    Object.assign(view, { records: [], count: 0, next: null, gone: [], of: `${provider}/${resource}`, refused: error.message })
  }
  changed()
}

// Records that undo can bring back, with the entry that deleted them.
const deleted = (entries, provider, resource) => entries.filter((entry) => !entry.undone && !['undo', 'redo'].includes(entry.kind)).flatMap((entry) =>
  entry.changes.filter((change) => change.kind === 'deleted' && change.provider === provider && change.resource === resource).map((change) => ({ key: change.key, record: change.before, entry: entry.id })))

const more = async () => {
  const view = table()
  const page = await attempt(() => get(view.next))
  if (page) Object.assign(view, { records: [...view.records, ...page.records], next: page.next })
  changed()
}

const resourceList = () => {
  const [provider, resource] = state.route.rest
  const groups = Map.groupBy(state.resources, (one) => one.provider)
  return h('nav', { class: 'side', 'aria-label': 'Resources' }, [...groups].map(([name, list]) => h('div', { key: name }, h('h2', {}, name), h('ul', {}, list.map((one) => h('li', { key: one.resource },
    link(['records', name, one.resource], { 'aria-current': name === provider && one.resource === resource ? 'page' : null, class: one.count ? '' : 'none' }, h('span', {}, one.resource.replaceAll('_', ' ')), h('span', { class: 'count' }, number(one.count)))))))))
}

// The key first, then what tells records apart: texts, numbers and truth values before lists and objects.
const columns = (key, records) => {
  const found = new Map()
  for (const record of records.slice(0, 50)) for (const name in record) {
    const isPlain = record[name] === null || typeof record[name] !== 'object'
    found.set(name, (found.get(name) ?? true) && isPlain)
  }
  const others = [...found.keys()].filter((name) => !key.includes(name))
  const ordered = [...others.filter((name) => found.get(name)), ...others.filter((name) => !found.get(name))]
  return [...key, ...ordered].slice(0, COLUMNS_MAX)
}

const keyOf = (resource, record) => resource.key.map((name) => String(record[name])).join(',')

const cell = (value) => (value === undefined ? '' : value === null ? h('span', { class: 'none' }, 'null') : short(value, 60))

const recordsTable = (resource) => {
  const view = table()
  const words = plainWords(view.text)
  const fits = (record) => !words.length || words.every((word) => JSON.stringify(record).toLowerCase().includes(word))
  const isThis = view.of === `${resource.provider}/${resource.resource}`
  const shown = isThis ? view.records.filter(fits) : []
  const gone = isThis && !conditions(view.text).length ? view.gone.filter((one) => one.record && fits(one.record)) : []
  const names = columns(resource.key, [...shown, ...gone.map((one) => one.record)])
  const numeric = new Set(names.filter((name) => !resource.key.includes(name) && shown.length && shown.every((record) => typeof record[name] === 'number')))
  return h('div', { class: 'content' },
    h('div', { class: 'bar' },
      h('h1', {}, resource.resource.replaceAll('_', ' ')),
      h('input', { type: 'search', id: 'search', value: view.text, placeholder: `Filter: ${names[1] ?? 'property'}=value, or any words`, 'aria-label': 'Filter records', oninput: (event) => { view.text = event.target.value; changed(); readRecords() } }),
      h('span', { class: 'count' }, number(isThis ? view.count : resource.count))),
    view.refused && isThis ? empty('This cannot be shown', h('p', {}, view.refused)) : null,
    isThis && !shown.length && !gone.length && !view.refused ? empty(view.text ? 'No record fits' : 'There are no records', h('p', {}, view.text ? 'A condition is a property and its whole value: `status=active`.' : 'What is created by calls, by fixtures or by the admin API is shown here.')) : null,
    shown.length || gone.length ? h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Records of ${resource.resource}` }, h('table', { class: 'records' },
      h('thead', {}, h('tr', {}, names.map((name) => h('th', { key: name, scope: 'col', class: numeric.has(name) ? 'number' : '' }, name)))),
      h('tbody', {},
        shown.map((record) => recordRow(resource, record, names, numeric)),
        gone.map((one) => h('tr', { key: `gone ${one.entry} ${one.key}`, class: 'gone' }, names.map((name, place) => h('td', { key: name }, place === 0 ? [h('s', {}, cell(one.record[name])), ' ', link(['requests', one.entry], { class: 'mark' }, `deleted in ${one.entry}`)] : h('s', {}, cell(one.record[name]))))))))) : null,
    isThis && view.next ? h('p', {}, button('Show more', more)) : null)
}

const recordRow = (resource, record, names, numeric) => {
  const key = keyOf(resource, record)
  return h('tr', { key }, names.map((name, place) => h('td', { key: name, class: numeric.has(name) ? 'number' : '' }, place === 0 ? link(['records', resource.provider, resource.resource, key], {}, cell(record[name])) : cell(record[name]))))
}

// One record.

const single = () => of('record', () => ({ name: null, version: null, record: null, references: null, draft: null, text: null, plan: null, refused: null, problems: [] }))

// Commas separate the parts of a key; `encodeURIComponent` would hide them.
const recordPath = (provider, resource, key) => `${here('resources', provider, resource)}/${encodeURIComponent(key).replaceAll('%2C', ',')}`

const readRecord = async (provider, resource, key) => {
  const view = single()
  const path = recordPath(provider, resource, key)
  if (view.name === path && view.version === version()) return
  const isOther = view.name !== path
  Object.assign(view, { name: path, version: version() }, isOther ? { record: null, references: null, draft: null, text: null, plan: null, refused: null, problems: [] } : {})
  try {
    const [record, references] = await Promise.all([get(path), get(`${path}/references`)])
    if (view.name !== path) return
    Object.assign(view, { record, references, refused: null })
    if (view.plan) view.plan = await get(`${path}/deletion`)
  } catch (error) {
    if (view.name === path) Object.assign(view, { record: null, refused: error.message, plan: null })
  }
  changed()
}

const save = async () => {
  const view = single()
  let record
  try {
    record = view.text === null ? { ...view.record, ...view.draft } : JSON.parse(view.text)
  } catch (error) {
    view.problems = [`this is not JSON: ${error.message}`]
    changed()
    return
  }
  try {
    const saved = await put(view.name, record)
    Object.assign(view, { record: saved, draft: null, text: null, problems: [] })
  } catch (error) {
    view.problems = error.problems?.length ? error.problems : [error.message]
  }
  changed()
}

const edit = (name, value) => {
  const view = single()
  view.draft = { ...view.draft, [name]: value }
  changed()
}

const control = (name, value) => {
  const view = single()
  const current = view.draft && name in view.draft ? view.draft[name] : value
  if (typeof value === 'boolean') return h('input', { type: 'checkbox', checked: current, onchange: (event) => edit(name, event.target.checked) })
  if (typeof value === 'number') return h('input', { type: 'number', step: 'any', value: String(current), oninput: (event) => { if (event.target.value !== '') edit(name, Number(event.target.value)) } })
  if (typeof value === 'string') return value.length > 60 ? h('textarea', { rows: 3, value: current, oninput: (event) => edit(name, event.target.value) }) : h('input', { value: current, oninput: (event) => edit(name, event.target.value) })
  if (value === null) return h('input', { value: current ?? '', placeholder: 'null', oninput: (event) => edit(name, event.target.value === '' ? null : event.target.value) })
  return h('code', { class: 'readonly' }, short(value, 120))
}

const form = (resource, view) => {
  const isText = view.text !== null
  const isChanged = isText || view.draft !== null
  return section('Properties', {},
    h('form', { onsubmit: (event) => { event.preventDefault(); save() } },
      isText ? h('textarea', { class: 'code', rows: 18, spellcheck: 'false', 'aria-label': 'The record as JSON', value: view.text, oninput: (event) => { view.text = event.target.value; changed() } })
        : h('div', { class: 'fields' }, Object.entries(view.record).map(([name, value]) => (resource?.key.includes(name) ? h('div', { key: name, class: 'field' }, h('span', {}, name), h('code', { class: 'readonly' }, short(value, 200))) : h('label', { key: name, class: 'field' }, h('span', {}, name), control(name, value))))),
      view.problems.length ? h('ul', { class: 'problems', role: 'alert' }, view.problems.map((problem) => h('li', { key: problem }, problem))) : null,
      h('div', { class: 'actions' },
        h('button', { type: 'submit', class: 'strong', disabled: !isChanged }, 'Save'),
        isChanged ? button('Discard', () => { Object.assign(view, { draft: null, text: null, problems: [] }); changed() }) : null,
        isText ? null : button('Edit as JSON', () => { view.text = pretty({ ...view.record, ...view.draft }); changed() }))))
}

const referenceList = (title, list) => (list.length ? h('div', {}, h('h3', {}, title), h('ul', { class: 'references' }, list.map((one) => h('li', { key: `${one.resource} ${one.relation}` },
  h('span', { class: 'what' }, counted(one.count, one.resource)), h('span', { class: 'via' }, ` through ${one.relation}, on deletion: ${one.on_delete} `),
  h('span', { class: 'keys' }, one.keys.slice(0, 10).map((key, place) => [place ? ', ' : '', link(['records', one.provider, one.resource, key], { key }, key)]), one.count > 10 ? ` and ${number(one.count - 10)} more` : ''))))) : null)

const planDeletion = async () => {
  const view = single()
  view.plan = (await attempt(() => get(`${view.name}/deletion`))) ?? null
  changed()
}

const remove = async () => {
  const view = single()
  const [provider, resource] = state.route.rest
  if ((await attempt(() => del(view.name), 'deleted; undo brings it back')) === null) location.hash = address(state.route.sandbox, 'records', provider, resource)
}

const planPart = (view) => {
  if (!view.plan) return h('div', { class: 'actions' }, button('Plan its deletion', planDeletion))
  if (view.plan.refused) return section('Its deletion', {}, h('p', { class: 'refused' }, `It would be refused: ${view.plan.refused}`))
  return section('Its deletion', {}, totals(view.plan.counts, view.plan.tree[0]), tree(view.plan.tree, { isPlan: true, name: view.name }),
    h('div', { class: 'actions' }, button('Delete it', remove, { class: 'danger' }), button('Close the plan', () => { view.plan = null; changed() })),
    h('details', {}, h('summary', {}, 'Records'), changes(view.plan.changes, view.plan.changes_left_off, `plan ${view.name}`)))
}

const recordView = (provider, name, key) => {
  const view = single()
  const resource = state.resources.find((one) => one.provider === provider && one.resource === name)
  if (view.refused) return h('div', { class: 'content' }, empty(`There is no ${name} ${key}`, h('p', {}, view.refused), h('p', {}, link(['records', provider, name], {}, `All ${name}`))))
  if (!view.record) return h('div', { class: 'content', 'aria-busy': 'true' })
  const { refers_to: to, referred_by: by } = view.references
  return h('div', { class: 'content record', key: view.name },
    h('h1', {}, link(['records', provider, name], { class: 'up' }, name.replaceAll('_', ' ')), ' / ', key),
    planPart(view),
    to.length || by.length ? section('References', {}, referenceList('It refers to', to), referenceList('What refers to it', by)) : null,
    form(resource, view),
    h('details', {}, h('summary', {}, 'JSON'), json(view.record)))
}

export const recordsView = () => {
  const [provider, name, key] = state.route.rest
  const resource = state.resources.find((one) => one.provider === provider && one.resource === name)
  const content = key !== undefined ? recordView(provider, name, key) : resource ? recordsTable(resource)
    : h('div', { class: 'content' }, state.resources.length ? residueView() : state.sandbox ? empty('Nothing is remembered here', h('p', {}, 'The documents that are served have no behavior file: they answer by their contracts alone.')) : null)
  return h('div', { class: `split records-view${resource || key ? ' chosen' : ''}`, key: 'records' }, resourceList(), content)
}

