import { describe, expect, test } from 'vitest'
import { type BizReport, type BizState, bizKey } from '../../mqtt-bridge/index.ts'
import {
  aBase,
  aBiz,
  aClaim,
  aContext,
  aFlight,
  anAttempt,
  anObservation,
  anUninstall,
  aTuple,
  BUILT_AT_MS,
} from './a-base.ts'
import type { BaseRecord, Flight } from './base-record.ts'
import { applyNote } from './notes.ts'
import { observe } from './observe.ts'
import type { FlightEnd } from './observed.ts'

const KEY = bizKey('biz1', '0.0.1')

/** A base that was just sent this command. */
const sent = (flight: Flight, facts: Parameters<typeof aBase>[0] = {}): BaseRecord =>
  applyNote(aBase(facts), { kind: 'commanded', key: bizKey(flight.name, flight.version), flight }).record

type Look = readonly [afterMs: number, bizs: readonly BizReport[]]

/** No answer ever comes: only looks, at these times after sending. */
function lookedAt(record: BaseRecord, ...looks: readonly Look[]) {
  let known = record
  const ended: FlightEnd[] = []
  for (const [afterMs, bizs] of looks) {
    const snapshot = anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + afterMs, bizs })
    const observed = observe(known, snapshot, aContext({ nowMs: BUILT_AT_MS + afterMs }))
    known = observed?.record ?? known
    ended.push(...(observed?.ended ?? []))
  }
  return { record: known, ended }
}

const biz1 = (state: BizState, changedAfterMs: number, reason = 'STARTED'): BizReport => ({
  ...aBiz('biz1', '0.0.1', state),
  changedAtMs: BUILT_AT_MS + changedAfterMs,
  reason,
})

describe('an install whose answer was lost', () => {
  test.each(['activated', 'deactivated', 'broken'] as const)('is over once its biz shows as %s in two looks', state => {
    const once = lookedAt(sent(aFlight()), [1_000, [biz1(state, 900)]])
    expect(once.record.flights.has(KEY)).toBe(true)
    const { record, ended } = lookedAt(once.record, [3_000, [biz1(state, 900)]])
    expect(record.flights.size).toBe(0)
    expect(ended).toMatchObject([{ key: KEY, outcome: 'seen' }])
  })

  test('past its deadline never arrived where what it was to replace stands as it stood, and is believed to have done nothing', () => {
    const standing = biz1('activated', -60_000)
    const replacing = aFlight({ strategy: 'uninstallThenInstall' })
    const looks = [
      [1_000, [standing]],
      [12_000, [standing]],
    ] as const
    expect(lookedAt(sent(replacing, { bizs: [standing] }), ...looks).record.flights.has(KEY)).toBe(true)
    const { record, ended } = lookedAt(sent({ ...replacing, overdue: true }, { bizs: [standing] }), ...looks)
    expect(ended).toMatchObject([{ key: KEY, outcome: 'seen' }])
    expect([record.flights.size, record.provenance.size]).toEqual([0, 0])
  })

  test('leaves the same knowledge as an answer would have', () => {
    const record = sent(aFlight(), { attempts: { [aClaim()]: anAttempt() } })
    const over = lookedAt(record, [1_000, [biz1('activated', 900)]], [3_000, [biz1('activated', 900)]]).record
    expect(over.provenance.get(KEY)).toMatchObject({ tuple: aTuple(), claim: aClaim() })
    expect(over.attempts.size).toBe(0)
  })

  test('that broke is a failure of its claim', () => {
    const over = lookedAt(sent(aFlight()), [1_000, [biz1('broken', 900)]], [3_000, [biz1('broken', 900)]]).record
    expect(over.attempts.get(aClaim())).toMatchObject({ code: 'BROKEN', failures: 1 })
  })

  test('is not over while the biz is being resolved, nor while it is not there', () => {
    const looks: Look[] = [
      [1_000, []],
      [60_000, [biz1('resolved', 59_000, 'CREATED')]],
      [90_000, [biz1('resolved', 59_000, 'CREATED')]],
    ]
    expect(lookedAt(sent(aFlight()), ...looks).record.flights.has(KEY)).toBe(true)
  })

  test('that shows as broken for a moment, before it vanishes, is waited for: its answer comes', () => {
    const gone = lookedAt(
      sent(aFlight()),
      [1_000, [biz1('broken', 900)]],
      [3_500, []],
      [4_000, [biz1('activated', 3_900)]],
    )
    expect(gone.record.flights.get(KEY)).toMatchObject({ outcomeSeenAtMs: BUILT_AT_MS + 4_000 })
  })

  test('is not judged by a look published before the command was sent', () => {
    const record = sent(aFlight({ sentAfterPublishedAtMs: BUILT_AT_MS + 10_000 }))
    const { record: after } = lookedAt(record, [1_000, [biz1('activated', 900)]], [9_000, [biz1('activated', 900)]])
    expect(after.flights.get(KEY)).not.toHaveProperty('outcomeSeenAtMs')
  })

  test('that is overdue is over all the same', () => {
    const late = applyNote(sent(aFlight()), { kind: 'overdue', key: KEY, atMs: BUILT_AT_MS + 300_000 }).record
    const looks: Look[] = [
      [300_100, [biz1('activated', 299_000)]],
      [303_000, [biz1('activated', 299_000)]],
    ]
    expect(lookedAt(late, ...looks).record.flights.size).toBe(0)
  })
})

