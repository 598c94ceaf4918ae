import { expect, test } from 'vitest'
import { claimsOfPod } from '../claims.ts'
import { aBase, aBiz, BUILT_AT_MS } from '../registry/a-base.ts'
import type { Flight } from '../registry/base-record.ts'
import { aPod, noLookups } from './a-pod.ts'
import { gapsEndAtMs, isGoneForLong } from './replaced-too-long.ts'

const claims = claimsOfPod(aPod(), noLookups)
const look = { publishedAtMs: BUILT_AT_MS, receivedAtMs: BUILT_AT_MS, count: 9 }
const replacing = (ageMs: number): Flight => ({
  command: 'installBiz',
  name: 'biz1',
  version: '0.0.1',
  strategy: 'uninstallThenInstall',
  sentAtMs: BUILT_AT_MS - ageMs,
  overdue: false,
})
const isGone = (facts: Parameters<typeof aBase>[0]): boolean =>
  claims.some(claim => isGoneForLong(aBase({ snapshot: look, ...facts }), claim, BUILT_AT_MS))

test('a replacement has its moment; after that a look without the module is believed', () => {
  expect(isGone({ flights: [replacing(4_999)] })).toBe(false)
  expect(isGone({ flights: [replacing(5_000)] })).toBe(true)
  expect(gapsEndAtMs(aBase({ flights: [replacing(4_999)] }), claims)).toEqual([BUILT_AT_MS + 1])
})

test('a look from before the command tells nothing, nor does one that shows the module', () => {
  const before = { ...look, receivedAtMs: BUILT_AT_MS - 5_001 }
  expect(isGone({ flights: [replacing(5_000)], snapshot: before })).toBe(false)
  expect(isGone({ flights: [replacing(5_000)], bizs: [aBiz()] })).toBe(false)
})

test('an install beside what runs stops nothing', () => {
  expect(isGone({ flights: [{ ...replacing(5_000), strategy: 'installOnly' }] })).toBe(false)
})
