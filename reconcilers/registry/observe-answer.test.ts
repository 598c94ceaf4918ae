import { describe, expect, test } from 'vitest'
import { bizKey, type CommandOutcome } from '../../mqtt-bridge/index.ts'
import {
  aBase,
  aBiz,
  aClaim,
  aContext,
  aFlight,
  anAttempt,
  anObservation,
  anUninstall,
  aProvenance,
  aTuple,
  BUILT_AT_MS,
  type ObservationFacts,
} from './a-base.ts'
import type { BaseRecord } from './base-record.ts'
import { applyNote } from './notes.ts'
import { observe } from './observe.ts'
import type { Observed } from './observed.ts'

const KEY = bizKey('biz1', '0.0.1')
const OTHER = bizKey('biz1', '0.0.2')
const NOW = BUILT_AT_MS + 10

function answered(record: BaseRecord, outcome: CommandOutcome, facts: ObservationFacts<'answer'> = {}): Observed {
  const observed = observe(record, anObservation('answer', { outcome, ...facts }), aContext())
  if (!observed) throw new Error('the base is known')
  return observed
}

const refused = (message = 'FAILED'): CommandOutcome => ({
  kind: 'failed',
  code: 'FAILED',
  message,
  cause: 'java.net.ConnectException: Connection refused',
})
const installed = (...bizs: ReturnType<typeof aBiz>[]): CommandOutcome => ({ kind: 'installed', bizs })
const uninstall = { command: 'uninstallBiz' } as const
const conflict = (running: string): CommandOutcome => ({ kind: 'conflict', running })

describe('every answer but a conflict', () => {
  test.each<CommandOutcome>([installed(aBiz()), { kind: 'repeat' }, refused()])(
    'ends the install that it names, and leaves its biz in doubt: %o',
    outcome => {
      const { record, changes } = answered(aBase({ flights: [aFlight(), aFlight({ name: 'biz2' })] }), outcome)
      expect([...record.flights.keys()]).toEqual(['biz2:0.0.1'])
      expect(record.doubts.get(KEY)).toMatchObject({ sincePublishedAtMs: BUILT_AT_MS + 1, raisedAtMs: NOW })
      expect(changes).toContain('bizs')
    },
  )

  test('to the other kind of command leaves ours in flight', () => {
    const { record, ended } = answered(aBase({ flights: [aFlight()] }), { kind: 'uninstalled' }, uninstall)
    expect(record.flights.has(KEY)).toBe(true)
    expect(ended).toEqual([])
  })

  test('of which we have no flight still leaves its biz in doubt', () => {
    expect(answered(aBase(), { kind: 'repeat' }).record.doubts.has(KEY)).toBe(true)
  })

  test('older than the last look raises no doubt and says nothing of what is there', () => {
    const looked = aBase({
      flights: [aFlight()],
      snapshot: { publishedAtMs: BUILT_AT_MS + 50, receivedAtMs: NOW, count: 2 },
    })
    const { record } = answered(looked, installed(aBiz()))
    expect([record.flights.size, record.doubts.size, record.bizs.size]).toEqual([0, 0, 0])
  })

  test('heard again for an earlier command does not end the one sent since', () => {
    const flying = aBase({ flights: [aFlight()] })
    const first = answered(flying, refused()).record
    const retried = applyNote(first, { kind: 'commanded', key: KEY, flight: aFlight({ sentAtMs: NOW }) }).record
    const { record } = answered(retried, refused())
    expect(record.flights.has(KEY)).toBe(true)
    expect(record.attempts.get(aClaim())?.failures).toBe(1)
  })

  test('says how its command ended', () => {
    const endOf = (outcome: CommandOutcome) => answered(aBase({ flights: [aFlight()] }), outcome).ended[0]?.outcome
    expect(endOf(installed(aBiz()))).toBe('installed')
    expect(endOf(installed(aBiz('other')))).toBe('mismatch')
    expect(endOf({ kind: 'repeat' })).toBe('repeat')
    expect(endOf(refused())).toBe('failed')
    const gone = answered(aBase({ flights: [anUninstall()] }), { kind: 'absent' }, uninstall)
    expect(gone.ended).toMatchObject([{ key: KEY, outcome: 'absent', flight: { command: 'uninstallBiz' } }])
  })
})

