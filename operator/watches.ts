/** Which objects we follow: into the store, and on to whoever must look at them again. */
import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { LABEL, LEASE_NAMESPACE, type NodeName } from '../reconcilers/names.ts'
import { LEASE_COMPONENT } from '../reconcilers/node-lease/lease.ts'
import { MEMBER_COMPONENT } from '../reconcilers/peer-replicas/member-lease.ts'
import { CoreOperator, type CoreOperatorOptions } from './kube/core-operator.ts'
import { type ResourceEvent, ResourceEventType } from './kube/framework.ts'
import { LEASE_SHAPE, NODE_SHAPE, POD_SHAPE } from './kube/object-shape.ts'
import { type ObjectStore, POD_WATCH, type PodWatch } from './kube/store.ts'
import { trimLease, trimNode, trimPod } from './kube/trim.ts'

export interface ObjectListener {
  podChanged(pod: V1Pod, isGone: boolean): void
  nodeOrLeaseChanged(name: NodeName): void
}

/** Who follows whose each base is. */
export interface LeaseListener {
  leaseSeen(name: NodeName, lease: V1Lease): void
  leaseGone(name: NodeName, lease: V1Lease): void
  memberSeen(lease: V1Lease): void
  memberGone(lease: V1Lease): void
}

export interface ModuleOperatorOptions extends CoreOperatorOptions {
  readonly store: ObjectStore
  readonly listener: ObjectListener
  /** Absent where there can be no other replica; the namespace is that of the membership Leases. */
  readonly replicas?: { readonly listener: LeaseListener; readonly namespace: string } | undefined
  readonly env: string
  /** Of the module Pods; empty: all. */
  readonly namespaces: readonly string[]
}

/** What a replica may do hangs on these: such a watch that died is known within fifteen seconds. */
const LEASE_WATCH_SECONDS = 10

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
      ...this.#watchPods('module pods', `${LABEL.componentOurs}=module`, POD_WATCH.ours),
      ...this.#watchPods('module pods, older label', `${LABEL.component}=module`, POD_WATCH.peers),
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
        watchSeconds: LEASE_WATCH_SECONDS,
      }),
      ...this.#watchMembers(ofEnv(MEMBER_COMPONENT)),
    ]
    for (const reflector of this.reflectors.values()) store.dependOn(reflector)
    await Promise.all(listed)
  }

  #watchMembers(labelSelector: string): readonly Promise<void>[] {
    const { replicas } = this.#of
    if (!replicas) return []
    const { listener, namespace } = replicas
    const onMember = async (event: ResourceEvent): Promise<void> => {
      const lease = event.object as V1Lease
      if (isGone(event)) listener.memberGone(lease)
      else listener.memberSeen(lease)
    }
    const options = {
      name: 'replicas',
      kind: 'Lease',
      labelSelector,
      shape: LEASE_SHAPE,
      trim: trimLease,
      watchSeconds: LEASE_WATCH_SECONDS,
    }
    return [this.watchResource('coordination.k8s.io', 'v1', 'leases', onMember, namespace, options)]
  }

  #watchPods(name: string, labelSelector: string, watch: PodWatch): readonly Promise<void>[] {
    const options = { kind: 'Pod', labelSelector, shape: POD_SHAPE, trim: trimPod }
    const onPod = async (event: ResourceEvent): Promise<void> => this.#onPod(event, watch)
    const { namespaces } = this.#of
    return (namespaces.length > 0 ? namespaces : ['']).map(namespace => {
      const named = { ...options, name: namespace === '' ? name : `${name} in ${namespace}` }
      return this.watchResource('', 'v1', 'pods', onPod, namespace, named)
    })
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
    const { store, listener, replicas } = this.#of
    const lease = event.object as V1Lease
    const gone = isGone(event)
    const name = gone ? store.removeLease(lease) : store.putLease(lease)
    if (gone) replicas?.listener.leaseGone(name, lease)
    else replicas?.listener.leaseSeen(name, lease)
    listener.nodeOrLeaseChanged(name)
  }
}
