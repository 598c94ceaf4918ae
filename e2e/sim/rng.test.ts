import { expect, test } from 'vitest'
import { SeededRng } from './rng.ts'

const draws = (rng: SeededRng, count = 5): readonly number[] => Array.from({ length: count }, () => rng.next())

test('one name is one stream, and another name another', () => {
  expect(draws(new SeededRng('seed 1'))).toEqual(draws(new SeededRng('seed 1')))
  expect(draws(new SeededRng('seed 1'))).not.toEqual(draws(new SeededRng('seed 2')))
})

test('a draw in one part shifts none of another', () => {
  const [one, other] = [new SeededRng('seed 1'), new SeededRng('seed 1')]
  one.fork('network').next()
  one.next()
  expect(draws(one.fork('bases'))).toEqual(draws(other.fork('bases')))
})

test('draws fill their range, ends included, and what is impossible is not drawn', () => {
  const rng = new SeededRng('seed 1')
  const dice = new Set(Array.from({ length: 500 }, () => rng.integer(1, 6)))
  expect([...dice].sort()).toEqual([1, 2, 3, 4, 5, 6])
  const mean = draws(rng, 2_000).reduce((sum, draw) => sum + draw, 0) / 2_000
  expect(mean).toBeGreaterThan(0.45)
  expect(mean).toBeLessThan(0.55)
  const before = new SeededRng('seed 2')
  const after = new SeededRng('seed 2')
  expect(after.chance(0)).toBe(false)
  expect(draws(after)).toEqual(draws(before))
})
