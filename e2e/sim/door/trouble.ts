/** What goes wrong with one request. */
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import type { SimAnswer } from '../api/sim-api-server.ts'
import type { Faults } from '../faults/faults.ts'

export interface Trouble {
  readonly slowMs?: number
  /** In place of the server's own. */
  readonly answer?: SimAnswer
  readonly lost?: 'request' | 'answer'
  /** The connection is not reset but goes quiet. */
  readonly hangs?: boolean
}

const SLOW_MAX_MS = 9_000

export function troubleFor(request: ApiRequest, faults: Faults): Trouble | undefined {
  if (faults.strikes('apiRequestLost')) return { lost: 'request', hangs: faults.rng('apiRequestLost').chance(0.5) }
  if (faults.strikes('apiAnswerLost')) return { lost: 'answer', hangs: faults.rng('apiAnswerLost').chance(0.5) }
  if (faults.strikes('apiThrottled')) return { answer: throttled(faults.rng('apiThrottled').integer(0, 8)) }
  if (faults.strikes('apiFailed')) return { answer: failed(faults.rng('apiFailed').pick([500, 503, 504])) }
  const writes = request.method !== 'GET' && request.method !== 'POST'
  if (writes && faults.strikes('apiConflict')) return { answer: CONFLICT }
  return faults.strikes('apiSlow') ? { slowMs: faults.rng('apiSlow').skewed(20, SLOW_MAX_MS) } : undefined
}

const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message })

function throttled(seconds: number): SimAnswer {
  const headers = { 'content-type': 'application/json', ...(seconds > 0 && { 'retry-after': String(seconds) }) }
  return { status: 429, headers, body: status(429, 'TooManyRequests', 'Too many requests, please try again later.') }
}

const failed = (code: number): SimAnswer => ({
  status: code,
  headers: { 'content-type': 'application/json' },
  body: status(code, 'InternalError', 'Internal error occurred: etcdserver: request timed out'),
})

/** As when another writer was faster, though none was. */
const CONFLICT: SimAnswer = {
  status: 409,
  headers: { 'content-type': 'application/json' },
  body: status(
    409,
    'Conflict',
    'Operation cannot be fulfilled: the object has been modified; please apply your changes',
  ),
}
