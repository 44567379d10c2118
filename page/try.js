// Trying an operation: a form from the contract, planned or sent from here.

import { get, post } from './api.js'
import { h } from './dom.js'
import { curl, pretty, short } from './format.js'
import { button, copy, empty, field, json, link, method, section, status, totals, tree } from './parts.js'
import { address } from './router.js'
import { attempt, changed, here, of, state } from './state.js'

const view = () => of('try', () => ({ name: null, detail: null, credentials: {}, text: '', draft: null, result: null, prefilled: null, isBusy: false }))

// A request of the journal is put into the form when its operation is opened.
export const prefill = (entry) => { Object.assign(view(), { prefilled: entry, name: null }) }

const operationPath = (provider, id) => `/operations/${encodeURIComponent(provider)}/${encodeURIComponent(id)}`

export const readOperation = async () => {
  const [provider, id] = state.route.rest
  const shown = view()
  if (!id) return
  const name = `${state.route.sandbox} ${provider}/${id}`
  if (shown.name === name) return
  Object.assign(shown, { name, detail: null, draft: null, result: null, credentials: {} })
  changed()
  const detail = await attempt(() => get(operationPath(provider, id)))
  if (!detail || shown.name !== name) return
  shown.detail = detail
  await Promise.all(detail.credentials.filter((one) => one.resource).map((one) => readCredentials(provider, one)))
  if (shown.prefilled) fillFromEntry(shown.prefilled)
  else fill(detail.calls.find((call) => call.expect < 300) ?? detail.sample ?? { target: detail.path, headers: [], body: null })
  shown.prefilled = null
  changed()
}

const readCredentials = async (provider, one) => {
  const page = await get(`${here('resources', provider, one.resource)}?limit=100`).catch(() => ({ records: [] }))
  view().credentials[one.scheme] = page.records.map((record) => ({ value: String(record[one.property]), label: label(record, one.property) }))
}

// What tells a credential from others: who has it, and what it may do.
const label = (record, property) => {
  const others = Object.entries(record).filter(([name, value]) => name !== property && ['string', 'boolean', 'number'].includes(typeof value))
  return `${record[property]}  (${others.slice(0, 3).map(([name, value]) => `${name} ${short(value, 24)}`).join(', ')})`
}

const isCredential = (name) => view().detail.credentials.some((one) => one.in === 'header' && one.name.toLowerCase() === name.toLowerCase())

// Puts a call into the form.
const fill = (call) => {
  const { detail } = view()
  const headers = call.headers.filter(({ name }) => !isCredential(name) && name.toLowerCase() !== 'content-type')
  const credentials = {}
  for (const one of detail.credentials) {
    const header = call.headers.find(({ name }) => one.in === 'header' && name.toLowerCase() === one.name.toLowerCase())
    if (header) credentials[one.scheme] = header.value.startsWith(one.prefix) ? header.value.slice(one.prefix.length) : header.value
  }
  const type = call.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value
  view().draft = {
    target: call.target, headers: headers.map(({ name, value }) => `${name}: ${value}`).join('\n'), credentials,
    body: call.body === null ? '' : indented(call.body), type: type ?? detail.media_types.find((one) => !one.includes('*')) ?? 'application/json',
    isDryRun: view().draft?.isDryRun ?? detail.destroys, code: '',
  }
  view().result = null
  changed()
}

const indented = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2) } catch { return text } }

const fillFromEntry = ({ request }) => {
  const kept = request.headers.filter(({ name, value }) => !value.includes('[REDACTED]') && !/^(host|content-length|user-agent|accept.*|connection|origin|referer|sec-.*|cache-control|pragma|tombstone-sandbox|prefer|priority)$/i.test(name))
  const target = request.target.replace(/^\/@[^/]+/, '')
  fill({ target, headers: kept, body: request.body === null ? null : pretty(request.body) })
  const { draft, credentials, detail } = view()
  for (const one of detail.credentials) draft.credentials[one.scheme] ??= credentials[one.scheme]?.[0]?.value ?? ''
}

