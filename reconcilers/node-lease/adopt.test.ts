import type { V1Node } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { aLease, aNode, nodeFacts } from './a-node.ts'
import { adoptNode } from './adopt.ts'
import { planNode } from './plan.ts'

const now = BUILT_AT_MS

function adopted(node: V1Node = aNode(), lease = aLease(now - 3_600_000)) {
  const result = adoptNode(node, lease, 'dev', now)
  if (result.kind !== 'base') throw new Error(result.why)
  return result.record
}

test('a Node tells whom to ask: the base is known, yet proven by nothing', () => {
  expect(adopted()).toMatchObject({
    id: 'b1',
    nodeName: 'virtual-node-b1',
    reach: { state: 'unproven', sinceMs: now },
    metadata: { name: 'base', version: '1.1.1', clusterName: 'base' },
    address: { ip: '10.0.0.1', hostName: 'b1', port: 0 },
    life: { aliveAtMs: 0 },
  })
})

test('an address that others cannot use is none, also where an earlier version showed it', () => {
  const before = aNode({ address: { ip: '10.0.0.1', hostName: 'b1', port: 0 } })
  const status = {
    ...before.status,
    addresses: [
      { type: 'InternalIP', address: '127.0.1.1' },
      { type: 'Hostname', address: 'b1' },
    ],
  }
  const record = adopted({ ...before, status })
  expect(record.address).toEqual({ unusableIp: '127.0.1.1', hostName: 'b1', port: 0 })
  const { actions } = planNode(nodeFacts({ record, node: { ...before, status } }))
  expect(actions).toContainEqual(
    expect.objectContaining({
      patch: { type: 'merge', body: { status: { addresses: [{ type: 'Hostname', address: 'b1' }] } } },
    }),
  )
  const nameless = { ...before, status: { ...before.status, addresses: [] } }
  expect(adopted(nameless)).not.toHaveProperty('address')
})

test('until when the base was served is told by the last look at it, whoever renewed its Lease since', () => {
  const lease = aLease(now - 1_000, { lookedAtMs: now - 3_600_000 })
  expect(adopted(aNode(), lease).servedUntilMs).toBe(now - 3_600_000)
})

test('its Lease tells what is foreign, and until when the base was served', () => {
  const foreign = new Set([bizKey('static', '1.0.0')])
  const record = adopted(aNode(), aLease(now - 3_600_000, { foreign }))
  expect(record.foreign).toEqual(foreign)
  expect(record.servedUntilMs).toBe(now - 3_600_000)
})

test('without a Lease there is no record of foreign modules', () => {
  const result = adoptNode(aNode(), undefined, 'dev', now)
  expect(result.kind === 'base' && result.record.foreign).toBeUndefined()
})

test('the pinned Pod of the base is taken over', () => {
  const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0', nodeName: 'worker-1' }
  expect(adopted(aNode({ basePod })).basePod).toEqual({ namespace: 'shop', name: 'base-0', uid: 'uid-0' })
})

test('adopting changes nothing on the Node: only the Lease is renewed', () => {
  const { actions } = planNode(nodeFacts({ record: adopted(), lease: aLease(now - 3_600_000) }))
  expect(actions.map(({ kind }) => kind)).toEqual(['renewLease'])
})

test('nor does the first health answer after it, though the JVM has grown by its modules since', () => {
  const record = adopted()
  const { health } = aBase()
  const heard = { ...record, ...(health && { health: { ...health, metaspaceCommittedBytes: 90 * 1024 ** 2 } }) }
  const { actions } = planNode(nodeFacts({ record: heard }))
  expect(actions).toEqual([])
})

test.each([
  ['no virtual Node', 'virtual-kubelet.koupleless.io/component', 'agent'],
  ['of env prod', 'virtual-kubelet.koupleless.io/env', 'prod'],
])('a Node that is %s is not adopted', (why, label, value) => {
  const node = aNode()
  const labels = { ...node.metadata?.labels, [label]: value }
  expect(adoptNode({ ...node, metadata: { ...node.metadata, labels } }, undefined, 'dev', now)).toEqual({
    kind: 'notOurs',
    why,
  })
})

test('a Node that does not say whose it is, is not adopted', () => {
  const node = aNode()
  const result = adoptNode({ ...node, metadata: { ...node.metadata, annotations: {} } }, undefined, 'dev', now)
  expect(result.kind).toBe('notOurs')
})
