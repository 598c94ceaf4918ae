/** A person with kubectl: sees everything, is refused nothing by the network, and is told when the server refuses. */
import type { SimAnswer, SimApiServer } from '../api/sim-api-server.ts'
import type { Trace } from '../trace.ts'

export type Kind = 'pods' | 'nodes' | 'deployments' | 'daemonsets' | 'statefulsets'

const BASE: Readonly<Record<Kind, string>> = {
  pods: '/api/v1/namespaces/shop/pods',
  nodes: '/api/v1/nodes',
  deployments: '/apis/apps/v1/namespaces/shop/deployments',
  daemonsets: '/apis/apps/v1/namespaces/shop/daemonsets',
  statefulsets: '/apis/apps/v1/namespaces/shop/statefulsets',
}

export const NAMESPACE = 'shop'
const OPERATOR_NAMESPACE = 'koupleless-system'

export class Kubectl {
  readonly #server: SimApiServer
  readonly #trace: Trace

  constructor(server: SimApiServer, trace: Trace) {
    this.#server = server
    this.#trace = trace
    for (const name of [NAMESPACE, OPERATOR_NAMESPACE]) {
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      server.call({ method: 'POST', path: '/api/v1/namespaces', body, contentType: 'application/json' })
    }
  }

  create(kind: Kind, object: object): SimAnswer {
    const name = (object as { metadata?: { name?: string } }).metadata?.name ?? ''
    const answer = this.#call('POST', BASE[kind], `create ${kind}/${name}`, object)
    // A workload that the server refuses would leave a world in which nothing can go wrong.
    if (answer.status !== 201 && answer.status !== 409) throw new Error(`create ${kind}/${name}: ${answer.body}`)
    return answer
  }

  patch(kind: Kind, name: string, body: object): SimAnswer {
    return this.#call('PATCH', `${BASE[kind]}/${name}`, `patch ${kind}/${name} ${JSON.stringify(body)}`, body)
  }

  remove(kind: Kind, name: string, graceSeconds?: number): SimAnswer {
    const options = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    }
    const how = graceSeconds === 0 ? ' by force' : ''
    return this.#call('DELETE', `${BASE[kind]}/${name}`, `delete ${kind}/${name}${how}`, options)
  }

  #call(method: 'POST' | 'PATCH' | 'DELETE', path: string, what: string, body: object): SimAnswer {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const answer = this.#server.call({ method, path, body: JSON.stringify(body), contentType })
    if (this.#trace.on) this.#trace.say('U', 'kubectl', `${what} → ${answer.status}${messageOf(answer)}`)
    return answer
  }
}

const messageOf = ({ status, body }: SimAnswer): string =>
  status < 300 ? '' : ` ${(JSON.parse(body) as { message?: string }).message ?? ''}`
