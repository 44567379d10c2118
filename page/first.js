// Calls for who sees the page for the first time: one that reads, one that destroys, as they work at the start.

import { get } from './api.js'
import { curl } from './format.js'
import { changed, state } from './state.js'

// So many operations are asked for calls: a large contract has hundreds.
const TRIED_MAX = 40

let calls = null
let isAsked = false

const find = async () => {
  const found = []
  const operations = state.operations ?? []
  for (const destroys of [true, false]) {
    // Made up from the contract, where its files give none.
    let madeUp = null
    for (const operation of operations.filter((one) => one.destroys === destroys && (destroys || one.method === 'GET')).slice(0, TRIED_MAX)) {
      const detail = await get(`/operations/${encodeURIComponent(operation.provider)}/${encodeURIComponent(operation.id)}`)
      const call = detail.calls.find((one) => one.expect < 300) ?? (destroys ? null : detail.sample)
      if (!call && operation.method === 'DELETE' && detail.sample) madeUp ??= { shows: operation.summary ?? operation.id, call: { method: operation.method, ...detail.sample } }
      if (!call) continue
      found.push({ shows: call.expect ? call.shows : operation.summary ?? operation.id, call: { method: operation.method, ...call } })
      madeUp = null
      break
    }
    if (madeUp) found.push(madeUp)
  }
  if (!found.length && operations.length) {
    const [operation] = operations
    const { sample } = await get(`/operations/${encodeURIComponent(operation.provider)}/${encodeURIComponent(operation.id)}`)
    if (sample) found.push({ shows: operation.summary ?? operation.id, call: { method: operation.method, ...sample } })
  }
  calls = found
  changed()
}

export const firstCalls = () => {
  if (!isAsked && state.operations) {
    isAsked = true
    find().catch(() => { isAsked = false })
  }
  return (calls ?? []).map(({ shows, call }) => ({ shows, text: curl(location.origin, state.route.sandbox, call) }))
}