describe('installed', () => {
  test('the biz is there, and from what it came is known', () => {
    const { record } = answered(aBase({ flights: [aFlight()] }), {
      ...installed(aBiz()),
      metaspaceBytes: 547_488,
    } as CommandOutcome)
    expect(record.bizs.get(KEY)).toEqual(aBiz())
    expect(record.provenance.get(KEY)).toEqual({
      tuple: aTuple(),
      claim: aClaim(),
      atMs: NOW,
      tookMs: NOW - BUILT_AT_MS,
    })
    expect(record.metaspaceByName.get('biz1')).toBe(547_488)
  })

  test('beside an active version changes nothing about that one', () => {
    const record = aBase({ bizs: [aBiz()], flights: [aFlight({ version: '0.0.2' })] })
    const after = answered(record, installed(aBiz('biz1', '0.0.2', 'deactivated')), { version: '0.0.2' }).record
    expect([...after.bizs.values()].map(({ version, state }) => `${version} ${state}`)).toEqual([
      '0.0.1 activated',
      '0.0.2 deactivated',
    ])
  })

  test('after uninstallThenInstall every other version of that name is gone, until a look says otherwise', () => {
    const flight = aFlight({ version: '0.0.2', strategy: 'uninstallThenInstall' })
    const bizs = [aBiz(), aBiz('biz1', '0.0.2', 'deactivated'), aBiz('biz2')]
    const record = aBase({ bizs, flights: [flight], provenance: { 'biz1:0.0.1': aProvenance() } })
    const after = answered(record, installed(aBiz('biz1', '0.0.2')), { version: '0.0.2' }).record
    expect([...after.bizs.keys()].sort()).toEqual(['biz1:0.0.2', 'biz2:0.0.1'])
    expect(after.provenance.has(KEY)).toBe(false)
    expect([...after.doubts.keys()].sort()).toEqual(['biz1:0.0.1', 'biz1:0.0.2'])
  })

  test('delivered twice is as once', () => {
    const once = answered(aBase({ flights: [aFlight()] }), installed(aBiz())).record
    expect(answered(once, installed(aBiz())).record).toEqual({ ...once, life: expect.anything() })
  })

  test('of a command that is none of ours tells nothing of its origin', () => {
    const { record } = answered(aBase(), installed(aBiz()))
    expect(record.bizs.has(KEY)).toBe(true)
    expect(record.provenance.size).toBe(0)
  })

  test('a metaspace of nothing or less is no measurement', () => {
    const measured = aBase({ flights: [aFlight()], metaspaceByName: new Map([['biz1', 500]]) })
    const after = answered(measured, { ...installed(aBiz()), metaspaceBytes: -3 } as CommandOutcome)
    expect(after.record.metaspaceByName.get('biz1')).toBe(500)
  })

  test("clears its claim's failure", () => {
    const record = aBase({ flights: [aFlight()], attempts: { [aClaim()]: anAttempt() } })
    expect(answered(record, installed(aBiz())).record.attempts.size).toBe(0)
  })

  test('that only put back the former image keeps the failure, or the broken one would be tried again', () => {
    const failure = anAttempt({ url: 'http://jars/broken.jar', unproven: true, previous: aTuple() })
    const record = aBase({ flights: [aFlight({ restores: true })], attempts: { [aClaim()]: failure } })
    const after = answered(record, installed(aBiz())).record
    expect(after.attempts.get(aClaim())).toEqual(failure)
    expect(after.provenance.get(KEY)?.tuple).toEqual(aTuple())
  })
})

describe("the jar's manifest names the biz", () => {
  test.each([
    [aBiz('other', '0.0.1'), 'ModuleNameMismatch'],
    [aBiz('biz1', '9.9.9'), 'ModuleVersionMismatch'],
  ])('another than the command: a failure that no retry can mend (%o)', (biz, code) => {
    const { record } = answered(aBase({ flights: [aFlight()] }), installed(biz))
    const came = bizKey(biz.name, biz.version)
    expect(record.attempts.get(aClaim())).toMatchObject({ code, final: true, failures: 1, broughtIn: came })
    expect(record.attempts.get(aClaim())?.message).toContain(came)
    expect([...record.bizs.keys()]).toEqual([came])
    expect(record.provenance.size).toBe(0)
    expect([...record.doubts.keys()].sort()).toEqual([KEY, came].sort())
  })
})

