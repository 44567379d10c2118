// Sandboxes: switched, made, forked, reset and dropped.

import { del, inSandbox, post, put } from './api.js'
import { h } from './dom.js'
import { bytes, number, span } from './format.js'
import { button, field } from './parts.js'
import { address } from './router.js'
import { attempt, changed, of, readSandboxes, state } from './state.js'

const form = () => of('sandbox form', () => ({ name: '', from: '', start: '', frozen: false, seed: '', fixtures: '', settings: '' }))

const spec = ({ from, start, frozen, seed, fixtures, settings }) => {
  const clock = { ...(start ? { start } : {}), ...(frozen ? { frozen } : {}) }
  return { ...(from ? { from } : {}), ...(Object.keys(clock).length ? { clock } : {}), ...(seed ? { seed: Number(seed) } : {}), ...(fixtures ? { fixture_set: fixtures } : {}), ...(settings ? { settings: JSON.parse(settings) } : {}) }
}

const make = (event) => {
  event.preventDefault()
  const view = form()
  attempt(async () => {
    await put(inSandbox(view.name), spec(view))
    await readSandboxes()
    location.hash = address(view.name, 'requests')
  }, `${view.name} is there`)
}

const reset = (name) => attempt(async () => { await post(`${inSandbox(name)}/reset`); await readSandboxes() }, `${name} is as it began`)

const drop = (name) => attempt(async () => {
  await del(inSandbox(name))
  await readSandboxes()
  if (state.route.sandbox === name) location.hash = address('default', 'sandboxes')
}, `${name} is gone`)

const row = (one) => {
  const records = Object.values(one.records).reduce((sum, count) => sum + count, 0)
  const idle = Date.now() - Date.parse(one.last_used_at)
  return h('tr', { key: one.name, class: one.name === state.route.sandbox ? 'chosen' : '' },
    h('td', {}, h('a', { href: address(one.name, 'requests'), 'aria-current': one.name === state.route.sandbox ? 'true' : null }, one.name)),
    h('td', { class: 'number' }, number(records)), h('td', { class: 'number' }, number(one.journal_entries)), h('td', { class: 'number' }, bytes(one.journal_bytes)), h('td', { class: 'number' }, number(one.faults)),
    h('td', { class: 'number' }, one.now.slice(0, 19).replace('T', ' '), one.frozen ? [' ', h('span', { class: 'mark' }, 'frozen')] : null),
    h('td', {}, idle < 2000 ? 'just now' : `${span(idle)} ago`),
    h('td', { class: 'buttons' },
      button('Fork', () => { Object.assign(form(), { from: one.name, name: `${one.name}-2` }); changed(); document.getElementById('new-sandbox')?.focus() }, { class: 'quiet', 'aria-label': `Fork ${one.name}` }),
      button('Reset', () => reset(one.name), { class: 'quiet', 'aria-label': `Reset ${one.name}` }),
      one.name === 'default' ? null : button('Drop', () => drop(one.name), { class: 'quiet', 'aria-label': `Drop ${one.name}` })))
}

const makeForm = () => {
  const view = form()
  const set = (name) => (event) => { view[name] = event.target.value; changed() }
  return h('form', { class: 'inline', onsubmit: make },
    field('Name', h('input', { id: 'new-sandbox', value: view.name, required: true, pattern: '[A-Za-z0-9._~\\-]{1,128}', oninput: set('name'), placeholder: 'demo' })),
    field('Begins as', h('select', { value: view.from, onchange: set('from') }, h('option', { value: '' }, 'every sandbox'), state.sandboxes.map((one) => h('option', { key: one.name, value: one.name }, `${one.name} now`)))),
    field('Clock', h('input', { value: view.start, oninput: set('start'), placeholder: '2030-01-01T00:00:00Z' })),
    field('Seed', h('input', { value: view.seed, oninput: set('seed'), inputmode: 'numeric', size: 6, placeholder: '0' })),
    field('Fixture set', h('input', { value: view.fixtures, oninput: set('fixtures'), placeholder: 'default' })),
    field('Settings, as JSON', h('input', { class: 'code', value: view.settings, oninput: set('settings'), spellcheck: 'false', placeholder: '{"shop": {"grace": "1h"}}' })),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: view.frozen, onchange: (event) => { view.frozen = event.target.checked; changed() } }), 'Clock stands still'),
    h('button', { type: 'submit', class: 'strong', disabled: !view.name }, state.sandboxes.some((one) => one.name === view.name) ? 'Begin anew' : 'Make'))
}

export const sandboxesView = () => h('div', { class: 'content page', key: 'sandboxes' }, h('h1', {}, 'Sandboxes'), makeForm(),
  h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Sandboxes' }, h('table', { class: 'sandboxes' },
    h('thead', {}, h('tr', {}, ['Name', 'Records', 'Entries', 'Journal', 'Faults', 'Its time', 'Used', ''].map((name) => h(name ? 'th' : 'td', { key: name, scope: name ? 'col' : null, class: ['Records', 'Entries', 'Journal', 'Faults', 'Its time'].includes(name) ? 'number' : '' }, name)))),
    h('tbody', {}, state.sandboxes.slice(0, 500).map(row)))),
  state.sandboxes.length > 500 ? h('p', { class: 'none' }, `and ${number(state.sandboxes.length - 500)} more`) : null,
  h('p', { class: 'none' }, 'A client is in a sandbox by ', h('code', {}, '/@NAME'), ' before its path, or the header ', h('code', {}, 'Tombstone-Sandbox: NAME'), '.'))