describe('a replacement of the same version whose answer was lost', () => {
  const replacement = aFlight({ strategy: 'uninstallThenInstall', unproven: true })
  const replaced = sent(replacement, { bizs: [biz1('activated', -5_000)] })

  test('is not over while the former one still stands', () => {
    const looks: Look[] = [1_000, 5_000, 60_000].map(afterMs => [afterMs, [biz1('activated', -5_000)]])
    expect(lookedAt(replaced, ...looks).record.flights.has(KEY)).toBe(true)
  })

  test('is not over while the former one is being stopped, though its state and time are new', () => {
    const killing: Look[] = [1_000, 4_000, 20_000].map(afterMs => [afterMs, [biz1('deactivated', 900, 'KILLING')]])
    expect(lookedAt(replaced, ...killing).record.flights.has(KEY)).toBe(true)
  })

  test('is over once one that started later stands', () => {
    const looks: Look[] = [1_000, 4_000].map(afterMs => [afterMs, [biz1('activated', 900)]])
    expect(lookedAt(replaced, ...looks).record.flights.size).toBe(0)
  })
})

describe('an uninstall whose answer was lost', () => {
  test('is over at the first look without the biz', () => {
    const { record, ended } = lookedAt(sent(anUninstall(), { bizs: [biz1('activated', -5_000)] }), [100, []])
    expect([record.flights.size, record.bizs.size]).toEqual([0, 0])
    expect(ended).toMatchObject([{ outcome: 'seen' }])
  })

  test('is not over while the biz is on its way out', () => {
    const looks: Look[] = [100, 12_000, 30_000].map(afterMs => [afterMs, [biz1('deactivated', 50, 'KILLING')]])
    expect(lookedAt(sent(anUninstall(), { bizs: [biz1('activated', -5_000)] }), ...looks).record.flights.size).toBe(1)
  })

  test('of a biz that was not there is over a little later', () => {
    const once = lookedAt(sent(anUninstall()), [100, []])
    expect(once.record.flights.size).toBe(1)
    expect(lookedAt(once.record, [2_100, []]).record.flights.size).toBe(0)
  })

  test('that has left its biz untouched for long is over: it failed', () => {
    const standing = sent(anUninstall({ claim: aClaim() }), { bizs: [biz1('activated', -5_000)] })
    const looks: Look[] = [1_000, 6_000, 11_000].map(afterMs => [afterMs, [biz1('activated', -5_000)]])
    expect(lookedAt(standing, ...looks.slice(0, 2)).record.flights.size).toBe(1)
    expect(lookedAt(standing, ...looks).record.flights.size).toBe(0)
  })
})

