import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DueHeap } from './due-heap.ts'

test('keys come out by the earliest time they were ever added with, and each once', () => {
  const adds = fc.array(fc.record({ key: fc.integer({ min: 0, max: 20 }), at: fc.integer({ min: 0, max: 50 }) }))
  fc.assert(
    fc.property(adds, list => {
      const heap = new DueHeap<number>()
      const earliest = new Map<number, number>()
      for (const { key, at } of list) {
        heap.add(key, at)
        earliest.set(key, Math.min(at, earliest.get(key) ?? at))
      }
      expect(heap.size).toBe(earliest.size)
      const out: { readonly key: number; readonly dueAtMs: number }[] = []
      for (let next = heap.takeFirst(); next; next = heap.takeFirst()) out.push(next)
      expect(new Map(out.map(({ key, dueAtMs }) => [key, dueAtMs]))).toEqual(earliest)
      const times = out.map(({ dueAtMs }) => dueAtMs)
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }),
  )
})

test('taking and adding may be mixed in any order', () => {
  const step = fc.oneof(
    fc.constant('take' as const),
    fc.record({ key: fc.integer({ min: 0, max: 9 }), at: fc.integer({ min: 0, max: 30 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const heap = new DueHeap<number>()
      const model = new Map<number, number>()
      for (const next of steps) {
        if (next !== 'take') {
          heap.add(next.key, next.at)
          model.set(next.key, Math.min(next.at, model.get(next.key) ?? next.at))
          continue
        }
        const taken = heap.takeFirst()
        expect(taken?.dueAtMs).toBe(model.size > 0 ? Math.min(...model.values()) : undefined)
        if (taken) {
          expect(model.get(taken.key)).toBe(taken.dueAtMs)
          model.delete(taken.key)
        }
      }
      expect(heap.size).toBe(model.size)
    }),
  )
})

test('of equal times, first come is first served', () => {
  const heap = new DueHeap<string>()
  for (const key of ['c', 'a', 'b']) heap.add(key, 5)
  expect([heap.takeFirst()?.key, heap.takeFirst()?.key, heap.takeFirst()?.key]).toEqual(['c', 'a', 'b'])
})
