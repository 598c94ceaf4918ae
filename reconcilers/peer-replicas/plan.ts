/** Whose is a base, and is our own membership to be renewed? Pure; each decision says why. */
import type { NodeName } from '../names.ts'
import type { Tenure } from '../ownership.ts'
import { ranked } from './rendezvous.ts'
import * as times from './settings.ts'

export interface Candidate {
  readonly holder: string
  /** Since when we know it. */
  readonly sinceMs: number
  /** It has a connection to the broker. */
  readonly hears: boolean
}

export interface TenureFacts {
  readonly base: NodeName
  readonly us: string
  /** Our own membership was renewed recently enough. */
  readonly fresh: boolean
  /** The API server took the Lease in our name, and nobody has written it since. */
  readonly held: boolean
  /** Whom the Lease names; undefined: there is none. */
  readonly holder: string | undefined
  readonly holderIs: 'us' | 'formerLife' | 'present' | 'ended'
  /** Since when it is nobody's: its holder has ended, or it has no Lease. */
  readonly openSinceMs: number
  /** Who held it when it last had a Lease. */
  readonly lastHolder: string | undefined
  readonly lastHolderPresent: boolean
  /** When the base was last heard. */
  readonly heardAtMs: number
  /** A command is under way, or what one did is still to be looked at. */
  readonly busy: boolean
  /** All that live, we among them. */
  readonly candidates: readonly Candidate[]
  readonly nowMs: number
}

const BUSY_LOOK_MS = 2_000
const UNHEARD_LOOK_MS = 10_000

const leave = (why: string, wakeAfterMs?: number): Tenure =>
  wakeAfterMs === undefined ? { kind: 'leave', why } : { kind: 'leave', why, wakeAfterMs }

export function planTenure(facts: TenureFacts): Tenure {
  const { fresh, held, holder, holderIs } = facts
  if (!fresh) return { kind: 'fence', why: 'our membership is not proven: another may have taken our place' }
  if (held) return planHeld(facts)
  if (holder === undefined) return planOpen(facts)
  switch (holderIs) {
    case 'us':
      return { kind: 'take', why: 'its Lease names us' }
    case 'formerLife':
      return { kind: 'take', why: 'its Lease names a former life of ours' }
    case 'present':
      return leave(`${holder} serves it`)
    case 'ended':
      return planEnded(facts, holder)
  }
}

/** Who hears bases goes first; where nobody does, all are alike. */
function order({ base, candidates }: TenureFacts): readonly string[] {
  const hearing = candidates.filter(({ hears }) => hears)
  return ranked(
    base,
    (hearing.length > 0 ? hearing : candidates).map(({ holder }) => holder),
  )
}

function planHeld(facts: TenureFacts): Tenure {
  const { us, candidates, busy, nowMs } = facts
  const [best = us] = order(facts)
  if (best === us) return { kind: 'keep', why: 'ours' }
  const weHear = candidates.some(({ holder, hears }) => holder === us && hears)
  if (weHear && busy)
    return { kind: 'keep', why: 'a command is under way: handed over later', wakeAfterMs: BUSY_LOOK_MS }
  const sinceMs = candidates.find(({ holder }) => holder === best)?.sinceMs ?? nowMs
  const waitMs = sinceMs + times.NEWCOMER_AFTER_MS - nowMs
  if (waitMs > 0) return { kind: 'keep', why: `${best} has only just come`, wakeAfterMs: waitMs }
  return { kind: 'give', to: best, why: weHear ? `${best} is to serve it` : `we do not hear it, and ${best} may` }
}

function planEnded(facts: TenureFacts, holder: string): Tenure {
  const rank = order(facts).indexOf(facts.us)
  if (rank < 0) return leave(`${holder} is gone, and others are to take it`)
  const waitMs = facts.openSinceMs + rank * times.RANK_STEP_MS - facts.nowMs
  if (waitMs > 0) return leave(`${holder} is gone, and another is to take it first`, waitMs)
  return { kind: 'take', why: `${holder} is gone` }
}

/** No Lease: a newcomer, one whose Node somebody deleted, or one that its holder found dead. */
function planOpen(facts: TenureFacts): Tenure {
  const { us, lastHolder, lastHolderPresent, openSinceMs, heardAtMs, nowMs } = facts
  if (lastHolder === us) return { kind: 'begin', why: 'its Lease was ours' }
  const rank = order(facts).indexOf(us)
  if (rank < 0) return leave('it has no Lease, and others are to create it')
  const held = lastHolder !== undefined && lastHolderPresent
  const delayMs = (held ? times.RESTORE_WITHIN_MS : 0) + rank * times.BEGIN_STEP_MS
  if (delayMs === 0) return { kind: 'begin', why: 'it has no Lease, and we are to create it' }
  const waitMs = openSinceMs + delayMs - nowMs
  if (waitMs > 0) return leave('it has no Lease, and another is to create it first', waitMs)
  // A dead base stays without one.
  if (heardAtMs < openSinceMs + delayMs / 2) return leave('it has no Lease and is not heard', UNHEARD_LOOK_MS)
  return { kind: 'begin', why: 'it lives, and nobody has created its Lease' }
}

export interface MembershipFacts {
  /** When the last renewal that succeeded began; undefined: there was none. */
  readonly renewedAtMs: number | undefined
  readonly triedAtMs: number | undefined
  /** What the Lease says of our hearing is no longer so. */
  readonly outdated: boolean
  readonly provenMs: number
  /** When the Lease of each other replica that counts as living last changed. */
  readonly changedAtMs: readonly number[]
  readonly nowMs: number
}

export interface MembershipPlan {
  readonly renew: boolean
  readonly wakeAfterMs: number
  readonly why: string
}

export function planMembership(facts: MembershipFacts): MembershipPlan {
  const { triedAtMs, outdated, nowMs } = facts
  const dueInMs = renewalDueInMs(facts)
  const suspectInMs = suspicionDueInMs(facts)
  const pausedMs = (triedAtMs ?? Number.NEGATIVE_INFINITY) + times.PROVE_EVERY_MS - nowMs
  const why =
    (dueInMs <= 0 && 'due') ||
    (outdated && 'our hearing changed') ||
    (suspectInMs <= 0 && 'somebody is silent: our watch is to be proven current')
  if (!why) {
    return { renew: false, wakeAfterMs: Math.max(1, Math.min(dueInMs, suspectInMs)), why: 'fresh' }
  }
  if (pausedMs > 0) return { renew: false, wakeAfterMs: pausedMs, why: `${why}, but tried only just now` }
  return { renew: true, wakeAfterMs: times.PROVE_EVERY_MS, why }
}

function renewalDueInMs({ renewedAtMs, changedAtMs, nowMs }: MembershipFacts): number {
  if (renewedAtMs === undefined) return 0
  const everyMs = changedAtMs.length === 0 ? times.ALONE_RENEW_EVERY_MS : times.RENEW_EVERY_MS
  return renewedAtMs + everyMs - nowMs
}

/** When the first of them will have been silent for too long. */
function suspicionDueInMs({ changedAtMs, provenMs, nowMs }: MembershipFacts): number {
  const unproven = changedAtMs.filter(atMs => provenMs - atMs < times.GONE_AFTER_MS)
  return Math.min(...unproven.map(atMs => atMs + times.GONE_AFTER_MS - nowMs))
}
