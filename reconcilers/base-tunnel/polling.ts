/** Which question is due when? Pure. Fast while something changes, slow and spread when quiet. */
import type { Question } from '../../mqtt-bridge/index.ts'
import { soonest } from '../loop/outcome.ts'
import { newestClashAtMs } from '../registry/web-modules.ts'
import type { Decision, TunnelFacts } from './facts.ts'

/** A base beats every 10 s. One whose beat fell into an outage never beats again, though it answers everything. */
export const HEART_MISSED_AFTER_MS = 12_000
export const ASK_AGAIN_MS = 5_000
export const QUIET_MS = 60_000
/** So much earlier or later, by the base's slot: bases that came together shall not answer together. */
const QUIET_SPREAD = 0.2
/** After our (re)connect every base is asked at once, yet not all in the same millisecond. */
const RESYNC_PER_BASE_MS = 2
const RESYNC_MAX_MS = 2_000
const SETTLING_MIN_MS = 200
const SETTLING_MAX_MS = 2_000
/** Several answers that come together are looked after once. */
const COALESCE_MS = 50
const FLIGHT_MIN_MS = 1_000
const FLIGHT_MAX_MS = 5_000
const OVERDUE_MS = 15_000
const RESOLVED_MS = 2_000
/** No oftener, however much comes that nobody asked for. */
const SUSPECT_MS = 1_000
const UNCLAIMED_MS = 10_000
/** Modules that a base was shipped with come up after it: it is watched more closely for its first minute. */
export const YOUNG_FOR_MS = 60_000
const YOUNG_MS = 5_000
const DEAD_SHARE = 0.2
const DEAD_MIN_MS = 10_000
const DEAD_MAX_MS = 15 * 60_000

/** A kind of question, how long after the last of its kind it is due, and why. */
interface Need {
  readonly intervalMs: number
  readonly why: string
}
type Kind = Question['kind']

const clamp = (ms: number, min: number, max: number): number => Math.min(max, Math.max(min, ms))
/** Each wait is half of all the time that has passed: it grows by itself, and no count need be kept. */
const growing = (sinceMs: number, nowMs: number, min: number, max: number): number =>
  clamp((nowMs - sinceMs) / 2, min, max)

export function decidePolling(facts: TunnelFacts): Decision {
  if (!facts.link.connected) return {}
  const dues = ([...KINDS] as const).map(kind => ({ kind, ...dueOf(facts, kind) }))
  const due = dues.filter(({ dueInMs }) => dueInMs === 0)
  const waiting = dues.map(({ dueInMs }) => dueInMs).filter(ms => ms !== undefined && ms > 0)
  const wakeAfterMs = soonest(...waiting, ...due.map(() => SETTLING_MIN_MS), heartDueInMs(facts))
  const asked = Object.fromEntries(due.map(({ kind }) => [kind, facts.nowMs]))
  return {
    ...(due.length > 0 && {
      notes: [{ kind: 'asked', atMs: facts.nowMs, isLook: due.some(({ kind }) => kind === 'queryAllBiz') }],
      commands: due.map(({ kind }) => ({ kind })),
      memo: { askedAtMs: { ...facts.memo.askedAtMs, ...asked } },
    }),
    ...(wakeAfterMs !== undefined && { wakeAfterMs }),
    why: due.map(({ kind, why }) => `${kind}: ${why}`).join('; '),
  }
}

/** While all is quiet, hearts wake nobody: one that stays away must be noticed all the same. */
function heartDueInMs({ record, nowMs }: TunnelFacts): number | undefined {
  const { reach, life } = record
  const leftMs = (life.heartAtMs ?? record.firstHeardAtMs) + HEART_MISSED_AFTER_MS + 1 - nowMs
  return reach.state === 'heard' && leftMs > 0 ? leftMs : undefined
}

const KINDS: readonly Kind[] = ['health', 'queryAllBiz']

