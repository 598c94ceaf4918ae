/** One biz name on one base: what is to be done next, and why. Pure. The order of the checks is the order of DESIGN 3. */
import { type BizKey, type BizReport, bizKey, type InstallStrategy } from '../../mqtt-bridge/index.ts'
import type { Claim, ClaimGroup, NameClaims } from '../claims.ts'
import {
  type Attempt,
  type BaseRecord,
  type ClaimId,
  type Flight,
  firstSentAtMs,
  type ModuleTuple,
} from '../registry/base-record.ts'
import { resendDueAtMs } from './resend.ts'
import { bizOf, failureOf, foreignRival, isServing, keyOf } from './standing.ts'

export type Step =
  | {
      readonly kind: 'install'
      readonly claim: Claim
      readonly tuple: ModuleTuple
      readonly strategy: InstallStrategy
      /** Stops what runs before the new one was seen to work. */
      readonly unproven: boolean
      /** The same version stands and is replaced: its tuple, to put back if this fails. */
      readonly replaces?: ModuleTuple
      /** Sent before: it takes the place of the first, and is waited for no longer than that. */
      readonly again?: Pick<Flight, 'overdue' | 'resent'>
      readonly why: string
    }
  /** `claim` is the Pod being deleted for it, where there is one: a failure is held against that claim. */
  | {
      readonly kind: 'uninstall'
      readonly name: string
      readonly version: string
      readonly claim?: ClaimId
      readonly why: string
    }
  | { readonly kind: 'wait'; readonly untilMs?: number; readonly why: string }
  | { readonly kind: 'settled'; readonly why: string }

export interface NameFacts {
  readonly record: BaseRecord
  readonly claims: NameClaims
  readonly nowMs: number
}

const wait = (why: string, untilMs?: number): Step =>
  untilMs === undefined ? { kind: 'wait', why } : { kind: 'wait', why, untilMs }

export function planName(facts: NameFacts): Step {
  return facts.claims.groups.length === 0 ? planUnwanted(facts) : planWanted(facts, facts.claims.groups)
}

function planUnwanted(facts: NameFacts): Step {
  return planLeaving(facts) ?? { kind: 'settled', why: 'no live claim' }
}

/** Versions that only Pods being deleted still name. */
function planLeaving(facts: NameFacts): Step | undefined {
  const { record, claims } = facts
  if (claims.held) return undefined
  for (const claim of claims.leaving) {
    const wanted = claims.groups.some(([live]) => live.tuple.version === claim.tuple.version)
    if (wanted || !bizOf(record, claim) || record.foreign?.has(keyOf(claim))) continue
    const step = uninstallUnlessBusy(facts, claim.bizName, claim.tuple.version, 'its last Pod is being deleted')
    return step.kind === 'uninstall' ? { ...step, claim: claim.id } : step
  }
  return undefined
}

function uninstallUnlessBusy({ record, nowMs }: NameFacts, name: string, version: string, why: string): Step {
  const refused = record.uninstallFailures?.get(bizKey(name, version))
  if (refused && refused.nextTryAtMs > nowMs) return wait('uninstall failed, backing off', refused.nextTryAtMs)
  if (record.flights.has(bizKey(name, version))) return wait('a command for this biz may be running')
  if (record.doubts.has(bizKey(name, version))) return wait('waiting for the base to show what it runs')
  if (flightsOf(record, name).some(flight => !flight.overdue && flight.strategy === 'uninstallThenInstall')) {
    return wait('the base is replacing this biz')
  }
  return { kind: 'uninstall', name, version, why }
}

const flightsOf = (record: BaseRecord, name: string): readonly Flight[] =>
  [...record.flights.values()].filter(flight => flight.name === name)

const versionsOf = (record: BaseRecord, name: string): readonly BizReport[] =>
  [...record.bizs.values()].filter(biz => biz.name === name)

/** The newest claim wins; one whose install failed does not win while an older one can run: it is retried beside it. */
function planWanted(facts: NameFacts, groups: readonly ClaimGroup[]): Step {
  const { record, nowMs } = facts
  const leaving = planLeaving(facts)
  if (leaving?.kind === 'uninstall') return leaving
  const winner = pickWinner(record, groups, nowMs)
  if (!winner) return wait('every claim failed, backing off', soonestRetry(record, groups))
  const step = advance(facts, winner)
  if (step.kind !== 'settled') return step
  const newer = groups.slice(0, groups.indexOf(winner))
  const retry = newer.find(group => isRetryDue(record, group, nowMs))
  if (retry) return advance(facts, retry)
  const cleaned = planCleanup(facts, winner)
  const untilMs = soonestRetry(record, newer)
  return (
    cleaned ??
    (untilMs === undefined ? step : wait('a newer claim failed and is retried beside the running one', untilMs))
  )
}

