/** Workloads at rest: as many Pods as were asked for, up to date and available. */
import type { V1DaemonSet, V1Deployment, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { liveClaims, type SeenClaim, wantsSame, workloadName } from './claims-seen.ts'

/** Workloads of which a Pod has lost its biz to another workload on that base: no wish of both can come true. */
export function quarrelling(pods: readonly V1Pod[]): ReadonlySet<string> {
  const nodes = new Set(pods.map(({ spec }) => spec?.nodeName ?? ''))
  const lost = [...nodes].flatMap(node => [...liveClaims(pods, node).values()].flatMap(losers))
  return new Set(lost.map(({ pod }) => workloadName(pod)))
}

function losers(claims: readonly SeenClaim[]): readonly SeenClaim[] {
  const [first] = claims
  const rivals = new Set(claims.map(({ pod }) => workloadName(pod))).size > 1
  return first && rivals && claims.some(claim => !wantsSame(first, claim)) ? claims : []
}

/** Whatever holds objects by resource: the simulated server, or what was listed from a real one. */
export interface Objects {
  list<T>(resource: 'pods' | 'nodes' | 'deployments' | 'statefulsets' | 'daemonsets'): readonly T[]
}

interface Named {
  readonly metadata?: { readonly name?: string }
}

export function ofWorkloads(server: Objects, excused: ReadonlySet<string>): readonly string[] {
  const isJudged = ({ metadata }: Named): boolean => !excused.has(metadata?.name ?? '')
  return [
    ...server.list<V1Deployment>('deployments').filter(isJudged).flatMap(ofDeployment),
    ...server.list<V1StatefulSet>('statefulsets').filter(isJudged).flatMap(ofStatefulSet),
    ...server.list<V1DaemonSet>('daemonsets').filter(isJudged).flatMap(ofDaemonSet),
  ]
}

function ofDeployment({ metadata, spec, status }: V1Deployment): readonly string[] {
  const wanted = spec?.replicas ?? 1
  const { replicas = 0, availableReplicas = 0, updatedReplicas = 0 } = status ?? {}
  if ([replicas, availableReplicas, updatedReplicas].every(count => count === wanted)) return []
  return [`Deployment ${metadata?.name}: ${availableReplicas} available, ${updatedReplicas} updated of ${wanted}`]
}

function ofStatefulSet({ metadata, spec, status }: V1StatefulSet): readonly string[] {
  const wanted = spec?.replicas ?? 1
  const { replicas = 0, readyReplicas = 0 } = status ?? {}
  if (replicas === wanted && readyReplicas === wanted) return []
  return [`StatefulSet ${metadata?.name}: ${readyReplicas} ready of ${wanted}`]
}

function ofDaemonSet({ metadata, status }: V1DaemonSet): readonly string[] {
  const { desiredNumberScheduled: wanted = 0, numberReady = 0 } = status ?? {}
  return wanted === numberReady ? [] : [`DaemonSet ${metadata?.name}: ${numberReady} ready of ${wanted}`]
}