// The values of the parameters of the path, as they stand in it.
const pathValues = (template, target) => {
  const names = []
  const pattern = template.split('?')[0].replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{([^}]+)\}/g, (_, name) => { names.push(name); return '([^/]*)' })
  const match = target.split('?')[0].match(new RegExp(`^${pattern}$`))
  return match ? Object.fromEntries(names.map((name, place) => [name, decode(match[place + 1])])) : null
}

const decode = (text) => { try { return decodeURIComponent(text) } catch { return text } }

const setPath = (name, value) => {
  const { draft, detail } = view()
  const values = { ...pathValues(detail.path, draft.target), [name]: value }
  const query = draft.target.includes('?') ? draft.target.slice(draft.target.indexOf('?')) : ''
  draft.target = detail.path.split('?')[0].replace(/\{([^}]+)\}/g, (_, one) => encodeURIComponent(values[one] ?? '')) + query
  changed()
}

const setQuery = (name, value) => {
  const { draft } = view()
  const [path, query] = draft.target.split('?')
  const values = new URLSearchParams(query)
  if (value === '') values.delete(name)
  else values.set(name, value)
  draft.target = values.size ? `${path}?${values}` : path
  changed()
}

const request = () => {
  const { draft, detail } = view()
  const headers = {}
  for (const line of draft.headers.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim()
  }
  for (const one of detail.credentials) {
    const value = draft.credentials[one.scheme]
    if (value && one.in === 'header') headers[one.name] = one.prefix + value
    if (value && one.in === 'cookie') headers.Cookie = `${one.name}=${value}`
  }
  if (draft.body) headers['Content-Type'] = draft.type
  const preferences = [draft.isDryRun ? 'dry-run' : null, draft.code ? `code=${draft.code}` : null].filter(Boolean)
  if (preferences.length) headers.Prefer = preferences.join(', ')
  let { target } = draft
  for (const one of detail.credentials) {
    if (one.in === 'query' && draft.credentials[one.scheme]) target += `${target.includes('?') ? '&' : '?'}${encodeURIComponent(one.name)}=${encodeURIComponent(draft.credentials[one.scheme])}`
  }
  return { method: detail.method, target, headers, body: draft.body || null }
}

const busy = async (work) => {
  const shown = view()
  shown.isBusy = true
  changed()
  await attempt(work)
  shown.isBusy = false
  changed()
}

// Before: what it would be answered and change.
const plan = () => busy(async () => {
  const { method: verb, target, headers, body } = request()
  const { Prefer: _, ...sent } = headers
  const planned = await post(here('plan'), { method: verb, path: target, headers: sent, ...(body === null ? {} : { body }) })
  view().result = { plan: planned }
})

const send = () => busy(async () => {
  const { method: verb, target, headers, body } = request()
  const answer = await fetch(target, { method: verb, headers: { 'Tombstone-Sandbox': state.route.sandbox, ...headers }, redirect: 'manual', body: ['GET', 'HEAD'].includes(verb) ? undefined : body ?? undefined })
    .catch(() => { throw new Error('the connection broke before there was an answer: a fault may have done that') })
  if (answer.type === 'opaqueredirect') {
    view().result = { status: '3xx', body: null, id: null, isDryRun: view().draft.isDryRun, entry: null }
    return
  }
  const text = await answer.text().catch(() => '')
  const parsed = (() => { try { return JSON.parse(text) } catch { return text === '' ? null : text } })()
  const id = answer.headers.get('tombstone-request-id')
  view().result = { status: answer.status, body: parsed, id, isDryRun: view().draft.isDryRun, entry: id ? await get(here('requests', id)).catch(() => null) : null }
})

