/** ReplicaSet: as many active Pods as asked for; the worst are removed first. */
import type { V1Pod, V1ReplicaSet, V1ReplicaSetStatus } from '@kubernetes/client-node'
import { isSame } from '../api/api-object.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import {
  availableInMs,
  conditionOf,
  createdAtMs,
  isActive,
  isReady,
  keyOfNamed,
  ownerKeys,
  podFromTemplate,
  podsOf,
  splitKey,
} from './pods.ts'
import { ServerCalls } from './server-calls.ts'

export function replicaSetController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  return {
    name: 'replicaset',
    wakes: {
      replicasets: ({ object }) => [keyOfNamed(object)],
      pods: ({ object }) => ownerKeys('ReplicaSet', object),
    },
    reconcile(key) {
      const set = server.get<V1ReplicaSet>('replicasets', ...splitKey(key))
      if (!set) return undefined
      const isLeaving = set.metadata?.deletionTimestamp !== undefined
      if (!isLeaving) scale(calls, set, podsOf(server, set).filter(isActive))
      return tell(calls, set, podsOf(server, set).filter(isActive), time.now())
    },
  }
}

function scale(calls: ServerCalls, set: V1ReplicaSet, pods: readonly V1Pod[]): void {
  const missing = (set.spec?.replicas ?? 1) - pods.length
  const namespace = set.metadata?.namespace ?? ''
  for (let count = 0; count < missing; count += 1)
    calls.create(
      'pods',
      namespace,
      podFromTemplate(set, set.spec?.template, { generateName: `${set.metadata?.name}-` }),
    )
  if (missing < 0) for (const pod of [...pods].sort(worstFirst(pods)).slice(0, -missing)) calls.delete('pods', pod)
}

const PHASES = ['Pending', 'Unknown', 'Running']
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/** What a Pod is worth, the most important first; the lower goes. */
function worth(pod: V1Pod, pods: readonly V1Pod[]): readonly number[] {
  const node = pod.spec?.nodeName
  const beside = pods.filter(({ spec }) => spec?.nodeName === node && node !== undefined).length
  const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))
  const readyAt = conditionOf(pod, 'Ready')?.lastTransitionTime
  return [
    node ? 1 : 0,
    PHASES.indexOf(pod.status?.phase ?? 'Pending'),
    isReady(pod) ? 1 : 0,
    Number(pod.metadata?.annotations?.[DELETION_COST] ?? 0),
    -beside,
    isReady(pod) && readyAt ? -new Date(readyAt).getTime() : 0,
    -restarts,
    -createdAtMs(pod),
  ]
}

function worstFirst(pods: readonly V1Pod[]): (a: V1Pod, b: V1Pod) => number {
  return (a, b) => {
    const [left, right] = [worth(a, pods), worth(b, pods)]
    const at = left.findIndex((value, index) => value !== right[index])
    return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
  }
}

function tell(calls: ServerCalls, set: V1ReplicaSet, pods: readonly V1Pod[], nowMs: number): number | undefined {
  const { minReadySeconds = 0, template } = set.spec ?? {}
  const waits = pods.flatMap(pod => availableInMs(pod, minReadySeconds, nowMs) ?? [])
  const labels = Object.entries(template?.metadata?.labels ?? {})
  const labelled = pods.filter(({ metadata }) => labels.every(([name, value]) => metadata?.labels?.[name] === value))
  const ready = pods.filter(isReady).length
  const available = waits.filter(ms => ms === 0).length
  const observedGeneration = set.metadata?.generation
  const status: V1ReplicaSetStatus = {
    replicas: pods.length,
    ...(labelled.length > 0 && { fullyLabeledReplicas: labelled.length }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(observedGeneration !== undefined && { observedGeneration }),
  }
  if (!isSame(status, set.status)) calls.replaceStatus('replicasets', set, status)
  const pending = waits.filter(ms => ms > 0)
  return pending.length > 0 ? Math.min(...pending) : undefined
}
