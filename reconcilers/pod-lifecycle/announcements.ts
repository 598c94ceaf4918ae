/** Which Events a Pod's status is worth, each with a text that changes when there is something new to tell. Pure. */
import type { CoreV1Event, V1ContainerStatus, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import type { Claim } from '../claims.ts'
import * as events from '../events.ts'
import { type PodRef, podRef } from '../pod-identity.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { pathOf, rivalsAtPath } from '../registry/web-modules.ts'
import { imageId } from './image-id.ts'
import type { Superseded } from './pod-plan.ts'
import { hasOtherWay, pathOwner } from './replacing.ts'
import { foreignRival, keyOf } from './standing.ts'

export interface Announcement {
  /** One per thing that can be told of a Pod; the same text is told once. */
  readonly slot: string
  readonly text: string
  readonly event: CoreV1Event
}

interface Told {
  readonly ref: PodRef
  readonly claim: Claim
  readonly status: V1ContainerStatus
  readonly record: BaseRecord
  /** The status as it was shown before. */
  readonly before: V1ContainerStatus | undefined
  readonly nowMs: number
}

export interface AnnouncedPod {
  readonly pod: V1Pod
  readonly status: V1PodStatus | undefined
  readonly claims: readonly Claim[]
  readonly record: BaseRecord
  readonly superseded: readonly Superseded[]
  readonly nowMs: number
}

export const moduleOf = ({ container, bizName, tuple }: Claim): events.ModuleRef => ({
  container,
  bizName,
  version: tuple.version,
})

export function announcements(announced: AnnouncedPod): readonly Announcement[] {
  const { pod, status, claims, record, superseded, nowMs } = announced
  const ref = podRef(pod)
  const shown = new Map((pod.status?.containerStatuses ?? []).map(container => [container.name, container]))
  const ofContainers = (status?.containerStatuses ?? []).flatMap(container => {
    const claim = claims.find(candidate => candidate.container === container.name)
    if (!claim) return ofFault(ref, container)
    const told = { ref, claim, status: container, record, before: shown.get(container.name), nowMs }
    return [ofFailure(told), ofRestart(told), ofState(told), ofSharedPath(told)].filter(
      announcement => announcement !== undefined,
    )
  })
  const leaving = pod.metadata?.deletionTimestamp ? claims.flatMap(claim => ofRefusal(ref, claim, record)) : []
  return [...ofContainers, ...superseded.map(lost => ofSuperseded(ref, lost)), ...leaving]
}

function ofSuperseded(ref: PodRef, { claim, by }: Superseded): Announcement {
  const winner = { pod: by.pod, version: by.tuple.version }
  const event = events.superseded(ref, moduleOf(claim), winner)
  return { slot: `${claim.container}/superseded`, text: `${by.podUid} ${by.tuple.version}`, event }
}

/** The base will not let go of it: the Pod stays until it does. */
function ofRefusal(ref: PodRef, claim: Claim, record: BaseRecord): readonly Announcement[] {
  const refused = record.uninstallFailures?.get(keyOf(claim))
  if (!refused) return []
  const text = `${refused.code}: ${refused.message}`
  const event = events.uninstallFailed(ref, moduleOf(claim), text)
  return [{ slot: `${claim.container}/refusal`, text: `${refused.failures} ${text}`, event }]
}

function ofFault(ref: PodRef, { name, state }: V1ContainerStatus): readonly Announcement[] {
  const { reason, message = '' } = state?.waiting ?? {}
  const slot = `${name}/fault`
  if (reason === 'InvalidModule') return [{ slot, text: message, event: events.invalidModule(ref, name, message) }]
  if (reason === 'CreateContainerConfigError') {
    return [{ slot, text: message, event: events.configError(ref, name, message) }]
  }
  return []
}

/** Told even where the status goes on showing the module that runs: an in-place replacement that failed. */
function ofFailure({ ref, claim, record, nowMs }: Told): Announcement | undefined {
  const failure = record.attempts.get(claim.id)
  if (!failure || failure.url !== claim.tuple.url) return undefined
  if (hasOtherWay({ record, claim, failure, nowMs })) return undefined
  const taken = pathOwner(record, claim, failure)
  if (taken?.kind === 'pathTaken') return ofPathTaken(ref, claim, taken)
  const hint = failure.unproven
    ? '; what ran before is put back, and this is not tried again until the Pod changes'
    : ''
  const text = `${failure.code}: ${failure.message}${hint}`
  return {
    slot: `${claim.container}/failure`,
    text: `${failure.failures} ${text}`,
    event: events.installFailed(ref, moduleOf(claim), text),
  }
}

function ofPathTaken(ref: PodRef, claim: Claim, { path, owner }: { path: string; owner: string }): Announcement {
  const event = events.pathTaken(ref, moduleOf(claim), path, owner)
  return { slot: `${claim.container}/failure`, text: `PathTaken ${path} ${owner}`, event }
}

/** Another module spells its path otherwise: both run, and one of the two gets no request. */
function ofSharedPath({ ref, claim, record, status }: Told): Announcement | undefined {
  const key = keyOf(claim)
  const path = pathOf(record, key)
  const rivals = status.state?.running ? rivalsAtPath(record, key).join(', ') : ''
  if (path === undefined || rivals === '') return undefined
  const event = events.pathSpelledOtherwise(ref, moduleOf(claim), path, rivals)
  return { slot: `${claim.container}/path`, text: `${path} ${rivals}`, event }
}

function ofRestart({ ref, claim, status }: Told): Announcement | undefined {
  if (status.restartCount === 0 || status.lastState?.terminated?.reason !== 'BaseRestarted') return undefined
  const event = events.podBaseRestarted(ref, moduleOf(claim))
  return { slot: `${claim.container}/restart`, text: String(status.restartCount), event }
}

function ofState(told: Told): Announcement | undefined {
  const { status } = told
  if (status.state?.waiting) return ofWaiting(told, status.state.waiting.reason ?? '')
  if (!hasStarted(told)) return undefined
  const { ref, claim, record } = told
  const origin = record.provenance.get(keyOf(claim))
  const tookMs = origin?.claim === claim.id ? origin.tookMs : undefined
  const text = `running ${status.restartCount} ${imageId(claim.tuple.url)}`
  return { slot: claim.container, text, event: events.installed(ref, moduleOf(claim), tookMs) }
}

/** It runs, and did not before, or was started anew since. */
const hasStarted = ({ status, before }: Told): boolean =>
  status.state?.running !== undefined && !(before?.state?.running && before.restartCount === status.restartCount)

function ofWaiting({ ref, claim, record, nowMs, status }: Told, reason: string): Announcement | undefined {
  const slot = claim.container
  if (reason === 'ForeignModuleActive') {
    const rival = foreignRival(record, claim) ?? ''
    return { slot, text: `${reason} ${rival}`, event: events.foreignModuleActive(ref, moduleOf(claim), rival) }
  }
  if (reason !== 'InstallBackOff' && reason !== 'CrashLoopBackOff') return undefined
  const failure = record.attempts.get(claim.id)
  const waitMs = (failure?.nextTryAtMs ?? nowMs) - nowMs
  const text = `${reason} ${failure?.failures ?? 0} ${status.restartCount}`
  return { slot, text, event: events.backOff(ref, moduleOf(claim), waitMs) }
}
