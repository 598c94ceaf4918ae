/** One container's state from what the base says of its biz. Pure; the table of DESIGN 2 in code, top to bottom. */
import type { V1ContainerState, V1ContainerStatus } from '@kubernetes/client-node'
import type { BizReport } from '../../mqtt-bridge/index.ts'
import type { Claim } from '../claims.ts'
import type { Attempt, BaseRecord, Flight } from '../registry/base-record.ts'
import { isUp, upVersions } from '../registry/web-modules.ts'
import { imageId } from './image-id.ts'
import type { ModuleSpec } from './module-spec.ts'
import { isGoneForLong } from './replaced-too-long.ts'
import { HEALTH_WITHIN_MS } from './replacing.ts'
import { bizOf, keyOf, type Standing } from './standing.ts'

export interface ContainerFacts {
  readonly spec: ModuleSpec
  readonly image: string
  readonly record: BaseRecord
  /** For a container that reads as a module. */
  readonly module?: { readonly claim: Claim; readonly standing: Standing }
  readonly prior: V1ContainerStatus | undefined
  readonly restartPolicy: string
  readonly nowMs: number
}

/** How long a failure is shown as such before it reads as waiting for the next try, like the kubelet's ErrImagePull. */
export const INSTALL_FAILED_SHOWN_MS = 5_000

const OVERDUE =
  'The base has not answered in time: the command may hang in it, as a download does whose server never answers, ' +
  'until the base restarts'

const waiting = (reason: string, message?: string): V1ContainerState => ({
  waiting: message === undefined ? { reason } : { reason, message },
})
const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000)
const secondOf = (time: Date | string | undefined): number => (time ? Math.floor(new Date(time).getTime() / 1_000) : 0)

const wasRunning = (prior: V1ContainerStatus | undefined): boolean => prior?.state?.running !== undefined
/** One that only stood in for its workload's newer Pod has an image of nobody's: see `superseded`. */
const ranItself = (prior: V1ContainerStatus | undefined): boolean => wasRunning(prior) && prior?.imageID !== ''

function statusWith(facts: ContainerFacts, state: V1ContainerState, ready: boolean): V1ContainerStatus {
  const { prior, spec, record, image } = facts
  const running = state.running !== undefined
  return {
    name: spec.container,
    image,
    imageID: prior?.imageID ?? '',
    ready,
    started: running,
    restartCount: prior?.restartCount ?? 0,
    state,
    ...(prior?.lastState ? { lastState: prior.lastState } : {}),
    ...containerIdOf(record, facts.module?.claim, prior),
  }
}

function containerIdOf(
  record: BaseRecord,
  claim: Claim | undefined,
  prior: V1ContainerStatus | undefined,
): { containerID?: string } {
  if (claim && bizOf(record, claim)) return { containerID: `ark://${record.id}/${keyOf(claim)}` }
  return prior?.containerID ? { containerID: prior.containerID } : {}
}

/** What ran has ended: it becomes `lastState` and counts as a restart. Called on the transition only. */
function ended(facts: ContainerFacts, status: V1ContainerStatus, reason: string): V1ContainerStatus {
  const { prior, nowMs } = facts
  const startedAt = prior?.state?.running?.startedAt
  const terminated = {
    exitCode: 1,
    reason,
    finishedAt: wholeSeconds(nowMs),
    ...(startedAt ? { startedAt } : {}),
    ...(prior?.containerID ? { containerID: prior.containerID } : {}),
  }
  return { ...status, restartCount: (prior?.restartCount ?? 0) + 1, lastState: { terminated } }
}

function running(facts: ContainerFacts, claim: Claim, ready: boolean): V1ContainerStatus {
  const { prior, record } = facts
  const startedAt = startOf(facts, claim)
  const imageID = imageId(urlThatRuns(record, claim))
  const status = { ...statusWith(facts, { running: { startedAt } }, ready), imageID }
  if (startedAnew(prior, startedAt, imageID)) return ended(facts, status, restartReason(facts))
  return restartedUnseen(facts, claim) ? ended(facts, status, 'BaseRestarted') : status
}

/** A trial takes the activation of what runs, not its requests: that goes on from when it started. */
function startOf({ prior, record, nowMs }: ContainerFacts, claim: Claim): Date {
  const shown = prior?.state?.running?.startedAt
  const { state, changedAtMs } = bizOf(record, claim) ?? {}
  if (changedAtMs === undefined || (state === 'deactivated' && shown)) return shown ?? wholeSeconds(nowMs)
  return wholeSeconds(changedAtMs)
}

