// What the page knows of the server, and how it finds out. Views read it, and ask for what they need.

import { get, post, follow, inSandbox, Refused } from './api.js'
import { scheduled } from './dom.js'
import { effects, changedCount } from './format.js'

// So many entries are kept here; the journal has the others.
const ENTRIES_MAX = 20000
const PAGE = 200

export const state = {
  route: { sandbox: 'default', view: 'requests', rest: [] },
  // `live`, `lost`, `refused`, `gone`, or nothing before the first answer.
  connection: '',
  needsToken: false,
  // Oldest first, as far as they were read: `older` is the path to those before.
  entries: [], older: null, count: 0, isLoading: false,
  sandboxes: [], sandbox: null, clock: null, clockReadAt: 0,
  jobs: [], faults: [], resources: [], operations: null,
  notice: null,
  // What views keep for themselves, by name.
  views: {},
}

let draw = () => {}
export const whenChanged = (call) => { draw = scheduled(call) }
export const changed = () => draw()

export const of = (name, initial) => (state.views[name] ??= initial())

// Says something in a corner, and to screen readers.
export const tell = (text, isError = false) => {
  const notice = { text, isError }
  state.notice = notice
  document.getElementById('told').textContent = text
  setTimeout(() => { if (state.notice === notice) { state.notice = null; changed() } }, isError ? 9000 : 4500)
  changed()
}

// Does something that may be refused; the refusal is shown as the server words it.
export const attempt = async (work, done) => {
  try {
    const result = await work()
    if (done) tell(typeof done === 'function' ? done(result) : done)
    return result
  } catch (error) {
    if (error.name !== 'AbortError') tell(error.message, true)
    return undefined
  }
}

export const here = (...segments) => inSandbox(state.route.sandbox, ...segments)

// An entry without its bodies: a page that shows thousands needs no more of each.
const slim = (entry) => ({
  id: entry.id,
  kind: entry.kind,
  at: entry.at,
  undone: entry.undone,
  provider: entry.provider ?? null,
  operation: entry.operation ?? null,
  why: entry.why ?? null,
  method: entry.request?.method ?? '',
  target: entry.request?.target ?? '',
  status: entry.response?.status ?? null,
  isDryRun: entry.dry_run ?? false,
  faults: entry.faults ?? [],
  violations: entry.violations?.length ?? 0,
  delivery: entry.delivery ?? 'whole',
  turned: entry.entries ?? null,
  effects: effects(entry.counts, entry.changes?.[0]),
  changed: changedCount(entry.counts),
})

// Whether an entry is a step that can be undone.
export const isStep = (entry) => entry.kind !== 'undo' && entry.kind !== 'redo' && (entry.changed > 0 || entry.kind === 'clock')

// What can be undone and done again after an entry; the sandbox is asked soon after, but keys are faster.
const countTurns = (entry) => {
  const { sandbox } = state
  if (!sandbox) return
  const count = entry.turned?.length ?? 1
  if (entry.kind === 'undo') Object.assign(sandbox, { undoable: Math.max(0, sandbox.undoable - count), redoable: sandbox.redoable + count })
  else if (entry.kind === 'redo') Object.assign(sandbox, { undoable: sandbox.undoable + count, redoable: Math.max(0, sandbox.redoable - count) })
  else if (isStep(entry)) Object.assign(sandbox, { undoable: sandbox.undoable + 1, redoable: 0 })
}

const markTurned = (entry) => {
  countTurns(entry)
  if (!entry.turned) return
  const turned = new Set(entry.turned)
  for (const one of state.entries) if (turned.has(one.id)) one.undone = entry.kind === 'undo'
}

let stream = null
const listeners = new Set()
export const onEntry = (call) => { listeners.add(call) }

// Reads a sandbox from the beginning, and follows it.
export const openSandbox = async (name) => {
  stream?.abort()
  const opened = (stream = new AbortController())
  Object.assign(state, { entries: [], older: null, count: 0, sandbox: null, clock: null, jobs: [], faults: [], resources: [], connection: '' })
  state.views = { try: state.views.try }
  changed()
  await readOlder(opened.signal)
  if (opened.signal.aborted || state.needsToken) return
  listen(name, opened)
}

const listen = (name, { signal }) => {
  const last = state.entries.at(-1)?.id ?? 0
  follow(inSandbox(name, 'changes'), { last, signal, onEvent, onState: (now) => { state.connection = now; changed() } })
}

