import { runStage } from './run-stage.ts'
import type { Stage } from './stages.ts'
import { add, closingLine, NONE, skipsFail, type Tally } from './tally.ts'

const LANES = 2

/** The quick ones side by side, then each of the others alone. */
export async function runStages(stages: readonly Stage[], run = runStage): Promise<Tally> {
  const fast = stages.filter(({ isFast }) => isFast)
  // The longest first: it fills one lane while the others share the second.
  const waiting = [...fast.filter(({ covers }) => covers), ...fast.filter(({ covers }) => !covers)]
  const tallies: Tally[] = []
  const lane = async (): Promise<void> => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) tallies.push(await run(stage, { isAlone: false }))
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  for (const stage of stages) if (!stage.isFast) tallies.push(await run(stage, { isAlone: true }))
  return tallies.reduce(add, NONE)
}

/** Says again what failed and what was left out, then closes with one line that people and machines read. */
export function conclude(tally: Tally): void {
  const result = process.env.CI === 'true' ? skipsFail(tally) : tally
  const lines = [...result.skipped.map(what => `skipped  ${what}`), ...result.failed.map(what => `FAILED   ${what}`)]
  process.stdout.write(`\n${lines.map(line => `${line}\n`).join('')}${closingLine(result)}\n`)
  process.exitCode = result.failed.length === 0 ? 0 : 1
}
