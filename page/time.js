// Time: the strip of what was done and of what is due, the clock, and jobs.

import { post } from './api.js'
import { h } from './dom.js'
import { day, number, short, span, time } from './format.js'
import { button, empty, link } from './parts.js'
import { address } from './router.js'
import { attempt, changed, here, isStep, now, of, redo, setClock, state, undo } from './state.js'

const STEPS_MAX = 120
const DUE_MAX = 40

// The steps that were done and those that can be done again, oldest first.
const steps = () => {
  const all = state.entries.filter(isStep)
  const redoable = state.sandbox?.redoable ?? 0
  const done = all.filter((entry) => !entry.undone)
  const again = redoable ? all.filter((entry) => entry.undone).slice(-redoable) : []
  return { done: done.slice(-STEPS_MAX), again: again.slice(0, STEPS_MAX) }
}

// When tasks of jobs fall due, each moment once.
const due = () => {
  const moments = new Map()
  for (const job of state.jobs) for (const task of job.tasks ?? []) {
    if (task.state === 'pending') moments.set(task.due_at, [...(moments.get(task.due_at) ?? []), task])
  }
  return [...moments].sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, DUE_MAX)
}

const turn = ({ done, again }, count) => {
  if (count < done.length) return undo({ to: done[count].id })
  const wanted = again.slice(0, count - done.length).filter((entry) => entry.kind !== 'task').length
  return wanted > 0 ? redo({ steps: wanted }) : undefined
}

let turning = Promise.resolve()

