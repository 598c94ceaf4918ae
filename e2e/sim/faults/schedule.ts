/** Faults that happen at a time, and not to a message: each kind comes in its own rhythm until the world is healed. */
import { BASE_FAULTS } from './base-faults.ts'
import { CLUSTER_FAULTS } from './cluster-faults.ts'
import { FAULT_KINDS, FAULTS, type FaultKind } from './mix.ts'
import { OPERATOR_FAULTS } from './operator-faults.ts'
import type { Strike, Struck } from './strike.ts'

const STRIKES: Readonly<Partial<Record<FaultKind, Strike>>> = { ...BASE_FAULTS, ...CLUSTER_FAULTS, ...OPERATOR_FAULTS }

const HOUR_MS = 3_600_000

export function scheduleFaults(stage: Struck): void {
  for (const kind of FAULT_KINDS) {
    const strike = STRIKES[kind]
    const perHour = stage.world.faults.perHour(kind)
    if (strike && FAULTS[kind].per === 'hour' && perHour > 0) comeAgain(stage, kind, strike)
  }
}

function comeAgain(stage: Struck, kind: FaultKind, strike: Strike): void {
  const { faults, time, trace } = stage.world
  const rng = faults.rng(kind)
  const gapMs = (-Math.log(1 - rng.next()) * HOUR_MS) / faults.perHour(kind)
  time.after(gapMs, () => {
    if (faults.healed) return
    const what = strike(stage, rng)
    if (what !== undefined) trace.say('F', kind, what)
    comeAgain(stage, kind, strike)
  })
}
