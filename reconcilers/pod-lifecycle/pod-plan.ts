/** One Pod: what its status should say, and whether its object may go. Pure. */
import type { V1ContainerStatus, V1Pod, V1PodStatus, V1Toleration } from '@kubernetes/client-node'
import { type Claim, type ClaimLookups, claimsOfPod, hasEnded, type NameClaims, sameTuple, stageOf } from '../claims.ts'
import { soonest } from '../loop/outcome.ts'
import { podRef } from '../pod-identity.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { isProof } from '../registry/web-modules.ts'
import { isAdmissions, toleratedMs } from '../tolerations.ts'
import { containerStatus, INSTALL_FAILED_SHOWN_MS } from './container-status.ts'
import { type ModuleSpec, readModules } from './module-spec.ts'
import { type Placement, UNSHOWN_LOOK_AGAIN_MS } from './placement.ts'
import { deadlineMs, type End, endedStatus, endOf, MISPLACED } from './pod-end.ts'
import { podStatus, samePodStatus } from './pod-status.ts'
import { gapsEndAtMs } from './replaced-too-long.ts'
import { bizOf, isServing, keyOf, type Standing, standingOf } from './standing.ts'

export interface PodFacts {
  readonly pod: V1Pod
  readonly record: BaseRecord
  readonly claims: ReadonlyMap<string, NameClaims>
  readonly lookups: ClaimLookups
  /** Absent: it fits. */
  readonly placement?: Placement
  /** When we first saw this Pod on its base. */
  readonly seenAtMs: number
  /** The API server has confirmed that it deleted this Pod for us. */
  readonly isReleased: boolean
  readonly nowMs: number
}

export type PodAction =
  | { readonly kind: 'release'; readonly cause: 'gone' | 'claimed' | 'never-installed' | 'base-dead' | 'terminal' }
  /** The base is dead: its owner shall replace it elsewhere. */
  | { readonly kind: 'evict' }
  | {
      readonly kind: 'patchStatus'
      readonly status: V1PodStatus
      readonly ipsChanged: boolean
      readonly superseded: readonly Superseded[]
    }
  /** It is over, though nobody deletes it. */
  | { readonly kind: 'end'; readonly status: V1PodStatus; readonly end: End }
  | { readonly kind: 'patchTolerations'; readonly tolerations: readonly V1Toleration[] }
  | { readonly kind: 'none' }

export interface Superseded {
  readonly claim: Claim
  readonly by: Claim
}

export interface PodPlan {
  readonly action: PodAction
  readonly why: string
  readonly wakeAfterMs?: number
}

/** A fast install needs no status of its own that says it is under way: one write less for each Pod. */
export const CREATING_SHOWN_AFTER_MS = 300

const none = (why: string, wakeAfterMs?: number): PodPlan =>
  wakeAfterMs === undefined ? { action: { kind: 'none' }, why } : { action: { kind: 'none' }, why, wakeAfterMs }

export function planPod(facts: PodFacts): PodPlan {
  const { pod, record } = facts
  const stage = stageOf(pod)
  if (stage === 'leaving') return planRelease(facts)
  if (record.reach.state === 'dead') return { action: { kind: 'evict' }, why: `base is dead: ${record.reach.why}` }
  const keptMs = keptInMs(facts)
  if (keptMs <= 0) return { action: { kind: 'evict' }, why: `base is lost: ${record.reach.why}` }
  if (stage === 'ended') return none('the Pod has ended')
  if (record.reach.state === 'unproven') return none('the base is not proven to live yet')
  return waking(planPresent(facts), keptMs)
}

function waking(plan: PodPlan, inMs: number): PodPlan {
  const wakeAfterMs = soonest(plan.wakeAfterMs, Number.isFinite(inMs) ? inMs : undefined)
  return wakeAfterMs === undefined ? plan : { ...plan, wakeAfterMs }
}

