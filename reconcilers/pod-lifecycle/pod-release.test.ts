import type { V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { claimsOn } from '../claims.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { type BaseRecord, claimId } from '../registry/base-record.ts'
import { aBiz, aPod, noLookups } from './a-pod.ts'
import { planPod } from './pod-plan.ts'

const leaving = aPod({ deleting: true })
/** As the API server shows a Pod between the two writes of a deletion without grace. */
const released = { ...leaving, metadata: { ...leaving.metadata, deletionGracePeriodSeconds: 0 } }
const running = aBase({ bizs: [aBiz('biz1:0.0.1')] })

function actionOn(pod: V1Pod, { record = aBase(), isReleased = false }: { record?: BaseRecord; isReleased?: boolean }) {
  const facts = { pod, record, claims: claimsOn([pod], noLookups), lookups: noLookups, isReleased }
  return planPod({ ...facts, seenAtMs: 0, nowMs: BUILT_AT_MS }).action.kind
}

test('released once: neither finalizers of others nor the API server are hammered', () => {
  const held = { ...released, metadata: { ...released.metadata, finalizers: ['example.com/others'] } }
  expect(actionOn(held, {})).toBe('none')
  expect(actionOn(released, { isReleased: true })).toBe('none')
})

test('a deletion that broke off half-way is made again, and not before the module is gone', () => {
  expect(actionOn(released, {})).toBe('release')
  expect(actionOn(released, { record: running })).toBe('none')
})

test('one that was never shown, and asked for another jar than its successor, stays until the base was looked at', () => {
  const successor = aPod({ name: 'next', image: 'http://jars/other.jar' })
  const planned = (record: BaseRecord) => {
    const facts = { pod: leaving, record, claims: claimsOn([leaving, successor], noLookups), lookups: noLookups }
    return planPod({ ...facts, isReleased: false, seenAtMs: 0, nowMs: BUILT_AT_MS })
  }
  expect(planned(aBase({ lacking: ['snapshot'] })).why).toContain('not settled yet')
  expect(planned(running).why).toContain('not settled yet')
  const tuple = { version: '0.0.1', url: 'http://jars/biz1-0.0.1.jar', args: [], envs: {}, restartedAt: '' }
  const provenance = { 'biz1:0.0.1': { tuple, claim: claimId('uid-web', 'biz1'), atMs: BUILT_AT_MS } }
  const settled = aBase({ bizs: [aBiz('biz1:0.0.1')], provenance })
  expect(planned(settled).action).toEqual({ kind: 'release', cause: 'claimed' })
})
