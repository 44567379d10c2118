// Addresses: `#/<sandbox>/<view>/…`. Opening one never changes anything.

// The views by their names in addresses, and as they are called.
export const NAMES = { requests: 'Log', records: 'Records', try: 'Try', time: 'Time', faults: 'Faults', coverage: 'Coverage', sandboxes: 'Sandboxes' }

export const read = (hash) => {
  const decoded = (segment) => { try { return decodeURIComponent(segment) } catch { return segment } }
  const [sandbox, view, ...rest] = hash.replace(/^#?\/?/, '').split('/').filter(Boolean).map(decoded)
  const isView = Object.hasOwn(NAMES, view ?? '')
  return { sandbox: sandbox ?? 'default', view: isView ? view : 'requests', rest: isView ? rest : [] }
}

export const address = (sandbox, view, ...rest) => `#/${[sandbox, view, ...rest].map((segment) => encodeURIComponent(segment)).join('/')}`
