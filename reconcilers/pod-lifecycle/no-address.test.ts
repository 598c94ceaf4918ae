/** Pods on a base that others cannot reach by what it says. */
import type { V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { claimsOn } from '../claims.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { aBiz, aPod, noLookups } from './a-pod.ts'
import { planPod } from './pod-plan.ts'

const planned = (pod: V1Pod, record: BaseRecord) =>
  planPod({
    pod,
    record,
    claims: claimsOn([pod], noLookups),
    lookups: noLookups,
    seenAtMs: 0,
    isReleased: false,
    nowMs: BUILT_AT_MS,
  }).action

function shownOn(record: BaseRecord): V1Pod {
  const action = planned(aPod(), record)
  if (action.kind !== 'patchStatus') throw new Error(action.kind)
  return { ...aPod(), status: JSON.parse(JSON.stringify(action.status)) }
}

const bizs = [aBiz('biz1:0.0.1')]
const reachable = aBase({ bizs })
const nowhere = aBase({ bizs, address: { unusableIp: 'unknown', hostName: 'b1', port: 0 } })

test('they run and are Ready without an IP', () => {
  const { status } = shownOn(nowhere)
  expect(status).toMatchObject({ phase: 'Running' })
  expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
  for (const field of ['podIP', 'podIPs', 'hostIP', 'hostIPs']) expect(status).not.toHaveProperty(field)
  expect(planned(shownOn(nowhere), nowhere).kind).toBe('none')
})

test('they lose the IP that they showed when the base could be reached', () => {
  expect(planned(shownOn(reachable), nowhere)).toMatchObject({ kind: 'patchStatus', ipsChanged: true })
})

test('they keep it while nothing is known of the address', () => {
  expect(planned(shownOn(reachable), aBase({ bizs, lacking: ['address'] })).kind).toBe('none')
})