const operationList = () => {
  const shown = view()
  const [provider, id] = state.route.rest
  const words = shown.text.toLowerCase().split(/\s+/).filter(Boolean)
  const fitting = (state.operations ?? []).filter((one) => words.every((word) => `${one.provider} ${one.id} ${one.method} ${one.path} ${one.summary ?? ''}`.toLowerCase().includes(word)))
  const groups = Map.groupBy(fitting.slice(0, 300), (one) => one.provider)
  return h('nav', { class: 'side', 'aria-label': 'Operations' },
    h('input', { type: 'search', id: 'search', value: shown.text, placeholder: 'Find an operation', 'aria-label': 'Find an operation', oninput: (event) => { shown.text = event.target.value; changed() } }),
    [...groups].map(([name, list]) => h('div', { key: name }, h('h2', {}, name), h('ul', {}, list.map((one) => h('li', { key: one.id }, link(['try', name, one.id], { 'aria-current': one.provider === provider && one.id === id ? 'page' : null, title: one.path }, method(one.method), h('span', { class: 'name' }, one.id), one.destroys ? h('span', { class: 'mark fault', title: 'can delete something' }, 'deletes') : null)))))),
    fitting.length > 300 ? h('p', { class: 'none' }, `and ${fitting.length - 300} more: search for them`) : null)
}

const parameterFields = ({ detail, draft }) => {
  const inPath = pathValues(detail.path, draft.target)
  const query = new URLSearchParams(draft.target.split('?')[1] ?? '')
  const choices = (schema) => schema?.enum?.map(String) ?? null
  const one = (parameter) => {
    const isPath = parameter.in === 'path'
    const value = isPath ? inPath?.[parameter.name] ?? '' : query.get(parameter.name) ?? ''
    const set = (event) => (isPath ? setPath : setQuery)(parameter.name, event.target.value)
    const listed = choices(parameter.schema)
    const id = `values-${parameter.name}`
    return h('div', { key: `${parameter.in} ${parameter.name}` }, field([parameter.name, parameter.required ? '' : h('small', {}, ' optional')], h('input', { value, oninput: set, list: listed ? id : null })), listed ? h('datalist', { id }, listed.map((text) => h('option', { key: text, value: text }))) : null)
  }
  const shown = detail.parameters.filter((parameter) => (parameter.in === 'path' && inPath) || parameter.in === 'query')
  return shown.length ? h('div', { class: 'fields' }, shown.map(one)) : null
}

const credentialFields = ({ detail, draft, credentials }) => (detail.credentials.length ? h('div', { class: 'fields' }, detail.credentials.map((one) => {
  const known = credentials[one.scheme] ?? []
  const id = `credentials-${one.scheme}`
  const set = (event) => { draft.credentials[one.scheme] = event.target.value; changed() }
  const value = draft.credentials[one.scheme] ?? ''
  return h('div', { key: one.scheme }, field([one.name, h('small', {}, one.prefix ? ` ${one.prefix.trim()}` : '')],
    h('input', { value, oninput: set, list: known.length ? id : null, placeholder: 'none', autocomplete: 'off' }), one.in === 'cookie' ? 'A page cannot set cookies: plan it, or copy it as curl.' : null), h('datalist', { id }, known.map((item) => h('option', { key: item.value, value: item.value }, item.label))))
})) : null)

const examples = ({ detail }) => {
  const calls = [...detail.calls, ...(detail.sample ? [detail.sample] : [])]
  return calls.length ? h('div', { class: 'chips', role: 'group', 'aria-label': 'Examples' }, calls.map((call, place) => h('button', { type: 'button', key: place, class: 'chip', onclick: () => fill(call) }, call.expect ? [status(call.expect), ' '] : null, call.shows))) : null
}

const codes = ({ detail, draft }) => {
  const list = detail.responses.filter((one) => /^\d{3}$/.test(one.status))
  return h('fieldset', { class: 'chips' }, h('legend', {}, 'Answer'), [{ status: '', description: 'as it is decided' }, ...list].map((one) => h('label', { key: one.status, class: `chip${draft.code === one.status ? ' chosen' : ''}`, title: one.description }, h('input', { type: 'radio', name: 'code', class: 'unseen', checked: draft.code === one.status, onchange: () => { draft.code = one.status; changed() } }), one.status ? status(one.status) : 'decided')))
}

