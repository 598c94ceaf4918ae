/** May the base get commands at all? Pure. */
import * as events from '../events.ts'
import type { NoCommands } from '../registry/base-record.ts'
import { deafness } from './deaf.ts'
import { duplicity, duplicityLeftMs } from './duplicate.ts'
import type { Decision, TunnelFacts } from './facts.ts'

export function decideNoCommands(facts: TunnelFacts): Decision {
  const { record, nowMs } = facts
  const next = duplicity(facts) ?? deafness(facts)
  const leftMs = duplicityLeftMs(record, nowMs)
  const wake = leftMs === undefined ? {} : { wakeAfterMs: leftMs }
  if (next?.reason === record.noCommands?.reason) return { ...wake, ...(next && { why: next.reason }) }
  return {
    ...wake,
    notes: [{ kind: 'noCommands', noCommands: next }],
    ...(next && { events: [eventOf(facts, next)] }),
    why: next?.reason ?? 'commands are allowed again',
  }
}

function eventOf({ node }: TunnelFacts, { reason, message }: NoCommands) {
  return reason === 'BaseDeaf' ? events.baseDeaf(node, message) : events.duplicateIdentity(node, message)
}
