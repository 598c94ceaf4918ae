import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { claimsOn } from '../claims.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { type Attempt, type BaseRecord, claimId, type Flight, type ModuleTuple } from '../registry/base-record.ts'
import { aBiz, aPod, claimsFor, jar, noLookups, planFor } from './a-pod.ts'
import { flightOf, planBase } from './base-plan.ts'
import { RESEND_AFTER_MS, TRACELESS_AFTER_MS } from './resend.ts'

const old = aPod({ name: 'old', version: '0.0.1', createdAt: '2026-01-01T00:00:00Z' })
const young = aPod({ name: 'young', version: '0.0.2', createdAt: '2026-01-01T00:00:10Z' })

const tupleOf = (version: string, url = jar('biz1', version)): ModuleTuple => ({
  version,
  url,
  args: [],
  envs: {},
  restartedAt: '',
})
const from = (pod: string, tuple: ModuleTuple) => ({ tuple, claim: claimId(`uid-${pod}`, 'biz1'), atMs: 0 })
const failure = (facts: Partial<Attempt> = {}): Attempt => ({
  url: jar('biz1', '0.0.2'),
  failures: 1,
  lastFailedAtMs: BUILT_AT_MS - 1_000,
  code: 'FAILED',
  message: 'Connection refused',
  nextTryAtMs: BUILT_AT_MS + 9_000,
  final: false,
  unproven: false,
  ...facts,
})
const failed = (pod: string, facts: Partial<Attempt> = {}) => ({ [claimId(`uid-${pod}`, 'biz1')]: failure(facts) })
const inFlight = (facts: Partial<Flight> = {}): Flight => ({
  command: 'installBiz',
  name: 'biz1',
  version: '0.0.1',
  sentAtMs: BUILT_AT_MS,
  overdue: false,
  ...facts,
})
const runningOld = (facts: Parameters<typeof aBase>[0] = {}) =>
  aBase({ bizs: [aBiz('biz1:0.0.1')], provenance: { 'biz1:0.0.1': from('old', tupleOf('0.0.1')) }, ...facts })

