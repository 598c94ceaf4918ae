import type { V1Pod, V1PodStatus, V1Toleration } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { claimsOfPod, claimsOn } from '../claims.ts'
import { ANNOTATION } from '../names.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { type Attempt, type BaseRecord, claimId, type Flight } from '../registry/base-record.ts'
import { aBiz, aPod, jar, noLookups } from './a-pod.ts'
import { planPod } from './pod-plan.ts'

const plan = (pod: V1Pod, record: BaseRecord, { others = [] as V1Pod[], seenAtMs = 0, nowMs = BUILT_AT_MS } = {}) =>
  planPod({
    pod,
    record,
    claims: claimsOn([pod, ...others], noLookups),
    lookups: noLookups,
    seenAtMs,
    isReleased: false,
    nowMs,
  })

function statusOf(pod: V1Pod, record: BaseRecord, others: V1Pod[] = []): V1PodStatus {
  const { action } = plan(pod, record, { others })
  if (action.kind !== 'patchStatus') throw new Error(`no status: ${action.kind}`)
  return action.status
}
const settledPod = (pod: V1Pod, record: BaseRecord): V1Pod => ({
  ...pod,
  status: JSON.parse(JSON.stringify(statusOf(pod, record))),
})
const condition = (status: V1PodStatus, type: string) => status.conditions?.find(entry => entry.type === type)
const stateOf = (status: V1PodStatus) => status.containerStatuses?.[0]

const running = aBase({ bizs: [aBiz('biz1:0.0.1')] })
const ran = settledPod(aPod(), running)
const attempt = (facts: Partial<Attempt> = {}): Attempt => ({
  url: jar('biz1', '0.0.1'),
  failures: 1,
  lastFailedAtMs: BUILT_AT_MS,
  code: 'FAILED',
  message: 'java.net.ConnectException: Connection refused',
  nextTryAtMs: BUILT_AT_MS + 10_000,
  final: false,
  unproven: false,
  ...facts,
})
const flight: Flight = { command: 'installBiz', name: 'biz1', version: '0.0.1', sentAtMs: 0, overdue: false }

