/** Deployment: one ReplicaSet per template; Pods move from the old ones to the new one within the bounds of the strategy. */
import { isSame } from '../api/api-object.ts'
import {
  controllerOf,
  type Deployment,
  keyOfNamed,
  type Named,
  ownerKeys,
  ownerReference,
  type Pod,
  type ReplicaSet,
  splitKey,
} from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { deploymentStatus } from './deployment-status.ts'
import { isLeaving, isTerminal, podsOf } from './pods.ts'
import { bounds } from './rollout-bounds.ts'
import { ServerCalls } from './server-calls.ts'
import { hashOf } from './template-hash.ts'

const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

export function deploymentController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const setsOf = (deployment: Deployment): readonly ReplicaSet[] =>
    server
      .list<ReplicaSet>('replicasets')
      .filter(set => controllerOf(set)?.uid === deployment.metadata.uid)
      .sort(oldestFirst)
  /** Those of the old sets, also what is still on its way out. */
  const hasOldPods = (old: readonly ReplicaSet[]): boolean =>
    old.some(set => podsOf(server, set).some((pod: Pod) => !isTerminal(pod)))
  return {
    name: 'deployment',
    wakes: {
      deployments: ({ object }) => [keyOfNamed(object as Named)],
      replicasets: ({ object }) => ownerKeys('Deployment', object as Named),
      // Recreate waits for the last of the old Pods.
      pods: ({ type, object }) => (type === 'DELETED' ? deploymentKeys(object as Pod) : []),
    },
    reconcile(key) {
      const deployment = server.get<Deployment>('deployments', ...splitKey(key))
      if (!deployment || isLeaving(deployment)) return undefined
      const sets = setsOf(deployment)
      const current = sets.find(set => isOfTemplate(set, deployment))
      const old = sets.filter(set => set !== current)
      step(calls, { deployment, current, old }, () => hasOldPods(old))
      const now = setsOf(deployment)
      const found = now.find(set => isOfTemplate(set, deployment))
      const { status, againInMs } = deploymentStatus({ deployment, current: found, sets: now, nowMs: time.now() })
      if (status) calls.replaceStatus('deployments', deployment, status)
      return againInMs
    },
  }
}

/** A ReplicaSet is named for its Deployment and its template. */
function deploymentKeys(pod: Pod): readonly string[] {
  const set = controllerOf(pod)
  if (set?.kind !== 'ReplicaSet') return []
  return [`${pod.metadata.namespace}/${set.name.slice(0, set.name.lastIndexOf('-'))}`]
}

const oldestFirst = (a: ReplicaSet, b: ReplicaSet): number =>
  revisionOf(a) - revisionOf(b) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1)

const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0)

function isOfTemplate({ spec }: ReplicaSet, deployment: Deployment): boolean {
  const { [HASH]: _hash, ...labels } = spec.template.metadata?.labels ?? {}
  return isSame({ ...spec.template, metadata: { ...spec.template.metadata, labels } }, deployment.spec.template)
}

const total = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, { spec }) => sum + spec.replicas, 0)

interface Sets {
  readonly deployment: Deployment
  readonly current: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
}

/** One step; what it changes brings us back. */
function step(calls: ServerCalls, { deployment, current, old }: Sets, hasOldPods: () => boolean): void {
  const { paused, strategy } = deployment.spec
  if (paused) {
    if (current) scaleInProportion(calls, deployment, [...old, current])
    return
  }
  if (strategy.type === 'Recreate' && (scaleAll(calls, old, 0) || hasOldPods())) return
  if (current) roll(calls, deployment, current, old)
  else create(calls, deployment, old)
}

function roll(calls: ServerCalls, deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): void {
  const revision = 1 + Math.max(0, ...old.map(revisionOf))
  if (revisionOf(current) < revision) number(calls, deployment, current, revision)
  else if (!grow(calls, deployment, current, old)) shrink(calls, deployment, current, old)
  if (total(old) === 0) forgetOldest(calls, deployment, old)
}

function number(calls: ServerCalls, deployment: Deployment, set: ReplicaSet, revision: number): void {
  const annotations = { [REVISION]: String(revision) }
  calls.patch('replicasets', set, { metadata: { annotations } })
  calls.patch('deployments', deployment, { metadata: { annotations } }, 'status')
}