/** Its base is silent for longer than others wait for it, and a Pod there asks to wait on; in ms from now, which may be past. */
function keptInMs({ pod, record: { reach }, nowMs }: PodFacts): number {
  return reach.lostSinceMs === undefined ? Number.POSITIVE_INFINITY : reach.lostSinceMs + toleratedMs(pod) - nowMs
}

function planPresent(facts: PodFacts): PodPlan {
  const { pod, record, nowMs } = facts
  if (isFrozen(record)) return planStatus(facts)
  const end = facts.placement === 'misfit' ? MISPLACED : endOf(pod, nowMs)
  if (end) return { action: { kind: 'end', status: endedStatus(pod, end, nowMs), end }, why: end.message }
  const plan = planStatus(facts)
  const dueAtMs = deadlineMs(pod)
  const deadlineInMs = dueAtMs === undefined ? undefined : dueAtMs - nowMs
  const lookAgainMs = facts.placement === 'unshown' ? UNSHOWN_LOOK_AGAIN_MS : undefined
  const wakeAfterMs = soonest(plan.wakeAfterMs, deadlineInMs, lookAgainMs)
  return wakeAfterMs === undefined ? plan : { ...plan, wakeAfterMs }
}

function planRelease(facts: PodFacts): PodPlan {
  const { pod, record, claims, lookups } = facts
  const released = releasedWhy(facts)
  if (released !== undefined) return none(released)
  const release = (cause: Extract<PodAction, { kind: 'release' }>['cause'], why: string): PodPlan => ({
    action: { kind: 'release', cause },
    why,
  })
  if (hasEnded(pod)) return release('terminal', 'the Pod has ended')
  if (record.reach.state === 'dead' || record.reach.lostSinceMs !== undefined)
    return release('base-dead', `the base is ${record.reach.state === 'dead' ? 'dead' : 'lost'}`)
  const own = claimsOfPod(pod, lookups)
  if (own.length === 0) return release('never-installed', 'no container of it is a module')
  const held = own.map(claim => holdOf(record, claims, claim)).find(why => why !== undefined)
  if (held !== undefined) return none(held)
  if (own.some(claim => isKept(record, claims, claim)))
    return release('claimed', 'other Pods keep or replace its module')
  return release(hasRun(pod) ? 'gone' : 'never-installed', 'nothing of it is left to remove')
}

/** A deletion that breaks off leaves a Pod without grace that nobody removes: it is to be deleted once more. */
function releasedWhy({ pod: { metadata }, isReleased }: PodFacts): string | undefined {
  if (metadata?.deletionGracePeriodSeconds !== 0) return undefined
  if ((metadata.finalizers ?? []).length > 0) return 'released; finalizers of others hold it'
  return isReleased ? 'released' : undefined
}

const hasRun = (pod: V1Pod): boolean =>
  (pod.status?.containerStatuses ?? []).some(({ state, lastState }) => state?.running || lastState?.terminated)

/** Another live claim keeps the same version, or a running one has superseded it and removes it. */
const isKept = (record: BaseRecord, claims: ReadonlyMap<string, NameClaims>, claim: Claim): boolean =>
  claims.get(claim.bizName)?.held === true ||
  (claims.get(claim.bizName)?.groups ?? []).some(
    group => group[0].tuple.version === claim.tuple.version || isServing(record, group),
  )

const LAST_WITNESS = 'what its module was installed from is not settled yet'

/**
 * After a restart of ours its status may be all that tells from which image the biz came that its successors claim; or,
 * of a replacement that is not answered yet, its marker; or of one that it has not shown yet, that it asked for another.
 */
function isLastWitness(record: BaseRecord, claims: ReadonlyMap<string, NameClaims>, claim: Claim): boolean {
  const { groups = [] } = claims.get(claim.bizName) ?? {}
  const successors = groups.filter(([first]) => first.tuple.version === claim.tuple.version)
  if (successors.length === 0) return false
  if (record.flights.has(keyOf(claim))) return claim.ran !== undefined || claim.marker !== undefined
  const tells = claim.ran !== undefined || successors.some(([first]) => !sameTuple(first.tuple, claim.tuple))
  return tells && (!record.snapshot || isOfUnknownOrigin(record, claim))
}

