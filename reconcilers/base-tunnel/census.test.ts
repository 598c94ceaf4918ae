import { expect, test } from 'vitest'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import { isMassSilence, MISSING_AFTER_MS, takeCensus } from './census.ts'

const now = BUILT_AT_MS
const link = { connected: true, epoch: 1, sinceMs: now - 3_600_000, why: '' }
const alive = (aliveAtMs: number): BaseFacts => ({ life: { ...aBase().life, aliveAtMs } })
const count = (...bases: BaseFacts[]) => takeCensus(bases.map(aBase), link, now)

test('a base is missing before it counts as silent, so that a mass is seen before its first victim', () => {
  expect(count(alive(now - MISSING_AFTER_MS), alive(now - MISSING_AFTER_MS - 1))).toEqual({ known: 2, missing: 1 })
})

test('bases cut off together are seen as a mass before any of them is silent, wherever each was in its beat', () => {
  const cutAtMs = now - 24_000
  const bases = Array.from({ length: 20 }, (_, index) => alive(cutAtMs - index * 500))
  expect(isMassSilence(count(...bases))).toBe(true)
})

test('right after our own connect nobody is missing', () => {
  expect(takeCensus([aBase(alive(0))], { ...link, sinceMs: now - 1_000 }, now)).toEqual({ known: 1, missing: 0 })
})

test('newcomers count among the known', () => {
  const newcomer: BaseFacts = { ...alive(0), firstHeardAtMs: now, reach: { state: 'unproven', sinceMs: now, why: '' } }
  expect(count({}, newcomer)).toEqual({ known: 2, missing: 0 })
})

test('those that just died of silence count on, else each death would loosen the brake; the others do not', () => {
  const dead = (sinceMs: number, aliveAtMs: number): BaseFacts => ({
    ...alive(aliveAtMs),
    reach: { state: 'dead', sinceMs, why: '' },
  })
  expect(count(dead(now - 1_000, now - 200_000))).toEqual({ known: 1, missing: 1 })
  expect(count(dead(now - 601_000, now - 900_000))).toEqual({ known: 0, missing: 0 })
  expect(count(dead(now - 1_000, now - 2_000))).toEqual({ known: 0, missing: 0 })
})

test.each([
  [{ known: 100, missing: 55 }, false],
  [{ known: 100, missing: 56 }, true],
  [{ known: 3, missing: 3 }, false],
  [{ known: 4, missing: 4 }, true],
  [{ known: 0, missing: 0 }, false],
])('%o is a mass silence: %s', (census, mass) => {
  expect(isMassSilence(census)).toBe(mass)
})
