/** How many bases are missing at once: is it they, or the network between us? Pure. */
import type { LinkState } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from '../registry/base-record.ts'

export interface Census {
  readonly known: number
  readonly missing: number
}

/**
 * Well before the first of them counts as silent: bases that are cut off together were last heard within ten seconds of
 * each other, and none of them shall be shown silent before it is seen that all are.
 */
export const MISSING_AFTER_MS = 14_000
/** Those that just died of silence count on: else holding back deaths would undo itself with each death. */
const DEAD_COUNT_FOR_MS = 600_000
const SHARE_HELD = 0.55
const FEW = 3

export function takeCensus(records: Iterable<BaseRecord>, link: LinkState, nowMs: number): Census {
  let known = 0
  let missing = 0
  for (const record of records) {
    const dead = record.reach.state === 'dead'
    if (dead && !diedSilent(record, nowMs)) continue
    known += 1
    if (dead || nowMs - Math.max(lastSignMs(record), link.sinceMs) > MISSING_AFTER_MS) missing += 1
  }
  return { known, missing }
}

const lastSignMs = ({ life, firstHeardAtMs }: BaseRecord): number => Math.max(life.aliveAtMs, firstHeardAtMs)

function diedSilent({ reach, life }: BaseRecord, nowMs: number): boolean {
  return (
    nowMs - reach.sinceMs < DEAD_COUNT_FOR_MS && life.aliveAtMs > 0 && reach.sinceMs - life.aliveAtMs > MISSING_AFTER_MS
  )
}

/** Most bases are missing: we may be the ones who are cut off. */
export const isMassSilence = ({ known, missing }: Census): boolean => missing > FEW && missing > SHARE_HELD * known

const DEATHS_PER_SECOND = 0.1
const BASES_PER_STEP = 50
const HELD_FACTOR = 0.01

/** Milliseconds that must lie between two deaths by silence. */
export function deathIntervalMs(census: Census, deathsPerSecond: number | undefined): number {
  const rate = deathsPerSecond ?? DEATHS_PER_SECOND * Math.max(1, census.known / BASES_PER_STEP)
  return 1_000 / (rate * (isMassSilence(census) ? HELD_FACTOR : 1))
}
