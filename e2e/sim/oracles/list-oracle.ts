/** What the operator lists is what there is: a server that lags behind would show again what it saw go. */
import type { V1Pod, V1PodList } from '@kubernetes/client-node'
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import type { SimAnswer } from '../api/sim-api-server.ts'
import type { Verdicts } from './verdicts.ts'

export class ListOracle {
  readonly #verdicts: Verdicts
  readonly #askedAt = new WeakMap<ApiRequest, number>()
  /** The newest version that anything has. */
  #version = 0

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  committed({ metadata }: V1Pod): void {
    this.#version = Math.max(this.#version, Number(metadata?.resourceVersion))
  }

  asks(request: ApiRequest): void {
    // Further pages show what the first one showed.
    if (request.verb === 'list' && !request.path.includes('continue=')) this.#askedAt.set(request, this.#version)
  }

  answered(request: ApiRequest, { status, body }: SimAnswer): void {
    const askedAt = this.#askedAt.get(request)
    if (askedAt === undefined || status !== 200) return
    const { resourceVersion } = (JSON.parse(body) as V1PodList).metadata ?? {}
    if (Number(resourceVersion) < askedAt)
      this.#verdicts.object('stale-list', `a list of ${request.resource} tells of a time before it was asked for`)
  }
}
