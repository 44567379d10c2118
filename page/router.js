// Addresses: `#/<sandbox>/<view>/…`. Opening one never changes anything.

export const VIEWS = ['requests', 'records', 'try', 'time', 'faults', 'coverage', 'sandboxes']

export const read = (hash) => {
  const decoded = (segment) => { try { return decodeURIComponent(segment) } catch { return segment } }
  const [sandbox, view, ...rest] = hash.replace(/^#?\/?/, '').split('/').filter(Boolean).map(decoded)
  return { sandbox: sandbox ?? 'default', view: VIEWS.includes(view) ? view : 'requests', rest: VIEWS.includes(view) ? rest : [] }
}

export const address = (sandbox, view, ...rest) => `#/${[sandbox, view, ...rest].map((segment) => encodeURIComponent(segment)).join('/')}`
