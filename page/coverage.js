// Coverage: which operations, responses and rules were exercised, and which never.

import { get } from './api.js'
import { h } from './dom.js'
import { number } from './format.js'
import { link, method, status } from './parts.js'
import { changed, here, of, state } from './state.js'

const view = () => of('coverage', () => ({ version: null, found: null, isMissingOnly: false }))

export const readCoverage = async () => {
  const shown = view()
  const version = state.entries.at(-1)?.id ?? 0
  if (shown.version === version) return
  shown.version = version
  try { shown.found = await get(here('coverage')) } catch { shown.found = null }
  changed()
}

const share = (name, { covered, total }) => h('div', { class: 'share', key: name }, h('strong', {}, `${number(covered)}`), h('span', {}, ` of ${number(total)} ${name}`), h('progress', { max: Math.max(1, total), value: String(covered), 'aria-label': `${name} that were exercised` }))

const operation = (provider, one) => {
  const rules = one.rules.filter((rule) => rule.count > 0).length
  return h('tr', { key: one.id, class: one.calls ? '' : 'never' },
    h('td', {}, method(one.method)), h('td', {}, link(['try', provider, one.id], {}, one.id)), h('td', { class: 'path' }, one.path),
    h('td', { class: 'number' }, number(one.calls)),
    h('td', { class: 'responses' }, one.responses.map((response) => h('span', { key: response.status, class: `response${response.count ? ' covered' : ''}${response.reachable ? '' : ' unreachable'}`, title: response.count ? `${response.count} times` : response.reachable ? 'never' : 'no request leads to it' }, status(response.status)))),
    h('td', { class: 'number' }, one.rules.length ? `${rules} / ${one.rules.length}` : ''))
}

export const coverageView = () => {
  const shown = view()
  const { found } = shown
  if (!found) return h('div', { class: 'content page', key: 'coverage' }, h('h1', {}, 'Coverage'))
  const isShown = (one) => !shown.isMissingOnly || one.calls === 0 || one.responses.some((response) => response.reachable && !response.count) || one.rules.some((rule) => !rule.count)
  return h('div', { class: 'content page', key: 'coverage' }, h('h1', {}, 'Coverage ', h('span', { class: 'none' }, `${found.percent} %`)),
    h('div', { class: 'shares' }, share('operations', found.operations), share('responses', found.responses), share('rules', found.rules)),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: shown.isMissingOnly, onchange: (event) => { shown.isMissingOnly = event.target.checked; changed() } }), 'Only where something was never exercised'),
    found.providers.map((provider) => h('section', { key: provider.name }, h('h2', { class: 'over' }, provider.name), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Operations of ${provider.name}` }, h('table', { class: 'coverage' },
      h('thead', {}, h('tr', {}, ['Method', 'Operation', 'Path', 'Calls', 'Responses', 'Rules'].map((name, place) => h('th', { key: place, scope: 'col', class: ['Calls', 'Rules'].includes(name) ? 'number' : '' }, name)))),
      h('tbody', {}, provider.operations.filter(isShown).map((one) => operation(provider.name, one))))))))
}
