/** Every label, annotation and taint that we read or write, spelled once; and the brands of Kubernetes keys. */
declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type NodeName = Brand<string, 'NodeName'>
export type LeaseName = Brand<string, 'LeaseName'>
/** `namespace/name` */
export type PodKey = Brand<string, 'PodKey'>

export const nodeName = (raw: string): NodeName => raw as NodeName
/** A node's Lease bears the node's name, in `kube-node-lease`. */
export const leaseName = (node: NodeName): LeaseName => node as string as LeaseName
export const podKey = (namespace: string, name: string): PodKey => `${namespace}/${name}` as PodKey
export const splitPodKey = (key: PodKey): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

export const LEASE_NAMESPACE = 'kube-node-lease'

export const LABEL = {
  component: 'virtual-kubelet.koupleless.io/component',
  componentOurs: 'module-controller.koupleless.io/component',
  env: 'virtual-kubelet.koupleless.io/env',
  stack: 'base.koupleless.io/stack',
  name: 'base.koupleless.io/name',
  version: 'base.koupleless.io/version',
  clusterName: 'base.koupleless.io/cluster-name',
  hostName: 'base.koupleless.io/host-name',
  ip: 'base.koupleless.io/ip',
  tunnelPort: 'base.koupleless.io/tunnel-port',
  tunnel: 'vnode.koupleless.io/tunnel',
  type: 'type',
} as const

export const ANNOTATION = {
  identity: 'base.koupleless.io/identity',
  basePod: 'base.koupleless.io/pod',
  /** On the Lease: JSON list of `name:version` that are not ours to uninstall. Its presence is the record of a base. */
  foreign: 'module-controller.koupleless.io/foreign-modules',
  /** On the Lease, by the clock of its holder: when whoever renewed it had last seen what the base runs. */
  lookedAt: 'module-controller.koupleless.io/looked-at',
  /** On the Lease: JSON object of trials that were sent to the base; see `node-lease/proofs-on-lease.ts`. */
  proofs: 'module-controller.koupleless.io/proofs',
  /** On the membership Lease of a replica: `hears`, `deaf` (no connection to the broker) or `released` (it has stopped). */
  replica: 'module-controller.koupleless.io/replica',
  envAsArgs: 'module-controller.koupleless.io/env-as-args',
  replace: 'module-controller.koupleless.io/replace',
  drainSeconds: 'module-controller.koupleless.io/drain-seconds',
  ordered: 'module-controller.koupleless.io/ordered',
  restartedAt: 'kubectl.kubernetes.io/restartedAt',
  /** On a Pod, written before a biz of the same version is replaced in place: see `pod-lifecycle/provenance.ts`. */
  replacing: 'module-controller.koupleless.io/replacing',
} as const

export const TAINT = {
  virtualNode: 'schedule.koupleless.io/virtual-node',
  nodeEnv: 'schedule.koupleless.io/node-env',
  noCommands: 'module-controller.koupleless.io/no-commands',
} as const
