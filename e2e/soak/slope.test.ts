import { expect, test } from 'vitest'
import { afterWarmUp, median, slopePerMinute } from './slope.ts'

const every10s = (values: readonly number[]) => values.map((value, nth) => ({ atMs: nth * 10_000, value }))

test('what grows by one each ten seconds grows by six a minute', () => {
  expect(slopePerMinute(every10s([1, 2, 3, 4, 5]))).toBe(6)
})

test('what goes up and down around one value is flat, whatever single samples do', () => {
  expect(slopePerMinute(every10s([5, 6, 5, 6, 5, 6, 5]))).toBe(0)
  expect(slopePerMinute(every10s([5, 5, 5, 900, 5, 5, 5]))).toBe(0)
})

test('one sample tells nothing', () => {
  expect(slopePerMinute(every10s([7]))).toBe(0)
  expect(median([])).toBe(0)
  expect(median([3, 1, 2])).toBe(2)
})

test('the first two fifths are left out', () => {
  expect(afterWarmUp(every10s([1, 2, 3, 4, 5])).map(({ value }) => value)).toEqual([3, 4, 5])
})