describe('what a Pod shows', () => {
  test('ACTIVATED: running since the change, Ready, at the IP of the base', () => {
    const status = statusOf(aPod(), running)
    expect(status).toMatchObject({
      phase: 'Running',
      podIP: '10.0.0.1',
      hostIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
    })
    expect(stateOf(status)).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: new Date(1_000) } },
      imageID: 'http://jars/biz1-0.0.1.jar',
      containerID: 'ark://b1/biz1:0.0.1',
    })
    for (const type of ['Initialized', 'ContainersReady', 'Ready']) expect(condition(status, type)?.status).toBe('True')
  })

  test('a quiet world causes no write', () => {
    expect(plan(ran, running).action.kind).toBe('none')
  })

  test('transition times change only with the transition', () => {
    const { action } = plan(ran, aBase({ bizs: [], reach: { state: 'silent', sinceMs: 0, why: '' } }), {
      nowMs: BUILT_AT_MS + 60_000,
    })
    const status = action.kind === 'patchStatus' ? action.status : {}
    expect(condition(status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'BaseSilent',
      lastTransitionTime: new Date(BUILT_AT_MS + 60_000),
    })
    expect(new Date(condition(status, 'ContainersReady')?.lastTransitionTime ?? 0).getTime()).toBe(BUILT_AT_MS)
    expect(stateOf(status)?.state?.running).toBeDefined()
  })

  test('a quick install is not announced first; a slow one is', () => {
    expect(plan(aPod(), aBase(), { seenAtMs: BUILT_AT_MS - 10 })).toMatchObject({
      action: { kind: 'none' },
      wakeAfterMs: 290,
    })
    const { action } = plan(aPod(), aBase(), { seenAtMs: BUILT_AT_MS - 300 })
    expect(action).toMatchObject({
      kind: 'patchStatus',
      status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] },
    })
  })

  test('install failed: says why, then that it waits', () => {
    const record = aBase({ attempts: { [claimId('uid-web', 'biz1')]: attempt() } })
    const first = plan(aPod(), record)
    expect(first).toMatchObject({
      wakeAfterMs: 5_000,
      action: {
        status: {
          phase: 'Pending',
          containerStatuses: [
            { state: { waiting: { reason: 'InstallFailed', message: expect.stringContaining('refused') } } },
          ],
        },
      },
    })
    const later = plan(aPod(), record, { nowMs: BUILT_AT_MS + 5_000 })
    expect(later).toMatchObject({
      action: { status: { containerStatuses: [{ state: { waiting: { reason: 'InstallBackOff' } } }] } },
    })
  })

  test("a name that is not the jar's is shown as such", () => {
    const record = aBase({
      attempts: { [claimId('uid-web', 'biz1')]: attempt({ code: 'ModuleNameMismatch', final: true }) },
    })
    expect(stateOf(statusOf(aPod(), record))?.state?.waiting?.reason).toBe('ModuleNameMismatch')
  })

  test('an install without an answer past its deadline is said to hang', () => {
    const hanging = aBase({ flights: [{ ...flight, overdue: true }] })
    expect(stateOf(statusOf(aPod(), hanging))?.state?.waiting).toMatchObject({
      reason: 'ContainerCreating',
      message: expect.stringContaining('may hang'),
    })
    const inTime = aBase({ flights: [flight] })
    expect(stateOf(statusOf(aPod(), inTime))?.state?.waiting).toEqual({ reason: 'ContainerCreating' })
  })

  test('the JVM restarted: counted once, the Pod stays Running and not Ready', () => {
    const lost = aBase({ restarts: 1, restartedAtMs: BUILT_AT_MS })
    const status = statusOf(ran, lost)
    expect(status.phase).toBe('Running')
    expect(stateOf(status)).toMatchObject({
      restartCount: 1,
      ready: false,
      lastState: { terminated: { reason: 'BaseRestarted' } },
      state: { waiting: { reason: 'ContainerCreating' } },
    })
    const after = { ...ran, status: JSON.parse(JSON.stringify(status)) }
    expect(plan(after, lost).action.kind).toBe('none')
    const back = statusOf(after, aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', 9_000)], restarts: 1 }))
    expect(stateOf(back)).toMatchObject({ restartCount: 1, ready: true })
  })

  test('Ready that the node lifecycle controller took is given back after the first look, and not before', () => {
    const conditions = (ran.status?.conditions ?? []).map(one =>
      one.type === 'Ready' ? { ...one, status: 'False' } : one,
    )
    const taken = { ...ran, status: { ...ran.status, conditions } }
    expect(plan(taken, aBase({ lacking: ['snapshot'] })).action.kind).toBe('none')
    expect(condition(statusOf(taken, running), 'Ready')?.status).toBe('True')
  })

  test('a JVM that has just begun runs nothing, though it was not looked at yet', () => {
    const restarted = aBase({ lacking: ['snapshot'], restartedAtMs: BUILT_AT_MS })
    const status = statusOf(ran, restarted)
    expect(stateOf(status)).toMatchObject({ ready: false, restartCount: 1 })
    expect(condition(status, 'Ready')?.status).toBe('False')
  })

  test('while a command or a doubt is open nothing that ran is called gone', () => {
    expect(plan(ran, aBase({ flights: [flight] })).action.kind).toBe('none')
    const doubts = new Map([[bizKey('biz1', '0.0.1'), { sincePublishedAtMs: 1, raisedAtMs: 1 }]])
    expect(plan(ran, aBase({ doubts })).action.kind).toBe('none')
    // But our own install was sent because the base had shown that it is not there.
    const first: Flight = { ...flight, strategy: 'installOnly', claim: claimId('uid-web', 'biz1') }
    expect(stateOf(statusOf(ran, aBase({ flights: [first] })))).toMatchObject({ ready: false, restartCount: 1 })
  })

  test('what a restart of the JVM has ended is gone, though it is being installed again', () => {
    const endedByRestart = new Map([[bizKey('biz1', '0.0.1'), 1_000]])
    const again = aBase({ flights: [flight], restartedAtMs: BUILT_AT_MS, endedByRestart })
    expect(stateOf(statusOf(ran, again))).toMatchObject({ ready: false, restartCount: 1 })
    const later = aBase({ flights: [flight], restartedAtMs: BUILT_AT_MS, endedByRestart: new Map() })
    expect(plan(ran, later).action.kind).toBe('none')
  })

  test('replaced by another image within the second in which it had started: a restart all the same', () => {
    const tuple = { version: '0.0.1', url: 'http://mirror/biz1-0.0.1.jar', args: [], envs: {}, restartedAt: '' }
    const pod = { ...aPod({ image: tuple.url }), status: ran.status as V1PodStatus }
    const claim = claimId('uid-web', 'biz1')
    const provenance = { 'biz1:0.0.1': { tuple, claim, atMs: BUILT_AT_MS } }
    const replaced = aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', 1_700)], provenance })
    expect(stateOf(statusOf(pod, replaced))).toMatchObject({ restartCount: 1, ready: true, imageID: tuple.url })
  })

  test('started, lost with its JVM and started again within one second: one restart, counted once', () => {
    const endedByRestart = new Map([[bizKey('biz1', '0.0.1'), 1_000]])
    const back = aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', 1_700)], restartedAtMs: BUILT_AT_MS, endedByRestart })
    const older = settledPod(aPod({ createdAt: '1970-01-01T00:00:00Z' }), running)
    const counted = settledPod(older, back)
    expect(stateOf(counted.status as V1PodStatus)).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { reason: 'BaseRestarted' } },
    })
    expect(plan(counted, back).action.kind).toBe('none')
    const later = aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', 2_100)], restartedAtMs: BUILT_AT_MS, endedByRestart })
    expect(stateOf(statusOf(older, later))).toMatchObject({ restartCount: 1 })
    // A Pod that came after the restart.
    expect(plan(ran, back).action.kind).toBe('none')
  })

  test('BROKEN after it ran: CrashLoopBackOff and one restart; restartPolicy Never: Failed', () => {
    const broken = aBase({ bizs: [aBiz('biz1:0.0.1', 'broken')] })
    expect(stateOf(statusOf(ran, broken))).toMatchObject({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1 } },
    })
    const never = { ...ran, spec: { ...ran.spec, containers: ran.spec?.containers ?? [], restartPolicy: 'Never' } }
    expect(statusOf(never, broken)).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 1 } } }],
    })
  })

  test('an invalid module is Pending and says which field', () => {
    const status = statusOf(aPod({ version: '' }), aBase())
    expect(status.phase).toBe('Pending')
    expect(stateOf(status)?.state?.waiting).toMatchObject({
      reason: 'InvalidModule',
      message: expect.stringContaining('BIZ_VERSION'),
    })
  })

  test('a Pod that became unreadable goes on showing what runs', () => {
    const edited = { ...ran, spec: { ...ran.spec, containers: [{ name: 'biz1', image: 'nginx:latest' }] } }
    expect(plan(edited, running).action.kind).toBe('none')
    expect(stateOf(statusOf(edited, aBase()))?.state?.waiting?.reason).toBe('InvalidModule')
  })

  test('readiness gates are waited for', () => {
    const gated = aPod({ spec: { readinessGates: [{ conditionType: 'x/y' }] } })
    expect(condition(statusOf(gated, running), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
    })
  })

  test('conditions of others are kept', () => {
    const pod = aPod({ status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } })
    expect(condition(statusOf(pod, running), 'PodScheduled')?.status).toBe('True')
  })

  test('a base not heard since our restart changes nothing', () => {
    expect(plan(ran, aBase({ reach: { state: 'unproven', sinceMs: 0, why: '' } })).action.kind).toBe('none')
  })

  test('no credential of the URL is shown', () => {
    const status = statusOf(aPod({ image: 'http://me:pw@jars/biz1-0.0.1.jar?token=t' }), running)
    expect(stateOf(status)?.imageID).toBe('http://jars/biz1-0.0.1.jar')
  })
})

