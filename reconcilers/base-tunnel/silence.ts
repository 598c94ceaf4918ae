/** Is the base heard, silent or dead? Pure. Judges by our clock only, and never what happened while we could not hear. */
import * as events from '../events.ts'
import type { Reach, ReachState } from '../registry/base-record.ts'
import { deathIntervalMs, isMassSilence } from './census.ts'
import type { DeathCause, Decision, TunnelFacts } from './facts.ts'

/** A question this young may still be answered. */
export const ANSWER_WITHIN_MS = 5_000
/** An open question is put again every 5 s: where the last one is older than this we stood still, and its answer may wait to be read. */
const ASKED_LATELY_MS = 10_000
/** What arrives this soon after a death was on its way before it. */
export const REVIVAL_GRACE_MS = 1_000

interface Verdict {
  readonly state: ReachState
  readonly why: string
  readonly held?: true
  readonly lostSinceMs?: number
  readonly cause?: DeathCause
  readonly forget?: true
  /** When time alone may change the verdict. */
  readonly dueInMs?: number
}

export function decideReach(facts: TunnelFacts): Decision {
  const { reach } = facts.record
  const verdict = judge(facts)
  const due = verdict.dueInMs === undefined ? {} : { wakeAfterMs: Math.max(1, verdict.dueInMs) }
  if (verdict.forget) return { forget: true, why: verdict.why }
  if (isSame(verdict, reach)) return { ...due, why: verdict.why }
  const { state, why, held, lostSinceMs } = verdict
  const lost = lostSinceMs === undefined ? {} : { lostSinceMs }
  const next: Reach = { state, sinceMs: facts.nowMs, why, ...(held && { held }), ...lost }
  return { ...due, ...transition(facts, verdict), notes: notesOf(facts, next), why }
}

const isSame = (verdict: Verdict, reach: Reach): boolean =>
  verdict.state === reach.state && verdict.held === reach.held && verdict.lostSinceMs === reach.lostSinceMs

function notesOf({ record, ownPod }: TunnelFacts, reach: Reach): NonNullable<Decision['notes']> {
  const revived = record.reach.state === 'dead'
  // It speaks although its Pod ended: that Pod is not (or no longer) the one it runs in.
  const unpin = revived && ownPod === 'ended' ? [{ kind: 'basePod' as const, basePod: undefined }] : []
  return [...unpin, { kind: 'reach', reach }]
}

function transition({ record, node, link, nowMs }: TunnelFacts, { state, why, cause, lostSinceMs }: Verdict): Decision {
  const before = record.reach.state
  if (state === 'dead') return { events: [events.baseDead(node, why)], ...(cause && { died: cause }) }
  const lost = lostSinceMs === undefined ? {} : { lost: true as const }
  if (before === 'silent' && state === 'silent') return lost
  if (state === 'silent')
    return { ...lost, events: [events.baseSilent(node, nowMs - Math.max(record.life.aliveAtMs, link.sinceMs))] }
  return before === 'silent' && state === 'heard' ? { events: [events.baseHeard(node)] } : {}
}

function judge(facts: TunnelFacts): Verdict {
  const { record, link } = facts
  if (record.reach.state === 'dead') return judgeDead(facts)
  const known = knownDead(facts)
  if (known) return known
  return link.connected ? judgeHearing(facts) : judgeUnhearing(facts)
}

/** Not by silence: somebody who knows has said so. */
function knownDead({ ownPod, record }: TunnelFacts): Verdict | undefined {
  const { basePod } = record
  if (ownPod === 'ended' && basePod) {
    return { state: 'dead', cause: 'ownPod', why: `its own Pod ${basePod.namespace}/${basePod.name} is gone or ended` }
  }
  return record.deactivated ? { state: 'dead', cause: 'deactivated', why: 'it said that it is going down' } : undefined
}

function judgeDead({ record, link, settings, nowMs }: TunnelFacts): Verdict {
  const { reach, life } = record
  const alive = link.connected && life.aliveAtMs >= link.sinceMs && life.aliveAtMs - reach.sinceMs > REVIVAL_GRACE_MS
  if (alive && !record.deactivated) return { state: 'heard', why: 'it answers again' }
  const leftMs = reach.sinceMs + settings.rememberMs - nowMs
  return { ...reach, dueInMs: leftMs, ...(leftMs <= 0 && { forget: true, why: 'dead for as long as we remember' }) }
}

