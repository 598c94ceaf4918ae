/** The operator is killed at every single thing that it does to the world, before it takes effect and after: one run for each. */
import { type RunResult, runPlan } from './run.ts'
import type { RunPlan } from './run-plan.ts'

const MINUTE_MS = 60_000

/** Small, and free of all other faults: what goes wrong comes from the crash. */
export const calmPlan = (seed: number): RunPlan => ({
  seed,
  bases: 2,
  workloads: 2,
  steps: 6,
  faultyMs: 1.5 * MINUTE_MS,
  mix: {},
  kubernetesMinor: 36,
  watchesQuiet: false,
  comparesEnd: false,
})

/** Shorter than a Lease lasts, and longer. */
const DOWN_MS = [1_000, 25_000, 70_000] as const

/** `share`: only each so-manieth place, from the first, the second… on, so that several may share the work. */
export async function* crashEverywhere(seed: number, share = { from: 1, of: 1 }): AsyncGenerator<RunResult> {
  const plan = calmPlan(seed)
  const calm = await runPlan(plan)
  yield calm
  for (let countdown = share.from; countdown <= calm.effects; countdown += share.of) {
    const downMs = DOWN_MS[countdown % DOWN_MS.length] ?? 1_000
    for (const when of ['before', 'after'] as const)
      yield await runPlan({ ...plan, crash: { countdown, when, downMs } })
  }
}