describe('failed', () => {
  test("is held against its claim: Arklet's code, the cause, and when to try again", () => {
    const { record } = answered(aBase({ flights: [aFlight()] }), refused())
    expect(record.attempts.get(aClaim())).toEqual({
      url: aTuple().url,
      failures: 1,
      lastFailedAtMs: NOW,
      code: 'FAILED',
      message: 'java.net.ConnectException: Connection refused',
      nextTryAtMs: NOW + 10_000,
      final: false,
      unproven: false,
    })
  })

  test('with uninstallThenInstall leaves every version of that name in doubt, and says what it had replaced', () => {
    const flight = aFlight({
      strategy: 'uninstallThenInstall',
      unproven: true,
      replaces: aTuple({ url: 'http://jars/old.jar' }),
    })
    const record = aBase({ bizs: [aBiz(), aBiz('biz1', '0.0.2'), aBiz('biz2')], flights: [flight] })
    const after = answered(record, refused()).record
    expect([...after.doubts.keys()].sort()).toEqual([KEY, OTHER].sort())
    expect(after.attempts.get(aClaim())).toMatchObject({ unproven: true, previous: { url: 'http://jars/old.jar' } })
  })

  test('while putting back the former image goes on counting against the new one', () => {
    const failure = anAttempt({ url: 'http://jars/broken.jar', unproven: true, previous: aTuple() })
    const record = aBase({ flights: [aFlight({ restores: true })], attempts: { [aClaim()]: failure } })
    const after = answered(record, refused()).record.attempts.get(aClaim())
    expect(after).toMatchObject({
      url: failure.url,
      failures: 2,
      unproven: true,
      previous: aTuple(),
      nextTryAtMs: NOW + 20_000,
    })
  })

  test('is held against the former image where the user went back to it: else it would be tried without a pause', () => {
    const failure = anAttempt({ url: 'http://jars/broken.jar', unproven: true, previous: aTuple() })
    const record = aBase({ flights: [aFlight()], attempts: { [aClaim()]: failure } })
    const after = answered(record, refused()).record.attempts.get(aClaim())
    expect(after).toMatchObject({ url: aTuple().url, failures: 1, nextTryAtMs: NOW + 10_000 })
  })

  test('without a flight is held against nobody', () => {
    expect(answered(aBase(), refused()).record.attempts.size).toBe(0)
  })

  test('carries no credential and no stack into a status', () => {
    const cause = 'java.io.FileNotFoundException: http://me:secret@jars/a.jar?token=abc\n\tat java.base/…'
    const { record } = answered(aBase({ flights: [aFlight()] }), { kind: 'failed', code: 'FAILED', message: '', cause })
    expect(record.attempts.get(aClaim())?.message).toBe('java.io.FileNotFoundException: http://jars/a.jar')
  })

  test('an uninstall that fails is backed off, for its biz and for the claim that leaves', () => {
    const record = aBase({ bizs: [aBiz()], flights: [anUninstall({ claim: aClaim() })] })
    const after = answered(record, refused(), uninstall).record
    expect(after.uninstallFailures?.get(KEY)).toMatchObject({ failures: 1, nextTryAtMs: NOW + 10_000, code: 'FAILED' })
    expect(after.attempts.get(aClaim())).toMatchObject({ url: '', nextTryAtMs: NOW + 10_000 })
    expect(after.bizs.has(KEY)).toBe(true)
  })
})

describe('uninstalled', () => {
  test('the biz is gone, with all that was known of its origin', () => {
    const record = aBase({
      bizs: [aBiz()],
      flights: [anUninstall({ claim: aClaim() })],
      provenance: { 'biz1:0.0.1': aProvenance() },
      attempts: { [aClaim()]: anAttempt({ url: '' }) },
    })
    const after = answered(record, { kind: 'uninstalled' }, uninstall).record
    expect([after.bizs.size, after.provenance.size, after.attempts.size, after.flights.size]).toEqual([0, 0, 0, 0])
  })

  test('heard again after the biz was installed anew removes nothing', () => {
    const again = answered(aBase({ flights: [aFlight()] }), installed(aBiz()), {
      publishedAtMs: BUILT_AT_MS + 9,
    }).record
    const late = answered(again, { kind: 'uninstalled' }, { ...uninstall, publishedAtMs: BUILT_AT_MS + 5 }).record
    expect(late.bizs.has(KEY)).toBe(true)
  })
})

