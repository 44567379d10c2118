/** Any JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** A duration: `200ms`, `1h 30m`, or ISO 8601's `PT24H`. */
export type Duration = string

/** How a sandbox begins; as every sandbox, where nothing is said. */
export interface SandboxSpec {
  /** The sandbox whose world, clock, faults and settings it begins with. */
  from?: string
  /** The fixture set that its records come from. */
  fixture_set?: string
  /** What made-up ids and the dice of faults follow from. */
  seed?: number
  clock?: { start?: string; frozen?: boolean; rate?: number }
  /** Settings of behavior files, by provider. */
  settings?: { [provider: string]: { [name: string]: Json } }
  faults?: Fault[]
  /** How long it may be unused before it is dropped; never, unless given. */
  ttl?: Duration
}

/** When something goes wrong, and what. */
export interface Fault {
  provider?: string
  operation?: string
  path?: string
  headers?: { [name: string]: string }
  probability?: number
  after?: number
  times?: number
  delay?: Json
  answer?: { status: number; headers?: { [name: string]: string }; body?: Json }
  connection?: 'reset' | 'empty' | 'garbage' | { [kind: string]: Json }
}

/** Which calls are meant: those that fit everything that is given. */
export interface Calls {
  operation?: string
  provider?: string
  /** A status, or a class: `'4xx'`. */
  status?: number | string
  method?: string
  /** `*` is any text within a segment, `**` any number of segments. */
  path?: string
  rule?: string
}

/** Which records are meant: those of a resource that fit everything else that is given. */
export interface Records {
  resource: string
  provider?: string
  key?: string | number | (string | number)[]
  where?: { [property: string]: Json }
}

/** One thing that is expected: exactly one of the kinds. */
export interface Expectation {
  description?: string
  calls?: Calls
  order?: Calls[]
  deleted?: Records
  created?: Records
  updated?: Records
  untouched?: Records
  exists?: Records
  absent?: Records
  no_residue?: string
  count?: number | { min?: number; max?: number }
}

/** An expectation held against the sandbox. */
export interface Outcome {
  description: string | null
  passed: boolean
  expected: string
  found: string
  nearest: string | null
}

/** How many records changed in each way, by `provider/resource`. */
export interface Counts {
  created?: { [resource: string]: number }
  updated?: { [resource: string]: number }
  unlinked?: { [resource: string]: number }
  kept?: { [resource: string]: number }
  deleted?: { [resource: string]: number }
}

/** Something that happened; `GET /__admin/openapi.json` describes all of it. */
export interface Entry {
  id: number
  kind: string
  at: string
  real_at: string
  undone: boolean
  provider?: string | null
  operation?: string | null
  rule?: string | null
  why?: string | null
  counts?: Counts
  [more: string]: any
}

/** What was taken back or done again. */
export interface Turn {
  [more: string]: any
}

/** What a sandbox's clock shows. */
export interface Clock {
  now: string
  frozen: boolean
  [more: string]: any
}

/** What a call would be answered, change and start. */
export interface Plan {
  counts: Counts
  [more: string]: any
}

/** Every place where a value is left. */
export interface Residue {
  value: string
  count: number
  clean: boolean
  truncated: boolean
  hits: { where: 'record' | 'job' | 'journal'; pointer: string; exact: boolean; [more: string]: any }[]
}

/** An answer of the admin API that is not a success. */
export class AdminError extends Error {
  readonly status: number
  readonly problem: any
}

/** Expectations that do not hold. */
export class VerificationError extends Error {
  readonly failed: Outcome[]
}

type Query = { [name: string]: string | number | boolean }

