/** A Pod's status from its containers' and from how well we hear the base. Pure; legality of phase changes is kept here. */
import type { V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node'
import type { BaseRecord } from '../registry/base-record.ts'
import type { Standing } from './standing.ts'

export interface StatusFacts {
  readonly pod: V1Pod
  readonly record: BaseRecord
  readonly containers: readonly V1ContainerStatus[]
  readonly standings: readonly Standing[]
  /** A module of it is about to be stopped, and its Pods leave their Services first. */
  readonly isDraining: boolean
  readonly nowMs: number
}

interface Verdict {
  readonly type: string
  readonly ok: boolean
  readonly reason?: string
  readonly message?: string
}

function conditionFrom(prior: readonly V1PodCondition[], verdict: Verdict, nowMs: number): V1PodCondition {
  const status = verdict.ok ? 'True' : 'False'
  const before = prior.find(({ type }) => type === verdict.type)
  const lastTransitionTime =
    before?.status === status ? before.lastTransitionTime : new Date(Math.floor(nowMs / 1_000) * 1_000)
  return {
    type: verdict.type,
    status,
    ...(lastTransitionTime ? { lastTransitionTime } : {}),
    ...(verdict.reason ? { reason: verdict.reason } : {}),
    ...(verdict.message ? { message: verdict.message } : {}),
  }
}

function containersVerdict(containers: readonly V1ContainerStatus[]): Verdict {
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  if (unready.length === 0) return { type: 'ContainersReady', ok: true }
  const message = `containers with unready status: [${unready.join(' ')}]`
  return { type: 'ContainersReady', ok: false, reason: 'ContainersNotReady', message }
}

function readyVerdict({ pod, record, isDraining }: StatusFacts, containers: Verdict): Verdict {
  if (!containers.ok) return { ...containers, type: 'Ready' }
  if (isDraining) {
    const message = 'it leaves its Services before its module is stopped'
    return { type: 'Ready', ok: false, reason: 'Draining', message }
  }
  if (record.reach.state === 'silent') {
    return {
      type: 'Ready',
      ok: false,
      reason: 'BaseSilent',
      message: 'the base has not answered; its module is believed to run',
    }
  }
  if (record.noCommands?.reason === 'BaseLeaving') {
    const message = 'the Pod that its base runs in is being deleted'
    return { type: 'Ready', ok: false, reason: 'BaseLeaving', message }
  }
  return gatesVerdict(pod)
}

function gatesVerdict(pod: V1Pod): Verdict {
  const gates = (pod.spec?.readinessGates ?? []).map(({ conditionType }) => conditionType)
  const closed = gates.find(gate => pod.status?.conditions?.find(({ type }) => type === gate)?.status !== 'True')
  if (closed === undefined) return { type: 'Ready', ok: true }
  return {
    type: 'Ready',
    ok: false,
    reason: 'ReadinessGatesNotReady',
    message: `readiness gate "${closed}" is not True`,
  }
}

function supersededVerdict(standings: readonly Standing[], prior: readonly V1PodCondition[]): Verdict | undefined {
  const lost = standings.find(standing => standing.kind === 'superseded')
  if (!lost) return prior.some(({ type }) => type === 'Superseded') ? { type: 'Superseded', ok: false } : undefined
  const { by, bizRuns } = lost
  const message = `${by.pod} is newer and claims ${by.bizName}:${by.tuple.version} on this base`
  return { type: 'Superseded', ok: true, reason: bizRuns ? 'NewerClaim' : 'BizDeactivated', message }
}

/** One that was bound by its `nodeName` has seen no scheduler: its kubelet says it. */
const scheduledVerdict = (prior: readonly V1PodCondition[]): Verdict | undefined =>
  prior.some(({ type, status }) => type === 'PodScheduled' && status === 'True')
    ? undefined
    : { type: 'PodScheduled', ok: true }

const hasStarted = (status: V1ContainerStatus): boolean =>
  status.state?.running !== undefined ||
  status.state?.terminated !== undefined ||
  status.lastState?.terminated !== undefined

/** Forward only: Pending, Running, Failed. The API server would take anything. */
function phaseOf(pod: V1Pod, containers: readonly V1ContainerStatus[]): string {
  const before = pod.status?.phase ?? 'Pending'
  if (before === 'Failed' || before === 'Succeeded') return before
  if (pod.spec?.restartPolicy === 'Never' && containers.some(({ state }) => state?.terminated)) return 'Failed'
  return before === 'Running' || containers.every(hasStarted) ? 'Running' : 'Pending'
}

export function podStatus(facts: StatusFacts): V1PodStatus {
  const { pod, record, containers, standings, nowMs } = facts
  const prior = pod.status?.conditions ?? []
  const containersReady = containersVerdict(containers)
  const verdicts = [
    scheduledVerdict(prior),
    { type: 'Initialized', ok: true },
    containersReady,
    readyVerdict(facts, containersReady),
    supersededVerdict(standings, prior),
  ].filter(verdict => verdict !== undefined)
  const ours = new Set(verdicts.map(({ type }) => type))
  // While nothing is known of the base's address, what the Pod shows stands.
  const ip = record.address ? record.address.ip : pod.status?.podIP
  return {
    phase: phaseOf(pod, containers),
    conditions: [
      ...prior.filter(({ type }) => !ours.has(type)),
      ...verdicts.map(verdict => conditionFrom(prior, verdict, nowMs)),
    ],
    containerStatuses: [...containers],
    startTime: pod.status?.startTime ?? new Date(Math.floor(nowMs / 1_000) * 1_000),
    ...(ip ? { podIP: ip, podIPs: [{ ip }], hostIP: ip, hostIPs: [{ ip }] } : {}),
    // Servers before 1.33 give Pods no generation and drop this field.
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}

/** Times have whole seconds on the wire, and arrive as text. */
function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_key, entry: unknown) =>
    typeof entry === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(entry)
      ? Math.floor(Date.parse(entry) / 1_000)
      : entry,
  )
}

/** Order of keys does not count, nor do keys that hold nothing. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a).filter(([, value]) => value !== null && value !== '')
  const right = new Map(Object.entries(b).filter(([, value]) => value !== null && value !== ''))
  return left.length === right.size && left.every(([key, value]) => sameValue(value, right.get(key)))
}

const byType = (conditions: readonly V1PodCondition[] | undefined) =>
  Object.fromEntries(
    (conditions ?? []).map(({ type, status, reason, message, lastTransitionTime }) => [
      type,
      { status, reason, message, lastTransitionTime },
    ]),
  )
const byName = (statuses: readonly V1ContainerStatus[] | undefined) =>
  Object.fromEntries(
    (statuses ?? []).map(({ name, image, imageID, ready, restartCount, state, lastState, containerID }) => [
      name,
      {
        image,
        imageID,
        ready,
        restartCount,
        state,
        lastState: lastState?.terminated ? lastState : undefined,
        containerID,
      },
    ]),
  )

/** Compares only what we write, by value. `hostIPs` are left out, and so is a generation that the server drops, as older ones do. */
export function samePodStatus(a: V1PodStatus | undefined, b: V1PodStatus): boolean {
  const keepsGeneration = a?.observedGeneration !== undefined
  const owned = (status: V1PodStatus | undefined) => ({
    phase: status?.phase,
    observedGeneration: keepsGeneration ? status?.observedGeneration : undefined,
    podIP: status?.podIP,
    podIPs: status?.podIPs,
    hostIP: status?.hostIP,
    conditions: byType(status?.conditions),
    containers: byName(status?.containerStatuses),
  })
  return sameValue(comparable(owned(a)), comparable(owned(b)))
}