describe('superseded', () => {
  const owned = (name: string, hash: string, version: string, createdAt: string) =>
    aPod({ name, version, createdAt, owner: `web-${hash}`, labels: { 'pod-template-hash': hash } })
  const before = { ...owned('before', 'a', '0.0.1', '2026-01-01T00:00:00Z'), status: ran.status ?? {} }
  const sibling = owned('after', 'b', '0.0.2', '2026-01-01T00:01:00Z')
  const stranger = aPod({ name: 'other', version: '0.0.2', createdAt: '2026-01-01T00:01:00Z' })

  test('not before the winner is active', () => {
    const proving = aBase({ bizs: [aBiz('biz1:0.0.1'), aBiz('biz1:0.0.2', 'deactivated')] })
    expect(plan(before, proving, { others: [sibling] }).action.kind).toBe('none')
  })

  test('by its own workload: Running and Ready, says so', () => {
    const status = statusOf(before, aBase({ bizs: [aBiz('biz1:0.0.2')] }), [sibling])
    expect(status.phase).toBe('Running')
    expect(condition(status, 'Superseded')).toMatchObject({ status: 'True', reason: 'BizDeactivated' })
    expect(condition(status, 'Ready')?.status).toBe('True')
    expect(stateOf(status)).toMatchObject({ restartCount: 0, state: { running: {} } })
  })

  test('by its own workload before it ever ran: Ready all the same, or a rollback to it would never end', () => {
    const never = owned('never', 'a', '0.0.1', '2026-01-01T00:00:00Z')
    const serving = aBase({ bizs: [aBiz('biz1:0.0.2')] })
    const status = statusOf(never, serving, [sibling])
    expect(status.phase).toBe('Running')
    expect(condition(status, 'Superseded')?.status).toBe('True')
    expect(condition(status, 'Ready')?.status).toBe('True')
    const standsIn = { ...never, status: JSON.parse(JSON.stringify(status)) }
    expect(plan(standsIn, serving, { others: [sibling] }).action.kind).toBe('none')
    // The newer one goes: Ready as long as its module serves, and no restart is counted when its own has come up.
    const gone = { ...sibling, metadata: { ...sibling.metadata, deletionTimestamp: new Date(0) } }
    expect(condition(statusOf(standsIn, serving, [gone]), 'Ready')?.status).toBe('True')
    expect(condition(statusOf(standsIn, aBase({ flights: [flight] }), [gone]), 'Ready')?.status).toBe('False')
    const broken = aBase({ bizs: [aBiz('biz1:0.0.1', 'broken')] })
    expect(stateOf(statusOf(standsIn, broken))).toMatchObject({ restartCount: 0, ready: false })
    expect(stateOf(statusOf(standsIn, running))).toMatchObject({
      restartCount: 0,
      ready: true,
      imageID: jar('biz1', '0.0.1'),
    })
  })

  test('by another workload: Running, not Ready, never Failed', () => {
    const status = statusOf(before, aBase({ bizs: [aBiz('biz1:0.0.2')] }), [stranger])
    expect(status.phase).toBe('Running')
    expect(condition(status, 'Ready')?.status).toBe('False')
    expect(stateOf(status)).toMatchObject({ restartCount: 0, state: { running: {} } })
  })
})