function isOfUnknownOrigin(record: BaseRecord, claim: Claim): boolean {
  const key = keyOf(claim)
  if (record.provenance.has(key) || record.foreign?.has(key) || isProof(record, key)) return false
  const state = bizOf(record, claim)?.state
  return state === 'activated' || state === 'deactivated'
}

/** Why a Pod being deleted must stay: its biz is there, or may be. */
function holdOf(record: BaseRecord, claims: ReadonlyMap<string, NameClaims>, claim: Claim): string | undefined {
  if (isKept(record, claims, claim)) return isLastWitness(record, claims, claim) ? LAST_WITNESS : undefined
  const key = keyOf(claim)
  if (record.flights.has(key)) return 'a command for its module may be running'
  if (record.foreign?.has(key)) return undefined // adopted: it was there before and stays
  if (bizOf(record, claim)) return 'its module is being uninstalled'
  if (record.doubts.has(key)) return 'waiting for the base to show that its module is gone'
  if (!record.snapshot) return 'what the base runs is not known'
  return undefined
}

function standingFor(facts: PodFacts, claim: Claim): Standing {
  const claims = facts.claims.get(claim.bizName)
  if (!claims) return { kind: 'waiting' }
  const { record, nowMs } = facts
  return standingOf({ record, claims: { ...claims, groups: withSelf(claims, claim) }, nowMs }, claim)
}

/** Claims are compared by value: this Pod's own may have been read anew. */
const withSelf = (claims: NameClaims, own: Claim): NameClaims['groups'] =>
  claims.groups.map(([first, ...rest]) => {
    const swap = (claim: Claim): Claim => (claim.id === own.id && sameTuple(claim.tuple, own.tuple) ? own : claim)
    return [swap(first), ...rest.map(swap)]
  })

function containersOf(facts: PodFacts): {
  readonly statuses: readonly V1ContainerStatus[]
  readonly standings: readonly Standing[]
  readonly superseded: readonly Superseded[]
} {
  const { pod, record, lookups, nowMs } = facts
  const claims = new Map(claimsOfPod(pod, lookups).map(claim => [claim.container, claim]))
  const standings: Standing[] = []
  const superseded: Superseded[] = []
  const shown = new Map((pod.status?.containerStatuses ?? []).map(status => [status.name, status]))
  const { containers = [], restartPolicy = 'Always' } = pod.spec ?? {}
  const images = new Map(containers.map(({ name, image }) => [name, image ?? '']))
  const statuses = readModules(pod, lookups.value).map((spec: ModuleSpec) => {
    const { container } = spec
    const claim = claims.get(container)
    const module = claim && { claim, standing: standingFor(facts, claim) }
    if (module) standings.push(module.standing)
    if (module?.standing.kind === 'superseded') superseded.push({ claim: module.claim, by: module.standing.by })
    const common = {
      spec,
      record,
      restartPolicy,
      nowMs,
      prior: shown.get(container),
      image: images.get(container) ?? '',
    }
    return containerStatus(module ? { ...common, module } : common)
  })
  return { statuses, standings, superseded }
}

/** Not heard, or not looked at yet: what the containers were said to do stands; only readiness may change. */
function frozenContainers({ pod }: PodFacts): ReturnType<typeof containersOf> {
  return { statuses: pod.status?.containerStatuses ?? [], standings: [], superseded: [] }
}

/** Of a JVM that we saw begin we know, without a look, that nothing of the former one runs. */
const isFrozen = ({ reach, noCommands, snapshot, restartedAtMs }: BaseRecord): boolean =>
  reach.state !== 'heard' ||
  noCommands?.reason === 'DuplicateIdentity' ||
  (snapshot === undefined && restartedAtMs === undefined)

