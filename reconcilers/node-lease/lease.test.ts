import { expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { ANNOTATION, nodeName } from '../names.ts'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { MicroTime } from '../times.ts'
import { aLease, NODE_UID } from './a-node.ts'
import {
  foreignOf,
  holds,
  isExpired,
  LEASE_DURATION_SECONDS,
  lookedAtMs,
  RENEW_EVERY_MS,
  renewalDueInMs,
  renewedAtMs,
  renewedLease,
} from './lease.ts'

const now = BUILT_AT_MS
const facts = {
  node: { name: nodeName('virtual-node-b1'), uid: NODE_UID },
  holder: 'operator-1',
  env: 'dev',
  foreign: new Set<ReturnType<typeof bizKey>>(),
  lookedAtMs: undefined,
  proofs: new Map(),
  nowMs: now + 15_000,
}

test('a Lease lasts 40 s and bears our labels, its Node as owner and the foreign modules', () => {
  const lease = aLease()
  expect(lease.spec).toMatchObject({ holderIdentity: 'operator-1', leaseDurationSeconds: 40, leaseTransitions: 0 })
  expect(lease.metadata).toMatchObject({
    name: 'virtual-node-b1',
    namespace: 'kube-node-lease',
    labels: { 'virtual-kubelet.koupleless.io/component': 'vnode-lease', 'virtual-kubelet.koupleless.io/env': 'dev' },
    annotations: { [ANNOTATION.foreign]: '[]' },
    ownerReferences: [{ kind: 'Node', uid: NODE_UID }],
  })
})

test('its times have the six digits without which the API server refuses them', () => {
  expect(JSON.stringify({ at: new MicroTime(1_700_000_000_123) })).toBe('{"at":"2023-11-14T22:13:20.123000Z"}')
})

test('it is due 15 s after its last renewal, and at once when someone else holds it or its time lies in our future', () => {
  expect(renewalDueInMs(aLease(now), 'operator-1', now + 5_000)).toBe(10_000)
  expect(renewalDueInMs(aLease(now), 'operator-1', now + RENEW_EVERY_MS)).toBe(0)
  expect(renewalDueInMs(aLease(now), 'operator-2', now)).toBe(0)
  expect(renewalDueInMs(aLease(now + 3_600_000), 'operator-1', now)).toBe(0)
})

test('it is held by its holder until it expires', () => {
  const expiry = now + LEASE_DURATION_SECONDS * 1_000
  expect(holds(aLease(now), 'operator-1', expiry - 1)).toBe(true)
  expect(holds(aLease(now), 'operator-2', now)).toBe(false)
  expect(isExpired(aLease(now), expiry)).toBe(true)
  expect(isExpired({ spec: {} }, now)).toBe(true)
})

test('a renewal keeps whose it was and since when, and its resourceVersion as the lock', () => {
  const renewed = renewedLease(aLease(now), facts)
  expect(renewedAtMs(renewed)).toBe(now + 15_000)
  expect(renewed.spec).toMatchObject({ holderIdentity: 'operator-1', leaseTransitions: 0 })
  expect(renewed.spec?.acquireTime?.getTime()).toBe(now)
  expect(renewed.metadata?.resourceVersion).toBe('3')
})

test('a renewal of another’s Lease takes it over, and counts', () => {
  const taken = renewedLease(aLease(now), { ...facts, holder: 'operator-2' })
  expect(taken.spec).toMatchObject({ holderIdentity: 'operator-2', leaseTransitions: 1 })
  expect(taken.spec?.acquireTime?.getTime()).toBe(now + 15_000)
})

test('a renewal never wipes out foreign modules that we do not know (yet)', () => {
  const foreign = new Set([bizKey('static', '1.0.0')])
  const told = aLease(now, { foreign })
  expect(foreignOf(renewedLease(told, { ...facts, foreign: undefined }))).toEqual(foreign)
  expect(foreignOf(renewedLease(aLease(now), { ...facts, foreign }))).toEqual(foreign)
})

test('a renewal tells of our last look at the base, and without one leaves what another told', () => {
  const looked = renewedLease(aLease(now), { ...facts, lookedAtMs: now + 1_234 })
  expect(looked.metadata?.annotations?.[ANNOTATION.lookedAt]).toBe('1970-01-01T00:16:41.234Z')
  expect(lookedAtMs(renewedLease(looked, facts))).toBe(now + 1_234)
  expect(lookedAtMs({ metadata: { annotations: { [ANNOTATION.lookedAt]: 'yesterday' } } })).toBeUndefined()
})

test.each(['', 'no json', '{"a":1}', '[1]'])('an annotation that reads %s tells nothing', text => {
  expect(foreignOf({ metadata: { annotations: { [ANNOTATION.foreign]: text } } })).toBeUndefined()
})
