import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { claimsOfPod } from '../claims.ts'
import { aBase, aBiz, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { aPod, noLookups } from './a-pod.ts'
import { type AnnouncedPod, announcements } from './announcements.ts'

const running = (restartCount: number, image = 'http://jars/biz1-0.0.1.jar'): V1ContainerStatus => ({
  name: 'biz1',
  image,
  imageID: image,
  ready: true,
  restartCount,
  state: { running: { startedAt: new Date(1_000) } },
})
const showing = (status: V1ContainerStatus, pod: V1Pod = aPod()): V1Pod => ({
  ...pod,
  status: { containerStatuses: [status] },
})

function told(pod: V1Pod, facts: Partial<Pick<AnnouncedPod, 'status' | 'superseded'>> & { record?: BaseRecord } = {}) {
  const { status = pod.status, superseded = [], record = aBase() } = facts
  const announced = { pod, status, record, superseded, claims: claimsOfPod(pod, noLookups), nowMs: BUILT_AT_MS }
  return announcements(announced).map(({ event }) => `${event.reason}: ${event.message}`)
}

describe('what a Pod tells in Events', () => {
  test('that its module runs, and not what was shown already', () => {
    expect(told(aPod(), { status: { containerStatuses: [running(0)] } })).toEqual(['Installed: biz1:0.0.1 is active'])
    expect(told(showing(running(0)))).toEqual([])
  })

  test('that it runs again after it was replaced in place, though it ran before', () => {
    const pod = showing(running(0))
    expect(told(pod, { status: { containerStatuses: [running(1)] } })).toEqual(['Installed: biz1:0.0.1 is active'])
  })

  test('which newer Pod took its place', () => {
    const [claim] = claimsOfPod(aPod(), noLookups)
    const [by] = claimsOfPod(aPod({ name: 'newer', version: '0.0.2' }), noLookups)
    if (!claim || !by) throw new Error('both Pods are modules')
    expect(told(showing(running(0)), { superseded: [{ claim, by }] })).toEqual([
      'Superseded: The newer Pod default/newer wants biz1:0.0.2 on this base; biz1:0.0.1 gives way',
    ])
  })

  test.each([
    ['another slash', '/biz1', ['twin:1']],
    ['the same slash: one of the two is no web module, or they would have clashed', 'biz1', []],
    ['another path', '/twin', []],
  ])('that a module of another name shares its path: %s', (_what, path, rivals) => {
    const webPaths = new Map([
      [bizKey('biz1', '0.0.1'), 'biz1'],
      [bizKey('twin', '1'), path],
    ])
    const record = aBase({ bizs: [aBiz(), aBiz('twin', '1')], webPaths })
    expect(told(showing(running(0)), { record })).toEqual(
      rivals.map(rival => expect.stringMatching(`^PathTaken: biz1:0.0.1 shares its context path /biz1 with ${rival},`)),
    )
  })

  test('that the base will not uninstall it, while it leaves', () => {
    const failure = { failures: 2, lastFailedAtMs: 0, nextTryAtMs: 9, code: 'FAILED', message: 'Master biz' }
    const record = { ...aBase(), uninstallFailures: new Map([[bizKey('biz1', '0.0.1'), failure]]) }
    const pod = showing(running(0), aPod({ deleting: true }))
    expect(told(pod, { record })).toEqual([
      'UninstallFailed: Uninstalling biz1:0.0.1 failed and is tried again: FAILED: Master biz',
    ])
    expect(told(showing(running(0)), { record })).toEqual([])
  })
})
