import { expect, test } from 'vitest'
import { WriteBrake } from './write-brake.ts'

/** Writes whenever it may, for so long. */
function writes(brake: WriteBrake<string>, key: string, forMs: number): number {
  let count = 0
  let nowMs = 0
  while (nowMs < forMs) {
    const waitMs = brake.take(key, nowMs)
    if (waitMs === 0) count += 1
    nowMs += Math.max(1, waitMs)
  }
  return count
}

test('an object that is undone all the time is written twenty times, and then every three seconds', () => {
  expect(writes(new WriteBrake(), 'a', 60_000)).toBeLessThanOrEqual(20 + 20)
  expect(writes(new WriteBrake(), 'a', 60_000)).toBeGreaterThan(30)
})

test('one that is written now and then never waits', () => {
  const brake = new WriteBrake()
  const waits = Array.from({ length: 200 }, (_, at) => brake.take('a', at * 3_000))
  expect(Math.max(...waits)).toBe(0)
})

test('each object has its own, and a new one of its name begins anew', () => {
  const brake = new WriteBrake()
  for (let at = 0; at < 20; at++) brake.take('a', 0)
  expect([brake.take('a', 0), brake.take('b', 0)]).toEqual([3_000, 0])
  brake.forget('a')
  expect(brake.take('a', 0)).toBe(0)
})
