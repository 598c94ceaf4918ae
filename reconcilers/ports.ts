/** All a reconciler may touch. Each outside thing is one small interface; the real ones live in `operator/`. */
import type { CoreV1Event, V1ConfigMap, V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import type { BaseId, Command } from '../mqtt-bridge/index.ts'
import type { CounterName, HistogramName } from './metric-names.ts'
import type { LeaseName, NodeName, PodKey } from './names.ts'

export interface Clock {
  /** Milliseconds; only differences and order of these count. */
  now(): number
  /** Resolves after `ms`, or at once when aborted (it never rejects). */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Rng {
  /** In [0, 1). */
  next(): number
}

export type LogFields = Readonly<Record<string, unknown>>
export interface Log {
  /** A constant message plus fields: no interpolation, so that lines can be counted. */
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  child(fields: LogFields): Log
}

export interface Metrics {
  count(name: CounterName, labels?: Readonly<Record<string, string>>): void
  observe(name: HistogramName, seconds: number, labels?: Readonly<Record<string, string>>): void
}

export interface Arklet {
  send(base: BaseId, command: Command): Promise<void>
}

/** Objects as last listed or watched; read-only to all. Never an API call. */
export interface Store {
  /** True when every watch has listed once: nobody acts before. */
  readonly synced: boolean
  /** When the API server last proved that this cache is current (list, event or bookmark), per our clock. */
  readonly freshAtMs: number
  node(name: NodeName): V1Node | undefined
  nodes(): readonly V1Node[]
  lease(name: LeaseName): V1Lease | undefined
  pod(key: PodKey): V1Pod | undefined
  podsOn(node: NodeName): readonly V1Pod[]
  /** When this Pod was first seen bound to its node, per our clock. */
  seenAtMs(key: PodKey): number | undefined
}

/** A body for a PATCH and how it is to be understood. Addresses, podIPs, hostIPs and taints go by `merge`: whole lists. */
export interface Patch {
  readonly type: 'merge' | 'strategic'
  readonly body: object
}

/** Writes to the API server. All throw `ApiError`; a 404 on delete is success. */
export interface Cluster {
  createNode(node: V1Node): Promise<V1Node>
  /** Straight from the API server: our watch shows only Nodes that bear our labels. `undefined`: not there. */
  readNode(name: NodeName): Promise<V1Node | undefined>
  patchNode(name: NodeName, patch: Patch): Promise<V1Node>
  patchNodeStatus(name: NodeName, patch: Patch): Promise<V1Node>
  deleteNode(name: NodeName, uid: string): Promise<void>
  createLease(lease: V1Lease): Promise<V1Lease>
  /** PUT with the lease's resourceVersion: the compare-and-swap that ownership stands on. */
  replaceLease(lease: V1Lease): Promise<V1Lease>
  deleteLease(name: LeaseName, uid: string): Promise<void>
  /** `uid` goes as a precondition: a Pod re-created under the same name is never touched. */
  patchPodStatus(key: PodKey, uid: string, patch: Patch): Promise<V1Pod>
  patchPod(key: PodKey, uid: string, patch: Patch): Promise<V1Pod>
  deletePod(key: PodKey, uid: string): Promise<void>
  /** Reads of what no watch covers. `undefined`: not there. Throw ApiError 403 where RBAC forbids. */
  configMapValue(namespace: string, name: string, key: string): Promise<string | undefined>
  secretValue(namespace: string, name: string, key: string): Promise<string | undefined>
  /** `deployment.kubernetes.io/revision` of a ReplicaSet, `.revision` of a ControllerRevision by its hash label. */
  ownerRevision(pod: V1Pod): Promise<number | undefined>
  /** Every Pod bound to the node, ours or not, straight from the API server. */
  listPodsOn(node: NodeName): Promise<readonly V1Pod[]>
  readMemory(): Promise<V1ConfigMap | undefined>
  writeMemory(configMap: V1ConfigMap): Promise<void>
}

/** The Pod in which a base itself runs, where that is in this cluster. */
export interface BasePods {
  /** By IP and host name, not on our Nodes, not hostNetwork. `undefined`: none (now). */
  find(
    ip: string,
    hostName: string,
  ): Promise<
    { readonly namespace: string; readonly name: string; readonly uid: string; readonly nodeName: string } | undefined
  >
  /** `leaving`: being deleted. `unknown` while we cannot prove any. Starts watching on first call; `onChange` of the root wakes. */
  state(ref: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
  }): 'running' | 'leaving' | 'ended' | 'unknown'
  /** Labels of the real Node that it runs on: zone and region. */
  topologyOf(nodeName: string): Promise<Readonly<Record<string, string>>>
}

export interface Events {
  /** Deduplicated, rate-limited, never awaited, never fails the caller. */
  emit(event: CoreV1Event): void
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  readonly retryAfterMs: number
  constructor(status: number, message: string, retryAfterMs = 0) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}