/** A sandbox: one world, with what can be done beside the calls. */
export class Sandbox {
  private constructor()
  readonly name: string
  /** The base URL for the code under test. */
  readonly url: string
  /** Where the admin API has this sandbox. */
  readonly adminUrl: string
  /** For clients whose base URL cannot change: send these with each call. */
  readonly headers: { 'Tombstone-Sandbox': string }
  /** The base URL of one API. */
  urlOf(provider: string): string
  /** Reads from the admin API, below this sandbox's address: `get('jobs')`. */
  get(what: string, query?: Query): Promise<any>
  /** Has the admin API do something, below this sandbox's address. */
  post(what: string, body?: unknown): Promise<any>
  /** The same with another method. */
  request(method: string, what: string, body?: unknown): Promise<any>
  /** Begins anew, in another way if something is given. */
  begin(spec?: SandboxSpec): Promise<any>
  /** Back to how it began. */
  reset(): Promise<any>
  /** Takes back the last step, or several, or all since a request. */
  undo(how?: { steps: number } | { to: number }): Promise<Turn>
  /** Does again what was undone. */
  redo(how?: { steps: number }): Promise<Turn>
  /** Moves the clock forward, and runs the jobs that come due. */
  advance(duration: Duration): Promise<Clock>
  /** Stops the clock, at a time if one is given. */
  freeze(at?: string): Promise<Clock>
  /** Adds a fault; its id is in the answer. */
  fault(fault: Fault): Promise<{ id: string; [more: string]: any }>
  /** What a call would be answered and change; nothing changes. */
  plan(method: string, path: string, more?: { headers?: { [name: string]: string }; body?: Json }): Promise<Plan>
  /** The records of a resource that have these values, a thousand at most. */
  records<Record = any>(provider: string, resource: string, where?: Query): Promise<Record[]>
  /** The newest entries of the journal first. */
  journal(query?: Query): Promise<Entry[]>
  /** Every place where a value is left. */
  residue(value: string, query?: Query): Promise<Residue>
  /** Throws unless every expectation holds. */
  verify(...expectations: Expectation[]): Promise<void>
  /** The end of the journal, the oldest first, with why each call was answered so: for the report of a failed test. */
  report(): Promise<Entry[]>
  /** Removes it; it need not be there. */
  remove(): Promise<void>
}

/** A server that runs, whoever started it. */
export class Server {
  constructor(url: string, options?: { token?: string })
  readonly url: string
  /** Calls the admin API: `server.request('POST', '/reset')`. */
  request(method: string, path: string, body?: unknown): Promise<any>
  /**
   * A sandbox that begins anew. A name is letters, digits, `.`, `_`, `~` and `-`; of any other text (the title of a
   * test, say) one is made, always the same; without a name it is one that nobody else has.
   */
  sandbox(name?: string, spec?: SandboxSpec): Promise<Sandbox>
  /** Everything back to the start; sandboxes but `default` are gone. */
  reset(): Promise<any>
  /** Which operations, responses and rules were exercised. */
  coverage(): Promise<any>
}

/** A server of one's own, which ends with this process at the latest. */
export interface OwnServer extends Server {
  readonly pid: number
  readonly port: number
  /** What is served. */
  readonly providers: { name: string; url: string; hosts: string[] }[]
  readonly version: string
  /** Stops it, and waits until it has ended. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** The command line: `['mock', 'openapi.yaml']`; without any, the built-in APIs. */
  args?: string[]
  /** A free one, unless given. */
  port?: number
  /** The token of the admin API. */
  token?: string
  /** How long it may take, in milliseconds. */
  timeout?: number
  /** Whether its log is shown, on standard error. */
  log?: boolean
  cwd?: string
  env?: { [name: string]: string | undefined }
  /** The path of the program: `TOMBSTONE`, else that of this package. */
  program?: string
}

/** Starts a server. What `tombstone.yaml` and the environment say counts as always. */
export function start(options?: StartOptions): Promise<OwnServer>

/** A server that runs: at a URL, else at `TOMBSTONE_URL`, else where one is by default. */
export function connect(url?: string, options?: { token?: string }): Server

/** A sandbox of the server that the global setup started, or that `TOMBSTONE_URL` names. */
export function sandbox(name?: string, spec?: SandboxSpec): Promise<Sandbox>

/** A global setup for Vitest, Jest and Playwright: one server for all workers, which find it in `TOMBSTONE_URL`. */
export function globalSetup(options?: StartOptions): () => Promise<() => Promise<void>>

/** The path of the program. */
export function program(): string
