// Where a value is still left: the proof of an erasure.

import { get } from './api.js'
import { h } from './dom.js'
import { number } from './format.js'
import { link } from './parts.js'
import { attempt, changed, here, of } from './state.js'

const SHOWN = 100

const view = () => of('residue', () => ({ value: '', found: null }))

const search = async (event) => {
  event.preventDefault()
  const shown = view()
  shown.found = (await attempt(() => get(`${here('residue')}?${new URLSearchParams({ value: shown.value, limit: SHOWN })}`))) ?? null
  changed()
}

const place = (hit, at) => {
  const key = Array.isArray(hit.key) ? hit.key.join(',') : String(hit.key)
  return h('li', { key: at }, link(['records', hit.provider, hit.resource, key], {}, `${hit.resource.replaceAll('_', ' ')} ${key}`), ' ', h('code', { class: 'none' }, hit.pointer), hit.exact ? null : h('span', { class: 'none' }, ' within a longer text'))
}

const result = ({ value, count, clean, hits }) => (clean
  ? h('p', { class: 'clean' }, h('strong', {}, 'Nothing is left of '), h('code', {}, value), h('strong', {}, ' in any record or job.'))
  : [h('p', {}, h('strong', {}, `${number(count)} ${count === 1 ? 'place has' : 'places have'} `), h('code', {}, value)), h('ul', { class: 'references' }, hits.map(place)), count > hits.length ? h('p', { class: 'none' }, `and ${number(count - hits.length)} more`) : null])

export const residueView = () => {
  const shown = view()
  return h('div', { class: 'residue' }, h('h1', {}, 'What is left of a value'),
    h('form', { class: 'inline', onsubmit: search },
      h('label', { class: 'field' }, h('span', {}, 'A user’s id, an address, a name'), h('input', { type: 'search', value: shown.value, maxlength: 1024, oninput: (event) => { Object.assign(shown, { value: event.target.value, found: null }); changed() } })),
      h('button', { type: 'submit', disabled: !shown.value }, 'Search every record')),
    h('div', { 'aria-live': 'polite' }, shown.found ? result(shown.found) : h('p', { class: 'none' }, 'Choose a resource to see its records, or search all of them.')))
}