describe('one claim', () => {
  test('what is not on the base is installed beside whatever is', () => {
    expect(planFor(aBase(), [old])).toMatchObject({
      kind: 'install',
      strategy: 'installOnly',
      tuple: { version: '0.0.1' },
    })
  })

  test('what runs is left alone', () => {
    expect(planFor(runningOld(), [old])).toMatchObject({ kind: 'settled' })
  })

  test('a module found running is adopted', () => {
    expect(planFor(aBase({ bizs: [aBiz('biz1:0.0.1')] }), [old])).toMatchObject({ kind: 'settled' })
  })

  test('while a command may be running nothing is sent, however old it is', () => {
    expect(planFor(aBase({ flights: [inFlight()] }), [old])).toMatchObject({ kind: 'wait' })
    expect(planFor(aBase({ flights: [inFlight({ overdue: true })] }), [old])).toMatchObject({ kind: 'wait' })
  })

  test('an install that was not answered by its deadline may be lost: it is sent again, in its own place', () => {
    const lost = inFlight({ overdue: true, sentAtMs: BUILT_AT_MS - RESEND_AFTER_MS })
    expect(planFor(aBase({ flights: [lost] }), [old])).toMatchObject({ kind: 'install', strategy: 'installOnly' })
    const others = ['x', 'y'].map(name => inFlight({ name, overdue: true }))
    expect(planBase(aBase({ flights: [lost, ...others] }), claimsOn([old], noLookups), BUILT_AT_MS).send).toHaveLength(
      1,
    )
    const [again] = planBase(aBase({ flights: [lost] }), claimsOn([old], noLookups), BUILT_AT_MS).send
    expect(again && flightOf(again, BUILT_AT_MS)).toMatchObject({ sentAtMs: BUILT_AT_MS, overdue: true })
    const younger = { ...lost, sentAtMs: lost.sentAtMs + 1 }
    expect(planFor(aBase({ flights: [younger] }), [old])).toMatchObject({ kind: 'wait', untilMs: BUILT_AT_MS + 1 })
  })

  const traceless = (facts: Partial<Flight> = {}): Flight =>
    inFlight({
      sentAtMs: BUILT_AT_MS - TRACELESS_AFTER_MS,
      tracelessLooks: 3,
      claim: claimId('uid-old', 'biz1'),
      ...facts,
    })

  test('one of which the base shows no trace is sent again long before that, and each time it waits twice as long', () => {
    const [again] = planBase(aBase({ flights: [traceless()] }), claimsOn([old], noLookups), BUILT_AT_MS).send
    expect(again).toMatchObject({ kind: 'install', strategy: 'installOnly' })
    const second = again && flightOf(again, BUILT_AT_MS)
    const resent = { times: 1, firstSentAtMs: BUILT_AT_MS - TRACELESS_AFTER_MS }
    expect(second).toMatchObject({ sentAtMs: BUILT_AT_MS, overdue: false, resent })
    const waiting = traceless({ sentAtMs: BUILT_AT_MS, resent })
    const untilMs = BUILT_AT_MS + 2 * TRACELESS_AFTER_MS
    expect(planFor(aBase({ flights: [waiting] }), [old])).toMatchObject({ kind: 'wait', untilMs })
  })

  test("one that the base was hardly looked at since, or that is somebody else's, is waited for", () => {
    expect(planFor(aBase({ flights: [traceless({ tracelessLooks: 2 })] }), [old])).toMatchObject({ kind: 'wait' })
    const { claim: _none, ...theirs } = traceless()
    expect(planFor(aBase({ flights: [theirs] }), [old])).toMatchObject({ kind: 'wait' })
  })

  test('after an answer absence proves nothing until the base was looked at again', () => {
    const doubts = new Map([[bizKey('biz1', '0.0.1'), { sincePublishedAtMs: 1, raisedAtMs: 1 }]])
    expect(planFor(aBase({ doubts }), [old])).toMatchObject({ kind: 'wait' })
  })

  test('a failed install is tried again when its time has come, not before, and never if no retry can mend it', () => {
    const url = jar('biz1', '0.0.1')
    const record = aBase({ attempts: failed('old', { url }) })
    expect(planFor(record, [old])).toEqual({ kind: 'wait', why: expect.any(String), untilMs: BUILT_AT_MS + 9_000 })
    expect(planFor(record, [old], BUILT_AT_MS + 9_000)).toMatchObject({ kind: 'install' })
    expect(planFor(aBase({ attempts: failed('old', { url, final: true, nextTryAtMs: 0 }) }), [old])).toMatchObject({
      kind: 'wait',
    })
  })

  test('another URL starts afresh', () => {
    const record = aBase({ attempts: failed('old', { url: 'http://jars/former.jar' }) })
    expect(planFor(record, [old])).toMatchObject({ kind: 'install' })
  })

  test('resolved means that the base is at it', () => {
    expect(planFor(aBase({ bizs: [aBiz('biz1:0.0.1', 'resolved')] }), [old])).toMatchObject({ kind: 'wait' })
  })

  test('a broken biz is removed before it is tried again', () => {
    const record = aBase({ bizs: [aBiz('biz1:0.0.1', 'broken')] })
    expect(planFor(record, [old])).toMatchObject({ kind: 'uninstall', version: '0.0.1' })
  })
})

