// Values as people read them. Knows neither the server nor the document.

const SIGNS = { deleted: '−', created: '+', updated: '~' }
const KINDS = ['deleted', 'created', 'updated', 'unlinked', 'kept']

// The singular of a word in small letters, as src/singular.rs has it.
const IRREGULAR = { people: 'person', children: 'child', men: 'man', women: 'woman', feet: 'foot', mice: 'mouse', indices: 'index', indexes: 'index', matrices: 'matrix', vertices: 'vertex', appendices: 'appendix', criteria: 'criterion', schemata: 'schema', analyses: 'analysis', bases: 'base', movies: 'movie', cookies: 'cookie', caches: 'cache', lives: 'life', knives: 'knife', leaves: 'leaf', quizzes: 'quiz' }
const UNCHANGED = new Set('news series species media data metadata sms dns aws gps ios https'.split(' '))
export const singular = (word) => {
  if (Object.hasOwn(IRREGULAR, word)) return IRREGULAR[word]
  if (UNCHANGED.has(word) || word.length < 3 || !/[^sui]s$/.test(word)) return word
  if (/..ies$/.test(word)) return `${word.slice(0, -3)}y`
  return word.slice(0, /(ss|x|ch|sh|z|tus|rus|nus|ias)es$/.test(word) ? -2 : -1)
}

export const counted = (count, name) => {
  const words = name.split('_')
  if (count === 1) words.push(singular(words.pop()))
  return `${number(count)} ${words.join(' ')}`
}

// What changed in a few words, each with its kind: `−1 organization`, `5 users unlinked`. What `first` is of comes first.
export const effects = (counts, first) => KINDS.flatMap((kind) => {
  const isFirst = (place) => first?.kind === kind && place === `${first.provider}/${first.resource}`
  const places = Object.entries(counts?.[kind] ?? {}).sort(([one], [other]) => isFirst(other) - isFirst(one))
  return places.map(([place, count]) => {
    const name = counted(count, place.slice(place.indexOf('/') + 1))
    return { kind, text: SIGNS[kind] ? SIGNS[kind] + name : `${name} ${kind}` }
  })
})

export const changedCount = (counts) =>
  Object.values(counts ?? {}).reduce((sum, of) => sum + Object.values(of).reduce((a, b) => a + b, 0), 0)

const numbers = new Intl.NumberFormat('en')
export const number = (value) => numbers.format(value)

export const statusClass = (status) => `s${String(status)[0]}`

// Times are those of sandboxes, which are written in UTC.
export const time = (iso) => iso?.slice(11, 19) ?? ''
export const timeExact = (iso) => iso?.slice(11, 23).replace('Z', '') ?? ''
export const day = (iso) => iso?.slice(0, 10) ?? ''

const UNITS = [['d', 86400e3], ['h', 3600e3], ['min', 60e3], ['s', 1e3]]

// `1 d 2 h`, `3 min`, `0 s`: the two largest units.
export const span = (ms) => {
  let rest = Math.abs(ms)
  if (rest < 1000) return `${Math.round(rest)} ms`
  const parts = []
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break
  }
  return parts.join(' ')
}

export const bytes = (count) => {
  if (count === null || count === undefined) return ''
  if (count < 1024) return `${count} B`
  return count < 1048576 ? `${(count / 1024).toFixed(1)} kB` : `${(count / 1048576).toFixed(1)} MB`
}

export const short = (value, length = 80) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? ''
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

export const pretty = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

// The properties in which two records differ.
export const differences = (before, after) => {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  const same = (name) => JSON.stringify(before?.[name]) === JSON.stringify(after?.[name])
  return [...names].filter((name) => !same(name)).map((name) => ({ name, before: before?.[name], after: after?.[name] }))
}

const quoted = (word) => (/^[\w\-./:=,@%+]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

const UNSENT = new Set(['host', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'accept-language', 'connection', 'origin', 'referer'])

// A command for a shell. What was blacked out is named, to be filled in.
export const curl = (origin, sandbox, { method, target, headers = [], body }) => {
  // With `-X HEAD` curl would wait for a body.
  const isHead = method === 'HEAD'
  const words = [isHead ? 'curl -I' : 'curl -i']
  const text = isHead || body === null || body === undefined || body === '' ? null : typeof body === 'string' ? body : JSON.stringify(body)
  if (!isHead && !(method === 'GET' && text === null) && !(method === 'POST' && text !== null)) words.push(`-X ${method}`)
  if (/\/\.\.?(\/|$)/.test(target.split('?')[0])) words.push('--path-as-is')
  words.push(quoted(origin + target))
  const names = new Set()
  for (const { name, value } of headers) {
    const lower = name.toLowerCase()
    if (UNSENT.has(lower) || lower.startsWith('sec-')) continue
    names.add(lower)
    words.push(`-H ${quoted(`${name}: ${value.replace('[REDACTED]', `<${lower}>`)}`)}`)
  }
  const isNamed = names.has('tombstone-sandbox') || target.startsWith('/@')
  if (sandbox !== 'default' && !isNamed) words.push(`-H ${quoted(`Tombstone-Sandbox: ${sandbox}`)}`)
  if (text !== null) words.push(`--data-raw ${quoted(text)}`)
  return words.join(' ')
}

// What `POST …/verify` takes to hold another run against this one.
export const expectation = (entry) => {
  const { provider, operation } = entry
  const call = operation ? { provider, operation, status: entry.response.status } : { method: entry.request.method, path: entry.request.target.split('?')[0], status: entry.response.status }
  const expectations = [{ calls: call, count: 1 }]
  for (const change of entry.changes ?? []) {
    if (change.kind !== 'deleted' && change.kind !== 'created') continue
    expectations.push({ [change.kind]: { provider: change.provider, resource: change.resource, key: change.key } })
    if (expectations.length === 50) break
  }
  return { expectations }
}