function pickWinner(record: BaseRecord, groups: readonly ClaimGroup[], nowMs: number): ClaimGroup | undefined {
  const sound = groups.find(group => failureOf(record, group) === undefined)
  if (sound) return sound
  return (
    groups.find(group => canRestore(record, group)) ??
    groups.find(group => (failureOf(record, group)?.nextTryAtMs ?? 0) <= nowMs)
  )
}

/** The former image of the same Pod can be put back. */
const canRestore = (record: BaseRecord, group: ClaimGroup): boolean => {
  const failure = failureOf(record, group)
  return (
    failure?.unproven === true && (failure.previous !== undefined || bizOf(record, group[0])?.state === 'activated')
  )
}

/** A retry that would stop a running module each time waits for a change instead. */
function isRetryDue(record: BaseRecord, group: ClaimGroup, nowMs: number): boolean {
  const failure = failureOf(record, group)
  return failure !== undefined && !failure.final && !failure.unproven && failure.nextTryAtMs <= nowMs
}

function soonestRetry(record: BaseRecord, groups: readonly ClaimGroup[]): number | undefined {
  const times = groups.flatMap(group => {
    const failure = failureOf(record, group)
    return failure && !failure.final && !failure.unproven ? failure.nextTryAtMs : []
  })
  return times.length > 0 ? Math.min(...times) : undefined
}

/** The next step that brings this group's biz to ACTIVATED, from whatever the base shows. */
function advance(facts: NameFacts, group: ClaimGroup): Step {
  const [claim] = group
  return planResend(facts, claim) ?? waitIf(busyWith(facts.record, claim)) ?? planFrom(facts, group)
}

function planFrom(facts: NameFacts, group: ClaimGroup): Step {
  const { record } = facts
  const [claim] = group
  const biz = bizOf(record, claim)
  if (!biz) return planAbsent(facts, group)
  switch (biz.state) {
    case 'activated':
      return isServing(record, group) ? { kind: 'settled', why: 'active' } : planReplace(facts, group)
    case 'deactivated':
      return planSwitch(facts, group, biz)
    case 'resolved':
    case 'unresolved':
      return wait('the base is installing it')
    case 'broken':
    case 'stopped':
      return planBroken(facts, group)
  }
}

const waitIf = (why: string | undefined): Step | undefined => (why === undefined ? undefined : wait(why))

/**
 * A command that was never answered may hang in the base, or may never have reached it: a base that loses its connection loses
 * what was on its way. To send it again tells: the base refuses it for as long as the first one runs, whose lock it holds.
 */
function planResend({ record, nowMs }: NameFacts, claim: Claim): Step | undefined {
  const flight = record.flights.get(keyOf(claim))
  const dueAtMs = flight && resendDueAtMs(flight)
  if (!flight || dueAtMs === undefined) return undefined
  if (dueAtMs > nowMs) return wait('its command is not answered: it may be running, or lost', dueAtMs)
  return {
    kind: 'install',
    claim,
    tuple: claim.tuple,
    strategy: flight.strategy ?? 'installOnly',
    unproven: flight.unproven ?? false,
    ...(flight.replaces && { replaces: flight.replaces }),
    again: onceMore(flight),
    why: flight.overdue
      ? 'not answered by its deadline: sent again, since it may have been lost'
      : 'not answered, and the base shows no trace of it: sent again, since it may have been lost',
  }
}

const onceMore = (flight: Flight): Pick<Flight, 'overdue' | 'resent'> => ({
  overdue: flight.overdue,
  resent: { times: (flight.resent?.times ?? 0) + 1, firstSentAtMs: firstSentAtMs(flight) },
})

function busyWith(record: BaseRecord, claim: Claim): string | undefined {
  if (record.flights.has(keyOf(claim))) return 'a command for this biz may be running'
  if (flightsOf(record, claim.bizName).some(flight => !flight.overdue))
    return 'another version of this biz is in flight'
  const inDoubt = [keyOf(claim), ...versionsOf(record, claim.bizName).map(biz => bizKey(biz.name, biz.version))]
  if (inDoubt.some(key => record.doubts.has(key))) return 'waiting for the base to show what it runs'
  return undefined
}

function planAbsent({ record, nowMs }: NameFacts, group: ClaimGroup): Step {
  const [claim] = group
  const foreign = foreignRival(record, claim)
  if (foreign !== undefined) return wait(`version ${foreign} of this biz is not ours and stays`)
  const failure = failureOf(record, group)
  return (failure && planAfterFailure(failure, claim, nowMs)) ?? planInstall(record, claim)
}

