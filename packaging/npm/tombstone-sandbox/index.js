'use strict'
// A server for tests and a sandbox for each of them; needs nothing but Node.js.

const { spawn } = require('node:child_process')
const { createHash, randomUUID } = require('node:crypto')

const { program } = require('./program.js')

/** How long a start may take, in milliseconds. */
const TIMEOUT = 30_000
/** How much of what the program says is kept, for the error if it does not start. */
const SAID_MAX = 8_000
/** How many entries of the journal go into a report. */
const REPORT_ENTRIES = 50

/** An answer of the admin API that is not a success. */
class AdminError extends Error {
  constructor(call, status, problem) {
    const problems = Array.isArray(problem?.problems) ? `: ${JSON.stringify(problem.problems)}` : ''
    super(`${call}: ${status} ${problem?.detail ?? problem?.title ?? ''}${problems}`.trim())
    this.name = 'AdminError'
    this.status = status
    this.problem = problem
  }
}

/** Expectations that do not hold. */
class VerificationError extends Error {
  constructor(failed) {
    const line = ({ description, expected, found, nearest }) =>
      `${description ? `${description}: ` : ''}expected ${expected}; found ${found}${nearest ? ` (${nearest})` : ''}`
    super(`${failed.length === 1 ? 'an expectation does' : `${failed.length} expectations do`} not hold\n${failed.map((one) => `  ${line(one)}`).join('\n')}`)
    this.name = 'VerificationError'
    this.failed = failed
  }
}

/** A sandbox: one world, with what can be done beside the calls. */
class Sandbox {
  #server

  constructor(server, name) {
    this.#server = server
    this.name = name
    /** The base URL for the code under test. */
    this.url = `${server.url}/@${name}`
    /** Where the admin API has this sandbox. */
    this.adminUrl = `${server.url}/__admin/sandboxes/${name}`
    /** For clients whose base URL cannot change: send these with each call. */
    this.headers = { 'Tombstone-Sandbox': name }
  }

  /** The base URL of one API, `http://…/@name/shop`. */
  urlOf(provider) {
    return `${this.url}/${provider}`
  }

  /** Asks the admin API: what is read, below this sandbox's address. */
  get(what, query = {}) {
    const search = new URLSearchParams(query).toString()
    return this.#call('GET', `/${what}${search && `?${search}`}`)
  }

  /** Has the admin API do something, below this sandbox's address. */
  post(what, body = {}) {
    return this.#call('POST', `/${what}`, body)
  }

  /** The same with another method. */
  request(method, what, body) {
    return this.#call(method, `/${what}`, body)
  }

  /** Begins anew, in another way if something is given. */
  begin(spec = {}) {
    return this.#call('PUT', '', spec)
  }

  reset() {
    return this.post('reset')
  }

  undo(how) {
    return this.post('undo', how)
  }

  redo(how) {
    return this.post('redo', how)
  }

  /** Moves the clock forward (`'24h'`, `'PT24H'`), and runs the jobs that come due. */
  advance(duration) {
    return this.post('clock', { advance: duration })
  }

  /** Stops the clock, or sets it and stops it. */
  async freeze(at) {
    const frozen = await this.post('clock', { freeze: true })
    return at === undefined ? frozen : this.post('clock', { set: at })
  }

  /** Adds a fault; its id is in the answer. */
  fault(fault) {
    return this.post('faults', fault)
  }

  /** What a call would be answered and change; nothing changes. */
  plan(method, path, { headers, body } = {}) {
    return this.post('plan', { method, path, ...(headers && { headers }), ...(body !== undefined && { body }) })
  }

  /** The records of a resource that have these values, a thousand at most. */
  async records(provider, resource, where = {}) {
    return (await this.get(`resources/${provider}/${resource}`, { limit: 1000, ...where })).records
  }

  /** The newest entries of the journal. */
  async journal(query = {}) {
    return (await this.get('requests', query)).requests
  }

  /** Every place where a value is left. */
  residue(value, query = {}) {
    return this.get('residue', { value, ...query })
  }

  /** Throws unless every expectation holds. */
  async verify(...expectations) {
    const verdict = await this.post('verify', { expectations })
    const failed = verdict.expectations.filter((outcome) => !outcome.passed)
    if (failed.length > 0) throw new VerificationError(failed)
  }

  /** The end of the journal with why each call was answered so: for the report of a test that failed. */
  async report() {
    const entries = await this.journal({ limit: REPORT_ENTRIES })
    return Promise.all(entries.reverse().map((entry) => this.get(`requests/${entry.id}`)))
  }

  /** Removes it; it need not be there. */
  async remove() {
    try {
      await this.#call('DELETE', '')
    } catch (error) {
      if (!(error instanceof AdminError && error.status === 404)) throw error
    }
  }

  #call(method, path, body) {
    return this.#server.request(method, `/sandboxes/${this.name}${path}`, body)
  }
}

/** A server that runs, whoever started it. */
class Server {
  #token

  constructor(url, { token } = {}) {
    this.url = url.replace(/\/+$/, '')
    this.#token = token
  }