test("somebody's command that a conflict told of is over when nothing has moved for long", () => {
  const { claim: _claim, tuple: _tuple, ...theirs } = aFlight()
  const record = sent(theirs, { bizs: [biz1('activated', -5_000)] })
  const looks: Look[] = [1_000, 11_000].map(afterMs => [afterMs, [biz1('activated', -5_000)]])
  expect(lookedAt(record, ...looks).record.flights.size).toBe(0)
})

test('a look that an answer has overtaken says nothing of the flight sent after it', () => {
  const doubts = new Map([[KEY, { sincePublishedAtMs: BUILT_AT_MS + 5_000, raisedAtMs: BUILT_AT_MS }]])
  const record = sent(aFlight(), { doubts })
  expect(lookedAt(record, [4_000, [biz1('activated', 900)]]).record.flights.get(KEY)).not.toHaveProperty(
    'outcomeSeenAtMs',
  )
})

describe('an install of which looks show no trace', () => {
  const looksOf = (record: BaseRecord): number | undefined => record.flights.get(KEY)?.tracelessLooks

  test('is told so at the third look, and its traceless looks are counted anew after any trace', () => {
    const { record } = lookedAt(sent(aFlight()), [1_000, []], [2_000, []])
    expect(looksOf(record)).toBe(2)
    const third = anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 3_000, bizs: [] })
    const observed = observe(record, third, aContext({ nowMs: BUILT_AT_MS + 3_000 }))
    expect(observed?.changes).toContain('bizs')
    expect(observed && looksOf(observed.record)).toBe(3)
    expect(looksOf(lookedAt(record, [3_000, [biz1('resolved', 2_900)]]).record)).toBe(0)
  })

  test('is not spoken of by looks that were asked for before it, however late they are told', () => {
    const asked = (record: BaseRecord, atMs: number): BaseRecord =>
      applyNote(record, { kind: 'asked', atMs: BUILT_AT_MS + atMs, isLook: true }).record
    const waiting = asked(asked(aBase(), -2_000), -1_000)
    const flying = applyNote(waiting, { kind: 'commanded', key: KEY, flight: aFlight() }).record
    const { record } = lookedAt(flying, [1_000, []], [2_000, []])
    expect(looksOf(record)).toBeUndefined()
    expect(looksOf(lookedAt(asked(record, 2_500), [3_000, []]).record)).toBe(1)
    // What was never answered is forgotten after a pause.
    const later = applyNote(asked(waiting, 60_000), { kind: 'commanded', key: KEY, flight: aFlight() }).record
    expect(later.flights.get(KEY)?.looksOwed).toBe(1)
  })

  test('never arrived where it was to stop what stands as it stood: that is known long before its deadline', () => {
    const standing = biz1('activated', -60_000)
    const replacing = sent(aFlight({ strategy: 'uninstallThenInstall' }), { bizs: [standing] })
    const look = (afterMs: number): Look => [afterMs, [standing]]
    const { record } = lookedAt(replacing, look(1_000), look(2_000), look(3_000), look(5_000))
    expect(record.flights.has(KEY)).toBe(true)
    expect(lookedAt(record, look(16_000)).ended).toMatchObject([{ key: KEY, outcome: 'seen' }])
    // One that stops nothing may still be downloading.
    const beside = sent(aFlight(), { bizs: [standing] })
    const looks = [1_000, 2_000, 3_000, 5_000, 16_000].map(look)
    expect(lookedAt(beside, ...looks).ended).toEqual([])
  })

  test('has left one when it stopped what it replaces', () => {
    const standing = biz1('activated', -60_000)
    const replacing = sent(aFlight({ strategy: 'uninstallThenInstall' }), { bizs: [standing] })
    expect(looksOf(lookedAt(replacing, [1_000, [standing]], [2_000, [standing]]).record)).toBe(2)
    expect(looksOf(lookedAt(replacing, [1_000, [standing]], [2_000, []]).record)).toBe(0)
  })

  test('says nothing where the looks were published before it was sent', () => {
    const record = sent(aFlight({ sentAfterPublishedAtMs: BUILT_AT_MS + 5_000 }))
    expect(looksOf(lookedAt(record, [1_000, []], [2_000, []]).record)).toBeUndefined()
  })
})
