import type { V1Pod } from '@kubernetes/client-node'
import { inject } from 'vitest'
import { Api, type WatchEvent } from '../bench/api.ts'
import { eventually } from '../cluster/eventually.ts'
import { isReady } from '../cluster/journey.ts'

/** When Pods of each module version were first seen Ready, however shortly. */
export class ReadyPods implements AsyncDisposable {
  readonly #api: Api
  readonly #firstMs = new Map<string, number>()

  private constructor(api: Api) {
    this.#api = api
  }

  static async in(namespace: string): Promise<ReadyPods> {
    const api = await Api.open(inject('adminKubeconfig'))
    const pods = new ReadyPods(api)
    await api.watch<V1Pod>(`/api/v1/namespaces/${namespace}/pods`, event => pods.#see(event))
    return pods
  }

  /** By `performance.now()`. */
  firstMs(version: string): Promise<number> {
    return eventually(`a Pod of ${version} was seen Ready`, () => this.#firstMs.get(version))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#api[Symbol.asyncDispose]()
  }

  #see({ object: pod }: WatchEvent<V1Pod>): void {
    const version = versionOf(pod)
    if (isReady(pod) && !this.#firstMs.has(version)) this.#firstMs.set(version, performance.now())
  }
}

export const versionOf = ({ spec }: V1Pod): string =>
  spec?.containers[0]?.env?.find(({ name }) => name === 'BIZ_VERSION')?.value ?? ''