  /** Calls the admin API: `server.request('POST', '/reset')`. */
  async request(method, path, body) {
    const headers = { Accept: 'application/json' }
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`
    if (body !== undefined || method === 'POST') headers['Content-Type'] = 'application/json'
    const url = `${this.url}/__admin${path}`
    const text = body === undefined ? undefined : JSON.stringify(body)
    const answer = await fetch(url, { method, headers, body: text })
    const read = await answer.text()
    const value = read === '' || !/json/.test(answer.headers.get('content-type') ?? '') ? read : JSON.parse(read)
    if (!answer.ok) throw new AdminError(`${method} ${url}`, answer.status, value)
    return value
  }

  /**
   * A sandbox that begins anew. A name is letters, digits, `.`, `_`, `~` and `-`; of any other text (the title of a
   * test, say) one is made, always the same; without a name it is one that nobody else has.
   */
  async sandbox(name, spec = {}) {
    const sandbox = new Sandbox(this, nameOf(name ?? randomUUID()))
    await sandbox.begin(spec)
    return sandbox
  }

  /** Everything back to the start; sandboxes but `default` are gone. */
  reset() {
    return this.request('POST', '/reset')
  }

  /** Which operations, responses and rules were exercised. */
  coverage() {
    return this.request('GET', '/coverage')
  }
}

/** A server of one's own, which ends with this process at the latest. */
class OwnServer extends Server {
  #child
  #ended

  constructor(child, ended, ready, options) {
    super(ready.url, options)
    this.#child = child
    this.#ended = ended
    /** The process. */
    this.pid = child.pid
    this.port = ready.port
    /** What is served: names, URLs and hosts. */
    this.providers = ready.providers
    this.version = ready.version
  }

  /** Stops it, and waits until it has ended. */
  async stop() {
    this.#child.ref()
    this.#child.kill()
    await this.#ended
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.stop()
  }
}

function nameOf(text) {
  if (/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/.test(text)) return text
  const words = text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60)
  return `${words}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
}

/**
 * Starts a server on a free port. `args` are those of the command line: `['mock', 'openapi.yaml']`; without any, the
 * built-in APIs. What `tombstone.yaml` and the environment say counts as always.
 */
function start(options = {}) {
  const { args = [], port = 0, token, timeout = TIMEOUT, log = false } = options
  // In the environment and not as flags, so that `args` can say otherwise.
  const env = { ...process.env, ...options.env, TOMBSTONE_PORT: String(port), TOMBSTONE_PRINT_JSON: 'true' }
  if (!log) env.TOMBSTONE_LOG_FORMAT = 'none'
  if (token) env.TOMBSTONE_ADMIN_TOKEN = token
  const path = options.program ?? program()
  const child = spawn(path, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  const stop = () => child.kill()
  process.on('exit', stop)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  ended.then(() => process.off('exit', stop))
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-SAID_MAX)
    if (log) process.stderr.write(chunk)
  })
  const line = `${path} ${args.join(' ')}`.trim()
  return new Promise((resolve, reject) => {
    const fail = (what) => {
      clearTimeout(timer)
      stop()
      reject(new Error(`\`${line}\` ${what}${said && `:\n${said.trim()}`}`))
    }
    const timer = setTimeout(() => fail(`is not ready after ${timeout} ms`), timeout)
    child.once('error', (error) => fail(`cannot be run (${error.message})`))
    // `close` and not `exit`: then all that it said has been read.
    child.once('close', (code, signal) => fail(`ended with ${signal ?? code} before it was ready`))
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const end = printed.indexOf('\n')
      if (end < 0) return
      clearTimeout(timer)
      child.stdout.removeAllListeners('data')
      child.stdout.resume()
      // Nobody has to stop it for this process to end.
      for (const handle of [child, child.stdout, child.stderr]) handle.unref()
      resolve(new OwnServer(child, ended, JSON.parse(printed.slice(0, end)), { token }))
    })
  })
}

/** A server that runs: at a URL, else at `TOMBSTONE_URL`, else where one is by default. */
function connect(url = process.env.TOMBSTONE_URL ?? 'http://127.0.0.1:4010', options = {}) {
  return new Server(url, { token: process.env.TOMBSTONE_ADMIN_TOKEN, ...options })
}

/** A sandbox of the server that the global setup started, or that `TOMBSTONE_URL` names. */
function sandbox(name, spec) {
  return connect().sandbox(name, spec)
}

/**
 * A global setup for Vitest, Jest and Playwright: one server for all workers, which find it in `TOMBSTONE_URL`. Where
 * that is set already, that server is used.
 */
function globalSetup(options) {
  return async () => {
    if (process.env.TOMBSTONE_URL) return () => {}
    const server = await start(options)
    process.env.TOMBSTONE_URL = server.url
    if (options?.token) process.env.TOMBSTONE_ADMIN_TOKEN = options.token
    return async () => {
      delete process.env.TOMBSTONE_URL
      await server.stop()
    }
  }
}

module.exports = { AdminError, Sandbox, Server, VerificationError, connect, globalSetup, program, sandbox, start }
