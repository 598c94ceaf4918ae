import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aBase, aClaim, aFlight, anAttempt, aTuple, BUILT_AT_MS } from './a-base.ts'
import { backoffMs, shortMessage, withFailedInstall, withFailure, withSuccess } from './attempts.ts'
import type { BaseRecord } from './base-record.ts'

const at = (afterMs: number) => ({ nowMs: BUILT_AT_MS + afterMs, jitter: 0.5 })
const failure = { url: aTuple().url, code: 'FAILED', message: 'no' }
const failed = (record: BaseRecord, afterMs: number, url = failure.url): BaseRecord =>
  withFailure(record, aClaim(), { ...failure, url }, at(afterMs))

test('the delay doubles from ten seconds to five minutes, a tenth more or less', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map(failures => backoffMs(failures, 0.5) / 1_000)).toEqual([
    10, 20, 40, 80, 160, 300, 300, 300,
  ])
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, jitter) => {
        const delay = backoffMs(n, jitter)
        expect(delay).toBeGreaterThanOrEqual(9_000)
        expect(delay).toBeLessThanOrEqual(330_000)
      },
    ),
  )
})

describe('failures of one claim', () => {
  test('add up', () => {
    const twice = failed(failed(aBase(), 0), 12_000)
    expect(twice.attempts.get(aClaim())).toMatchObject({ failures: 2, nextTryAtMs: BUILT_AT_MS + 32_000 })
  })

  test('start afresh with another URL', () => {
    const other = failed(failed(aBase(), 0), 12_000, 'http://jars/fixed.jar')
    expect(other.attempts.get(aClaim())).toMatchObject({ failures: 1, url: 'http://jars/fixed.jar' })
  })

  test('go on where they stopped after a success that did not last ten minutes', () => {
    const recovered = withSuccess(failed(failed(aBase(), 0), 12_000), aFlight(), BUILT_AT_MS + 40_000)
    expect(recovered.attempts.size).toBe(0)
    expect(failed(recovered, 100_000).attempts.get(aClaim())?.failures).toBe(3)
  })

  test('start afresh after ten minutes of running', () => {
    const recovered = withSuccess(failed(failed(aBase(), 0), 12_000), aFlight(), BUILT_AT_MS + 40_000)
    expect(failed(recovered, 640_000).attempts.get(aClaim())?.failures).toBe(1)
  })

  test('of others are not counted', () => {
    const other = withFailure(failed(aBase(), 0), aClaim('pod-2'), failure, at(1))
    expect(other.attempts.get(aClaim('pod-2'))?.failures).toBe(1)
  })
})

test('recoveries do not pile up', () => {
  let record = aBase()
  for (let i = 0; i < 100; i++) {
    const claim = aClaim(`pod-${i}`)
    record = withFailure(record, claim, failure, at(i * 60_000))
    record = withSuccess(record, aFlight({ claim }), BUILT_AT_MS + i * 60_000)
  }
  expect(record.recoveries?.size).toBeLessThanOrEqual(11)
})

test('a flight that serves no claim fails nobody', () => {
  const { claim: _claim, ...theirs } = aFlight()
  expect(withFailedInstall(aBase(), theirs, failure, at(0)).attempts.size).toBe(0)
})

test('a success of another tuple than the one put back ends the failure', () => {
  const attempt = anAttempt({ unproven: true, previous: aTuple({ url: 'http://jars/old.jar' }) })
  const record = aBase({ attempts: { [aClaim()]: attempt } })
  expect(withSuccess(record, aFlight(), BUILT_AT_MS).attempts.size).toBe(0)
})

test('so does the former image, where the user went back to it: the other may be tried again', () => {
  const record = aBase({ attempts: { [aClaim()]: anAttempt({ unproven: true, previous: aTuple() }) } })
  expect(withSuccess(record, aFlight(), BUILT_AT_MS).attempts.size).toBe(0)
  expect(withSuccess(record, aFlight({ restores: true }), BUILT_AT_MS).attempts.size).toBe(1)
})

describe('a message for a status', () => {
  test.each([
    ['plain text', 'plain text'],
    ['first line\nsecond line', 'first line'],
    ['GET https://u:p@host:8443/a/b.jar?sig=1#x failed', 'GET https://host:8443/a/b.jar#x failed'],
    ['from http://host/a.jar, then http://k@other/b.jar?t', 'from http://host/a.jar, then http://other/b.jar'],
    ['http://u:p@ss@host/a.jar', 'http://host/a.jar'],
    ['user@example is no URL', 'user@example is no URL'],
    ['', ''],
  ])('%j becomes %j', (text, short) => {
    expect(shortMessage(text)).toBe(short)
  })

  test('is never long, whatever the base says', () => {
    fc.assert(fc.property(fc.string({ maxLength: 3_000 }), text => shortMessage(text).length <= 500))
    expect(shortMessage('x'.repeat(1_000_000))).toHaveLength(500)
  })
})
