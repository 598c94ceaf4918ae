/** `make sim SEED=n`: one run, told line by line. `make sim SEEDS=n`: many, told by what they found. */
import { parseArgs } from 'node:util'
import { FAULTS, type FaultKind } from './faults/mix.ts'
import { type RunResult, runPlan } from './run.ts'
import { planOf, type RunPlan } from './run-plan.ts'
import { legend } from './trace.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' } },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const shownPlan = ({ mix, faultyMs, bases, workloads, steps }: RunPlan): string => {
  const faults = (Object.entries(mix) as [FaultKind, number][])
    .map(([kind, rate]) => `${kind} ${rate.toPrecision(2)}/${FAULTS[kind].per}`)
    .join(', ')
  return `${bases} bases, ${workloads} workloads, ${steps} steps, ${Math.round(faultyMs / 1_000)} s of: ${faults || 'nothing'}`
}

async function replay(seed: number): Promise<void> {
  const plan = planOf(seed)
  say(`seed ${seed}: ${shownPlan(plan)}\n${legend()}\n`)
  const result = await runPlan(plan, say)
  say(`\n${verdictOf(result)}`)
  process.exitCode = result.violations.length > 0 ? 1 : 0
}

const verdictOf = ({ violations, settledAfterMs }: RunResult): string =>
  violations.length === 0
    ? `sound, settled ${settledAfterMs} ms after it was healed`
    : violations.map(({ oracle, what }) => `${oracle}: ${what}`).join('\n')

async function many(count: number, from: number): Promise<void> {
  const began = performance.now()
  const failed: RunResult[] = []
  const settled: number[] = []
  let simulatedMs = 0
  for (let seed = from; seed < from + count; seed++) {
    const result = await runPlan(planOf(seed))
    simulatedMs += result.simulatedMs
    if (result.settledAfterMs !== undefined) settled.push(result.settledAfterMs)
    if (result.violations.length === 0) continue
    failed.push(result)
    const [first] = result.violations
    say(`seed ${seed}: ${first?.oracle}: ${first?.what}  (make sim SEED=${seed})`)
  }
  settled.sort((a, b) => a - b)
  const at = (share: number): number => Math.round((settled[Math.floor(share * (settled.length - 1))] ?? 0) / 1_000)
  const minutes = (performance.now() - began) / 60_000
  say(
    `${count} seeds, ${failed.length} failed; settled after ${at(0.5)} s (p50), ${at(0.99)} s (p99), ${at(1)} s (max)`,
  )
  say(
    `${(simulatedMs / 3_600_000).toFixed(1)} simulated hours in ${minutes.toFixed(1)} minutes: ${Math.round(simulatedMs / 3_600_000 / minutes)} an hour-per-minute`,
  )
  process.exitCode = failed.length > 0 ? 1 : 0
}

if (values.seed !== undefined) await replay(Number(values.seed))
else await many(Number(values.seeds ?? 100), Number(values.from ?? 1))
