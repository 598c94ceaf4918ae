/** The objects of all watches, as last seen: what reconcilers read instead of asking the API server. */
import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { type LeaseName, leaseName, type NodeName, nodeName, type PodKey } from '../../reconcilers/names.ts'
import { keyOfPod } from '../../reconcilers/pod-identity.ts'
import type { Clock, Store } from '../../reconcilers/ports.ts'

/** How far a watch has got. */
export interface WatchProgress {
  readonly synced: boolean
  /** Why not, as far as that is known. */
  readonly fault?: string | undefined
  readonly freshAtMs: number
}

/** The watches that show Pods, as bits: a Pod may stand in both, and leaving one of them is not being gone. */
export const POD_WATCH = { ours: 1, peers: 2 } as const
export type PodWatch = (typeof POD_WATCH)[keyof typeof POD_WATCH]

interface KeptPod {
  readonly pod: V1Pod
  readonly shownBy: number
  /** The watch that showed this version first. */
  readonly toldBy: PodWatch
  readonly boundAtMs: number | undefined
}

const NONE: readonly V1Pod[] = []
const version = (object: { metadata?: { resourceVersion?: string } }): number =>
  Number(object.metadata?.resourceVersion ?? 0)

const isSamePod = (a: V1Pod, b: V1Pod): boolean => a.metadata?.uid === b.metadata?.uid

/**
 * Two watches are not in step: what the other has shown may be newer. One watch alone is always right, also where it goes
 * back, as it does when etcd was restored.
 */
function isKnown({ pod: before, toldBy }: KeptPod, pod: V1Pod, watch: PodWatch): boolean {
  return version(before) === version(pod) || (toldBy !== watch && version(before) > version(pod))
}

export class ObjectStore implements Store {
  readonly #clock: Pick<Clock, 'now'>
  readonly #pods = new Map<PodKey, KeptPod>()
  readonly #podsByNode = new Map<NodeName, Map<PodKey, V1Pod>>()
  readonly #nodes = new Map<NodeName, V1Node>()
  readonly #leases = new Map<LeaseName, V1Lease>()
  #watches: readonly WatchProgress[] = []

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Each watch that fills this store, before it begins: nothing is synced until all of them are. */
  dependOn(watch: WatchProgress): void {
    this.#watches = [...this.#watches, watch]
  }

  get synced(): boolean {
    return this.#watches.length > 0 && this.#watches.every(({ synced }) => synced)
  }

  get fault(): string | undefined {
    return this.#watches.find(({ fault }) => fault !== undefined)?.fault
  }

  get freshAtMs(): number {
    return this.#watches.length > 0 ? Math.min(...this.#watches.map(({ freshAtMs }) => freshAtMs)) : 0
  }

  get sizes(): Readonly<Record<'pods' | 'nodes' | 'leases', number>> {
    return { pods: this.#pods.size, nodes: this.#nodes.size, leases: this.#leases.size }
  }

  node(name: NodeName): V1Node | undefined {
    return this.#nodes.get(name)
  }

  nodes(): readonly V1Node[] {
    return [...this.#nodes.values()]
  }

  lease(name: LeaseName): V1Lease | undefined {
    return this.#leases.get(name)
  }

  pod(key: PodKey): V1Pod | undefined {
    return this.#pods.get(key)?.pod
  }

  podsOn(node: NodeName): readonly V1Pod[] {
    const pods = this.#podsByNode.get(node)
    return pods ? [...pods.values()] : NONE
  }

  podKeysOn(node: NodeName): readonly PodKey[] {
    return [...(this.#podsByNode.get(node)?.keys() ?? [])]
  }

  seenAtMs(key: PodKey): number | undefined {
    return this.#pods.get(key)?.boundAtMs
  }

  putNode(node: V1Node): NodeName {
    const name = nodeName(node.metadata?.name ?? '')
    this.#nodes.set(name, node)
    return name
  }

  removeNode(node: V1Node): NodeName {
    const name = nodeName(node.metadata?.name ?? '')
    this.#nodes.delete(name)
    return name
  }

  putLease(lease: V1Lease): NodeName {
    const name = nodeName(lease.metadata?.name ?? '')
    this.#leases.set(leaseName(name), lease)
    return name
  }

  removeLease(lease: V1Lease): NodeName {
    const name = nodeName(lease.metadata?.name ?? '')
    this.#leases.delete(leaseName(name))
    return name
  }

  /** @returns false when another watch has shown this version, or a later one, already. */
  putPod(pod: V1Pod, watch: PodWatch): boolean {
    const key = keyOfPod(pod)
    const known = this.#pods.get(key)
    const before = known && isSamePod(known.pod, pod) ? known : undefined
    const shownBy = (before?.shownBy ?? 0) | watch
    if (known && isKnown(known, pod, watch)) {
      if (before) this.#pods.set(key, { ...before, shownBy })
      return false
    }
    if (known) this.#unindex(key, known.pod)
    this.#pods.set(key, { pod, shownBy, toldBy: watch, boundAtMs: this.#boundAtMs(pod, before) })
    this.#index(key, pod)
    return true
  }

  /** @returns false where another watch still shows it, or another Pod bears its name by now. */
  removePod(pod: V1Pod, watch: PodWatch): boolean {
    const key = keyOfPod(pod)
    const before = this.#pods.get(key)
    if (!before || before.pod.metadata?.uid !== pod.metadata?.uid) return false
    const shownBy = before.shownBy & ~watch
    if (shownBy !== 0) {
      this.#pods.set(key, { ...before, shownBy })
      return false
    }
    this.#pods.delete(key)
    this.#unindex(key, before.pod)
    return true
  }

  #boundAtMs({ spec }: V1Pod, before: KeptPod | undefined): number | undefined {
    return spec?.nodeName ? (before?.boundAtMs ?? this.#clock.now()) : undefined
  }

  #index(key: PodKey, pod: V1Pod): void {
    if (!pod.spec?.nodeName) return
    const node = nodeName(pod.spec.nodeName)
    const pods = this.#podsByNode.get(node)
    if (pods) pods.set(key, pod)
    else this.#podsByNode.set(node, new Map([[key, pod]]))
  }

  #unindex(key: PodKey, pod: V1Pod): void {
    const node = nodeName(pod.spec?.nodeName ?? '')
    const pods = this.#podsByNode.get(node)
    if (pods?.delete(key) && pods.size === 0) this.#podsByNode.delete(node)
  }
}
