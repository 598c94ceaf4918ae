/** One biz name on one base: what is to be done next, and why. Pure. The order of the checks is the order of DESIGN 3. */
import { type BizKey, type BizReport, bizKey } from '../../mqtt-bridge/index.ts'
import { type Claim, type ClaimGroup, sameBuild } from '../claims.ts'
import { type Attempt, type BaseRecord, type Flight, firstSentAtMs, type ModuleTuple } from '../registry/base-record.ts'
import { isProof, isUp, upVersions } from '../registry/web-modules.ts'
import { inOrder } from './container-order.ts'
import { drainedFirst } from './drain.ts'
import { preStopFirst } from './pre-stop.ts'
import { approachOf, HEALTH_WITHIN_MS, hasOtherWay, isPathFree, pathOwner } from './replacing.ts'
import { resendDueAtMs } from './resend.ts'
import { bizOf, broughtIn, failureOf, foreignRival, isRunning, isServing, keyOf } from './standing.ts'
import type { NameFacts, Step } from './step.ts'

type Wait = Extract<Step, { kind: 'wait' }>
const wait = (why: string, untilMs?: number): Wait =>
  untilMs === undefined ? { kind: 'wait', why } : { kind: 'wait', why, untilMs }

const waitBriefly = (why: string, untilMs?: number): Wait => ({ ...wait(why, untilMs), isBrief: true })

export function planName(facts: NameFacts): Step {
  const step = facts.claims.groups.length === 0 ? planUnwanted(facts) : planWanted(facts, facts.claims.groups)
  return drainedFirst(facts, preStopFirst(facts, inOrder(facts, step)))
}

function planUnwanted(facts: NameFacts): Step {
  return planLeaving(facts) ?? { kind: 'settled', why: 'no live claim' }
}

/** Versions that only Pods being deleted still name. */
function planLeaving(facts: NameFacts): Step | undefined {
  const { claims } = facts
  if (claims.held) return undefined
  for (const claim of claims.leaving) {
    if (!isLeft(facts, claim)) continue
    if (isProving(facts)) return wait('another version is being brought up beside it')
    const why = claim.isOver ? 'its Pod has ended' : 'its last Pod is being deleted'
    const step = uninstallUnlessBusy(facts, claim.bizName, claim.tuple.version, why)
    return step.kind === 'uninstall' ? { ...step, claim: claim.id } : step
  }
  return undefined
}

/** What a Pod leaves behind: nobody else wants it, and it is ours to remove. */
function isLeft({ record, claims }: NameFacts, claim: Claim): boolean {
  const isWanted = claims.groups.some(([live]) => live.tuple.version === claim.tuple.version)
  if (isWanted || !bizOf(record, claim) || record.foreign?.has(keyOf(claim))) return false
  return !claim.isOver || broughtIn(record, claim)
}

/** A version that a live Pod wants is being installed, or its trial stands and is about to be switched to. */
function isProving({ record, claims }: NameFacts): boolean {
  const installs = flightsOf(record, claims.bizName).filter(
    ({ command, overdue }) => command === 'installBiz' && !overdue,
  )
  return claims.groups.some(group => {
    const isUnderWay = installs.some(({ claim }) => group.some(({ id }) => id === claim))
    return isUnderWay || (isProof(record, keyOf(group[0])) && bizOf(record, group[0]) !== undefined)
  })
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
  const winner = pickWinner(facts, groups)
  const step = winner && advance(facts, winner)
  const leaving = planLeaving(facts)
  // Its Pod goes for one that is about to serve: until then the old version does.
  if (leaving?.kind === 'uninstall' && !isOnItsWay(step)) return leaving
  if (!winner || !step) return planFailed(facts, groups)
  return step.kind === 'settled' ? planBeside(facts, groups, winner) : step
}

const isOnItsWay = (step: Step | undefined): boolean =>
  step?.kind === 'install' || step?.kind === 'uninstall' || (step?.kind === 'wait' && step.isBrief === true)

