import { describe, expect, test } from 'vitest'
import { type BizReport, bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, aBiz, aClaim, aContext, anObservation, aProvenance, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord, Doubt } from './base-record.ts'
import { observe } from './observe.ts'
import type { Observed } from './observed.ts'

const KEY = bizKey('biz1', '0.0.1')

function looked(record: BaseRecord, afterMs: number, bizs: readonly BizReport[], nowAfterMs = afterMs): Observed {
  const snapshot = anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + afterMs, bizs })
  const observed = observe(record, snapshot, aContext({ nowMs: BUILT_AT_MS + nowAfterMs }))
  if (!observed) throw new Error('the base is known')
  return observed
}

const doubtful = (sinceAfterMs: number): ReadonlyMap<typeof KEY, Doubt> =>
  new Map([[KEY, { sincePublishedAtMs: BUILT_AT_MS + sinceAfterMs, raisedAtMs: BUILT_AT_MS + sinceAfterMs }]])

describe('a snapshot', () => {
  test('is what runs: new ones come, missing ones go, with what was known of their origin', () => {
    const record = aBase({ bizs: [aBiz()], provenance: { 'biz1:0.0.1': aProvenance() } })
    const { record: after, changes } = looked(record, 100, [aBiz('biz2')])
    expect([...after.bizs.keys()]).toEqual(['biz2:0.0.1'])
    expect(after.provenance.size).toBe(0)
    expect(after.snapshot).toEqual({ publishedAtMs: BUILT_AT_MS + 100, receivedAtMs: BUILT_AT_MS + 100, count: 4 })
    expect(changes).toEqual(['seen', 'bizs'])
  })

  test('that shows what was known wakes nobody', () => {
    expect(looked(aBase({ bizs: [aBiz()] }), 100, [aBiz()]).changes).toEqual(['seen'])
  })

  test.each<Partial<BizReport>>([
    { state: 'deactivated' },
    { changedAtMs: 7 },
    { reason: 'KILLING' },
    { message: 'x' },
  ])('that shows any part otherwise tells: %o', part => {
    expect(looked(aBase({ bizs: [aBiz()] }), 100, [{ ...aBiz(), ...part }]).changes).toContain('bizs')
  })

  test('that is the first one tells, even if it is empty: until now nothing was known', () => {
    const { record, changes } = looked(aBase({ lacking: ['snapshot'] }), 100, [])
    expect(changes).toContain('bizs')
    expect(record.snapshot?.count).toBe(1)
  })

  test('that was overtaken by a newer one is ignored', () => {
    const newer = looked(aBase(), 200, [aBiz()]).record
    const { record, changes } = looked(newer, 150, [])
    expect(record.bizs.has(KEY)).toBe(true)
    expect(changes).toEqual(['seen'])
  })

  test('delivered twice counts once', () => {
    const once = looked(aBase(), 200, [aBiz()]).record
    expect(looked(once, 200, [aBiz()]).record.snapshot).toEqual(once.snapshot)
  })
})

describe('a biz in doubt', () => {
  test('that was answered for later keeps what the answer said: present', () => {
    const record = aBase({ bizs: [aBiz()], doubts: doubtful(50) })
    const { record: after, changes } = looked(record, 40, [aBiz('biz2')])
    expect([...after.bizs.keys()].sort()).toEqual(['biz1:0.0.1', 'biz2:0.0.1'])
    expect(after.doubts.size).toBe(1)
    expect(changes).toContain('bizs')
  })

  test('that was answered for later keeps what the answer said: gone', () => {
    const { record } = looked(aBase({ doubts: doubtful(50) }), 40, [aBiz()])
    expect([record.bizs.size, record.doubts.size]).toEqual([0, 1])
  })

  test('is not settled by a snapshot of the very same moment', () => {
    expect(looked(aBase({ doubts: doubtful(50) }), 50, []).record.doubts.size).toBe(1)
  })

  test('is settled by a snapshot published after the answer, and that is told though nothing else differs', () => {
    const { record, changes } = looked(aBase({ bizs: [aBiz()], doubts: doubtful(50) }), 51, [aBiz()])
    expect(record.doubts.size).toBe(0)
    expect(changes).toContain('bizs')
  })

  test('goes by the clock of the base, however ours stands to it', () => {
    const record = aBase({ doubts: doubtful(50) })
    expect(looked(record, 40, [aBiz()], 999_999).record.doubts.size).toBe(1)
    expect(looked(record, 60, [aBiz()], -999_999).record.doubts.size).toBe(0)
  })
})

describe('a module that breaks', () => {
  const running = aBase({ bizs: [aBiz()], provenance: { 'biz1:0.0.1': aProvenance() } })

  test('fails the claim that it ran for, once', () => {
    const broken = looked(running, 100, [aBiz('biz1', '0.0.1', 'broken')]).record
    expect(broken.attempts.get(aClaim())).toMatchObject({ code: 'BROKEN', failures: 1 })
    const still = looked(broken, 200, [aBiz('biz1', '0.0.1', 'broken')]).record
    expect(still.attempts.get(aClaim())?.failures).toBe(1)
  })

  test('of unknown origin fails nobody', () => {
    const { record } = looked(aBase({ bizs: [aBiz()] }), 100, [aBiz('biz1', '0.0.1', 'broken')])
    expect(record.attempts.size).toBe(0)
  })
})
