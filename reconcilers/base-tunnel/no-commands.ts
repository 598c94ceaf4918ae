/** May the base get commands at all? Pure. */
import * as events from '../events.ts'
import type { NoCommands } from '../registry/base-record.ts'
import { deafness } from './deaf.ts'
import { duplicity, duplicityLeftMs } from './duplicate.ts'
import type { Decision, TunnelFacts } from './facts.ts'
import { departure } from './leaving.ts'

export function decideNoCommands(facts: TunnelFacts): Decision {
  const { record, nowMs } = facts
  const next = obstacle(facts)
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

const obstacle = (facts: TunnelFacts): NoCommands | undefined => duplicity(facts) ?? departure(facts) ?? deafness(facts)

const EVENT_OF = {
  BaseDeaf: events.baseDeaf,
  BaseLeaving: events.baseLeaving,
  DuplicateIdentity: events.duplicateIdentity,
} as const satisfies Record<NoCommands['reason'], unknown>

const eventOf = ({ node }: TunnelFacts, { reason, message }: NoCommands) => EVENT_OF[reason](node, message)