/** Times have whole seconds: an image replaced within one still shows as another image. */
function startedAnew(prior: V1ContainerStatus | undefined, startedAt: Date, imageID: string): boolean {
  if (!ranItself(prior)) return false
  return secondOf(prior?.state?.running?.startedAt) !== secondOf(startedAt) || prior?.imageID !== imageID
}

/** Started, lost with the JVM and started again within one second: counted unless that start was counted already. */
function restartedUnseen(facts: ContainerFacts, claim: Claim): boolean {
  const { record, prior } = facts
  if (!prior || !endedWithJvm(facts, claim) || claim.createdAtMs > (record.restartedAtMs ?? 0)) return false
  return secondOf(prior.lastState?.terminated?.startedAt) !== secondOf(prior.state?.running?.startedAt)
}

/** The start that its status shows is that of a biz that the restart of the JVM has ended. */
function endedWithJvm({ record, prior }: ContainerFacts, claim: Claim): boolean {
  const endedMs = record.endedByRestart?.get(keyOf(claim))
  return endedMs !== undefined && secondOf(prior?.state?.running?.startedAt) === Math.floor(endedMs / 1_000)
}

/** After a failed replacement the container's former image runs, not the one it asks for. */
function urlThatRuns(record: BaseRecord, claim: Claim): string {
  const origin = record.provenance.get(keyOf(claim))
  return origin?.claim === claim.id ? origin.tuple.url : claim.tuple.url
}

/** The JVM's restart explains it only if it came after this container had started. */
function restartReason({ record, prior }: ContainerFacts): string {
  const seen = secondOf(prior?.state?.running?.startedAt) * 1_000
  return (record.restartedAtMs ?? 0) > seen ? 'BaseRestarted' : 'Reinstalled'
}

function broken(facts: ContainerFacts, biz: BizReport): V1ContainerStatus {
  const { prior, restartPolicy } = facts
  const message = biz.message ?? `the base says ${biz.state}`
  if (prior?.state?.terminated) return statusWith(facts, prior.state, false)
  const crashed = statusWith(facts, waiting('CrashLoopBackOff', message), false)
  if (!ranItself(prior)) return crashed
  const counted = ended(facts, crashed, 'Error')
  if (restartPolicy !== 'Never') return counted
  const terminated = { ...counted.lastState?.terminated, exitCode: 1, message }
  return { ...counted, restartCount: prior?.restartCount ?? 0, state: { terminated } }
}

function superseded(facts: ContainerFacts, standing: Extract<Standing, { kind: 'superseded' }>): V1ContainerStatus {
  const { prior } = facts
  if (!wasRunning(prior)) {
    if (standing.sameWorkload) return standingIn(facts)
    const message = `${standing.by.pod} claims ${standing.by.bizName}:${standing.by.tuple.version} on this base and is newer`
    return statusWith(facts, waiting('Superseded', message), false)
  }
  return { ...statusWith(facts, prior?.state ?? {}, standing.bizRuns || standing.sameWorkload), started: true }
}

/**
 * Never installed, and its workload serves at this address all the same. Without Ready a rollback to it would never end: its
 * controller keeps the newer Pod, which keeps this one from its module, until this one is Ready.
 */
function standingIn(facts: ContainerFacts): V1ContainerStatus {
  const startedAt = wholeSeconds(facts.nowMs)
  return { ...statusWith(facts, { running: { startedAt } }, true), imageID: '' }
}

function failed(facts: ContainerFacts, standing: Extract<Standing, { kind: 'failed' }>): V1ContainerStatus {
  const { failure, pathOwner } = standing
  const fresh = facts.nowMs - failure.lastFailedAtMs < INSTALL_FAILED_SHOWN_MS
  const stays = pathOwner !== undefined ? 'PathTaken' : failure.final ? failure.code : undefined
  const reason = stays ?? (fresh ? 'InstallFailed' : 'InstallBackOff')
  const message = pathOwner ?? (failure.final ? failure.message : failureText(failure))
  const status = statusWith(facts, waiting(reason, message), false)
  return ranItself(facts.prior) ? ended(facts, status, restartReason(facts)) : status
}

/** Each try beside a running version costs the base some metaspace: their number is told. */
function failureText({ code, message, failures, clash }: Attempt): string {
  const tries = failures > 1 ? ` (${failures} tries)` : ''
  return `${code}: ${message}${tries}${clash?.kind === 'nativeLibrary' ? LIBRARY_STAYS : ''}`
}

