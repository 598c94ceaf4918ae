/** How controllers write: as any client does. What is refused is looked at again when something changes. */
import type { SimAnswer, SimApiServer, SimRequest } from '../api/sim-api-server.ts'

export interface Named {
  readonly metadata?: { readonly namespace?: string; readonly name?: string; readonly uid?: string }
}

const GROUP: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  controllerrevisions: '/apis/apps/v1',
  leases: '/apis/coordination.k8s.io/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
}

export class ServerCalls {
  readonly #server: SimApiServer

  constructor(server: SimApiServer) {
    this.#server = server
  }

  create(resource: string, namespace: string, body: object): boolean {
    return this.#send('POST', collection(resource, namespace), body)
  }

  /** Merge patch. */
  patch(resource: string, object: Named, body: object, subresource = ''): boolean {
    const path = pathOf(resource, object) + (subresource && `/${subresource}`)
    return this.#send('PATCH', path, body, 'application/merge-patch+json')
  }

  /** What the new status does not name is gone. */
  replaceStatus(resource: string, object: Named, status: object): boolean {
    return this.#send('PUT', `${pathOf(resource, object)}/status`, { ...object, status })
  }

  /** Never another one of that name. */
  delete(resource: string, object: Named, options: object = {}): boolean {
    const uid = object.metadata?.uid
    return this.#send('DELETE', pathOf(resource, object), { ...options, preconditions: { uid } })
  }

  bind(pod: Named, node: string): boolean {
    const target = { kind: 'Node', name: node }
    return this.#send('POST', `${pathOf('pods', pod)}/binding`, { kind: 'Binding', apiVersion: 'v1', target })
  }

  #send(method: SimRequest['method'], path: string, body: object, contentType = 'application/json'): boolean {
    const answer: SimAnswer = this.#server.call({ method, path, body: JSON.stringify(body), contentType })
    if (answer.status < 300) return true
    if (answer.status === 404 || answer.status === 409) return false
    throw new Error(`${method} ${path}: ${answer.body}`)
  }
}

const collection = (resource: string, namespace: string): string =>
  `${GROUP[resource] ?? '/api/v1'}${namespace && `/namespaces/${namespace}`}/${resource}`

const pathOf = (resource: string, { metadata }: Named): string =>
  `${collection(resource, metadata?.namespace ?? '')}/${metadata?.name}`
