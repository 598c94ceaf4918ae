/** How controllers write: as any client does. What is refused is looked at again when something changes. */
import type { SimApiServer, SimRequest } from '../api/sim-api-server.ts'
import type { Named } from './cluster-objects.ts'

const APPS = '/apis/apps/v1'
const GROUP: Readonly<Record<string, string>> = {
  deployments: APPS,
  replicasets: APPS,
  daemonsets: APPS,
  statefulsets: APPS,
  controllerrevisions: APPS,
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

  /** What the new object does not name is gone; under the version that was read. */
  replace(resource: string, object: Named): boolean {
    return this.#send('PUT', pathOf(resource, object), object)
  }

  /** What the new status does not name is gone; under the version that was read. */
  replaceStatus(resource: string, object: Named, status: object): boolean {
    return this.#send('PUT', `${pathOf(resource, object)}/status`, { ...object, status })
  }

  /** Never another one of that name. */
  delete(resource: string, object: Named, options: object = {}): boolean {
    const preconditions = { uid: object.metadata.uid }
    return this.#send('DELETE', pathOf(resource, object), { ...options, preconditions })
  }

  bind(pod: Named, node: string): boolean {
    const target = { kind: 'Node', name: node }
    return this.#send('POST', `${pathOf('pods', pod)}/binding`, { kind: 'Binding', apiVersion: 'v1', target })
  }

  #send(method: SimRequest['method'], path: string, body: object, contentType = 'application/json'): boolean {
    const { status, body: said } = this.#server.call({ method, path, body: JSON.stringify(body), contentType })
    if (status < 300) return true
    if (status === 404 || status === 409) return false
    throw new Error(`${method} ${path}: ${said}`)
  }
}

const collection = (resource: string, namespace: string | undefined): string =>
  `${GROUP[resource] ?? '/api/v1'}${namespace ? `/namespaces/${namespace}` : ''}/${resource}`

const pathOf = (resource: string, { metadata }: Named): string =>
  `${collection(resource, metadata.namespace)}/${metadata.name}`
