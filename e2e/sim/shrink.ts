/** A failing run, made as small as it can be while it still fails in the same way: what is left is what it takes. */
import { FAULT_KINDS } from './faults/mix.ts'
import { runPlan } from './run.ts'
import type { RunPlan } from './run-plan.ts'

/** Less of one thing each, the boldest cuts first. */
function smaller(plan: RunPlan): readonly RunPlan[] {
  const { mix, steps, workloads, bases, faultyMs } = plan
  const kinds = FAULT_KINDS.filter(kind => mix[kind] !== undefined)
  const without = (dropped: ReadonlySet<string>): RunPlan => ({
    ...plan,
    mix: Object.fromEntries(Object.entries(mix).filter(([kind]) => !dropped.has(kind))),
  })
  const half = Math.ceil(kinds.length / 2)
  return [
    ...(kinds.length > 1 ? [without(new Set(kinds.slice(0, half))), without(new Set(kinds.slice(half)))] : []),
    ...kinds.map(kind => without(new Set([kind]))),
    ...(steps > 0
      ? [
          { ...plan, steps: 0 },
          { ...plan, steps: steps >> 1 },
          { ...plan, steps: steps - 1 },
        ]
      : []),
    ...(workloads > 1 ? [{ ...plan, workloads: workloads - 1 }] : []),
    ...(bases > 1 ? [{ ...plan, bases: bases - 1 }] : []),
    ...(faultyMs > 60_000
      ? [
          { ...plan, faultyMs: faultyMs / 2 },
          { ...plan, faultyMs: faultyMs * 0.8 },
        ]
      : []),
    ...(plan.web ? [{ ...plan, web: false }] : []),
    ...(plan.comparesEnd ? [{ ...plan, comparesEnd: false }] : []),
    ...(plan.watchesQuiet ? [{ ...plan, watchesQuiet: false }] : []),
  ]
}

/** `oracle`: by which it fails. Tries so many runs at most. */
export async function shrink(plan: RunPlan, oracle: string, triesMax = 150): Promise<RunPlan> {
  let smallest = plan
  let tries = 0
  const fails = async (candidate: RunPlan): Promise<boolean> => {
    tries += 1
    return (await runPlan(candidate)).violations.some(violation => violation.oracle === oracle)
  }
  for (let hasShrunk = true; hasShrunk && tries < triesMax; ) {
    hasShrunk = false
    for (const candidate of smaller(smallest)) {
      if (tries >= triesMax || !(await fails(candidate))) continue
      smallest = candidate
      hasShrunk = true
      break
    }
  }
  return smallest
}
