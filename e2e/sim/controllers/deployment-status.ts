/** What a Deployment tells of its rollout: counts, and whether it moves, has come to its end, or is stuck. */
import { isSame, timestamp } from '../api/api-object.ts'
import type { Condition, Deployment, ReplicaSet } from './cluster-objects.ts'
import { bounds } from './rollout-bounds.ts'

export interface Rollout {
  readonly deployment: Deployment
  readonly current: ReplicaSet | undefined
  readonly sets: readonly ReplicaSet[]
  readonly nowMs: number
}

const NO_DEADLINE = 2 ** 31 - 1

interface Counts {
  readonly replicas: number
  readonly updatedReplicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly unavailableReplicas: number
}

function countsOf({ current, sets }: Rollout): Counts {
  const sum = (count: (set: ReplicaSet) => number | undefined): number =>
    sets.reduce((all, set) => all + (count(set) ?? 0), 0)
  const availableReplicas = sum(({ status }) => status.availableReplicas)
  return {
    replicas: sum(({ status }) => status.replicas),
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: sum(({ status }) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(({ spec }) => spec.replicas) - availableReplicas),
  }
}

type Told = Condition & { readonly lastUpdateTime: string }

function condition(rollout: Rollout, wanted: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>): Told {
  const now = timestamp(rollout.nowMs)
  const before = rollout.deployment.status.conditions?.find(({ type }) => type === wanted.type)
  const isKnown = before?.status === wanted.status && before.reason === wanted.reason
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now
  return {
    ...wanted,
    lastUpdateTime: isKnown ? before.lastUpdateTime : now,
    lastTransitionTime: lastTransitionTime ?? now,
  }
}

function availableCondition(rollout: Rollout, { availableReplicas }: Counts): Told {
  const isEnough = availableReplicas >= bounds(rollout.deployment).minAvailable
  return isEnough
    ? condition(rollout, {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      })
    : condition(rollout, {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      })
}

const isComplete = ({ deployment: { spec } }: Rollout, counts: Counts): boolean =>
  counts.updatedReplicas === spec.replicas &&
  counts.replicas === spec.replicas &&
  counts.availableReplicas === spec.replicas

/** More of the new, fewer of the old, or more available than were told last. */
function hasMoved({ deployment: { status } }: Rollout, counts: Counts): boolean {
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status
  const olderWere = replicas - updatedReplicas
  return (
    counts.updatedReplicas > updatedReplicas ||
    counts.replicas - counts.updatedReplicas < olderWere ||
    counts.availableReplicas > availableReplicas
  )
}

function progressCondition(rollout: Rollout, counts: Counts): Told {
  const before = rollout.deployment.status.conditions?.find(({ type }) => type === 'Progressing')
  const name = `ReplicaSet "${rollout.current?.metadata.name ?? ''}"`
  const told = (status: string, reason: string, message: string): Told =>
    condition(rollout, { type: 'Progressing', status, reason, message: `${name} ${message}` })
  if (isComplete(rollout, counts)) return told('True', 'NewReplicaSetAvailable', 'has successfully progressed.')
  const moving = (): Told => told('True', 'ReplicaSetUpdated', 'is progressing.')
  if (!before || before.reason === 'NewReplicaSetAvailable') return moving()
  if (hasMoved(rollout, counts)) return { ...moving(), lastUpdateTime: timestamp(rollout.nowMs) }
  return hasTime(rollout, before) ? before : told('False', 'ProgressDeadlineExceeded', 'has timed out progressing.')
}

const hasTime = (rollout: Rollout, before: Told): boolean =>
  rollout.deployment.spec.paused === true || untilDeadlineMs(rollout, before) > 0

const untilDeadlineMs = ({ deployment, nowMs }: Rollout, { lastUpdateTime }: Told): number =>
  deployment.spec.progressDeadlineSeconds === NO_DEADLINE
    ? Number.POSITIVE_INFINITY
    : Date.parse(lastUpdateTime) + deployment.spec.progressDeadlineSeconds * 1_000 - nowMs

export interface DeploymentStatus {
  /** Undefined: nothing new. */
  readonly status: object | undefined
  /** When its deadline will have passed, if nothing moves. */
  readonly againInMs: number | undefined
}

export function deploymentStatus(rollout: Rollout): DeploymentStatus {
  const { deployment } = rollout
  const counts = countsOf(rollout)
  const progress = progressCondition(rollout, counts)
  const told = Object.entries(counts).filter(([, count]) => count > 0)
  const status = {
    observedGeneration: deployment.metadata.generation,
    ...Object.fromEntries(told),
    conditions: [availableCondition(rollout, counts), progress],
  }
  const isWaiting = progress.status === 'True' && progress.reason !== 'NewReplicaSetAvailable'
  const leftMs = isWaiting ? untilDeadlineMs(rollout, progress) : Number.POSITIVE_INFINITY
  return {
    status: isSame(status, deployment.status) ? undefined : status,
    againInMs: Number.isFinite(leftMs) ? Math.max(1_000, leftMs) : undefined,
  }
}
