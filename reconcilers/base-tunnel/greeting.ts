/** What is said once to a base or of it: its baseline, its restart. Pure. */
import * as events from '../events.ts'
import type { Decision, TunnelFacts } from './facts.ts'

export function decideGreeting(facts: TunnelFacts): Decision {
  const told = tellRestart(facts)
  const answered = answerBaseline(facts)
  return {
    events: told ? [events.baseRestarted(facts.node)] : [],
    commands: answered === undefined ? [] : [{ kind: 'baseline', bizs: [] }],
    memo: {
      restartsTold: facts.record.restarts,
      ...(answered !== undefined && { baselineAtMs: answered, greetedAtMs: facts.nowMs }),
    },
  }
}

const tellRestart = ({ record, memo }: TunnelFacts): boolean => record.restarts > (memo.restartsTold ?? 0)

/** A base asks once, when its JVM starts; its modules come from its Pods, so the answer is empty. */
function answerBaseline({ record, memo, link }: TunnelFacts): number | undefined {
  const askedAtMs = record.lastPublishedAtMs.queryBaseline
  return link.connected && askedAtMs !== memo.baselineAtMs ? askedAtMs : undefined
}
