import { expect, test } from 'vitest'
import { calmPlan } from './crash-points.ts'
import { MUTANTS } from './mutants/list.ts'
import { planted, sourceOf } from './mutants/mutant.ts'
import { runPlan } from './run.ts'
import { planOf, type RunPlan } from './run-plan.ts'
import { shrink } from './shrink.ts'

async function linesOf(plan: RunPlan): Promise<readonly string[]> {
  const lines: string[] = []
  await runPlan(plan, { trace: line => void lines.push(line) })
  return lines
}

test('one seed is one run, line by line', async () => {
  const plan = { ...planOf(12), faultyMs: 60_000, watchesQuiet: false }
  const lines = await linesOf(plan)
  expect(lines.length).toBeGreaterThan(200)
  expect(await linesOf(plan)).toEqual(lines)
}, 60_000)

test('a world without faults settles at once and breaks no promise', async () => {
  const result = await runPlan(calmPlan(1))
  expect(result.violations).toEqual([])
  expect(result.settledAfterMs).toBeLessThanOrEqual(10_000)
  expect(result.effects).toBeGreaterThan(50)
})

test('the operator killed at one place and back is as if it had not been', async () => {
  const crash = { countdown: 25, when: 'after', downMs: 20_000 } as const
  expect((await runPlan({ ...calmPlan(1), crash })).violations).toEqual([])
})

test('a run that does not fail is not made smaller', async () => {
  const plan = calmPlan(3)
  expect(await shrink(plan, 'settles', 3)).toEqual(plan)
})

test.each(MUTANTS.map(mutant => [mutant.name, mutant] as const))('planted fault: %s', async (_name, mutant) => {
  expect(planted(await sourceOf(mutant), mutant)).not.toBe(await sourceOf(mutant))
})

test('a mutant whose place is gone, or not the only one, is told', () => {
  const mutant = { name: 'm', file: 'a.ts', find: 'x', replace: 'y' }
  expect(planted('a x b', mutant)).toBe('a y b')
  expect(() => planted('a b', mutant)).toThrow('0 places')
  expect(() => planted('x x', mutant)).toThrow('2 places')
})