describe('two versions', () => {
  test('the new one is proved beside the running one', () => {
    expect(planFor(runningOld(), [old, young])).toMatchObject({
      kind: 'install',
      strategy: 'installOnly',
      unproven: false,
      tuple: { version: '0.0.2' },
    })
  })

  test('proved but not active: switched to', () => {
    const record = runningOld({ bizs: [aBiz('biz1:0.0.1'), aBiz('biz1:0.0.2', 'deactivated')] })
    expect(planFor(record, [old, young])).toMatchObject({
      kind: 'install',
      strategy: 'uninstallThenInstall',
      tuple: { version: '0.0.2' },
    })
  })

  test('proved and active at once: the old one is removed', () => {
    const record = runningOld({ bizs: [aBiz('biz1:0.0.1', 'deactivated'), aBiz('biz1:0.0.2')] })
    expect(planFor(record, [old, young])).toMatchObject({ kind: 'uninstall', version: '0.0.1' })
  })

  test('a failing new one never touches the running one, and is retried beside it', () => {
    const record = runningOld({ attempts: failed('young') })
    expect(planFor(record, [old, young])).toMatchObject({ kind: 'wait', untilMs: BUILT_AT_MS + 9_000 })
    expect(planFor(record, [old, young], BUILT_AT_MS + 9_000)).toMatchObject({
      kind: 'install',
      strategy: 'installOnly',
      tuple: { version: '0.0.2' },
    })
  })

  test('after a failed switch the old one comes back at once', () => {
    const record = aBase({ attempts: failed('young') })
    expect(planFor(record, [old, young])).toMatchObject({ kind: 'install', tuple: { version: '0.0.1' } })
  })

  test('also after a restart of the base the failed one does not win', () => {
    const record = aBase({ attempts: failed('young', { nextTryAtMs: 0 }), restarts: 1 })
    expect(planFor(record, [old, young])).toMatchObject({ kind: 'install', tuple: { version: '0.0.1' } })
  })

  test('a switch that failed after its proof is tried again from the proof, when its time has come', () => {
    const record = runningOld({
      bizs: [aBiz('biz1:0.0.1'), aBiz('biz1:0.0.2', 'deactivated')],
      attempts: failed('young', { nextTryAtMs: 0 }),
    })
    expect(planFor(record, [old, young])).toMatchObject({
      kind: 'install',
      strategy: 'uninstallThenInstall',
      tuple: { version: '0.0.2' },
    })
  })

  test('what stands beside the running version from another URL proves nothing: it goes, and the wanted one is tried', () => {
    const tried = { ...tupleOf('0.0.2'), url: 'http://jars/other-0.0.2.jar' }
    const record = runningOld({
      bizs: [aBiz('biz1:0.0.1'), aBiz('biz1:0.0.2', 'deactivated')],
      provenance: { 'biz1:0.0.2': from('young', tried) },
    })
    expect(planFor(record, [old, young])).toMatchObject({ kind: 'uninstall', version: '0.0.2' })
  })

  test('uninstall-first and too little metaspace replace without proof', () => {
    const hasty = aPod({
      name: 'young',
      version: '0.0.2',
      createdAt: '2026-01-01T00:00:10Z',
      annotations: { 'module-controller.koupleless.io/replace': 'uninstall-first' },
    })
    expect(planFor(runningOld(), [old, hasty])).toMatchObject({ strategy: 'uninstallThenInstall', unproven: true })
    const full = runningOld({
      health: { metaspaceMaxBytes: 100, metaspaceUsedBytes: 90 },
      metaspaceByName: new Map([['biz1', 20]]),
    })
    expect(planFor(full, [old, young])).toMatchObject({ strategy: 'uninstallThenInstall', unproven: true })
  })

  test('when the winner goes the next newest is installed beside it first: the winner serves until then', () => {
    const record = aBase({ bizs: [aBiz('biz1:0.0.2')] })
    const leaving = aPod({ name: 'young', version: '0.0.2', deleting: true })
    expect(planFor(record, [old, leaving])).toMatchObject({ kind: 'install', tuple: { version: '0.0.1' } })
    const both = aBase({ bizs: [aBiz('biz1:0.0.2', 'deactivated'), aBiz('biz1:0.0.1')] })
    expect(planFor(both, [old, leaving])).toMatchObject({ kind: 'uninstall', version: '0.0.2' })
    expect(planFor(aBase(), [old, leaving])).toMatchObject({ kind: 'install', tuple: { version: '0.0.1' } })
  })

  test('a version that is stopping is waited for', () => {
    const record = aBase({ bizs: [{ ...aBiz('biz1:0.0.1', 'deactivated'), reason: 'KILLING' }] })
    expect(planFor(record, [old])).toMatchObject({ kind: 'wait' })
  })
})

describe('the same version with another URL', () => {
  const edited = aPod({ name: 'old', version: '0.0.1', image: 'http://jars/new.jar' })
  const bad = { url: 'http://jars/new.jar', unproven: true, nextTryAtMs: 0, previous: tupleOf('0.0.1') }

  test('is replaced in place, and what it replaces is remembered', () => {
    expect(planFor(runningOld(), [edited])).toMatchObject({
      strategy: 'uninstallThenInstall',
      unproven: true,
      tuple: { url: 'http://jars/new.jar' },
      replaces: { url: jar('biz1', '0.0.1') },
    })
  })

  test('is put back from the former URL when that fails', () => {
    expect(planFor(aBase({ attempts: failed('old', bad) }), [edited])).toMatchObject({
      kind: 'install',
      tuple: { url: jar('biz1', '0.0.1') },
    })
  })

  test('is then left alone: a retry would stop what runs', () => {
    const record = runningOld({ attempts: failed('old', bad) })
    expect(planFor(record, [edited], BUILT_AT_MS + 3_600_000)).toMatchObject({ kind: 'settled' })
  })
})

describe('what is not ours', () => {
  const foreign = new Set([bizKey('biz1', '0.0.9')])

  test('a foreign version holds the name: the claim waits', () => {
    expect(planFor(aBase({ bizs: [aBiz('biz1:0.0.9')], foreign }), [old])).toMatchObject({
      kind: 'wait',
      why: expect.stringContaining('0.0.9'),
    })
  })

  test('a foreign biz of the claimed version is adopted, and stays when its Pod goes', () => {
    const shipped = aPod({ version: '0.0.9' })
    const record = aBase({ bizs: [aBiz('biz1:0.0.9')], foreign })
    expect(planFor(record, [shipped])).toMatchObject({ kind: 'settled' })
    expect(planFor(record, [aPod({ version: '0.0.9', deleting: true })])).toMatchObject({ kind: 'settled' })
  })
})

