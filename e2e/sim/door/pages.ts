/** Lists in pages of an object or a few, as clusters with thousands of Pods have them, of which a later one may come too late. */
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import type { SimAnswer } from '../api/sim-api-server.ts'
import type { Faults } from '../faults/faults.ts'

const PAGE_MAX = 3
const LIMIT = /([?&]limit=)\d+/

/** A server may give fewer than it is asked for. */
export function inSmallPages(request: ApiRequest, faults: Faults): ApiRequest {
  if (!LIMIT.test(request.path) || !faults.strikes('listPaged')) return request
  const size = faults.rng('listPaged').integer(1, PAGE_MAX)
  return { ...request, path: request.path.replace(LIMIT, `$1${size}`) }
}

/** The further pages of a list are gone: etcd compacted them meanwhile. */
export const expiredPage = ({ path }: ApiRequest, faults: Faults): SimAnswer | undefined =>
  path.includes('continue=') && faults.strikes('listExpires') ? EXPIRED : undefined

const EXPIRED: SimAnswer = {
  status: 410,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: 410,
    reason: 'Expired',
    message: 'The provided continue parameter is too old to display a consistent list result.',
  }),
}