describe('deletion', () => {
  const leaving: V1Pod = {
    ...ran,
    metadata: { ...ran.metadata, deletionTimestamp: new Date(0), deletionGracePeriodSeconds: 30 },
  }

  test('the object waits for the module and goes with it', () => {
    expect(plan(leaving, running).action.kind).toBe('none')
    expect(plan(leaving, aBase()).action).toEqual({ kind: 'release', cause: 'gone' })
  })

  test('absence proves nothing while a command or doubt is open', () => {
    expect(plan(leaving, aBase({ flights: [flight] })).action.kind).toBe('none')
    expect(plan(leaving, aBase({ lacking: ['snapshot'] })).action.kind).toBe('none')
  })

  test('another claim on the same module lets it go at once', () => {
    const [claim] = claimsOfPod(leaving, noLookups)
    const tuple = claim?.tuple ?? { version: '', url: '', args: [], envs: {}, restartedAt: '' }
    const provenance = { 'biz1:0.0.1': { tuple, claim: claimId('uid-web', 'biz1'), atMs: BUILT_AT_MS } }
    const known = aBase({ bizs: [aBiz('biz1:0.0.1')], provenance })
    const { action } = plan(leaving, known, { others: [aPod({ name: 'twin' })] })
    expect(action).toEqual({ kind: 'release', cause: 'claimed' })
  })

  test('it stays while its status is all that tells from which image the biz came that others claim', () => {
    const others = [aPod({ name: 'next', image: 'http://jars/new.jar' })]
    expect(plan(leaving, running, { others }).action.kind).toBe('none')
    expect(plan(leaving, aBase({ lacking: ['snapshot'] }), { others }).action.kind).toBe('none')
  })

  // Should we end meanwhile, nobody else tells whether it came about.
  test('it stays while a replacement of its module may be running', () => {
    const others = [aPod({ name: 'next', image: 'http://jars/new.jar' })]
    const replacing = aBase({ bizs: [aBiz('biz1:0.0.1')], flights: [flight] })
    expect(plan(leaving, replacing, { others }).why).toContain('not settled yet')

    const annotations = { [ANNOTATION.replacing]: '{"tuple":"abc","fromMs":1}' }
    expect(plan(aPod({ deleting: true, annotations }), replacing, { others }).why).toContain('not settled yet')
    expect(plan(aPod({ deleting: true }), replacing, { others }).action.kind).toBe('release')
  })

  test('a silent base holds it, a dead one does not', () => {
    expect(
      plan(leaving, aBase({ bizs: [aBiz('biz1:0.0.1')], reach: { state: 'silent', sinceMs: 0, why: '' } })).action.kind,
    ).toBe('none')
    expect(
      plan(leaving, aBase({ bizs: [aBiz('biz1:0.0.1')], reach: { state: 'dead', sinceMs: 0, why: '' } })).action,
    ).toEqual({ kind: 'release', cause: 'base-dead' })
  })

  test('a Pod that never was a module goes', () => {
    expect(plan({ ...aPod({ version: '', deleting: true }) }, aBase()).action).toMatchObject({ kind: 'release' })
  })

  test('live Pods of a dead base are evicted', () => {
    expect(plan(ran, aBase({ reach: { state: 'dead', sinceMs: 0, why: 'silent for 200 s' } })).action.kind).toBe(
      'evict',
    )
  })
})

describe('tolerations', () => {
  const admission = (key: string, seconds: number): V1Toleration => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: seconds,
  })
  const withTolerations = (tolerations: V1Toleration[]): V1Pod => ({
    ...ran,
    spec: { containers: [], ...ran.spec, tolerations },
  })
  const unreachable = 'node.kubernetes.io/unreachable'

  test("what admission wrote loses its seconds once the Pod is Ready; a user's own do not", () => {
    const own = admission('node.kubernetes.io/not-ready', 60)
    const { action } = plan(withTolerations([own, admission(unreachable, 300)]), running)
    expect(action).toEqual({
      kind: 'patchTolerations',
      tolerations: [own, { key: unreachable, operator: 'Exists', effect: 'NoExecute' }],
    })
  })

  test('nothing to change, nothing is written', () => {
    expect(plan(withTolerations([admission(unreachable, 60)]), running).action.kind).toBe('none')
  })
})
