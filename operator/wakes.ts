/** What happens → which keys are looked at again; the table itself is `reconcilers/wake.ts`. */
import type { V1Pod } from '@kubernetes/client-node'
import type { LinkState } from '../mqtt-bridge/index.ts'
import type { WorkQueue } from '../reconcilers/loop/work-queue.ts'
import { type NodeName, nodeName, type PodKey } from '../reconcilers/names.ts'
import { keyOfPod } from '../reconcilers/pod-identity.ts'
import type { BaseRecord, Change } from '../reconcilers/registry/base-record.ts'
import type { BaseRegistry } from '../reconcilers/registry/base-registry.ts'
import { type Queues, wake, wakesOfChange, wakesOfNodeOrLease, wakesOfPod } from '../reconcilers/wake.ts'
import type { ObjectStore } from './kube/store.ts'
import type { ObjectListener } from './watches.ts'

export interface AllQueues extends Queues {
  readonly unmanaged: WorkQueue<NodeName>
}

export interface WakesOptions {
  readonly queues: AllQueues
  readonly registry: Pick<BaseRegistry, 'byNode' | 'list'>
  readonly store: Pick<ObjectStore, 'node' | 'podKeysOn'>
}

export class Wakes implements ObjectListener {
  readonly #of: WakesOptions
  /** Nodes that are looked through for Pods that are no modules. */
  readonly #nodes = new Set<NodeName>()

  constructor(options: WakesOptions) {
    this.#of = options
  }

  baseChanged(change: Change, record: BaseRecord): void {
    const { queues, store } = this.#of
    wake(
      queues,
      wakesOfChange(change, record, node => store.podKeysOn(node)),
    )
  }

  podChanged(pod: V1Pod, isGone: boolean): void {
    const { queues, registry, store } = this.#of
    const key = keyOfPod(pod)
    const node = nodeName(pod.spec?.nodeName ?? '')
    const record = registry.byNode(node)
    const leaving = isGone || pod.metadata?.deletionTimestamp !== undefined
    const siblings = (): readonly PodKey[] => store.podKeysOn(node).filter(other => other !== key)
    wake(queues, wakesOfPod({ key, ...(record && { base: record.id }), leaving, siblings }))
    // Its Node is only waiting for the last Pod to go.
    if (isGone && record?.reach.state === 'dead') queues.nodeLease.add(node)
  }

  nodeOrLeaseChanged(name: NodeName): void {
    const { queues, store } = this.#of
    wake(queues, wakesOfNodeOrLease(name))
    if (!store.node(name)) this.#nodes.delete(name)
    else if (!this.#nodes.has(name)) {
      this.#nodes.add(name)
      queues.unmanaged.add(name)
    }
  }

  /** The Pod that a base runs in started or ended. */
  basePodChanged(podUid: string): void {
    for (const { id, basePod } of this.#of.registry.list())
      if (basePod?.uid === podUid) this.#of.queues.baseTunnel.add(id)
  }

  /** Up: every base is asked anew. Either way the Nodes tell of it. */
  linkChanged({ connected }: LinkState): void {
    const { queues, registry } = this.#of
    for (const { id, nodeName: node } of registry.list()) {
      queues.nodeLease.add(node)
      if (connected) queues.baseTunnel.add(id)
    }
  }

  /** At start, when all is known that can be: nothing before was acted upon. And when other replicas come or go. */
  everything(): void {
    for (const record of this.#of.registry.list()) this.#all(record)
  }

  /** A base has become ours, or another's. */
  ownerChanged(node: NodeName): void {
    const { registry, queues } = this.#of
    const record = registry.byNode(node)
    if (record) this.#all(record)
    queues.unmanaged.add(node)
  }

  #all({ id, nodeName: node }: BaseRecord): void {
    const { store, queues } = this.#of
    queues.modules.add(id)
    queues.baseTunnel.add(id)
    queues.nodeLease.add(node)
    for (const key of store.podKeysOn(node)) queues.pods.add(key)
  }
}