/** Our own connection is down: a base that was heard is no longer proven to live, and that is all. */
function judgeUnhearing({ record }: TunnelFacts): Verdict {
  return record.reach.state === 'heard'
    ? { state: 'unproven', why: 'our connection to the broker is down' }
    : record.reach
}

function judgeHearing(facts: TunnelFacts): Verdict {
  const { record, link, settings, nowMs } = facts
  const { life, firstHeardAtMs } = record
  const aliveSinceConnect = life.aliveAtMs > 0 && life.aliveAtMs >= link.sinceMs
  const quietMs = nowMs - Math.max(life.aliveAtMs, link.sinceMs, aliveSinceConnect ? 0 : firstHeardAtMs)
  // Not heard since our own connect: a whole window, in which its reconnect delay may run out, before anything is judged.
  const silentAfterMs = aliveSinceConnect ? settings.silentAfterMs : settings.deadAfterMs
  if (quietMs <= silentAfterMs || !surelyAsked(facts)) {
    const dueInMs = Math.max(silentAfterMs - quietMs, ANSWER_WITHIN_MS)
    return aliveSinceConnect ? { state: 'heard', why: 'it answers', dueInMs } : notYet(record.reach, dueInMs)
  }
  return quietMs > settings.deadAfterMs
    ? judgeLongSilent(facts, quietMs)
    : silent(facts, settings.deadAfterMs - quietMs)
}

function notYet(reach: Reach, dueInMs: number): Verdict {
  if (reach.state === 'silent') return { ...reach, dueInMs }
  const why =
    reach.state === 'unproven' && !reach.held ? reach.why : 'not heard since our connection to the broker is up'
  return { state: 'unproven', why, dueInMs }
}

function surelyAsked({ memo, record, link, nowMs }: TunnelFacts): boolean {
  const since = memo.askedSurelySinceMs
  if (since === undefined || since < link.sinceMs || since < record.life.aliveAtMs) return false
  const last = memo.askedAtMs.health ?? since
  return nowMs - since >= ANSWER_WITHIN_MS && nowMs - last <= ASKED_LATELY_MS
}

/** While most are silent at once, those shown as Ready stay so: they are held, not called silent. */
function silent({ record, census }: TunnelFacts, dueInMs: number): Verdict {
  if (record.reach.state === 'silent' || !isMassSilence(census))
    return { state: 'silent', why: 'it does not answer though asked', dueInMs }
  const why = `${census.missing} of ${census.known} bases are silent at once: the network is suspected`
  return { state: 'unproven', held: true, why, dueInMs: ANSWER_WITHIN_MS }
}

function judgeLongSilent(facts: TunnelFacts, quietMs: number): Verdict {
  const { record, hasNode, census, settings, lastDeathAtMs, nowMs } = facts
  if (record.life.aliveAtMs === 0 && !hasNode) return { ...record.reach, forget: true, why: 'never heard twice' }
  const lost = lostFor(facts, quietMs)
  if (lost && record.reach.lostSinceMs === lost.lostSinceMs) return lost
  const waitMs = (lastDeathAtMs ?? 0) + deathIntervalMs(census, settings.deathsPerSecond) - nowMs
  if (lastDeathAtMs !== undefined && waitMs > 0) return silent(facts, waitMs)
  return lost ?? { state: 'dead', cause: 'silent', why: unanswered(quietMs) }
}

const unanswered = (quietMs: number): string => `it has not answered for ${Math.floor(quietMs / 1_000)} s though asked`

/** Undefined: no Pod on it asks to be kept for so long. */
function lostFor({ record, toleratedMs, nowMs }: TunnelFacts, quietMs: number): Verdict | undefined {
  const dueInMs = (toleratedMs?.() ?? 0) - quietMs
  const { reach } = record
  const why = reach.lostSinceMs === undefined ? unanswered(quietMs) : reach.why
  return dueInMs > 0 ? { state: 'silent', lostSinceMs: nowMs - quietMs, why, dueInMs } : undefined
}