// Goes to where so many steps are done. One way after the other: each begins where the one before has led.
const goTo = (count) => {
  turning = turning.then(async () => {
    const all = steps()
    const wanted = count(all.done.length, all.done.length + all.again.length)
    const turned = await turn(all, wanted)
    for (let tries = 0; turned && tries < 40 && (state.entries.at(-1)?.id ?? 0) < turned.id; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  })
}

// Where somebody drags to, while he does.
let drag = null
let trackElement = null

const placeAt = (clientX) => {
  const { done, again } = steps()
  const box = trackElement.getBoundingClientRect()
  const total = done.length + again.length
  return Math.max(0, Math.min(total, Math.round(((clientX - box.left) / box.width) * total)))
}

const grab = (event) => {
  event.preventDefault()
  const handle = event.currentTarget
  handle.focus()
  handle.setPointerCapture(event.pointerId)
  const move = (moved) => { drag = placeAt(moved.clientX); changed() }
  const drop = () => {
    handle.removeEventListener('pointermove', move)
    handle.removeEventListener('pointerup', drop)
    handle.removeEventListener('pointercancel', drop)
    const wanted = drag
    drag = null
    changed()
    if (wanted !== null) goTo(() => wanted)
  }
  handle.addEventListener('pointermove', move)
  handle.addEventListener('pointerup', drop)
  handle.addEventListener('pointercancel', drop)
}

const keys = (event) => {
  const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
  if (by) goTo((at, most) => Math.max(0, Math.min(most, at + by)))
  else if (event.key === 'Home') goTo(() => 0)
  else if (event.key === 'End') goTo((_, most) => most)
  else return
  event.preventDefault()
}

const told = (entry) => `${entry.id}: ${entry.kind === 'call' ? `${entry.method} ${entry.target}` : entry.why ?? entry.kind}`

const track = () => {
  const { done, again } = steps()
  const all = [...done, ...again]
  const at = drag ?? done.length
  const share = (place) => `${all.length ? (place / all.length) * 100 : 0}%`
  const tick = (entry, place) => h('a', { key: entry.id, href: address(state.route.sandbox, 'requests', entry.id), class: `tick ${entry.kind}${place >= at ? ' ahead' : ''}${String(entry.id) === state.route.rest[0] ? ' chosen' : ''}`, title: told(entry), 'aria-label': told(entry), tabindex: -1, style: { left: share(place + 0.5) } })
  return h('div', { class: 'track', ref: (element) => { trackElement = element } },
    h('div', { class: 'line' }), h('div', { class: 'past', style: { width: share(at) } }), all.map(tick),
    h('div', { class: 'handle', key: 'handle', role: 'slider', tabindex: 0, 'aria-label': 'Steps done: back is undo, forward is redo', 'aria-valuemin': 0, 'aria-valuemax': all.length, 'aria-valuenow': at, 'aria-valuetext': `${at} of ${all.length} steps done`, 'aria-disabled': all.length ? null : 'true', style: { left: share(at) }, onpointerdown: all.length ? grab : null, onkeydown: keys }),
    drag !== null && drag !== done.length ? h('div', { class: 'bubble', role: 'status', style: { left: share(at) } }, drag < done.length ? `undo ${done.length - drag}` : `redo ${drag - done.length}`) : null)
}

const ahead = () => {
  const list = due()
  if (!list.length) return null
  const instant = now()
  const last = Math.max(1000, Date.parse(list.at(-1)[0]) - instant)
  // What is near has more room: a second and a day are both seen.
  const share = (at) => Math.min(97, Math.max(1, Math.sqrt(Math.max(0, Date.parse(at) - instant) / last) * 97))
  return h('div', { class: 'due', role: 'img', 'aria-label': `${number(list.length)} moments at which tasks are due, the next in ${span(Date.parse(list[0][0]) - instant)}` },
    list.map(([at, tasks]) => h('span', { key: at, class: 'task', style: { left: `${share(at)}%` }, title: `due ${at.slice(0, 19).replace('T', ' ')}: ${tasks.map((task) => short(task.value, 30)).join(', ')}` })),
    h('span', { class: 'in' }, `next in ${span(Math.max(0, Date.parse(list[0][0]) - instant))}`))
}

export const timeStrip = () => {
  const instant = now()
  const shown = instant === null ? '' : new Date(instant).toISOString()
  const { frozen, next_due: next } = state.clock ?? {}
  return h('section', { class: 'strip', 'aria-label': 'Time' },
    h('div', { class: 'group' },
      button('Undo', () => undo({}), { disabled: !state.sandbox?.undoable, 'aria-keyshortcuts': 'u', title: 'The last thing that changed something (u)' }),
      button('Redo', () => redo({}), { disabled: !state.sandbox?.redoable, 'aria-keyshortcuts': 'r', title: 'What was undone last (r)' })),
    track(), ahead(),
    h('div', { class: 'group dial' },
      link(['time'], { class: `now${frozen ? ' frozen' : ''}`, title: 'Jobs and the clock' }, h('span', { class: 'day' }, day(shown)), ' ', h('time', { datetime: shown }, time(shown)), frozen ? h('span', { class: 'mark' }, 'frozen') : state.clock && state.clock.rate !== 1 ? h('span', { class: 'mark' }, `×${state.clock.rate}`) : null),
      button(frozen ? 'Resume' : 'Freeze', () => setClock(frozen ? { resume: true } : { freeze: true }), { disabled: !state.clock, 'aria-label': frozen ? 'Resume the clock' : 'Freeze the clock' }),
      button('+1 h', () => setClock({ advance: '1h' }), { disabled: !state.clock, 'aria-label': '+1 h: one hour on' }),
      button('+24 h', () => setClock({ advance: '24h' }), { disabled: !state.clock, 'aria-label': '+24 h: 24 hours on' }),
      next ? button('Next job', () => setClock({ set: next }), { title: `To ${next.slice(0, 19).replace('T', ' ')}` }) : null))
}

// Jobs, one by one.

const jobView = (job) => {
  const done = job.tasks_count - job.tasks_left
  return h('article', { class: `job ${job.state}`, key: job.id },
    h('h2', {}, job.job, ' ', h('span', { class: 'none' }, job.id), ' ', h('span', { class: `state ${job.state}` }, job.state)),
    h('p', {}, `${number(done)} of ${number(job.tasks_count)} ${job.tasks_count === 1 ? 'task' : 'tasks'} done`, h('span', { class: 'none' }, ` · ${job.provider} · since ${job.created_at.slice(0, 19).replace('T', ' ')}`)),
    h('progress', { max: Math.max(1, job.tasks_count), value: String(done), 'aria-label': `Tasks of ${job.id} that are done` }),
    job.state === 'running' ? h('div', { class: 'actions' }, button('Run what is left now', () => attempt(() => post(here('jobs', job.id, 'run')), 'it has run')), button('Cancel', () => attempt(() => post(here('jobs', job.id, 'cancel')), 'what was left will never run')), job.next_due_at ? button('Go to when the last is due', () => setClock({ set: job.tasks.at(-1).due_at })) : null) : null,
    h('details', {}, h('summary', {}, 'Tasks'), h('table', { class: 'tasks' }, h('thead', {}, h('tr', {}, ['For', 'State', 'Due', 'Done'].map((name) => h('th', { key: name, scope: 'col' }, name)))), h('tbody', {}, (job.tasks ?? []).slice(0, 200).map((task, place) => h('tr', { key: place }, h('td', {}, short(task.value, 60)), h('td', {}, task.state), h('td', { class: 'number' }, task.due_at?.slice(0, 19).replace('T', ' ')), h('td', { class: 'number' }, task.done_at?.slice(0, 19).replace('T', ' ') ?? '')))))))
}

const clockForm = () => {
  const view = of('clock form', () => ({ advance: '', set: '' }))
  const submit = (event) => {
    event.preventDefault()
    setClock(view.set ? { set: view.set } : { advance: view.advance })
  }
  return h('form', { class: 'inline', onsubmit: submit },
    h('label', { class: 'field' }, h('span', {}, 'Forward by'), h('input', { value: view.advance, placeholder: '36h, PT24H', oninput: (event) => { Object.assign(view, { advance: event.target.value, set: '' }); changed() } })),
    h('label', { class: 'field' }, h('span', {}, 'or to'), h('input', { value: view.set, placeholder: '2030-01-01T00:00:00Z', oninput: (event) => { Object.assign(view, { set: event.target.value, advance: '' }); changed() } })),
    h('button', { type: 'submit', disabled: !view.advance && !view.set }, 'Go'))
}

export const timeView = () => {
  const jobs = [...state.jobs].sort((one, other) => (one.created_at < other.created_at ? 1 : -1))
  return h('div', { class: 'content page', key: 'time' }, h('h1', {}, 'Time'), clockForm(),
    h('h2', { class: 'over' }, 'Jobs'),
    jobs.length ? jobs.map(jobView) : state.sandbox ? empty('There are no jobs', h('p', {}, 'An operation that answers before its work is done, such as an erasure, starts one. Its tasks fall due as the clock of the sandbox goes on.')) : null)
}