// A page that nobody sees gives its connection back: a browser has six of them for one server.
let hiddenSince = null
export const watchVisibility = () => document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenSince)
  if (document.hidden) {
    hiddenSince = setTimeout(() => { stream?.abort(); stream = null }, 20000)
  } else if (!stream) {
    stream = new AbortController()
    listen(state.route.sandbox, stream)
  }
})

const onEvent = ({ event, data }) => {
  if (event === 'restart') {
    Object.assign(state, { entries: [], older: null, count: 0 })
    state.views.request = undefined
  } else if (event === 'sandboxes') readSandboxes()
  else if (event === 'faults') readFaults()
  else if (event === 'files') readContracts()
  // Somebody cleared the journal: what it had cannot be opened or undone any more.
  else if (event === 'cleared') Object.assign(state, { entries: [], older: null, count: 0 })
  // What the journal has given up cannot be opened any more.
  else if (event === 'gap') Object.assign(state, { entries: [], older: null })
  else {
    const entry = slim(data)
    markTurned(entry)
    state.entries.push(entry)
    state.count += 1
    if (state.entries.length > ENTRIES_MAX) {
      state.entries.splice(0, 1000)
      state.older = `${here('requests')}?limit=${PAGE}&before=${state.entries[0].id}`
    }
    for (const call of listeners) call(entry)
    if (entry.faults.length > 0) readFaults()
  }
  readNow()
  changed()
}

// The entries before those that are known, one page of them.
export const readOlder = async (signal) => {
  if (state.isLoading) return
  state.isLoading = true
  try {
    const page = await get(state.older ?? `${here('requests')}?limit=${PAGE}`, signal)
    const known = state.entries[0]?.id ?? Infinity
    state.entries.unshift(...page.requests.map(slim).filter((entry) => entry.id < known).reverse())
    state.older = page.next
    state.count = Math.max(page.count, state.entries.length)
  } catch (error) {
    // A sandbox that is not there yet has nothing to show; the first call makes it.
    if (!(error instanceof Refused) && error.name !== 'AbortError') state.connection = 'lost'
  }
  state.isLoading = false
  changed()
}

let isReading = false
let isAskedAgain = false

// What changes with every entry: the clock, jobs, records. One reading at a time, however many entries come.
const readNow = async () => {
  if (isReading) { isAskedAgain = true; return }
  isReading = true
  const name = state.route.sandbox
  try {
    const [sandbox, clock, jobs, resources] = await Promise.all([get(here()), get(here('clock')), get(here('jobs')), get(here('resources'))])
    if (name === state.route.sandbox) {
      Object.assign(state, { sandbox, clock, clockReadAt: performance.now(), jobs: jobs.jobs, resources: resources.resources })
    }
  } catch { /* the stream says whether the server is there */ }
  isReading = false
  changed()
  if (isAskedAgain) {
    isAskedAgain = false
    setTimeout(readNow, 100)
  }
}

export const readSandboxes = async () => {
  try { state.sandboxes = (await get('/sandboxes')).sandboxes } catch { /* as above */ }
  changed()
}

export const readFaults = async () => {
  try { state.faults = (await get(here('faults'))).faults } catch { /* as above */ }
  changed()
}

export const readContracts = async () => {
  try { state.operations = (await get('/operations')).operations } catch { /* as above */ }
  changed()
}

// What the clock of the sandbox shows at this moment.
export const now = () => {
  if (!state.clock) return null
  const passed = state.clock.frozen ? 0 : (performance.now() - state.clockReadAt) * state.clock.rate
  return Date.parse(state.clock.now) + passed
}

export const undo = (body) => attempt(() => post(here('undo'), body), (turn) => `undid ${turn.entries.length === 1 ? 'one step' : `${turn.entries.length} entries`}`)
export const redo = (body) => attempt(() => post(here('redo'), body), (turn) => `did ${turn.entries.length === 1 ? 'one step' : `${turn.entries.length} entries`} again`)
export const setClock = (body) => attempt(() => post(here('clock'), body), (clock) => (clock.tasks_run ? `it is ${clock.now.slice(0, 19).replace('T', ' ')}; ${clock.tasks_run} due ${clock.tasks_run === 1 ? 'task was' : 'tasks were'} run` : null) ?? `it is ${clock.now.slice(0, 19).replace('T', ' ')}`)
