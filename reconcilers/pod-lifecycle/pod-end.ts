/** Pods that are ended by us, as a kubelet ends them. Pure. */
import type { V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node'

/** Reason and message are the kubelet's own words: users and controllers go by them. */
export interface End {
  readonly reason: 'DeadlineExceeded' | 'NodeAffinity'
  readonly message: string
}

const DEADLINE_EXCEEDED: End = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}
/** Its base came back as one that it must not run on. */
export const MISPLACED: End = {
  reason: 'NodeAffinity',
  message: 'Pod was rejected: Predicate NodeAffinity failed',
}
/** Of a process that was killed. */
const EXIT_CODE = 137

/** What it ran is to be removed, though nobody deletes it. */
export const isOver = ({ status }: V1Pod): boolean =>
  status?.phase === 'Failed' && status.reason === DEADLINE_EXCEEDED.reason

/** By our clock, as the start that its status shows. Undefined: it may run for ever. */
export function deadlineMs({ spec, status }: V1Pod): number | undefined {
  const { activeDeadlineSeconds: seconds } = spec ?? {}
  if (typeof seconds !== 'number' || !status?.startTime) return undefined
  return new Date(status.startTime).getTime() + seconds * 1_000
}

export const endOf = (pod: V1Pod, nowMs: number): End | undefined =>
  (deadlineMs(pod) ?? Number.POSITIVE_INFINITY) <= nowMs ? DEADLINE_EXCEEDED : undefined

export function endedStatus(pod: V1Pod, end: End, nowMs: number): V1PodStatus {
  const { conditions = [], containerStatuses = [], startTime } = pod.status ?? {}
  const endedAt = new Date(Math.floor(nowMs / 1_000) * 1_000)
  return {
    phase: 'Failed',
    ...end,
    startTime: startTime ?? endedAt,
    conditions: [...conditions.filter(({ type }) => !NOT_READY.includes(type)), ...notReady(conditions, endedAt)],
    containerStatuses: containerStatuses.map(status => endedContainer(status, end, endedAt)),
    ...(pod.metadata?.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  }
}

const NOT_READY = ['ContainersReady', 'Ready']

const notReady = (before: readonly V1PodCondition[], endedAt: Date): readonly V1PodCondition[] =>
  NOT_READY.map(type => {
    const prior = before.find(one => one.type === type && one.status === 'False')
    return { type, status: 'False', reason: 'PodFailed', lastTransitionTime: prior?.lastTransitionTime ?? endedAt }
  })

function endedContainer(status: V1ContainerStatus, { reason }: End, finishedAt: Date): V1ContainerStatus {
  const { running } = status.state ?? {}
  if (!running) return { ...status, ready: false, started: false }
  const { startedAt } = running
  const terminated = {
    exitCode: EXIT_CODE,
    reason,
    finishedAt,
    ...(startedAt && { startedAt }),
    ...(status.containerID && { containerID: status.containerID }),
  }
  return { ...status, ready: false, started: false, state: { terminated } }
}
