/** Objects as the server keeps them: what it fills in is there. */
import type { OwnerReference } from '../api/api-object.ts'

export interface Meta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly creationTimestamp: string
  readonly generation?: number
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface Named {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: Meta
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
  readonly lastHeartbeatTime?: string | null
}

export interface Toleration {
  readonly key?: string
  readonly operator?: string
  readonly value?: string
  readonly effect?: string
  readonly tolerationSeconds?: number
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
  readonly timeAdded?: string
}

export interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export interface NodeTerm {
  readonly matchExpressions?: readonly Requirement[]
  readonly matchFields?: readonly Requirement[]
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly Requirement[]
}

export interface PodTerm {
  readonly labelSelector?: Selector
  readonly topologyKey: string
}

export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly NodeTerm[] }
  }
  readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodTerm[] }
}

export interface PodSpec {
  readonly nodeName?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly affinity?: Affinity
  readonly tolerations?: readonly Toleration[]
  readonly schedulingGates?: readonly object[]
  readonly schedulerName: string
  readonly containers: readonly { readonly resources: { readonly requests?: Readonly<Record<string, string>> } }[]
}

export interface Pod extends Named {
  readonly spec: PodSpec
  readonly status: {
    readonly phase: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly { readonly restartCount: number }[]
  }
}

export interface Node extends Named {
  readonly spec: { readonly taints?: readonly Taint[]; readonly unschedulable?: boolean }
  readonly status: {
    readonly conditions?: readonly Condition[]
    readonly allocatable?: Readonly<Record<string, string>>
  }
}

export interface Template {
  readonly metadata?: Partial<Meta>
  readonly spec: PodSpec
}

interface Workload extends Named {
  readonly metadata: Meta & { readonly generation: number }
}

export interface ReplicaSet extends Workload {
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds?: number
    readonly template: Template
  }
  readonly status: {
    readonly replicas: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly observedGeneration?: number
  }
}

export type IntOrPercent = number | string

export interface Deployment extends Workload {
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds?: number
    readonly paused?: boolean
    readonly revisionHistoryLimit: number
    readonly progressDeadlineSeconds: number
    readonly selector: Selector
    readonly strategy: {
      readonly type: string
      readonly rollingUpdate?: { readonly maxSurge: IntOrPercent; readonly maxUnavailable: IntOrPercent }
    }
    readonly template: Template
  }
  readonly status: {
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly (Condition & { readonly lastUpdateTime: string })[]
  }
}

export interface DaemonSet extends Workload {
  readonly spec: {
    readonly minReadySeconds?: number
    readonly revisionHistoryLimit: number
    readonly template: Template
    readonly updateStrategy: {
      readonly type: string
      readonly rollingUpdate?: { readonly maxUnavailable: IntOrPercent }
    }
  }
  readonly status: object
}

export interface StatefulSet extends Workload {
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds?: number
    readonly revisionHistoryLimit: number
    readonly podManagementPolicy: string
    readonly serviceName?: string
    readonly template: Template
    readonly updateStrategy: { readonly type: string; readonly rollingUpdate?: { readonly partition: number } }
  }
  readonly status: { readonly currentRevision?: string }
}

export interface ControllerRevision extends Named {
  readonly revision: number
  readonly data: unknown
}

export interface Service extends Named {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>
    readonly publishNotReadyAddresses?: boolean
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number }[]
  }
}

export interface EndpointSlice extends Named {
  readonly endpoints: readonly object[]
}

export const keyOfNamed = ({ metadata }: Named): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** A key as namespace and name. */
export function splitKey(key: string): readonly [string, string] {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash + 1)]
}

export const controllerOf = ({ metadata }: Named): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller)

/** The key of the owner of that kind: what its controller is woken by. */
export function ownerKeys(kind: string, object: Named): readonly string[] {
  const owner = controllerOf(object)
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : []
}

export const ownerReference = ({ kind, apiVersion, metadata }: Named): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** The earliest of several looks to come. */
export function soonest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter(wait => wait !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}