function create(calls: ServerCalls, deployment: Deployment, old: readonly ReplicaSet[]): void {
  const { metadata, spec } = deployment
  const hash = hashOf(spec.template)
  const labels = { ...spec.template.metadata?.labels, [HASH]: hash }
  const annotations = { ...copied(metadata.annotations), [REVISION]: String(1 + Math.max(0, ...old.map(revisionOf))) }
  const { minReadySeconds } = spec
  calls.create('replicasets', metadata.namespace, {
    metadata: {
      name: `${metadata.name}-${hash}`,
      labels,
      annotations,
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: wantedOfNew(deployment, 0, old),
      ...(minReadySeconds && { minReadySeconds }),
      selector: { matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  })
  calls.patch('deployments', deployment, { metadata: { annotations: { [REVISION]: annotations[REVISION] } } }, 'status')
}

/** A ReplicaSet's own revision is its own. */
function copied(annotations: Readonly<Record<string, string>> = {}): object {
  const { [REVISION]: _revision, ...rest } = annotations
  return rest
}

/** As many as fit beside the old ones. */
function wantedOfNew(deployment: Deployment, now: number, old: readonly ReplicaSet[]): number {
  const { maxTotal } = bounds(deployment)
  const room = Math.max(0, maxTotal - now - total(old))
  return Math.min(deployment.spec.replicas, now + room)
}

function grow(calls: ServerCalls, deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const wanted = wantedOfNew(deployment, current.spec.replicas, old)
  return wanted !== current.spec.replicas && scale(calls, current, wanted)
}

/** First of the old Pods those that do not run, then as many as the new ones can stand in for. */
function shrink(calls: ServerCalls, deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): void {
  const { minAvailable } = bounds(deployment)
  const availableOf = ({ status }: ReplicaSet): number => status.availableReplicas ?? 0
  const sets = [current, ...old]
  let removable = total(sets) - minAvailable - (current.spec.replicas - availableOf(current))
  if (removable <= 0) return
  let spare = sets.reduce((sum, set) => sum + availableOf(set), 0) - minAvailable
  for (const set of old) {
    const idle = Math.max(0, Math.min(removable, set.spec.replicas - availableOf(set)))
    const replaced = Math.max(0, Math.min(spare, set.spec.replicas - idle))
    removable -= idle
    spare -= replaced
    if (idle + replaced > 0) scale(calls, set, set.spec.replicas - idle - replaced)
  }
}

const scale = (calls: ServerCalls, set: ReplicaSet, replicas: number): boolean =>
  calls.patch('replicasets', set, { spec: { replicas } })

function scaleAll(calls: ServerCalls, sets: readonly ReplicaSet[], replicas: number): boolean {
  const others = sets.filter(({ spec }) => spec.replicas !== replicas)
  for (const set of others) scale(calls, set, replicas)
  return others.length > 0
}

/** While paused only the size may change: all sets share in it, the largest first. */
function scaleInProportion(calls: ServerCalls, deployment: Deployment, sets: readonly ReplicaSet[]): void {
  const active = sets.filter(({ spec }) => spec.replicas > 0)
  const size = total(active)
  const allowed = allowedWhilePaused(deployment, active)
  if (size === allowed) return
  let left = allowed
  for (const set of (active.length > 0 ? active : sets.slice(-1)).toSorted(largestFirst)) {
    const share = size > 0 ? Math.round((set.spec.replicas * allowed) / size) : allowed
    const wanted = Math.min(left, share)
    left -= wanted
    if (wanted !== set.spec.replicas) scale(calls, set, wanted)
  }
}

const largestFirst = (a: ReplicaSet, b: ReplicaSet): number => b.spec.replicas - a.spec.replicas

/** Between two sets a rollout has been stopped half-way: what it has in surplus stays. */
function allowedWhilePaused(deployment: Deployment, active: readonly ReplicaSet[]): number {
  const { replicas } = deployment.spec
  if (active.length <= 1 || replicas === 0) return replicas
  const { maxTotal } = bounds(deployment)
  const size = total(active)
  return size >= replicas && size <= maxTotal ? size : maxTotal
}

function forgetOldest(calls: ServerCalls, deployment: Deployment, old: readonly ReplicaSet[]): void {
  const surplus = old.length - deployment.spec.revisionHistoryLimit
  for (const set of old.slice(0, Math.max(0, surplus))) if (set.status.replicas === 0) calls.delete('replicasets', set)
}
