/** Two processes under one identity throw each other off the broker. While they do, the base is left alone. Pure. */
import type { NoCommands } from '../registry/base-record.ts'
import { ALTERNATION_WITHIN_MS } from '../registry/detect-duplicate.ts'
import type { TunnelFacts } from './facts.ts'

const MESSAGE =
  'Two processes bear this identity and throw each other off the broker: what they say alternates. ' +
  'Nothing is changed on either until one is stopped or gets an identity of its own.'

export function duplicity({ record, nowMs }: TunnelFacts): NoCommands | undefined {
  const leftMs = duplicityLeftMs(record, nowMs)
  if (leftMs === undefined) return undefined
  return record.noCommands?.reason === 'DuplicateIdentity'
    ? record.noCommands
    : { reason: 'DuplicateIdentity', sinceMs: nowMs, message: MESSAGE }
}

/** How long it lasts if they alternate no more. */
export function duplicityLeftMs(record: TunnelFacts['record'], nowMs: number): number | undefined {
  const { duplicateSeenAtMs } = record
  if (duplicateSeenAtMs === undefined) return undefined
  const leftMs = duplicateSeenAtMs + ALTERNATION_WITHIN_MS - nowMs
  return leftMs > 0 ? leftMs : undefined
}
