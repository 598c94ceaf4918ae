/** What befalls the operator itself. */
import type { FaultKind } from './mix.ts'
import type { Strike } from './strike.ts'

const MINUTE_MS = 60_000

export const OPERATOR_FAULTS = {
  operatorCrash: ({ operator }, rng) => {
    operator.kill(rng.skewed(200, 3 * MINUTE_MS), 'at any moment')
    return 'the operator is killed'
  },
  /** At the next write or command, before it takes effect or right after. */
  operatorCrashAtEffect: ({ crashes }, rng) => {
    const when = rng.pick(['before', 'after'] as const)
    crashes.arm({ countdown: rng.integer(1, 5), when, downMs: rng.skewed(200, MINUTE_MS) })
    return `the operator will be killed ${when} one of its next effects`
  },
  operatorRestart: ({ operator }, rng) => {
    operator.restart(rng.skewed(0, MINUTE_MS))
    return 'the operator is restarted'
  },
  operatorPaused: ({ operator }, rng) => {
    operator.pause(rng.skewed(1_000, 3 * MINUTE_MS))
    return 'the operator stands still'
  },
} as const satisfies Partial<Record<FaultKind, Strike>>