/** Undefined: it is time to try again. */
function planAfterFailure(failure: Attempt, claim: Claim, nowMs: number): Step | undefined {
  const { unproven, previous, failures, nextTryAtMs } = failure
  // The first time at once: what ran is gone. Where its own URL is gone too, with the same backoff as any install.
  if (unproven && previous && (failures === 1 || nextTryAtMs <= nowMs)) {
    const why = 'its replacement failed: the former one is put back'
    return { kind: 'install', claim, tuple: previous, strategy: 'installOnly', unproven: false, why }
  }
  if (failure.final) return wait('no retry can mend it')
  return nextTryAtMs > nowMs ? wait('install failed, backing off', nextTryAtMs) : undefined
}

function planInstall(record: BaseRecord, claim: Claim): Step {
  const step = { kind: 'install', claim, tuple: claim.tuple } as const
  const running = versionsOf(record, claim.bizName).some(biz => biz.state === 'activated')
  if (!running) return { ...step, strategy: 'installOnly', unproven: false, why: 'not on the base' }
  if (claim.uninstallFirst || !roomForTwo(record, claim.bizName)) {
    return {
      ...step,
      strategy: 'uninstallThenInstall',
      unproven: true,
      why: 'replaces the running version without proof',
    }
  }
  return { ...step, strategy: 'installOnly', unproven: false, why: 'proved beside the running version' }
}

/** Proving needs metaspace for two; what the last install of this biz took is the best guess there is. */
export function roomForTwo(record: BaseRecord, bizName: string): boolean {
  const { metaspaceMaxBytes, metaspaceUsedBytes } = record.health ?? {}
  const needed = record.metaspaceByName.get(bizName)
  if (metaspaceMaxBytes === undefined || metaspaceUsedBytes === undefined || needed === undefined) return true
  return metaspaceMaxBytes - metaspaceUsedBytes >= needed
}

/** Same version, other URL, args or restart: one biz:version cannot stand twice, so it is replaced unproven. */
function planReplace({ record, nowMs }: NameFacts, group: ClaimGroup): Step {
  const [claim] = group
  const failure = failureOf(record, group)
  if (failure?.unproven || failure?.final)
    return { kind: 'settled', why: 'its replacement failed; the former one runs until a change' }
  if (failure && failure.nextTryAtMs > nowMs) return wait('install failed, backing off', failure.nextTryAtMs)
  if (record.foreign?.has(keyOf(claim))) return wait('this biz is not ours and stays as it is')
  const origin = record.provenance.get(keyOf(claim))
  const why = 'same version with another URL, args or restart'
  const step = {
    kind: 'install',
    claim,
    tuple: claim.tuple,
    strategy: 'uninstallThenInstall',
    unproven: true,
    why,
  } as const
  return origin ? { ...step, replaces: origin.tuple } : step
}

/** It came up beside the active version: proven. Only uninstalling every version and installing again makes it active. */
function planSwitch({ record, nowMs }: NameFacts, group: ClaimGroup, biz: BizReport): Step {
  const [claim] = group
  if (biz.reason === 'KILLING') return wait('the base is stopping it')
  const foreign = foreignRival(record, claim)
  if (foreign !== undefined) return wait(`version ${foreign} of this biz is not ours and stays`)
  const failure = failureOf(record, group)
  if (failure && failure.nextTryAtMs > nowMs) return wait('the switch failed, backing off', failure.nextTryAtMs)
  return {
    kind: 'install',
    claim,
    tuple: claim.tuple,
    strategy: 'uninstallThenInstall',
    unproven: false,
    why: 'proved: switching to it',
  }
}

function planBroken(facts: NameFacts, group: ClaimGroup): Step {
  const { record, nowMs } = facts
  const [claim] = group
  const failure = failureOf(record, group)
  if (failure && failure.nextTryAtMs > nowMs) return wait('broken, backing off', failure.nextTryAtMs)
  return uninstallUnlessBusy(facts, claim.bizName, claim.tuple.version, 'broken: removed before it is installed again')
}

/** The winner runs: every other version that is ours goes, except one that a newer claim is about to prove. */
function planCleanup(facts: NameFacts, winner: ClaimGroup): Step | undefined {
  const { record, claims, nowMs } = facts
  if (claims.held) return undefined
  const keep = new Set<BizKey>(
    claims.groups.filter(group => isRetryDue(record, group, nowMs)).map(([claim]) => keyOf(claim)),
  )
  for (const biz of versionsOf(record, winner[0].bizName)) {
    const key = bizKey(biz.name, biz.version)
    if (key === keyOf(winner[0]) || keep.has(key) || record.foreign?.has(key) || biz.reason === 'KILLING') continue
    return uninstallUnlessBusy(facts, biz.name, biz.version, `superseded by ${winner[0].tuple.version}`)
  }
  return undefined
}
