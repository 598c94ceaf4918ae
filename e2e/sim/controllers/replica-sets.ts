/** ReplicaSet: as many active Pods as asked for; the worst are removed first. */
import { isSame } from '../api/api-object.ts'
import { keyOfNamed, type Named, ownerKeys, type Pod, type ReplicaSet, splitKey } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import {
  availableInMs,
  conditionOf,
  isActive,
  isLeaving,
  isReady,
  nextAvailableInMs,
  podFromTemplate,
  podsOf,
} from './pods.ts'
import { ServerCalls } from './server-calls.ts'

export function replicaSetController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  return {
    name: 'replicaset',
    wakes: {
      replicasets: ({ object }) => [keyOfNamed(object as Named)],
      pods: ({ object }) => ownerKeys('ReplicaSet', object as Named),
    },
    reconcile(key) {
      const set = server.get<ReplicaSet>('replicasets', ...splitKey(key))
      if (!set) return undefined
      const active = () => podsOf(server, set).filter(isActive)
      if (!isLeaving(set)) scale(calls, set, active())
      tell(calls, set, active(), time.now())
      return nextAvailableInMs(active(), set.spec.minReadySeconds ?? 0, time.now())
    },
  }
}

function scale(calls: ServerCalls, set: ReplicaSet, pods: readonly Pod[]): void {
  const missing = set.spec.replicas - pods.length
  const { name, namespace } = set.metadata
  const pod = podFromTemplate(set, set.spec.template, { generateName: `${name}-` })
  for (let count = 0; count < missing; count += 1) calls.create('pods', namespace, pod)
  if (missing >= 0) return
  for (const each of [...pods].sort(worstFirst(pods)).slice(0, -missing)) calls.delete('pods', each)
}

const PHASES = ['Pending', 'Unknown', 'Running']
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/** What a Pod is worth, the most important first; the lower goes. */
function worth(pod: Pod, pods: readonly Pod[]): readonly number[] {
  const { nodeName } = pod.spec
  const beside = pods.filter(({ spec }) => spec.nodeName === nodeName && nodeName !== undefined).length
  const restarts = (pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount)
  const cost = pod.metadata.annotations?.[DELETION_COST]
  return [
    nodeName ? 1 : 0,
    PHASES.indexOf(pod.status.phase),
    isReady(pod) ? 1 : 0,
    Number(cost ?? 0),
    -beside,
    -Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? pod.metadata.creationTimestamp),
    -Math.max(0, ...restarts),
    -Date.parse(pod.metadata.creationTimestamp),
  ]
}

function worstFirst(pods: readonly Pod[]): (a: Pod, b: Pod) => number {
  return (a, b) => {
    const [left, right] = [worth(a, pods), worth(b, pods)]
    const at = left.findIndex((value, index) => value !== right[index])
    return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
  }
}

function tell(calls: ServerCalls, set: ReplicaSet, pods: readonly Pod[], nowMs: number): void {
  const { minReadySeconds = 0, template } = set.spec
  const labels = Object.entries(template.metadata?.labels ?? {})
  const labelled = pods.filter(({ metadata }) => labels.every(([name, value]) => metadata.labels?.[name] === value))
  const ready = pods.filter(isReady).length
  const available = pods.filter(pod => availableInMs(pod, minReadySeconds, nowMs) === 0).length
  const status = {
    replicas: pods.length,
    ...(labelled.length > 0 && { fullyLabeledReplicas: labelled.length }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    observedGeneration: set.metadata.generation,
  }
  if (!isSame(status, set.status)) calls.replaceStatus('replicasets', set, status)
}
