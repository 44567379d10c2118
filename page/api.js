// Calls of the admin API, and its streams. The token is kept for this tab only, and sent as a header: never in an address.

const ROOT = '/__admin'
const TOKEN = 'tombstone-admin-token'

let onTokenNeeded = () => {}
export const whenTokenIsNeeded = (call) => { onTokenNeeded = call }
export const setToken = (token) => sessionStorage.setItem(TOKEN, token)
export const hasToken = () => sessionStorage.getItem(TOKEN) !== null

// What the server refused, in its own words.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `the server answered ${status}`)
    this.status = status
    this.problems = problem?.problems ?? []
  }
}

const send = async (method, path, { body, headers = {}, signal } = {}) => {
  const token = sessionStorage.getItem(TOKEN)
  const sent = { ...headers }
  if (token !== null) sent.authorization = `Bearer ${token}`
  if (body !== undefined) sent['content-type'] = 'application/json'
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(path.startsWith(ROOT) ? path : ROOT + path, { method, headers: sent, body: text, signal })
  if (answer.ok) return answer
  const problem = await answer.json().catch(() => null)
  if (answer.status === 401) onTokenNeeded()
  throw new Refused(answer.status, problem)
}

const call = (method) => async (path, body, signal) => {
  const answer = await send(method, path, { body, signal })
  return answer.status === 204 ? null : answer.json()
}

export const get = (path, signal) => call('GET')(path, undefined, signal)
export const post = call('POST')
export const put = call('PUT')
export const del = (path) => call('DELETE')(path)

// The path of something in a sandbox.
export const inSandbox = (name, ...segments) => `/sandboxes/${[name, ...segments].map(encodeURIComponent).join('/')}`

// Reads server-sent events until `signal` is aborted, and goes on where it was when the connection is lost.
// `EventSource` cannot send a token.
export const follow = async (path, { last, signal, onEvent, onState }) => {
  let wait = 250
  for (;;) {
    try {
      const headers = last === undefined ? {} : { 'last-event-id': String(last) }
      const answer = await send('GET', path, { headers, signal })
      onState('live')
      wait = 250
      for await (const event of events(answer.body)) {
        if (event.id !== undefined) last = event.id
        onEvent(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Refused && error.status !== 503) {
        onState(error.status === 404 ? 'gone' : 'refused')
        if (error.status === 401 || error.status === 403) return
      } else onState('lost')
    }
    if (signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 2, 4000)
  }
}

// The events of a body (HTML Living Standard, section 9.2), as far as this server writes them.
export async function* events(body) {
  let rest = ''
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop()
    for (const block of blocks) {
      const event = {}
      for (const line of block.split('\n')) {
        const colon = line.indexOf(': ')
        if (colon < 1) continue
        const name = line.slice(0, colon)
        if (name === 'data') event.data = JSON.parse(line.slice(colon + 2))
        else event[name] = line.slice(colon + 2)
      }
      if (event.event) yield event
    }
  }
}
