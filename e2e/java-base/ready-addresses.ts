import { inject } from 'vitest'
import { Api, type WatchEvent } from '../bench/api.ts'

interface EndpointSlice {
  readonly metadata: { readonly name: string }
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[]
    | null
}

/** The ready addresses behind a Service, watched as kube-proxy does. */
export class ReadyAddresses implements AsyncDisposable {
  readonly #api: Api
  readonly #bySlice = new Map<string, readonly string[]>()
  #asked = 0

  private constructor(api: Api) {
    this.#api = api
  }

  static async of(namespace: string, service: string): Promise<ReadyAddresses> {
    const api = await Api.open(inject('adminKubeconfig'))
    const addresses = new ReadyAddresses(api)
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`
    await api.watch<EndpointSlice>(path, event => addresses.#see(event))
    return addresses
  }

  get all(): readonly string[] {
    return [...new Set([...this.#bySlice.values()].flat())].sort()
  }

  /** One after the other. */
  next(): string | undefined {
    const { all } = this
    this.#asked += 1
    return all[this.#asked % all.length]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#api[Symbol.asyncDispose]()
  }

  #see({ type, object: { metadata, endpoints } }: WatchEvent<EndpointSlice>): void {
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions.ready)
    this.#bySlice.set(metadata.name, type === 'DELETED' ? [] : ready.flatMap(({ addresses }) => addresses))
  }
}
