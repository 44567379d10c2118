// Pieces that several views are made of.

import { h } from './dom.js'
import { counted, differences, effects, number, pretty, short, statusClass } from './format.js'
import { address } from './router.js'
import { attempt, changed, of, state } from './state.js'

export const link = (path, props, ...children) => h('a', { href: address(state.route.sandbox, ...path), ...props }, ...children)

export const button = (text, onclick, props) => h('button', { type: 'button', onclick, ...props }, text)

export const status = (code) => h('span', { class: `status ${statusClass(code)}` }, code)

export const method = (name) => h('span', { class: `method ${name.toLowerCase()}` }, name)

export const effectWords = (list) => list.map(({ kind, text }, place) => h('span', { class: `effect ${kind}`, key: place }, text))

export const empty = (title, ...children) => h('div', { class: 'empty' }, h('h2', {}, title), ...children)

export const section = (title, props, ...children) => h('section', { class: 'part', ...props }, h('h2', {}, title), ...children)

export const copy = (text, what) => attempt(() => navigator.clipboard.writeText(text), `copied ${what}`)

// A command that can be copied.
export const command = (text) => h('div', { class: 'command' }, h('pre', { tabindex: 0 }, h('code', {}, text)), button('Copy', () => copy(text, 'the command'), { class: 'quiet', 'aria-label': `Copy: ${short(text, 60)}` }))

export const json = (value) => (value === null || value === undefined ? h('p', { class: 'none' }, 'no body') : h('pre', { class: 'json', tabindex: 0 }, ...painted(pretty(value))))

// JSON in colours: names, texts, and all else. What is no JSON is as it is.
const painted = (text) => {
  const clipped = text.length > 40000 ? `${text.slice(0, 40000)}\n… ${number(text.length - 40000)} more characters` : text
  const parts = []
  let end = 0
  for (const match of clipped.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|\b(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\b/g)) {
    if (match.index > end) parts.push(clipped.slice(end, match.index))
    const kind = match[1] ? 'name' : match[0].startsWith('"') ? 'text' : 'atom'
    parts.push(h('span', { class: kind }, match[0]))
    end = match.index + match[0].length
  }
  parts.push(clipped.slice(end))
  return parts
}

const VERB = { deleted: 'goes', created: 'comes', updated: 'changes', unlinked: 'is unlinked', kept: 'stays' }
const VERBS = { deleted: 'go', created: 'come', updated: 'change', unlinked: 'are unlinked', kept: 'stay' }
const DONE = { deleted: 'deleted', created: 'created', updated: 'changed', unlinked: 'unlinked', kept: 'kept' }

// Siblings up to here are shown; the others when they are asked for.
const SIBLINGS_MAX = 20

// What changed because of what, with counts. Keys lead to the records that are still there.
export const tree = (nodes, { isPlan, name }) => {
  const open = of(`tree ${name}`, () => new Set())
  const node = (one, path) => {
    const here = `${path}/${one.resource}.${one.relation ?? ''}.${one.kind}`
    const isGone = one.kind === 'deleted'
    const words = isPlan ? (one.count === 1 ? VERB : VERBS)[one.kind] : DONE[one.kind]
    const keys = h('span', { class: 'keys' }, one.keys.slice(0, open.has(here) ? SIBLINGS_MAX : 3).map((key, place) => [place ? ', ' : '', isGone && !isPlan ? h('span', { key }, key) : link(['records', one.provider, one.resource, key], { key }, key)]),
      one.count > 3 && !open.has(here) ? [' ', button(`and ${number(one.count - 3)} more`, () => { open.add(here); changed() }, { class: 'quiet' })] : one.count > one.keys.length ? `, and ${number(one.count - one.keys.length)} more` : '')
    const children = one.children.slice(0, open.has(`${here}+`) ? undefined : SIBLINGS_MAX)
    return h('li', { key: here, class: one.kind },
      h('div', { class: 'node' }, h('span', { class: 'what' }, counted(one.count, one.resource)), h('span', { class: `how ${one.kind}` }, words), one.relation ? h('span', { class: 'via' }, `through ${one.relation}`) : null, keys),
      children.length ? h('ul', {}, children.map((child) => node(child, here)), one.children.length > children.length ? h('li', { key: 'more' }, button(`${one.children.length - children.length} more kinds`, () => { open.add(`${here}+`); changed() }, { class: 'quiet' })) : null) : null)
  }
  return h('ul', { class: 'tree' }, nodes.map((one) => node(one, '')))
}

export const totals = (counts, first) => {
  const words = effects(counts, first)
  return words.length ? h('p', { class: 'totals' }, effectWords(words)) : h('p', { class: 'none' }, 'nothing changes')
}

const SHOWN_CHANGES = 12

// Records before and after, property by property.
export const changes = (list, leftOff, name) => {
  const view = of(`changes ${name}`, () => ({ all: false }))
  const shown = view.all ? list : list.slice(0, SHOWN_CHANGES)
  const rest = list.length - shown.length
  const one = (change) => {
    const isGone = change.kind === 'deleted'
    const rows = differences(change.before, change.after)
    const head = [h('span', { class: `how ${change.kind}` }, DONE[change.kind]), h('span', { class: 'key' }, `${change.resource.replaceAll('_', ' ')} `, isGone ? h('s', {}, change.key) : link(['records', change.provider, change.resource, change.key], {}, change.key))]
    return h('details', { key: `${change.resource} ${change.key}`, class: 'change' }, h('summary', {}, head),
      h('table', { class: 'diff' }, h('tbody', {}, rows.map((row) => h('tr', { key: row.name }, h('th', { scope: 'row' }, row.name),
        h('td', { class: row.before === undefined ? '' : 'before' }, row.before === undefined ? '' : short(row.before, 200)), h('td', { class: row.after === undefined ? '' : 'after' }, row.after === undefined ? '' : short(row.after, 200)))))))
  }
  return [shown.map(one), rest ? h('p', {}, button(`Show ${number(rest)} more`, () => { view.all = true; changed() }, { class: 'quiet' })) : null, leftOff ? h('p', { class: 'none' }, `${number(leftOff)} more changes are counted above and not listed`) : null]
}

export const field = (label, control, hint) => h('label', { class: 'field' }, h('span', {}, label), control, hint ? h('small', {}, hint) : null)