describe('"look again": repeat and absent', () => {
  test('change nothing but the doubt', () => {
    const present = aBase({ bizs: [aBiz()], flights: [anUninstall()] })
    expect(answered(present, { kind: 'absent' }, uninstall).record.bizs).toEqual(present.bizs)
    const missing = aBase({ flights: [aFlight()] })
    expect(answered(missing, { kind: 'repeat' }).record.attempts.size).toBe(0)
  })

  test('that a look does not bear out is a failure: else an install would go round in circles', () => {
    const repeat = answered(aBase({ flights: [aFlight()] }), { kind: 'repeat' }).record
    const looked = observe(repeat, anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 20, bizs: [] }), aContext())
    expect(looked?.record.attempts.get(aClaim())).toMatchObject({ code: 'REPEAT_BIZ', failures: 1, final: false })
  })

  test('that a look bears out is none', () => {
    const repeat = answered(aBase({ flights: [aFlight()] }), { kind: 'repeat' }).record
    const looked = observe(
      repeat,
      anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 20, bizs: [aBiz()] }),
      aContext(),
    )
    expect(looked?.record.attempts.size).toBe(0)
    expect(looked?.record.doubts.size).toBe(0)
  })
})

describe('a conflict answers nobody', () => {
  test('our flight stays: it may be the very one that runs, delivered twice', () => {
    const record = aBase({ flights: [aFlight()] })
    const after = answered(record, conflict('installBiz')).record
    expect(after.flights.get(KEY)).toEqual(record.flights.get(KEY))
    expect(after.doubts.size).toBe(0)
  })

  test("somebody's command counts where we have none, though we know not whose", () => {
    const { record, changes } = answered(aBase({ bizs: [aBiz()] }), conflict('installBiz'))
    expect(record.flights.get(KEY)).toMatchObject({ command: 'installBiz', sentAtMs: NOW, overdue: false })
    expect(record.flights.get(KEY)).not.toHaveProperty('claim')
    expect(changes).toContain('commanded')
  })

  test("our install was refused where somebody's uninstall runs: that one is waited for", () => {
    const after = answered(aBase({ flights: [aFlight()] }), conflict('uninstallBiz')).record
    expect(after.flights.get(KEY)).toMatchObject({ command: 'uninstallBiz' })
    expect(after.flights.get(KEY)).not.toHaveProperty('claim')
  })

  test("a stranger's refused uninstall leaves our running install alone", () => {
    const record = aBase({ flights: [aFlight()] })
    expect(answered(record, conflict('installBiz'), uninstall).record.flights).toEqual(record.flights)
  })

  test('delivered again after that command ended, it counts for nothing', () => {
    const known = answered(aBase(), conflict('installBiz')).record
    const over = answered(known, installed(aBiz()), { publishedAtMs: BUILT_AT_MS + 5 }).record
    expect(over.flights.size).toBe(0)
    expect(answered(over, conflict('installBiz')).record.flights.size).toBe(0)
  })

  test('then a foreign command ends by its answer as any other', () => {
    const known = answered(aBase(), conflict('installBiz')).record
    const { record } = answered(known, installed(aBiz()), { publishedAtMs: BUILT_AT_MS + 5 })
    expect([record.flights.size, record.provenance.size, record.bizs.size]).toEqual([0, 0, 1])
  })
})

test("somebody's asynchronous command is accepted: no flight of ours ends, but its biz is in doubt", () => {
  const { record, ended } = answered(aBase({ flights: [aFlight()] }), { kind: 'accepted' })
  expect([record.flights.size, record.doubts.size, ended.length]).toEqual([1, 1, 0])
})

test("somebody's baseline leaves whatever it touched in doubt", () => {
  const results = [{ url: 'http://jars/a.jar', code: 'SUCCESS', message: '', bizs: [aBiz()] }]
  const heard = observe(aBase(), anObservation('batchAnswer', { results }), aContext())
  expect([...(heard?.record.doubts.keys() ?? [])]).toEqual([KEY])
})
