/** Bases come and go for days: at the end nothing is kept of any of them. */
import type { Composition } from '../../operator/compose.ts'
import { Stage } from './stage.ts'

export interface Kept {
  readonly records: number
  readonly keys: number
  readonly plans: number
  readonly alarms: number
  readonly pods: number
  readonly nodes: number
}

export interface MemoryResult {
  readonly before: Kept
  readonly after: Kept
  readonly bases: number
  readonly releases: number
}

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
const LIFE_MS = HOUR_MS / 6
/** One after the other: of very many that fall silent at once the operator believes the network to be gone. */
const BETWEEN_ENDS_MS = 60_000
/** A crowd once a day, now and then one that is alone, and long stretches without any. */
const comingAt = (hour: number): number => {
  if (hour % DAY_HOURS === 0) return 30
  return hour % 6 === 3 ? 1 : 0
}
/** Releases go on where there is no base. */
const STEPS_PER_HOUR = 4
/** The dead are remembered for a day. */
const FORGOTTEN_AFTER_MS = 25 * HOUR_MS

/** `told`: what is kept at the end of each day. */
export async function churn(days: number, told: (day: number, kept: Kept) => void): Promise<MemoryResult> {
  const stage = new Stage({ seed: 1, mix: {} })
  const { world, operator, workload } = stage
  operator.start()
  world.faults.heal()
  await world.time.advance(60_000)
  const before = keptOf(stage)
  workload.begin(2)
  let step = 0
  for (let hour = 0; hour < days * DAY_HOURS; hour++) {
    const living = Array.from({ length: comingAt(hour) }, () => stage.addBase())
    for (const base of living) base.start()
    for (const [at, base] of living.entries())
      world.time.after(LIFE_MS + at * BETWEEN_ENDS_MS, () => {
        base.kill()
        world.forget([base])
      })
    for (let part = 0; part < STEPS_PER_HOUR; part++) {
      workload.step(step++)
      await world.time.advance(HOUR_MS / STEPS_PER_HOUR)
    }
    if ((hour + 1) % DAY_HOURS !== 0) continue
    told((hour + 1) / DAY_HOURS, keptOf(stage))
    // Else what users run grows by the day, whatever becomes of bases.
    workload.end()
    workload.begin(2)
  }
  workload.end()
  await world.time.advance(FORGOTTEN_AFTER_MS)
  const after = keptOf(stage)
  operator.current?.kill()
  world.close()
  return { before, after, bases: stage.basesSoFar, releases: step }
}

function keptOf({ operator }: Stage): Kept {
  const life = operator.current
  if (!life) throw new Error('the operator does not run')
  const { registry, store, controllers }: Composition = life.composition
  const { pods, nodes } = store.sizes
  return {
    records: registry.size,
    keys: controllers.reduce((sum, { queue }) => sum + queue.snapshot().length, 0),
    plans: controllers.reduce((sum, { plans }) => sum + plans.entries().length, 0),
    alarms: life.time.pending,
    pods,
    nodes,
  }
}