function dueOf(facts: TunnelFacts, kind: Kind): { readonly dueInMs?: number; readonly why: string } {
  const { memo, link, nowMs } = facts
  const asked = memo.askedAtMs[kind]
  if (facts.record.reach.state === 'dead') return dueOfDead(facts, kind)
  // What was asked over an earlier connection is not answered any more.
  if (asked === undefined || asked < link.sinceMs) {
    return { dueInMs: Math.max(0, resyncAtMs(facts) - nowMs), why: 'first question over this connection' }
  }
  const need = needs(facts, kind).reduce((a, b) => (b.intervalMs < a.intervalMs ? b : a))
  return { dueInMs: Math.max(0, asked + need.intervalMs - nowMs), why: need.why }
}

/** One that we met over this very connection is asked at once. */
function resyncAtMs({ record, link, census, slot }: TunnelFacts): number {
  if (record.firstHeardAtMs >= link.sinceMs) return record.firstHeardAtMs
  return link.sinceMs + slot * Math.min(RESYNC_MAX_MS, RESYNC_PER_BASE_MS * census.known)
}

/** Ever more rarely; but one that speaks is asked whether it lives. */
function dueOfDead(
  { record, memo, nowMs }: TunnelFacts,
  kind: Kind,
): { readonly dueInMs?: number; readonly why: string } {
  if (kind !== 'health') return { why: 'dead' }
  const { reach, life } = record
  const asked = Math.max(memo.askedAtMs.health ?? 0, reach.sinceMs)
  const spoke = life.heardAtMs > asked
  const intervalMs = spoke ? 0 : growingRarer(nowMs - reach.sinceMs)
  return {
    dueInMs: Math.max(0, asked + intervalMs - nowMs),
    why: spoke ? 'a dead base spoke' : 'dead, yet it may live',
  }
}

const growingRarer = (deadForMs: number): number => clamp(deadForMs * DEAD_SHARE, DEAD_MIN_MS, DEAD_MAX_MS)

function needs(facts: TunnelFacts, kind: Kind): readonly [Need, ...Need[]] {
  const quiet: Need = { intervalMs: QUIET_MS * (1 - QUIET_SPREAD / 2 + QUIET_SPREAD * facts.slot), why: 'quiet' }
  return kind === 'health' ? [quiet, ...healthNeeds(facts)] : [quiet, ...snapshotNeeds(facts)]
}

function healthNeeds(facts: TunnelFacts): readonly Need[] {
  const { record, link, nowMs } = facts
  const { reach, life, firstHeardAtMs, health } = record
  const beganMs = Math.max(firstHeardAtMs, link.sinceMs)
  const heartMissing = nowMs - (life.heartAtMs ?? firstHeardAtMs) > HEART_MISSED_AFTER_MS
  const open = life.askedSinceMs !== undefined && nowMs - life.askedSinceMs > ASK_AGAIN_MS
  const early = growing(beganMs, nowMs, SETTLING_MIN_MS, ASK_AGAIN_MS)
  return [
    ...(reach.state !== 'heard' ? [{ intervalMs: early, why: `the base is ${reach.state}` }] : []),
    ...beginningNeeds(facts),
    ...(health ? [] : [{ intervalMs: early, why: 'its health is not known yet' }]),
    ...pathNeeds(facts),
    ...(heartMissing ? [{ intervalMs: ASK_AGAIN_MS, why: 'its heart is missing' }] : []),
    ...(open ? [{ intervalMs: ASK_AGAIN_MS, why: 'a question is open' }] : []),
  ]
}

/** A module met a path, a port or the like that is taken: only a newer health tells whose a path is. */
function pathNeeds({ record, memo, nowMs }: TunnelFacts): readonly Need[] {
  const clashedAtMs = newestClashAtMs(record)
  if (clashedAtMs === 0 || (record.healthAtMs ?? 0) > clashedAtMs) return []
  const isAsked = (memo.askedAtMs.health ?? 0) >= clashedAtMs
  const intervalMs = isAsked ? growing(clashedAtMs, nowMs, SETTLING_MIN_MS, ASK_AGAIN_MS) : COALESCE_MS
  return [{ intervalMs, why: 'whose a path is must be known' }]
}