/** Nothing can be tried now: what is left of a trial goes. */
function planFailed(facts: NameFacts, groups: readonly ClaimGroup[]): Step {
  const untilMs = soonestRetry(facts.record, groups)
  return planStaleProof(facts, undefined) ?? wait('every claim failed, backing off', untilMs)
}

/** The winner serves: newer claims that failed are tried again beside it, and what is superseded goes. */
function planBeside(facts: NameFacts, groups: readonly ClaimGroup[], winner: ClaimGroup): Step {
  const { record, nowMs } = facts
  const newer = groups.slice(0, groups.indexOf(winner))
  const retry = newer.find(group => isRetryDue(record, group, nowMs))
  if (retry) return advance(facts, retry)
  const cleaned = planCleanup(facts, winner)
  const untilMs = soonestRetry(record, newer)
  if (cleaned) return cleaned
  return untilMs === undefined
    ? { kind: 'settled', why: 'active' }
    : wait('a newer claim failed and is retried beside the running one', untilMs)
}

function pickWinner(facts: NameFacts, groups: readonly ClaimGroup[]): ClaimGroup | undefined {
  const { record, nowMs } = facts
  const sound = groups.find(group => isSound(facts, group))
  if (sound) return sound
  return (
    groups.find(group => canRestore(record, group)) ??
    groups.find(group => (failureOf(record, group)?.nextTryAtMs ?? 0) <= nowMs)
  )
}

function isSound({ record, nowMs }: NameFacts, group: ClaimGroup): boolean {
  const failure = failureOf(record, group)
  const [claim] = group
  return failure === undefined || hasOtherWay({ record, claim, failure, nowMs }) || isPathFree(record, claim, failure)
}

/** The former image of the same Pod can be put back. */
const canRestore = (record: BaseRecord, group: ClaimGroup): boolean => {
  const failure = failureOf(record, group)
  return failure?.unproven === true && (failure.previous !== undefined || isRunning(record, group[0]))
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
  return planResend(facts, claim) ?? waitWhileBusy(facts.record, claim) ?? planFrom(facts, group)
}

function planFrom(facts: NameFacts, group: ClaimGroup): Step {
  const { record } = facts
  const [claim] = group
  const biz = bizOf(record, claim)
  if (!biz) return planAbsent(facts, group)
  switch (biz.state) {
    case 'activated':
    case 'deactivated':
      return planStanding(facts, group, biz)
    case 'resolved':
    case 'unresolved':
      return wait('the base is installing it')
    case 'broken':
    case 'stopped':
      return planBroken(facts, group)
  }
}

function planStanding(facts: NameFacts, group: ClaimGroup, biz: BizReport): Step {
  const { record, nowMs } = facts
  if (isServing(record, group)) return { kind: 'settled', why: 'active' }
  if (isProof(record, keyOf(group[0]))) return planProved(facts, group, biz)
  if (isUp(record, biz)) return planReplace(facts, group)
  const untilMs = record.reach.sinceMs + HEALTH_WITHIN_MS
  // A deactivated web module serves, and only its path tells that it is one.
  if (!record.health && nowMs < untilMs) return waitBriefly('its paths are not known yet', untilMs)
  return planSwitch(facts, group, biz)
}

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
    ...(flight.proof && { proof: flight.proof }),
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

function waitWhileBusy(record: BaseRecord, claim: Claim): Step | undefined {
  // It may hang for good: what its Pod goes for is not waited for.
  if (record.flights.has(keyOf(claim))) return wait('a command for this biz may be running')
  if (flightsOf(record, claim.bizName).some(flight => !flight.overdue))
    return waitBriefly('another version of this biz is in flight')
  const inDoubt = [keyOf(claim), ...versionsOf(record, claim.bizName).map(biz => bizKey(biz.name, biz.version))]
  if (inDoubt.some(key => record.doubts.has(key))) return waitBriefly('waiting for the base to show what it runs')
  return undefined
}

