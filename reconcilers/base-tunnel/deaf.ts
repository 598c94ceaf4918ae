/** A base whose heart beats while its five workers hang answers nothing, for ever. Pure. */
import type { NoCommands } from '../registry/base-record.ts'
import type { TunnelFacts } from './facts.ts'

export const DEAF_AFTER_MS = 30_000
/** Between the first and the last of them: one question, or a burst, may be lost. */
const QUESTIONS_OVER_MS = 10_000
/** A beat every ten seconds: this many missed and it is no longer beating. */
const BEATS_WITHIN_MS = 25_000

const MESSAGE =
  'The base beats but answers no question: its workers may all hang (five downloads without an answer do that). ' +
  'It gets no new commands until it answers; a restart frees it.'

/** Any answer ends it: `askedSinceMs` is gone then. */
export function deafness({ record, link, nowMs }: TunnelFacts): NoCommands | undefined {
  const { askedSinceMs, askedAtMs = 0, heartAtMs = 0 } = record.life
  if (askedSinceMs === undefined) return undefined
  if (record.noCommands?.reason === 'BaseDeaf') return record.noCommands
  const sinceMs = Math.max(askedSinceMs, link.sinceMs)
  const askedOften = nowMs - sinceMs > DEAF_AFTER_MS && askedAtMs - sinceMs >= QUESTIONS_OVER_MS
  const beats = nowMs - heartAtMs < BEATS_WITHIN_MS
  return link.connected && askedOften && beats ? { reason: 'BaseDeaf', sinceMs: nowMs, message: MESSAGE } : undefined
}
