/** Which objects we follow: into the store, and on to whoever must look at them again. */
import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { LABEL, LEASE_NAMESPACE, type NodeName } from '../reconcilers/names.ts'
import { LEASE_COMPONENT } from '../reconcilers/node-lease/lease.ts'
import { CoreOperator, type CoreOperatorOptions } from './kube/core-operator.ts'
import { type ResourceEvent, ResourceEventType } from './kube/framework.ts'
import { LEASE_SHAPE, NODE_SHAPE, POD_SHAPE } from './kube/object-shape.ts'
import { type ObjectStore, POD_WATCH, type PodWatch } from './kube/store.ts'
import { trimLease, trimNode, trimPod } from './kube/trim.ts'

export interface ObjectListener {
  podChanged(pod: V1Pod, isGone: boolean): void
  nodeOrLeaseChanged(name: NodeName): void
}

export interface ModuleOperatorOptions extends CoreOperatorOptions {
  readonly store: ObjectStore
  readonly listener: ObjectListener
  readonly env: string
  /** Of the module Pods; empty: all. */
  readonly namespace: string
}

const isGone = ({ type }: ResourceEvent): boolean => type === ResourceEventType.Deleted

export class ModuleOperator extends CoreOperator {
  readonly #of: ModuleOperatorOptions

  constructor(options: ModuleOperatorOptions) {
    super(options)
    this.#of = options
  }

  /** Resolves when all have listed once. Two keys in one selector mean "both", so Pods take two watches. */
  protected override async init(): Promise<void> {
    const { env, store } = this.#of
    const ofEnv = (component: string): string => `${LABEL.component}=${component},${LABEL.env}=${env}`
    const listed = [
      this.#watchPods('module pods', `${LABEL.componentOurs}=module`, POD_WATCH.ours),
      this.#watchPods('module pods, older label', `${LABEL.component}=module`, POD_WATCH.peers),
      this.watchResource('', 'v1', 'nodes', async event => this.#onNode(event), '', {
        name: 'nodes',
        kind: 'Node',
        labelSelector: ofEnv('vnode'),
        shape: NODE_SHAPE,
        trim: trimNode,
      }),
      this.watchResource('coordination.k8s.io', 'v1', 'leases', async event => this.#onLease(event), LEASE_NAMESPACE, {
        name: 'leases',
        kind: 'Lease',
        labelSelector: ofEnv(LEASE_COMPONENT),
        shape: LEASE_SHAPE,
        trim: trimLease,
      }),
    ]
    for (const reflector of this.reflectors.values()) store.dependOn(reflector)
    await Promise.all(listed)
  }

  #watchPods(name: string, labelSelector: string, watch: PodWatch): Promise<void> {
    const options = { name, kind: 'Pod', labelSelector, shape: POD_SHAPE, trim: trimPod }
    return this.watchResource('', 'v1', 'pods', async event => this.#onPod(event, watch), this.#of.namespace, options)
  }

  #onPod(event: ResourceEvent, watch: PodWatch): void {
    const { store, listener } = this.#of
    const pod = event.object as V1Pod
    const gone = isGone(event)
    const isNews = gone ? store.removePod(pod, watch) : store.putPod(pod, watch)
    if (isNews) listener.podChanged(pod, gone)
  }

  #onNode(event: ResourceEvent): void {
    const { store, listener } = this.#of
    const node = event.object as V1Node
    listener.nodeOrLeaseChanged(isGone(event) ? store.removeNode(node) : store.putNode(node))
  }

  #onLease(event: ResourceEvent): void {
    const { store, listener } = this.#of
    const lease = event.object as V1Lease
    listener.nodeOrLeaseChanged(isGone(event) ? store.removeLease(lease) : store.putLease(lease))
  }
}
