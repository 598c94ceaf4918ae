/** Deployment: one ReplicaSet per template; Pods move from the old ones to the new one within the bounds of the strategy. */
import type { V1Deployment, V1ReplicaSet } from '@kubernetes/client-node'
import { isSame } from '../api/api-object.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { controllerOf, keyOfNamed, ownerKeys, ownerReference, splitKey } from './pods.ts'
import { bounds } from './rollout-bounds.ts'
import { ServerCalls } from './server-calls.ts'
import { hashOf } from './template-hash.ts'

const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

export function deploymentController({ server }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  return {
    name: 'deployment',
    wakes: {
      deployments: ({ object }) => [keyOfNamed(object)],
      replicasets: ({ object }) => ownerKeys('Deployment', object),
    },
    reconcile(key) {
      const deployment = server.get<V1Deployment>('deployments', ...splitKey(key))
      if (!deployment || deployment.metadata?.deletionTimestamp) return undefined
      const sets = server
        .list<V1ReplicaSet>('replicasets')
        .filter(set => controllerOf(set)?.uid === deployment.metadata?.uid)
      const current = sets.find(set => isSame(templateOf(set), deployment.spec?.template))
      const old = sets.filter(set => set !== current)
      const revision = 1 + Math.max(0, ...old.map(revisionOf))
      if (!current) create(calls, deployment, old, revision)
      else {
        if (revisionOf(current) < revision) annotate(calls, current, revision)
        else roll(calls, deployment, current, old)
      }
      tell(calls, deployment, current, sets)
      return undefined
    },
  }
}

export const revisionOf = ({ metadata }: V1ReplicaSet): number => Number(metadata?.annotations?.[REVISION] ?? 0)

function templateOf({ spec }: V1ReplicaSet): object | undefined {
  const { [HASH]: _hash, ...labels } = spec?.template?.metadata?.labels ?? {}
  return spec?.template && { ...spec.template, metadata: { ...spec.template.metadata, labels } }
}

const total = (sets: readonly V1ReplicaSet[]): number => sets.reduce((sum, { spec }) => sum + (spec?.replicas ?? 0), 0)

const annotate = (calls: ServerCalls, set: V1ReplicaSet, revision: number): boolean =>
  calls.patch('replicasets', set, { metadata: { annotations: { [REVISION]: String(revision) } } })

function create(calls: ServerCalls, deployment: V1Deployment, old: readonly V1ReplicaSet[], revision: number): void {
  const { metadata, spec } = deployment
  const { template, replicas = 1 } = spec ?? {}
  const hash = hashOf(template)
  const labels = { ...template?.metadata?.labels, [HASH]: hash }
  const { maxTotal } = bounds(deployment)
  calls.create('replicasets', metadata?.namespace ?? '', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata?.name}-${hash}`,
      labels,
      annotations: { [REVISION]: String(revision) },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: Math.min(replicas, Math.max(0, maxTotal - total(old))),
      selector: { matchLabels: { ...spec?.selector?.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  })
}

const scale = (calls: ServerCalls, set: V1ReplicaSet, replicas: number): boolean =>
  calls.patch('replicasets', set, { spec: { replicas } })

/** One step up, or else one step down: the next change brings us back. */
function roll(calls: ServerCalls, deployment: V1Deployment, current: V1ReplicaSet, old: readonly V1ReplicaSet[]): void {
  const replicas = deployment.spec?.replicas ?? 1
  const { maxTotal, minAvailable } = bounds(deployment)
  const now = current.spec?.replicas ?? 0
  const wanted = Math.min(replicas, Math.max(now, now + maxTotal - total([current, ...old])))
  if (wanted !== now) {
    scale(calls, current, wanted)
    return
  }
  const unavailable = now - (current.status?.availableReplicas ?? 0)
  let removable = total([current, ...old]) - minAvailable - unavailable
  for (const set of old) {
    const gone = Math.min(set.spec?.replicas ?? 0, Math.max(0, removable))
    if (gone > 0) scale(calls, set, (set.spec?.replicas ?? 0) - gone)
    removable -= gone
  }
}

function tell(
  calls: ServerCalls,
  deployment: V1Deployment,
  current: V1ReplicaSet | undefined,
  sets: readonly V1ReplicaSet[],
): void {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    sets.reduce((all, { status }) => all + (status?.[field] ?? 0), 0)
  const status = {
    observedGeneration: deployment.metadata?.generation,
    replicas: sum('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
  }
  const before = deployment.status ?? {}
  if (!isSame({ ...before, ...status }, before)) calls.patch('deployments', deployment, { status }, 'status')
}
