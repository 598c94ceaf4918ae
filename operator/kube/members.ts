/** Membership Leases of the replicas, in the operator's own namespace. */
import type { V1Lease } from '@kubernetes/client-node'
import type { Members } from '../../reconcilers/peer-replicas/controller.ts'
import { ApiError } from '../../reconcilers/ports.ts'
import type { Api, ApiRequest } from './api-client.ts'

type Written = Pick<ApiRequest, 'method' | 'verb' | 'path' | 'signal'>

export class KubeMembers implements Members {
  readonly #api: Pick<Api, 'send' | 'json'>
  readonly #path: string

  constructor(api: Pick<Api, 'send' | 'json'>, namespace: string) {
    this.#api = api
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`
  }

  async read(name: string, signal: AbortSignal): Promise<V1Lease | undefined> {
    const path = this.#pathOf(name)
    try {
      return await this.#api.json<V1Lease>({
        method: 'GET',
        verb: 'get',
        resource: 'leases',
        path,
        signal,
        urgent: true,
      })
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw error
    }
  }

  create(lease: V1Lease, signal: AbortSignal): Promise<V1Lease> {
    return this.#write({ method: 'POST', verb: 'create', path: this.#path, signal }, lease)
  }

  replace(lease: V1Lease, signal: AbortSignal): Promise<V1Lease> {
    return this.#write({ method: 'PUT', verb: 'update', path: this.#pathOf(lease.metadata?.name ?? ''), signal }, lease)
  }

  async remove(name: string, uid: string): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } })
    const path = this.#pathOf(name)
    const contentType = 'application/json'
    try {
      await this.#api.send({ method: 'DELETE', verb: 'delete', resource: 'leases', path, body, contentType, low: true })
    } catch (error) {
      // Gone, or another by that name.
      if (!(error instanceof ApiError && (error.status === 404 || error.status === 409))) throw error
    }
  }

  /** Never behind all that the bases have us write: whoever renews too late is taken for gone. */
  #write(request: Written, lease: V1Lease): Promise<V1Lease> {
    const body = JSON.stringify(lease)
    const contentType = 'application/json'
    return this.#api.json<V1Lease>({ ...request, resource: 'leases', body, contentType, urgent: true })
  }

  #pathOf(name: string): string {
    return `${this.#path}/${encodeURIComponent(name)}`
  }
}
