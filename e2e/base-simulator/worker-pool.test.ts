import { expect, test } from 'vitest'
import { WorkerPool } from './worker-pool.ts'

/** A pool with `count` pieces of work that never end until told. */
function loaded(count: number) {
  const pool = new WorkerPool()
  const ends: (() => void)[] = []
  const taken = Array.from({ length: count }, () => pool.submit(done => ends.push(done)))
  return { pool, ends, taken }
}

test('five run, the rest wait their turn', () => {
  const { pool, ends } = loaded(7)
  expect([pool.busy, pool.waiting]).toEqual([5, 2])
  ends[0]?.()
  expect([pool.busy, pool.waiting, ends.length]).toEqual([5, 1, 6])
})

test('more than five run only when a hundred wait; beyond ten it refuses', () => {
  const { pool, taken } = loaded(110)
  expect([pool.busy, pool.waiting]).toEqual([10, 100])
  expect(taken.every(Boolean)).toBe(true)
  expect(pool.submit(() => {})).toBe(false)
})

test('work that ends twice frees one thread', () => {
  const { pool, ends } = loaded(5)
  ends[0]?.()
  ends[0]?.()
  expect(pool.busy).toBe(4)
})
