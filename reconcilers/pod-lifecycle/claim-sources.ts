import type { V1Pod } from '@kubernetes/client-node'
import { type ClaimLookups, tiedPods } from '../claims.ts'
import { ApiError, type Clock, type Cluster } from '../ports.ts'
import { type RefValue, refsOf, type ValueRef, valueRefKey } from './container-env.ts'

/** How long a missing or forbidden value is believed to be so. */
export const ASK_AGAIN_AFTER_MS = 15_000

interface Read {
  readonly value: RefValue
  readonly atMs: number
}

/**
 * What claims need from other objects: values of ConfigMaps and Secrets, and owners' revisions.
 * A value is read once per Pod and kept for its life, as the kubelet does: a later edit of the ConfigMap must not
 * re-install a running module.
 */
export class ClaimSources {
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #values = new Map<string, Map<string, Read>>()
  readonly #revisions = new Map<string, number>()

  constructor({ cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock }) {
    this.#cluster = cluster
    this.#clock = clock
  }

  get lookups(): ClaimLookups {
    return {
      value: (ref, podUid) => this.#values.get(podUid)?.get(valueRefKey(ref))?.value ?? { kind: 'pending' },
      revision: podUid => this.#revisions.get(podUid),
    }
  }

  /** Reads what these Pods need and is not known. Throws ApiError where the API server could not answer. */
  async prepare(pods: readonly V1Pod[]): Promise<void> {
    for (const pod of pods) for (const ref of refsOf(pod)) await this.#read(pod.metadata?.uid ?? '', ref)
    for (const pod of tiedPods(pods, this.lookups)) {
      this.#revisions.set(pod.metadata?.uid ?? '', (await this.#cluster.ownerRevision(pod)) ?? 0)
    }
  }

  /** When a value that is missing now should be asked for again. */
  retryAfterMs(pods: readonly V1Pod[]): number | undefined {
    const waits = pods.some(pod =>
      [...(this.#values.get(pod.metadata?.uid ?? '')?.values() ?? [])].some(read => read.value.kind !== 'value'),
    )
    return waits ? ASK_AGAIN_AFTER_MS : undefined
  }

  forget(podUid: string): void {
    this.#values.delete(podUid)
    this.#revisions.delete(podUid)
  }

  get size(): number {
    return this.#values.size + this.#revisions.size
  }

  async #read(podUid: string, ref: ValueRef): Promise<void> {
    const known = this.#values.get(podUid)?.get(valueRefKey(ref))
    if (known && (known.value.kind === 'value' || this.#clock.now() - known.atMs < ASK_AGAIN_AFTER_MS)) return
    const reads = this.#values.get(podUid) ?? new Map<string, Read>()
    reads.set(valueRefKey(ref), { value: await this.#ask(ref), atMs: this.#clock.now() })
    this.#values.set(podUid, reads)
  }

  async #ask({ kind, namespace, name, key }: ValueRef): Promise<RefValue> {
    try {
      const value =
        kind === 'ConfigMap'
          ? await this.#cluster.configMapValue(namespace, name, key)
          : await this.#cluster.secretValue(namespace, name, key)
      return value === undefined ? { kind: 'missing' } : { kind: 'value', value }
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return { kind: 'forbidden' }
      throw error
    }
  }
}
