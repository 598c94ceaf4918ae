/**
 * Which modules of a base are not ours to uninstall? Pure. Foreign is what ran there at first contact without a claim,
 * and what appears later without our command (a static module shows up a second after the first, empty snapshot).
 */
import type { BizKey, BizReport } from '../../mqtt-bridge/index.ts'
import * as events from '../events.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { Decision, Memo, TunnelFacts, Watched } from './facts.ts'
import { YOUNG_FOR_MS } from './polling.ts'

/** A wrong word of some base must not fill its Lease. */
const FOREIGN_MAX = 500
/** Between clocks of two operators, and of a JVM's start and what it says of it. */
const CLOCK_MARGIN_MS = 5_000
const HEALTH_GRACE_MS = 10_000
/** A command may reach its base a second time, long after what it brought in was removed: that is still ours. */
const REPEATED_WITHIN_MS = 300_000
/** A young base is looked at every five seconds, and a look or two may be lost. */
const LOOK_MISSED_MS = 15_000

/** Nothing is under way, so what the snapshot shows is what runs. A command past its deadline is waited for no longer. */
export function isClean({ snapshot, flights, doubts }: BaseRecord): boolean {
  return snapshot !== undefined && doubts.size === 0 && [...flights.values()].every(({ overdue }) => overdue)
}

/** There is a snapshot that was not looked at yet, and all that is needed to judge it. */
export function isNews(facts: TunnelFacts): boolean {
  const { record, memo } = facts
  const { watched } = memo
  if (awaitsHealth(facts) || !record.snapshot) return false
  if (record.reach.state !== 'heard' || record.noCommands?.reason === 'DuplicateIdentity') return false
  return watched?.snapshots !== record.snapshot.count || watched?.restarts !== record.restarts
}

/** What becomes of a biz is open: of the others it tells nothing, and they need not wait for it, which may take minutes. */
function isOpen({ bizs, flights, doubts }: BaseRecord, key: BizKey): boolean {
  const biz = bizs.get(key)
  if (!biz || biz.state === 'resolved') return true
  const isOfIt = (other: string): boolean => other.startsWith(`${biz.name}:`)
  return [...doubts.keys()].some(isOfIt) || [...flights].some(([other, { overdue }]) => !overdue && isOfIt(other))
}

/** Installs that we have sent: they are ours for as long as they may still show. */
export function rememberCommands({ record, memo, nowMs }: TunnelFacts): Decision {
  // One without a claim is somebody else's: a conflict told us of it.
  const installs = [...record.flights]
    .filter(([, { command, claim }]) => command === 'installBiz' && claim !== undefined)
    .map(([key]) => key)
  const unknown = installs.filter(key => !memo.commanded.has(key))
  return unknown.length > 0
    ? { memo: { commanded: new Map([...memo.commanded, ...unknown.map(key => [key, nowMs] as const)]) } }
    : {}
}

export function decideForeign(facts: TunnelFacts): Decision {
  const { record, settings } = facts
  const claimed = isNews(facts) ? facts.claimed() : undefined
  if (!claimed) return {}
  const looked = { memo: lookedAt(facts) }
  if (settings.foreignModules === 'uninstall') return { ...looked, ...noteForeign(facts, new Set()) }
  const found = newcomers(facts, claimed).filter(key => !isOurs(facts, key, claimed))
  const kept = [...(record.foreign ?? [])].filter(key => !installedByUs(record, key) && !broughtInByUs(record, key))
  return { ...looked, ...noteForeign(facts, new Set([...kept, ...found].slice(0, FOREIGN_MAX))) }
}

function lookedAt(facts: TunnelFacts): Partial<Memo> {
  const { record, memo, nowMs } = facts
  const keys = new Set([...record.bizs.keys()].filter(key => !isLeftForLater(facts, key)))
  const watched: Watched = { snapshots: record.snapshot?.count ?? 0, restarts: record.restarts, keys }
  const mayShow = (key: BizKey): boolean => record.bizs.has(key) || record.flights.has(key)
  const commanded = new Map(
    [...memo.commanded]
      .map(([key, atMs]) => [key, mayShow(key) ? nowMs : atMs] as const)
      .filter(([, atMs]) => nowMs - atMs < REPEATED_WITHIN_MS),
  )
  return { watched, commanded }
}

function noteForeign({ record, node }: TunnelFacts, foreign: ReadonlySet<BizKey>): Decision {
  const before = record.foreign
  const found = [...foreign].filter(key => !before?.has(key))
  if (before && found.length === 0 && before.size === foreign.size) return {}
  return {
    notes: [{ kind: 'foreign', keys: foreign }],
    events: found.map(key => events.foreignModule(node, key)),
    why: found.length > 0 ? `not ours: ${found.join(', ')}` : 'foreign modules settled',
  }
}