const LIBRARY_STAYS =
  '; a native library stays loaded until the JVM restarts, so that no version of this module can start'

/** Not active: being installed, or it ran and is gone. While a command or a doubt is open, nothing that ran is called gone. */
function awaited(
  facts: ContainerFacts,
  claim: Claim,
  standing: Extract<Standing, { kind: 'waiting' }>,
): V1ContainerStatus {
  const { record, prior } = facts
  const creating = statusWith(facts, beingCreated(record, claim), false)
  if (prior && mayStillRun(facts, prior, claim)) return prior
  if (ranItself(prior)) return ended(facts, creating, restartReason(facts))
  if (standing.foreignVersion !== undefined) {
    const message = `version ${standing.foreignVersion} of this biz was not installed by a Pod and stays; remove it to go on`
    return statusWith(facts, waiting('ForeignModuleActive', message), false)
  }
  const before = prior?.state
  return before?.waiting?.reason === 'CrashLoopBackOff' ? statusWith(facts, before, false) : creating
}

/** By what is known; one that stood in for a newer Pod serves as long as any version does. */
function mayStillRun(facts: ContainerFacts, prior: V1ContainerStatus, claim: Claim): boolean {
  const { record, nowMs } = facts
  if (ranItself(prior) && isGoneForLong(record, claim, nowMs)) return false
  if (ranItself(prior)) return (isOpen(record, claim) || mayBeWeb(facts, claim)) && !endedWithJvm(facts, claim)
  return wasRunning(prior) && isNameServed(record, claim)
}

/** Deactivated, it serves if it is a web module, and no health has told that yet. */
function mayBeWeb({ record, nowMs }: ContainerFacts, claim: Claim): boolean {
  const isYoung = nowMs - record.reach.sinceMs < HEALTH_WITHIN_MS
  return bizOf(record, claim)?.state === 'deactivated' && record.health === undefined && isYoung
}

/** The newer Pod that it stood in for goes, and its module serves until this one's has taken over. */
const isNameServed = (record: BaseRecord, { bizName }: Claim): boolean => upVersions(record, bizName).length > 0

const beingCreated = (record: BaseRecord, claim: Claim): V1ContainerState =>
  waiting('ContainerCreating', record.flights.get(keyOf(claim))?.overdue ? OVERDUE : undefined)

function isOpen(record: BaseRecord, claim: Claim): boolean {
  const mayHaveIt = (flight: Flight): boolean => flight.name === claim.bizName && !isFirstInstall(flight, claim)
  return record.doubts.has(keyOf(claim)) || [...record.flights.values()].some(mayHaveIt)
}

/** Sent because the base had shown that it is not there. */
const isFirstInstall = ({ version, strategy, claim: sentFor }: Flight, { tuple }: Claim): boolean =>
  sentFor !== undefined && strategy === 'installOnly' && version === tuple.version

export function containerStatus(facts: ContainerFacts): V1ContainerStatus {
  const { spec, module, prior } = facts
  if (spec.kind !== 'module' && prior && stillRuns(facts, prior)) return prior
  if (spec.kind === 'invalid') return statusWith(facts, waiting('InvalidModule', `${spec.field} ${spec.why}`), false)
  if (spec.kind === 'config') {
    return statusWith(
      facts,
      spec.pending ? waiting('ContainerCreating') : waiting('CreateContainerConfigError', spec.why),
      false,
    )
  }
  return module
    ? moduleStatus(facts, module.claim, module.standing)
    : statusWith(facts, waiting('ContainerCreating'), false)
}

/** What cannot be read (any more) as a module says nothing of what it had installed: that is shown as long as it runs. */
function stillRuns({ record }: ContainerFacts, prior: V1ContainerStatus): boolean {
  const key = prior.containerID?.split('/').at(-1)
  return wasRunning(prior) && [...record.bizs].some(([bizKey, biz]) => bizKey === key && isUp(record, biz))
}

function moduleStatus(facts: ContainerFacts, claim: Claim, standing: Standing): V1ContainerStatus {
  if (standing.kind === 'superseded') return superseded(facts, standing)
  const biz = bizOf(facts.record, claim)
  if (biz?.state === 'broken' || biz?.state === 'stopped') return broken(facts, biz)
  switch (standing.kind) {
    case 'serving':
    case 'former':
      return running(facts, claim, true)
    case 'failed':
      return failed(facts, standing)
    case 'waiting':
      return awaited(facts, claim, standing)
  }
}