function planAbsent(facts: NameFacts, group: ClaimGroup): Step {
  const { record, nowMs } = facts
  const [claim] = group
  const foreign = foreignRival(record, claim)
  if (foreign !== undefined) return wait(`version ${foreign} of this biz is not ours and stays`)
  const failure = failureOf(record, group)
  const taken = failure && pathOwner(record, claim, failure)
  if (taken?.kind === 'pathTaken') return wait(`${taken.path} belongs to ${taken.owner}`)
  const isOver = failure && !isSound(facts, group)
  return (isOver && planAfterFailure(failure, claim, nowMs)) || planInstall(facts, group)
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

function planInstall(facts: NameFacts, group: ClaimGroup): Step {
  const { record, nowMs } = facts
  const [claim] = group
  const stale = planStaleProof(facts, claim)
  if (stale) return stale
  const step = { kind: 'install', claim, tuple: claim.tuple, strategy: 'installOnly', unproven: false } as const
  if (upVersions(record, claim.bizName).length === 0) return { ...step, why: 'not on the base' }
  const approach = approachOf({ record, claim, failure: failureOf(record, group), nowMs })
  switch (approach.kind) {
    case 'beside':
      return { ...step, why: 'proved beside the running version' }
    case 'prove':
      return { ...step, proof: approach.proof, why: 'proved at another place, since two cannot stand at one' }
    case 'unproven':
      return unprovenSwitch(claim, approach.why)
    case 'pathTaken':
      return wait(`${approach.path} belongs to ${approach.owner}`)
    case 'none':
      return wait(approach.why)
    case 'wait':
      return waitBriefly(approach.why, approach.untilMs)
  }
}

const unprovenSwitch = (claim: Claim, unprovenWhy: string): Step => ({
  kind: 'install',
  claim,
  tuple: claim.tuple,
  strategy: 'uninstallThenInstall',
  unproven: true,
  unprovenWhy,
  why: `replaces the running version without proof: ${unprovenWhy}`,
})

/** A trial of a version that is not wanted any more holds the place of the next. */
function planStaleProof(facts: NameFacts, wanted: Claim | undefined): Step | undefined {
  const { record, claims } = facts
  const stale = versionsOf(record, claims.bizName).find(
    biz => biz.version !== wanted?.tuple.version && isProof(record, bizKey(biz.name, biz.version)),
  )
  return stale && uninstallUnlessBusy(facts, stale.name, stale.version, 'a trial that is not wanted any more')
}

/** Its trial came up. Only a start at its own place makes it the module, whatever the base calls it. */
function planProved(facts: NameFacts, group: ClaimGroup, biz: BizReport): Step {
  const { record } = facts
  const [claim] = group
  const failure = failureOf(record, group)
  if (failure && pathOwner(record, claim, failure)) {
    return uninstallUnlessBusy(facts, biz.name, biz.version, 'a trial whose path belongs to another module')
  }
  const trial = record.proofs.get(keyOf(claim))
  const other = planOtherBuild(facts, claim, trial?.tuple)
  if (other) return other
  // Whoever serves this base next must not take it for the module: see ADR 0013.
  if (trial?.isWritten !== true) return wait('its trial is being written down')
  return planSwitch(facts, group, biz)
}

/** A version that stands beside the running one, from another jar than is wanted, proves nothing of that jar. */
function planOtherBuild(facts: NameFacts, { bizName, tuple }: Claim, tried: ModuleTuple | undefined): Step | undefined {
  if (!tried || sameBuild(tried, tuple)) return undefined
  return uninstallUnlessBusy(facts, bizName, tuple.version, 'a trial of another build of its version')
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
function planSwitch(facts: NameFacts, group: ClaimGroup, biz: BizReport): Step {
  const { record, nowMs } = facts
  const [claim] = group
  if (biz.reason === 'KILLING') return wait('the base is stopping it')
  const foreign = foreignRival(record, claim)
  if (foreign !== undefined) return wait(`version ${foreign} of this biz is not ours and stays`)
  const failure = failureOf(record, group)
  if (failure && failure.nextTryAtMs > nowMs) return wait('the switch failed, backing off', failure.nextTryAtMs)
  const isBeside = upVersions(record, claim.bizName).length > 0
  const other = isBeside && planOtherBuild(facts, claim, record.provenance.get(keyOf(claim))?.tuple)
  if (other) return other
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