/** Its first word may be that of the process we know, or of the next: only its run time tells, and until then its Pods show the former. */
function beginningNeeds({ record, memo, nowMs }: TunnelFacts): readonly Need[] {
  const { greetedAtMs } = memo
  if (greetedAtMs === undefined || (record.healthAtMs ?? 0) >= greetedAtMs) return []
  const isAsked = (memo.askedAtMs.health ?? 0) >= greetedAtMs
  const intervalMs = isAsked ? growing(greetedAtMs, nowMs, SETTLING_MIN_MS, ASK_AGAIN_MS) : COALESCE_MS
  return [{ intervalMs, why: 'it asked for its baseline: a process may have begun' }]
}

/** A base that is not heard is asked for its health alone: one question in its queue is enough. */
function snapshotNeeds(facts: TunnelFacts): readonly Need[] {
  const { record } = facts
  if (record.reach.state !== 'heard')
    return record.snapshot ? [] : [settling(facts, record.firstHeardAtMs, 'not looked at yet')]
  return [...doubtNeeds(facts), ...flightNeeds(facts), ...presenceNeeds(facts)]
}

/** While an answer is open, no faster than a busy base can give it. */
function settling({ record, nowMs, link }: TunnelFacts, sinceMs: number, why: string): Need {
  const began = Math.max(sinceMs, link.sinceMs)
  const open = record.life.askedSinceMs !== undefined && nowMs - record.life.askedSinceMs > SETTLING_MAX_MS
  return { intervalMs: open ? SETTLING_MAX_MS : growing(began, nowMs, SETTLING_MIN_MS, SETTLING_MAX_MS), why }
}

function doubtNeeds(facts: TunnelFacts): readonly Need[] {
  const raised = [...facts.record.doubts.values()].map(({ raisedAtMs }) => raisedAtMs)
  if (raised.length === 0) return []
  const why = 'an answer is to be looked after'
  const unasked = (facts.memo.askedAtMs.queryAllBiz ?? 0) < Math.max(...raised)
  return [unasked ? { intervalMs: COALESCE_MS, why } : settling(facts, Math.min(...raised), why)]
}

function flightNeeds({ record, memo, nowMs }: TunnelFacts): readonly Need[] {
  return [...record.flights.values()].map(({ overdue, sentAtMs }) => {
    if (overdue) return { intervalMs: OVERDUE_MS, why: 'a command may hang' }
    // Its answer may be lost; most come much sooner than this.
    const asked = memo.askedAtMs.queryAllBiz ?? 0
    const first = Math.max(0, sentAtMs - asked)
    const intervalMs = asked < sentAtMs ? first + FLIGHT_MIN_MS : growing(sentAtMs, nowMs, FLIGHT_MIN_MS, FLIGHT_MAX_MS)
    return { intervalMs, why: 'a command is not answered yet' }
  })
}

function presenceNeeds(facts: TunnelFacts): readonly Need[] {
  const { record, nowMs } = facts
  const sinceMs = Math.max(record.firstHeardAtMs, record.restartedAtMs ?? 0)
  const lookedFor = record.snapshot !== undefined && (record.foreign !== undefined || record.nodeIs === 'others')
  const resolved = [...record.bizs.values()].some(({ state }) => state === 'resolved')
  return [
    ...(lookedFor ? [] : [settling(facts, sinceMs, 'not looked at yet')]),
    ...(record.life.suspectAtMs !== undefined ? [{ intervalMs: SUSPECT_MS, why: 'what came proves nothing' }] : []),
    ...(resolved ? [{ intervalMs: RESOLVED_MS, why: 'a module is being installed' }] : []),
    ...(record.unclaimed.size > 0 ? [{ intervalMs: UNCLAIMED_MS, why: 'a module that nobody claims' }] : []),
    ...(nowMs - sinceMs < YOUNG_FOR_MS ? [{ intervalMs: YOUNG_MS, why: 'the base is young' }] : []),
  ]
}