const result = (shown) => {
  const { plan: planned } = shown.result
  if (planned) {
    const jobs = planned.jobs.flatMap((job) => job.tasks.map((task) => ({ job, task })))
    return section('Plan', { 'aria-live': 'polite' },
      h('p', { class: 'summary' }, 'It would be answered ', status(planned.answer.status), planned.decided_by ? h('span', { class: 'none' }, ` ${planned.decided_by}`) : null),
      totals(planned.counts, planned.tree[0]), tree(planned.tree, { isPlan: true, name: 'plan' }),
      jobs.length ? [h('h3', {}, 'Later, in jobs'), totals(planned.counts_of_jobs), h('ul', { class: 'later' }, jobs.map(({ task }, place) => h('li', { key: place }, h('p', {}, h('strong', {}, short(task.value, 60)), h('span', { class: 'none' }, ` due ${task.due_at.slice(0, 19).replace('T', ' ')}`)), task.tree.length ? tree(task.tree, { isPlan: true, name: `plan ${place}` }) : h('p', { class: 'none' }, 'nothing is left to change'))))] : null,
      json(planned.answer.body))
  }
  const { status: code, body, id, entry, isDryRun } = shown.result
  return section(isDryRun ? 'Dry run' : 'Answer', { 'aria-live': 'polite' },
    h('p', { class: 'summary' }, status(code), ' ', id ? link(['requests', id], {}, `why, in entry ${id}`) : code === '3xx' ? link(['requests'], {}, 'a redirection: the log has where to') : null, isDryRun ? h('span', { class: 'none' }, ' nothing was changed') : null),
    entry?.tree?.length ? [totals(entry.counts, entry.tree[0]), tree(entry.tree, { isPlan: isDryRun, name: `sent ${id}` })] : null,
    json(body))
}

const formView = (shown) => {
  const { detail, draft } = shown
  const sent = request()
  return h('form', { class: 'content try', key: shown.name, onsubmit: (event) => { event.preventDefault(); send() } },
    h('h1', {}, method(detail.method), ' ', detail.id), detail.summary ? h('p', { class: 'none' }, detail.summary) : null,
    examples(shown),
    field('Path', h('input', { class: 'code', value: draft.target, spellcheck: 'false', oninput: (event) => { draft.target = event.target.value; changed() } })),
    parameterFields(shown), credentialFields(shown),
    detail.media_types.length && (detail.body_required || draft.body || detail.method !== 'DELETE') && detail.method !== 'GET' ? field(['Body', h('small', {}, ` ${draft.type}`)], h('textarea', { class: 'code', rows: Math.min(14, Math.max(3, draft.body.split('\n').length + 1)), spellcheck: 'false', value: draft.body, oninput: (event) => { draft.body = event.target.value; changed() } })) : null,
    h('details', {}, h('summary', {}, 'Other headers'), h('textarea', { class: 'code', rows: 2, 'aria-label': 'Other headers, one a line', placeholder: 'Name: value', value: draft.headers, oninput: (event) => { draft.headers = event.target.value; changed() } })),
    codes(shown),
    h('div', { class: 'actions' },
      h('button', { type: 'submit', class: detail.destroys && !draft.isDryRun && !draft.code ? 'danger' : 'strong', disabled: shown.isBusy }, draft.isDryRun ? 'Send as a dry run' : 'Send'),
      h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: draft.isDryRun, onchange: (event) => { draft.isDryRun = event.target.checked; changed() } }), 'Dry run'),
      button('Plan', plan, { disabled: shown.isBusy, title: 'What it would be answered, change and start' }),
      button('Copy as curl', () => copy(curl(location.origin, state.route.sandbox, { ...sent, headers: Object.entries(sent.headers).map(([name, value]) => ({ name, value })) }), 'a command'))),
    shown.result ? result(shown) : null)
}

export const tryView = () => {
  const shown = view()
  const [provider, id] = state.route.rest
  const content = shown.detail && shown.draft && id ? formView(shown)
    : h('div', { class: 'content' }, id ? null : empty('Choose an operation', h('p', {}, 'Its form has a call that works. What destroys something is a dry run until you say otherwise.')))
  return h('div', { class: `split${id ? ' chosen' : ''}`, key: 'try' }, shown.detail && id ? null : h('h1', { class: 'unseen', key: 'title' }, 'Try an operation'), operationList(), content)
}

export const operationAddress = (one) => address(state.route.sandbox, 'try', one.provider, one.id)
