import { expect, test } from 'vitest'
import { SeededRng } from '../sim/rng.ts'
import { faultText, planRound, targetOf } from './round-plan.ts'

const OPTIONS = { forMs: 60_000, racks: 5, operators: 2 }
const plans = Array.from({ length: 200 }, (_, seed) => planRound(new SeededRng(`${seed}`), OPTIONS))

test('one seed is one plan', () => {
  const [first, second] = [7, 7].map(seed => planRound(new SeededRng(`${seed}`), OPTIONS))
  expect(first).toEqual(second)
  expect(first).not.toEqual(planRound(new SeededRng('8'), OPTIONS))
})

test('every fault is over when the round is', () => {
  for (const { atMs, forMs } of plans.flat()) {
    expect(forMs).toBeGreaterThan(0)
    expect(atMs + forMs).toBeLessThanOrEqual(OPTIONS.forMs)
  }
})

test('nothing is struck while it is struck already', () => {
  for (const plan of plans) {
    const over = new Map<string, number>()
    for (const { fault, atMs, forMs } of plan) {
      expect(over.get(targetOf(fault)) ?? 0).toBeLessThanOrEqual(atMs)
      over.set(targetOf(fault), atMs + forMs)
    }
  }
})

test('every part and every kind of trouble is met', () => {
  const seen = new Set(plans.flat().map(({ fault }) => faultText(fault).replace(/\d+/g, 'n')))
  expect([...seen].sort()).toEqual(
    [
      'broker killed',
      'API server killed',
      'operator n killed',
      'operator n frozen',
      ...['operator n to broker', 'operator n to API server', 'rack n to broker'].flatMap(link =>
        ['cut', 'black hole', 'n ms each way', 'n kB/s', 'one bit in n bytes garbled'].map(how => `${link}: ${how}`),
      ),
    ].sort(),
  )
})
