/** What is said once to a base or of it: its baseline, leftovers on its topics, its restart. Pure. */
import * as events from '../events.ts'
import type { Decision, TunnelFacts } from './facts.ts'

/** Leftovers do harm only when the base reconnects: clearing them waits until the rush of a start is over. */
const CLEAR_AFTER_MS = 10_000

export function decideGreeting(facts: TunnelFacts): Decision {
  const told = tellRestart(facts)
  const answered = answerBaseline(facts)
  const cleared = clearLeftovers(facts)
  return {
    events: told ? [events.baseRestarted(facts.node)] : [],
    commands: answered === undefined ? [] : [{ kind: 'baseline', bizs: [] }],
    memo: {
      restartsTold: facts.record.restarts,
      ...(answered !== undefined && { baselineAtMs: answered, greetedAtMs: facts.nowMs }),
      ...(cleared === true && { retainedCleared: true as const }),
    },
    ...(cleared === true && { clearRetained: true as const }),
    ...(typeof cleared === 'number' && { wakeAfterMs: cleared }),
  }
}

const tellRestart = ({ record, memo }: TunnelFacts): boolean => record.restarts > (memo.restartsTold ?? 0)

/** A base asks once, when its JVM starts; its modules come from its Pods, so the answer is empty. */
function answerBaseline({ record, memo, link }: TunnelFacts): number | undefined {
  const askedAtMs = record.lastPublishedAtMs.queryBaseline
  return link.connected && askedAtMs !== memo.baselineAtMs ? askedAtMs : undefined
}

function clearLeftovers({ record, memo, link, nowMs }: TunnelFacts): boolean | number {
  if (memo.retainedCleared || !link.connected || record.reach.state !== 'heard') return false
  const waitMs = record.reach.sinceMs + CLEAR_AFTER_MS - nowMs
  return waitMs > 0 ? waitMs : true
}
