// The palette: everything that can be done, by its name. And which keys do what.

import { post } from './api.js'
import { h } from './dom.js'
import { pause } from './log.js'
import { address, NAMES } from './router.js'
import { attempt, changed, here, redo, setClock, state, undo } from './state.js'
import { operationAddress } from './try.js'

const palette = { isOpen: false, text: '', at: 0, element: null }

const KEYS = [['/', 'search'], ['j', 'next entry'], ['k', 'entry before'], ['u', 'undo'], ['r', 'redo'], ['p', 'pause the log'], ['g', 'to the newest entry'], ['.', 'this palette'], ['Escape', 'close']]

const go = (hash) => () => { location.hash = hash }

const commands = () => [
  ...Object.keys(NAMES).map((view) => ({ name: `Go to ${NAMES[view]}`, run: go(address(state.route.sandbox, view)) })),
  { name: 'Undo', key: 'u', run: () => undo({}) },
  { name: 'Redo', key: 'r', run: () => redo({}) },
  { name: 'Pause or resume the log', key: 'p', run: pause },
  { name: 'Clock: one hour on', run: () => setClock({ advance: '1h' }) },
  { name: 'Clock: 24 hours on', run: () => setClock({ advance: '24h' }) },
  state.clock?.next_due ? { name: 'Clock: to the next job', run: () => setClock({ set: state.clock.next_due }) } : null,
  state.clock?.frozen ? { name: 'Clock: run', run: () => setClock({ resume: true }) } : { name: 'Clock: stand still', run: () => setClock({ freeze: true }) },
  { name: `Reset ${state.route.sandbox}`, run: () => attempt(() => post(here('reset')), 'it is as it began') },
  ...state.sandboxes.slice(0, 200).filter((one) => one.name !== state.route.sandbox).map((one) => ({ name: `Sandbox ${one.name}`, run: go(address(one.name, state.route.view)) })),
  ...state.resources.map((one) => ({ name: `Records: ${one.provider} ${one.resource}`, run: go(address(state.route.sandbox, 'records', one.provider, one.resource)) })),
  ...(state.operations ?? []).map((one) => ({ name: `Try: ${one.provider} ${one.id}`, hint: `${one.method} ${one.path}`, run: go(operationAddress(one)) })),
].filter(Boolean)

const found = () => {
  const words = palette.text.toLowerCase().split(/\s+/).filter(Boolean)
  return commands().filter((one) => words.every((word) => `${one.name} ${one.hint ?? ''}`.toLowerCase().includes(word))).slice(0, 40)
}

export const openPalette = () => {
  Object.assign(palette, { isOpen: true, text: '', at: 0 })
  changed()
}

const close = () => { palette.isOpen = false; changed() }

const run = (one) => { close(); one?.run() }

const keys = (event) => {
  const list = found()
  if (event.key === 'ArrowDown') palette.at = Math.min(palette.at + 1, list.length - 1)
  else if (event.key === 'ArrowUp') palette.at = Math.max(palette.at - 1, 0)
  else if (event.key === 'Enter') run(list[palette.at])
  else return
  event.preventDefault()
  changed()
}

export const paletteView = () => {
  if (!palette.isOpen) return null
  const list = found()
  return h('dialog', { key: 'palette', class: 'palette', 'aria-label': 'Commands', ref: (element) => setTimeout(() => element.isConnected && element.showModal()), onclose: close, onclick: (event) => { if (event.target === event.currentTarget) close() } },
    h('input', { type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'commands', 'aria-activedescendant': list.length ? `command-${palette.at}` : null, 'aria-label': 'Command', placeholder: 'What is to be done', value: palette.text, autofocus: true, oninput: (event) => { palette.text = event.target.value; palette.at = 0; changed() }, onkeydown: keys }),
    h('ul', { id: 'commands', role: 'listbox', 'aria-label': 'Commands' }, list.map((one, place) => h('li', { key: one.name, id: `command-${place}`, role: 'option', 'aria-selected': String(place === palette.at), class: place === palette.at ? 'chosen' : '', onclick: () => run(one) }, h('span', {}, one.name), one.hint ? h('small', {}, one.hint) : null, one.key ? h('kbd', {}, one.key) : null))),
    list.length ? null : h('p', { class: 'none' }, 'nothing has such a name'),
    h('p', { class: 'keys' }, KEYS.map(([key, what]) => h('span', { key }, h('kbd', {}, key), ` ${what} `))))
}