function planStatus(facts: PodFacts): PodPlan {
  const { pod, record, nowMs } = facts
  const frozen = isFrozen(record)
  const { statuses, standings, superseded } = frozen ? frozenContainers(facts) : containersOf(facts)
  const unseen = frozen ? notSeenYet(record, statuses) : undefined
  if (unseen !== undefined) return none(unseen)
  const isDraining = claimsOfPod(pod, facts.lookups).some(({ bizName }) => record.drains.has(bizName))
  const shown = { pod, record, containers: statuses, standings, isDraining, nowMs }
  const status = keepSuperseded(pod, podStatus(shown), frozen)
  const wake = soonest(nextLook(facts, status), ...gapsInMs(facts))
  if (samePodStatus(pod.status, status)) return planTolerations(pod, wake)
  const early = creatingOnly(status) && nowMs - facts.seenAtMs < CREATING_SHOWN_AFTER_MS
  if (early) return none('its install may be quick', CREATING_SHOWN_AFTER_MS - (nowMs - facts.seenAtMs))
  const ipsChanged = status.podIP !== pod.status?.podIP
  const plan: PodPlan = { action: { kind: 'patchStatus', status, ipsChanged, superseded }, why: describe(status) }
  return wake === undefined ? plan : { ...plan, wakeAfterMs: wake }
}

function notSeenYet({ reach, snapshot }: BaseRecord, shown: readonly V1ContainerStatus[]): string | undefined {
  if (shown.length === 0) return 'nothing is known of its modules yet'
  // It may have restarted while nobody served it: that it answers proves nothing of its modules.
  return reach.state === 'heard' && !snapshot ? 'its base was not looked at yet' : undefined
}

/** While frozen nobody judges claims anew. */
function keepSuperseded(pod: V1Pod, status: V1PodStatus, frozen: boolean): V1PodStatus {
  const before = pod.status?.conditions?.find(({ type }) => type === 'Superseded')
  if (!frozen || !before) return status
  return { ...status, conditions: [...(status.conditions ?? []).filter(({ type }) => type !== 'Superseded'), before] }
}

const creatingOnly = (status: V1PodStatus): boolean =>
  (status.containerStatuses ?? []).every(
    ({ state, lastState }) => state?.waiting?.reason === 'ContainerCreating' && !lastState?.terminated,
  )

const describe = (status: V1PodStatus): string =>
  [
    status.phase,
    ...(status.containerStatuses ?? []).map(
      ({ name, state }) => `${name}=${state?.waiting?.reason ?? Object.keys(state ?? {})[0]}`,
    ),
  ].join(' ')

/** InstallFailed turns into InstallBackOff by time alone. */
function nextLook({ record, pod, nowMs }: PodFacts, status: V1PodStatus): number | undefined {
  const showsFailure = (status.containerStatuses ?? []).some(({ state }) => state?.waiting?.reason === 'InstallFailed')
  if (!showsFailure) return undefined
  const failedAt = [...record.attempts]
    .filter(([claim]) => claim.startsWith(`${podRef(pod).uid}/`))
    .map(([, { lastFailedAtMs }]) => lastFailedAtMs)
  return Math.max(50, Math.max(...failedAt, nowMs - INSTALL_FAILED_SHOWN_MS) + INSTALL_FAILED_SHOWN_MS - nowMs)
}

const gapsInMs = ({ record, pod, lookups, nowMs }: PodFacts): readonly number[] =>
  gapsEndAtMs(record, claimsOfPod(pod, lookups)).flatMap(atMs => (atMs > nowMs ? [atMs - nowMs] : []))

function planTolerations(pod: V1Pod, wake: number | undefined): PodPlan {
  const tolerations = pod.spec?.tolerations ?? []
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  if (!ready || !tolerations.some(isAdmissions)) return none('its status says what the base says', wake)
  const kept = tolerations.map(toleration => {
    if (!isAdmissions(toleration)) return toleration
    const { tolerationSeconds: _dropped, ...rest } = toleration
    return rest
  })
  return {
    action: { kind: 'patchTolerations', tolerations: kept },
    why: 'an absence of ours must not delete it after 300 s',
  }
}
