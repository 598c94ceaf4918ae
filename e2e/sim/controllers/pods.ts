/** What controllers ask of a Pod, and how they make one. */
import type { SimApiServer } from '../api/sim-api-server.ts'
import {
  type Condition,
  controllerOf,
  type Named,
  ownerReference,
  type Pod,
  type PodSpec,
  type Template,
} from './cluster-objects.ts'

export const podsOf = (server: SimApiServer, owner: Named): readonly Pod[] =>
  server.list<Pod>('pods').filter(pod => controllerOf(pod)?.uid === owner.metadata.uid)

export const podsOn = (server: SimApiServer, node: string): readonly Pod[] =>
  server.list<Pod>('pods').filter(({ spec }) => spec.nodeName === node)

export const isTerminal = ({ status }: Pod): boolean => status.phase === 'Failed' || status.phase === 'Succeeded'

export const isLeaving = ({ metadata }: Named): boolean => metadata.deletionTimestamp !== undefined

/** Counts for its controller: neither ended nor on its way out. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isLeaving(pod)

export const conditionOf = (pod: Pod, type: string): Condition | undefined =>
  pod.status.conditions?.find(each => each.type === type)

export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

/** In how many ms a Pod has been ready for long enough; 0: it has. Undefined: it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined
  const sinceMs = Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? '')
  return minReadySeconds === 0 ? 0 : Math.max(0, sinceMs + minReadySeconds * 1_000 - nowMs)
}

/** In how many ms the next of them counts as available. */
export function nextAvailableInMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods.map(pod => availableInMs(pod, minReadySeconds, nowMs) ?? 0).filter(ms => ms > 0)
  return waits.length > 0 ? Math.min(...waits) : undefined
}

export interface PodExtra {
  readonly name?: string
  readonly generateName?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: object
}

export function podFromTemplate(owner: Named, { metadata = {}, spec }: Template, extra: PodExtra): object {
  const { spec: more, labels, ...name } = extra
  const { annotations } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...name,
      labels: { ...metadata.labels, ...labels },
      ...(annotations && { annotations }),
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...spec, ...more } satisfies PodSpec,
  }
}

/** The conditions with this one in place of the former of its type. */
export const withCondition = (conditions: readonly Condition[] = [], condition: Condition): readonly Condition[] => [
  ...conditions.filter(({ type }) => type !== condition.type),
  condition,
]