describe('taking offline', () => {
  const leaving = aPod({ name: 'old', deleting: true })

  test('the last Pod takes its biz along at once', () => {
    expect(planFor(runningOld(), [leaving])).toMatchObject({
      kind: 'uninstall',
      version: '0.0.1',
      claim: 'uid-old/biz1',
    })
  })

  test('a Pod that cannot be read any more keeps it', () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
    expect(planFor(runningOld(), [leaving, aPod({ name: 'unreadable', env })])).toMatchObject({ kind: 'settled' })
  })

  test('another Pod of the same keeps it', () => {
    expect(planFor(runningOld(), [leaving, aPod({ name: 'twin' })])).toMatchObject({ kind: 'settled' })
  })

  test('not while its install may be running', () => {
    expect(planFor(runningOld({ flights: [inFlight()] }), [leaving])).toMatchObject({ kind: 'wait' })
  })

  test('what the base did not find is not asked for again before it was looked at: else each answer is another command', () => {
    const doubts = new Map([[bizKey('biz1', '0.0.1'), { sincePublishedAtMs: 1, raisedAtMs: BUILT_AT_MS }]])
    expect(planFor(runningOld({ doubts }), [leaving])).toMatchObject({ kind: 'wait' })
  })
})

describe('the limits of a base', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const pods = names.map(name => aPod({ name, container: name }))
  const planOf = (record: BaseRecord, bound = pods) => planBase(record, claimsOn(bound, noLookups), BUILT_AT_MS)

  test('two installs at a time, and room for an uninstall beside them', () => {
    expect(planOf(aBase()).send).toHaveLength(2)
    const flights = [inFlight({ name: 'x' }), inFlight({ name: 'y' })]
    const gone = aPod({ name: 'gone', container: 'z', deleting: true })
    const record = aBase({ flights, bizs: [aBiz('z:0.0.1')] })
    expect(planOf(record, [...pods, gone]).send).toMatchObject([{ kind: 'uninstall', name: 'z' }])
  })

  test('commands that hang count for as long as they may be running', () => {
    const hung = ['x', 'y'].map(name => inFlight({ name, overdue: true }))
    expect(planOf(aBase({ flights: hung })).send).toEqual([])
  })

  test('an install that was not answered and that nobody wants any more is asked after by an uninstall', () => {
    const lost = inFlight({ overdue: true, sentAtMs: BUILT_AT_MS - RESEND_AFTER_MS, claim: claimId('uid-old', 'biz1') })
    const leaving = aPod({ name: 'old', version: '0.0.1', deleting: true })
    const sent = (flight: Flight) =>
      planBase(aBase({ flights: [flight] }), claimsOn([leaving], noLookups), BUILT_AT_MS).send
    expect(sent(lost)).toMatchObject([{ kind: 'uninstall', name: 'biz1', version: '0.0.1' }])
    expect(sent({ ...lost, overdue: false })).toEqual([])
    expect(sent({ ...lost, overdue: false, tracelessLooks: 3 })).toHaveLength(1)
    const { claim: _ours, ...theirs } = lost
    expect(sent(theirs)).toEqual([])
  })

  test.each([
    ['silent', aBase({ reach: { state: 'silent', sinceMs: 0, why: '' } })],
    ['deaf', aBase({ noCommands: { reason: 'BaseDeaf', sinceMs: 0, message: '' } })],
    ['never looked at', aBase({ lacking: ['snapshot'] })],
  ])('a base that is %s gets no command', (_what, record) => {
    expect(planOf(record).send).toEqual([])
  })

  test('what a jar brought in under another name is removed, unless a Pod claims it', () => {
    const attempts = failed('old', {
      url: jar('biz1', '0.0.1'),
      final: true,
      code: 'ModuleNameMismatch',
      broughtIn: bizKey('other', '9'),
    })
    const record = aBase({ attempts, bizs: [aBiz('other:9')] })
    expect(planOf(record, [old]).send).toMatchObject([{ kind: 'uninstall', name: 'other', version: '9' }])
    expect(planOf(record, [old, aPod({ name: 'its-own', container: 'other', version: '9' })]).send).toEqual([])
  })

  test('the next retry wakes the plan', () => {
    const record = aBase({ attempts: failed('old', { url: jar('biz1', '0.0.1') }) })
    expect(planOf(record, [old]).wakeAtMs).toBe(BUILT_AT_MS + 9_000)
  })
})

test('claims of a name nobody wants are empty', () => {
  expect(claimsFor([], 'biz9')).toEqual({ bizName: 'biz9', groups: [], leaving: [], held: false })
})
