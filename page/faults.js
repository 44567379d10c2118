// Faults: what goes wrong on purpose.

import { del, post } from './api.js'
import { h } from './dom.js'
import { number, short } from './format.js'
import { button, empty, field, link } from './parts.js'
import { attempt, changed, here, of, readFaults, state } from './state.js'

const BLANK = { operation: '', method: '', path: '', headers: '', kind: 'status', status: '503', answerHeaders: '', body: '', delay: '2s', connection: 'reset', times: '1', after: '', probability: '' }
const form = () => of('fault form', () => ({ ...BLANK }))

// A header a line, as `Name: value`; one without a value is any.
const headersOf = (text, any) => Object.fromEntries(text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
  const colon = line.indexOf(':')
  return colon < 0 ? [line, any] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim() || any]
}))

const parsed = (text) => { try { return JSON.parse(text) } catch { return text } }

const answer = ({ status, answerHeaders, body }) => ({
  status: Number(status),
  ...(answerHeaders.trim() ? { headers: headersOf(answerHeaders, '') } : {}),
  ...(body ? { body: parsed(body) } : {}),
})

const written = (view) => ({
  ...Object.fromEntries(['operation', 'method', 'path'].filter((name) => view[name]).map((name) => [name, view[name]])),
  ...(view.headers.trim() ? { headers: headersOf(view.headers, null) } : {}),
  ...Object.fromEntries(['times', 'after', 'probability'].filter((name) => view[name]).map((name) => [name, Number(view[name])])),
  ...(view.kind === 'status' ? { answer: answer(view) } : {}),
  ...(view.kind === 'delay' ? { delay: view.delay } : {}),
  ...(view.kind === 'connection' ? { connection: view.connection } : {}),
})

const does = (fault) => [
  fault.answer ? `answers ${fault.answer.status}` : null,
  fault.delay ? `waits ${typeof fault.delay === 'string' ? fault.delay : short(fault.delay)}` : null,
  fault.connection ? `connection: ${typeof fault.connection === 'string' ? fault.connection : short(fault.connection)}` : null,
].filter(Boolean).join(', ')

const matches = (fault) => ['provider', 'operation', 'method', 'path'].filter((name) => fault[name]).map((name) => (name === 'operation' ? fault[name] : `${name} ${fault[name]}`)).concat(fault.headers ? [`headers ${short(fault.headers, 40)}`] : []).join(', ') || 'every request'

// A share in percent, to six digits: `0.07` is `7`, though its product with 100 is a little more.
const percent = (share) => Number((share * 100).toPrecision(6))

const how = (fault) => [fault.after ? `after ${number(fault.after)}` : null, fault.times ? (fault.times === 1 ? 'once' : `${number(fault.times)} times at most`) : null, fault.probability !== undefined ? `${percent(fault.probability)} % of them` : null].filter(Boolean).join(', ')

const table = () => h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Faults' }, h('table', { class: 'faults' },
  h('thead', {}, h('tr', {}, ['Fault', 'Requests', 'What happens', 'Limits', 'Matched', 'Struck', ''].map((name) => h(name ? 'th' : 'td', { key: name, scope: name ? 'col' : null, class: /ed$|Struck/.test(name) ? 'number' : '' }, name)))),
  h('tbody', {}, state.faults.map((fault) => h('tr', { key: fault.id }, h('td', {}, h('code', {}, fault.id)), h('td', {}, matches(fault)), h('td', {}, does(fault)), h('td', {}, how(fault)), h('td', { class: 'number' }, number(fault.matched)), h('td', { class: 'number' }, number(fault.struck)),
    h('td', {}, button('Remove', () => attempt(async () => { await del(here('faults', fault.id)); await readFaults() }, 'removed'), { 'aria-label': `Remove the fault ${fault.id}`, class: 'quiet' })))))))

const add = (event) => {
  event.preventDefault()
  attempt(async () => { await post(here('faults'), written(form())); await readFaults() }, 'added; the next request that fits is struck')
}

const addForm = () => {
  const view = form()
  const set = (name) => (event) => { view[name] = event.target.value; changed() }
  const input = (name, props) => h('input', { value: view[name], oninput: set(name), ...props })
  const area = (name, label, placeholder) => h('div', { key: name }, field(label, h('textarea', { class: 'code', rows: 2, spellcheck: 'false', value: view[name], placeholder, oninput: set(name) })))
  return h('form', { class: 'inline', onsubmit: add },
    field('Method', input('method', { placeholder: 'any', size: 7 })),
    field('Operation', input('operation', { list: 'operations', placeholder: 'any' })),
    h('datalist', { id: 'operations' }, (state.operations ?? []).slice(0, 500).map((one) => h('option', { key: `${one.provider} ${one.id}`, value: one.id }))),
    field('Path', input('path', { placeholder: '/v1/**' })),
    field('What happens', h('select', { value: view.kind, onchange: set('kind') }, [['status', 'another answer'], ['delay', 'a delay'], ['connection', 'a broken connection']].map(([value, text]) => h('option', { key: value, value }, text)))),
    view.kind === 'status' ? h('div', { key: 'status' }, field('Status', input('status', { inputmode: 'numeric', size: 4 }))) : null,
    view.kind === 'delay' ? h('div', { key: 'delay' }, field('For', input('delay', { size: 6 }))) : null,
    view.kind === 'connection' ? h('div', { key: 'connection' }, field('Connection', h('select', { value: view.connection, onchange: set('connection') }, ['reset', 'empty', 'garbage'].map((value) => h('option', { key: value, value }, value))))) : null,
    field('Times', input('times', { placeholder: 'always', inputmode: 'numeric', size: 6 })),
    field('After', input('after', { placeholder: '0', inputmode: 'numeric', size: 6 })),
    field('Probability', input('probability', { placeholder: '1', inputmode: 'decimal', size: 6 })),
    h('details', { key: 'more', class: 'wide' }, h('summary', {}, 'Headers and body'), h('div', { class: 'fields' },
      area('headers', 'Only with these headers', 'X-Tenant: acme'),
      view.kind === 'status' ? [area('answerHeaders', 'Headers of the answer', 'Retry-After: 3'), area('body', 'Body of the answer', 'as documented')] : null)),
    view.kind === 'connection' ? h('p', { class: 'none', key: 'retried' }, 'A browser sends a request whose connection breaks again by itself, unless the connection is new: leave Times empty to break that one, too.') : null,
    h('button', { type: 'submit', class: 'strong' }, 'Add'))
}

export const faultsView = () => h('div', { class: 'content page', key: 'faults' }, h('h1', {}, 'Faults'), addForm(),
  state.faults.length ? table() : empty('Nothing goes wrong on purpose', h('p', {}, 'A fault strikes requests that fit: another status, a delay, a connection that breaks. Add one above, then make the call or ', link(['try'], {}, 'try it'), '.')))