/** What is there that was not there before; at first contact, all of it. */
function newcomers(facts: TunnelFacts, claimed: ReadonlySet<BizKey>): readonly BizKey[] {
  const { record } = facts
  const present = [...record.bizs.keys()]
  if (isFirstLookOfOurs(facts)) return present.filter(key => cameUnseen(record, key, claimed))
  return present.filter(key => !isKnown(facts, key) && !isOpen(record, key))
}

/** Our predecessor has judged what is there, but for what came after its last look. */
const isFirstLookOfOurs = (facts: TunnelFacts): boolean =>
  facts.record.foreign !== undefined && !facts.memo.watched && !beganUnserved(facts)

const isKnown = ({ record, memo: { watched } }: TunnelFacts, key: BizKey): boolean =>
  watched !== undefined && watched.restarts === record.restarts && watched.keys.has(key)

const isLeftForLater = (facts: TunnelFacts, key: BizKey): boolean =>
  !isFirstLookOfOurs(facts) && !isKnown(facts, key) && isOpen(facts.record, key)

/** The JVM began when no operator served it any more: nothing in it is ours. */
function beganUnserved({ record, memo }: TunnelFacts): boolean {
  const beganAtMs = jvmBeganAtMs(record)
  if (memo.watched || record.servedUntilMs === undefined || beganAtMs === undefined) return false
  return beganAtMs > record.servedUntilMs + CLOCK_MARGIN_MS
}

/**
 * At the first look after a restart of ours: what our predecessor installed cannot be told from what came by itself, but for
 * what a JVM was shipped with, and for what came after the last look that our predecessor told of. The former comes up within
 * the first minute of a JVM, and our predecessor may have ended before it looked again.
 */
function cameUnseen(record: BaseRecord, key: BizKey, claimed: ReadonlySet<BizKey>): boolean {
  const { bizs, servedUntilMs } = record
  const biz = bizs.get(key)
  const beganAtMs = jvmBeganAtMs(record)
  if (!biz || servedUntilMs === undefined || beganAtMs === undefined) return false
  const cameAtMs = cameAt(record, biz)
  // No time is told: it came unseen if it may have. To leave one of ours behind is the lesser evil.
  if (cameAtMs === undefined) return servedUntilMs - LOOK_MISSED_MS - beganAtMs < YOUNG_FOR_MS
  if (cameAtMs - beganAtMs < YOUNG_FOR_MS) return cameAtMs > servedUntilMs - LOOK_MISSED_MS
  return cameAtMs > servedUntilMs + CLOCK_MARGIN_MS && biz.state === 'activated' && !isFormerVersion(biz, claimed)
}

const jvmBeganAtMs = ({ health, healthAtMs }: BaseRecord): number | undefined =>
  health?.runTimeMs === undefined || healthAtMs === undefined ? undefined : healthAtMs - health.runTimeMs

/** The base's clock, read as ours. */
const cameAt = ({ snapshot }: BaseRecord, { changedAtMs }: BizReport): number | undefined =>
  snapshot && changedAtMs !== undefined ? changedAtMs + snapshot.receivedAtMs - snapshot.publishedAtMs : undefined

/** Of what a Pod asks for: our predecessor may have been about to remove it. */
const isFormerVersion = ({ name }: BizReport, claimed: ReadonlySet<BizKey>): boolean =>
  [...claimed].some(key => key.startsWith(`${name}:`))

/** Whether the JVM is the one that was served before is known only from its health. */
function awaitsHealth({ record, memo, nowMs }: TunnelFacts): boolean {
  if (memo.watched || record.servedUntilMs === undefined || record.health) return false
  return nowMs - record.reach.sinceMs < HEALTH_GRACE_MS
}

function isOurs({ record, memo }: TunnelFacts, key: BizKey, claimed: ReadonlySet<BizKey>): boolean {
  const isCommanded = memo.commanded.has(key) || record.proofs.has(key)
  return claimed.has(key) || record.provenance.has(key) || isCommanded || broughtInByUs(record, key)
}

/** By a jar that names itself otherwise: a look may have shown it before the answer told. */
const broughtInByUs = ({ attempts }: BaseRecord, key: BizKey): boolean =>
  [...attempts.values()].some(({ broughtIn }) => broughtIn === key)

/** Somebody removed it, and then a Pod brought it back: it is that Pod's now. Only an install of ours has taken time. */
const installedByUs = (record: BaseRecord, key: BizKey): boolean => record.provenance.get(key)?.tookMs !== undefined
