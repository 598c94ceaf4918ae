/** Commands past their deadline: still counted against the base's limits, but waited for no longer. Pure. */
import * as events from '../events.ts'
import { firstSentAtMs } from '../registry/base-record.ts'
import type { Decision, TunnelFacts } from './facts.ts'

export function decideOverdue({ record, node, settings, nowMs }: TunnelFacts): Decision {
  const waiting = [...record.flights].filter(([, flight]) => !flight.overdue)
  const late = waiting.filter(([, flight]) => nowMs - firstSentAtMs(flight) >= settings.commandDeadlineMs)
  const soon = waiting
    .map(([, flight]) => firstSentAtMs(flight) + settings.commandDeadlineMs - nowMs)
    .filter(leftMs => leftMs > 0)
  const wake = soon.length > 0 ? { wakeAfterMs: Math.min(...soon) } : {}
  if (late.length === 0) return wake
  return {
    ...wake,
    notes: late.map(([key]) => ({ kind: 'overdue', key, atMs: nowMs })),
    events: late.map(([key, flight]) => events.commandOverdue(node, key, nowMs - firstSentAtMs(flight))),
    deadlines: late.map(([, { command }]) => command),
    why: `no answer in time about ${late.map(([key]) => key).join(', ')}`,
  }
}
