import type { V1Pod } from '@kubernetes/client-node'
import { LRUCache } from 'lru-cache'
import * as events from '../events.ts'
import { again, gone, type Outcome, type Reconciler, settled } from '../loop/outcome.ts'
import { LABEL, type NodeName } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import { keyOfPod, podRef } from '../pod-identity.ts'
import type { Cluster, Events, Rng, Store } from '../ports.ts'

export interface UnmanagedPodsOptions {
  readonly store: Pick<Store, 'synced' | 'node' | 'nodes'>
  readonly ownership: Pick<Ownership, 'acts'>
  readonly cluster: Pick<Cluster, 'listPodsOn' | 'deletePod'>
  readonly events: Events
  readonly rng: Rng
}

const LOOK_EVERY_MS = 60_000
/** Of very many Nodes each is looked at more rarely: all of them together cost some 20 LISTs a second at most. */
const LOOK_EVERY_MS_PER_NODE = 50
const TOLD_MAX = 10_000

const isModule = ({ metadata }: V1Pod): boolean =>
  metadata?.labels?.[LABEL.componentOurs] === 'module' || metadata?.labels?.[LABEL.component] === 'module'

/**
 * Keyed by Node: Pods that are bound to it and are no modules, such as those of a DaemonSet that tolerates everything.
 * Nothing runs them, so nothing but us can end them. No watch shows them: one of the whole cluster would cost too much.
 */
export class UnmanagedPods implements Reconciler<NodeName> {
  readonly name = 'unmanaged'
  readonly #of: UnmanagedPodsOptions
  /** By uid. May forget: the recorder counts what is told twice. */
  readonly #told = new LRUCache<string, true>({ max: TOLD_MAX })

  constructor(options: UnmanagedPodsOptions) {
    this.#of = options
  }

  async reconcile(name: NodeName): Promise<Outcome> {
    const { store, cluster, ownership } = this.#of
    if (!store.synced) return settled('none', 'not synced')
    if (!store.node(name)) return gone('no such Node')
    if (!ownership.acts(name)) return again(this.#lookAfterMs(), 'none', 'another replica serves its base')
    const pods = (await cluster.listPodsOn(name)).filter(pod => !isModule(pod))
    const leaving = pods.filter(({ metadata }) => metadata?.deletionTimestamp)
    for (const pod of pods) this.#tell(pod)
    await Promise.all(leaving.map(pod => cluster.deletePod(keyOfPod(pod), podRef(pod).uid)))
    const plan = leaving.length > 0 ? `release ${leaving.length}` : 'none'
    return again(
      this.#lookAfterMs(),
      plan,
      `${pods.length} Pods here are no modules, ${leaving.length} of them deleted`,
    )
  }

  #tell(pod: V1Pod): void {
    const ref = podRef(pod)
    if (pod.metadata?.deletionTimestamp || this.#told.has(ref.uid)) return
    this.#told.set(ref.uid, true)
    this.#of.events.emit(events.unmanagedModule(ref))
  }

  #lookAfterMs(): number {
    const everyMs = Math.max(LOOK_EVERY_MS, this.#of.store.nodes().length * LOOK_EVERY_MS_PER_NODE)
    return everyMs * (0.8 + 0.4 * this.#of.rng.next())
  }
}
