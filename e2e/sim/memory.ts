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
const LIFE_MS = HOUR_MS
/** A small fleet, and once a day a crowd. */
const FLEET = 1
const CROWD = 30
/** The dead are remembered for a day. */
const FORGOTTEN_AFTER_MS = 25 * HOUR_MS

export async function churn(days: number): Promise<MemoryResult> {
  const stage = new Stage({ seed: 1, mix: {} })
  const { world, operator, workload } = stage
  operator.start()
  world.faults.heal()
  await world.time.advance(60_000)
  const before = keptOf(stage)
  workload.begin(2)
  let step = 0
  for (let hour = 0; hour < days * 24; hour++) {
    const living = Array.from({ length: hour % 24 === 0 ? CROWD : FLEET }, () => stage.addBase())
    for (const base of living) base.start()
    for (let part = 0; part < 4; part++) {
      workload.step(step++)
      await world.time.advance(LIFE_MS / 4)
    }
    for (const base of living) base.kill()
    world.forget(living)
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
