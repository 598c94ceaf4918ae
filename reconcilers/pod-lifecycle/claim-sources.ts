import type { V1Pod } from '@kubernetes/client-node'
import { type ClaimLookups, tiedPods } from '../claims.ts'
import { type NodeName, nodeName } from '../names.ts'
import { ApiError, type Clock, type Cluster } from '../ports.ts'
import { type RefValue, readField, refsOf, type ValueRef, valueRefKey } from './container-env.ts'

/** How long a missing or forbidden value is believed to be so. */
export const ASK_AGAIN_AFTER_MS = 15_000

export interface ClaimSourcesOptions {
  readonly cluster: Pick<Cluster, 'configMapValue' | 'secretValue' | 'ownerRevision'>
  readonly clock: Pick<Clock, 'now'>
  /** Address of the base behind a Node. */
  readonly ipOf: (node: NodeName) => string | undefined
}

interface Read {
  readonly value: RefValue
  readonly atMs: number
}

/**
 * What claims need beside the Pods' specs: values of ConfigMaps and Secrets, fields that may change, owners' revisions.
 * A value is read once per Pod and kept for its life, as the kubelet does: a later edit of the ConfigMap or of a label
 * must not re-install a running module.
 */
export class ClaimSources {
  readonly #of: ClaimSourcesOptions
  readonly #values = new Map<string, Map<string, Read>>()
  readonly #revisions = new Map<string, number>()

  constructor(options: ClaimSourcesOptions) {
    this.#of = options
  }

  get lookups(): ClaimLookups {
    return {
      value: (ref, podUid) => this.#values.get(podUid)?.get(valueRefKey(ref))?.value ?? { kind: 'pending' },
      revision: podUid => this.#revisions.get(podUid),
    }
  }

  /** Reads what these Pods need and is not known. Throws ApiError where the API server could not answer. */
  async prepare(pods: readonly V1Pod[]): Promise<void> {
    for (const pod of pods) for (const ref of refsOf(pod)) await this.#read(pod, ref)
    for (const pod of tiedPods(pods, this.lookups)) {
      this.#revisions.set(pod.metadata?.uid ?? '', (await this.#of.cluster.ownerRevision(pod)) ?? 0)
    }
  }

  /** When a value that is missing now should be asked for again. */
  retryAfterMs(pods: readonly V1Pod[]): number | undefined {
    const waits = pods.some(pod => refsOf(pod).some(ref => !this.#isKnown(pod, ref)))
    return waits ? ASK_AGAIN_AFTER_MS : undefined
  }

  forget(podUid: string): void {
    this.#values.delete(podUid)
    this.#revisions.delete(podUid)
  }

  get size(): number {
    return this.#values.size + this.#revisions.size
  }

  #isKnown({ metadata }: V1Pod, ref: ValueRef): boolean {
    const read = this.#values.get(metadata?.uid ?? '')?.get(valueRefKey(ref))
    return read !== undefined && isSettled(read.value, ref)
  }

  async #read(pod: V1Pod, ref: ValueRef): Promise<void> {
    const podUid = pod.metadata?.uid ?? ''
    const nowMs = this.#of.clock.now()
    const known = this.#values.get(podUid)?.get(valueRefKey(ref))
    if (known && (isSettled(known.value, ref) || nowMs - known.atMs < ASK_AGAIN_AFTER_MS)) return
    const value = ref.kind === 'Field' ? this.#field(pod, ref) : await this.#ask(ref)
    if (value.kind === 'pending') return
    const reads = this.#values.get(podUid) ?? new Map<string, Read>()
    reads.set(valueRefKey(ref), { value, atMs: nowMs })
    this.#values.set(podUid, reads)
  }

  #field(pod: V1Pod, { name }: ValueRef): RefValue {
    const value = readField(pod, name, this.#of.ipOf(nodeName(pod.spec?.nodeName ?? '')))
    return value === undefined ? { kind: 'pending' } : { kind: 'value', value }
  }

  async #ask({ kind, namespace, name, key }: ValueRef): Promise<RefValue> {
    const { cluster } = this.#of
    try {
      const value =
        kind === 'ConfigMap'
          ? await cluster.configMapValue(namespace, name, key)
          : await cluster.secretValue(namespace, name, key)
      return value === undefined ? { kind: 'missing' } : { kind: 'value', value }
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return { kind: 'forbidden' }
      throw error
    }
  }
}

/** An optional value that was not there at first stays left out: the module runs without it. */
const isSettled = (value: RefValue, { optional }: ValueRef): boolean =>
  value.kind === 'value' || (value.kind === 'missing' && optional)
