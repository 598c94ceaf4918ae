import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { ReachState } from '../registry/base-record.ts'
import { aLease, aLink, aNode, nodeFacts, someSettings } from './a-node.ts'
import { foreignOf } from './lease.ts'
import { ADDRESS_GRACE_MS, FOREIGN_GRACE_MS, HEALTH_GRACE_MS, type NodeFacts, PODS_GRACE_MS, planNode } from './plan.ts'

const now = BUILT_AT_MS
const MIB = 1024 ** 2
const plan = (facts: Partial<NodeFacts> = {}) => planNode(nodeFacts(facts))
const kinds = (facts: Partial<NodeFacts> = {}) => plan(facts).actions.map(({ kind }) => kind)
const at = (state: ReachState, sinceMs = now): BaseFacts => ({ reach: { state, sinceMs, why: 'because' } })

function bodyOf(kind: 'patchNode' | 'patchNodeStatus', facts: Partial<NodeFacts>): unknown {
  const action = plan(facts).actions.find(entry => entry.kind === kind)
  return action && 'patch' in action ? action.patch.body : undefined
}

describe('a quiet world', () => {
  test('writes nothing while the Lease is fresh', () => {
    expect(plan({ nowMs: now + 14_999 })).toMatchObject({ actions: [], wakeAfterMs: 1 })
  })

  test('renews the Lease every 15 s, and writes nothing else', () => {
    expect(kinds({ nowMs: now + 15_000 })).toEqual(['renewLease'])
  })

  test('takes no note of a few megabytes of metaspace more or less', () => {
    const health = { ...aBase().health, metaspaceUsedBytes: 50 * MIB, metaspaceCommittedBytes: 60 * MIB }
    expect(kinds({ record: aBase({ health, metaspaceOwnBytes: 38 * MIB }) })).toEqual([])
  })
})

describe('a base without a Node', () => {
  const newcomer = (facts: BaseFacts = {}) => ({
    record: aBase({ ...at('heard'), ...facts }),
    node: undefined,
    lease: undefined,
  })

  test('gets one that is Ready, in one write', () => {
    const [action] = plan(newcomer()).actions
    expect(action).toMatchObject({ kind: 'createNode', node: { metadata: { name: 'virtual-node-b1' } } })
    expect(kinds(newcomer())).toEqual(['createNode'])
  })

  test('then its Lease: two writes in all', () => {
    expect(kinds({ record: aBase(at('heard')), lease: undefined })).toEqual(['createLease'])
  })

  test('waits for the first health answer, so that no second write is needed, but not for ever', () => {
    const unknown = newcomer({ lacking: ['health'] })
    expect(plan(unknown)).toMatchObject({ actions: [], wakeAfterMs: HEALTH_GRACE_MS })
    expect(kinds({ ...unknown, nowMs: now + HEALTH_GRACE_MS })).toEqual(['createNode'])
  })

  test('waits for its address, but not for ever: its heart may have stopped', () => {
    const unknown = newcomer({ lacking: ['address'] })
    expect(plan(unknown)).toMatchObject({ actions: [], wakeAfterMs: ADDRESS_GRACE_MS })
    expect(kinds({ ...unknown, nowMs: now + ADDRESS_GRACE_MS })).toEqual(['createNode'])
  })

  test('that has no address of use to others gets one at once, without InternalIP and without that label', () => {
    const [action] = plan(newcomer({ address: { unusableIp: '127.0.1.1', hostName: 'h1', port: 0 } })).actions
    expect(action).toMatchObject({
      kind: 'createNode',
      node: { status: { addresses: [{ type: 'Hostname', address: 'h1' }] } },
    })
    expect(JSON.stringify(action)).not.toContain('127.0.1.1')
    expect(JSON.stringify(action)).not.toContain('base.koupleless.io/ip')
  })

  test('gets none before it is proven to live', () => {
    expect(kinds(newcomer(at('unproven')))).toEqual([])
  })

  test('whose Node somebody deleted while it was heard gets it back at once', () => {
    expect(kinds(newcomer(at('heard', now - 3_600_000)))).toEqual(['createNode'])
  })

  test('whose Node somebody deleted while it was silent is given up', () => {
    expect(kinds(newcomer(at('silent')))).toEqual(['giveUp'])
  })
})

describe('the Lease', () => {
  test('waits for the first look at the modules, so that it tells what is foreign from its first moment', () => {
    const record = aBase({ ...at('heard'), lacking: ['foreign'] })
    expect(plan({ record, lease: undefined })).toMatchObject({ actions: [], wakeAfterMs: FOREIGN_GRACE_MS })
    expect(kinds({ record, lease: undefined, nowMs: now + FOREIGN_GRACE_MS })).toEqual(['createLease'])
  })

  test('carries foreign modules as soon as they change', () => {
    const foreign = new Set([bizKey('static', '1.0.0')])
    const [action] = plan({ record: aBase({ foreign }) }).actions
    expect(action?.kind === 'renewLease' && foreignOf(action.lease)).toEqual(foreign)
  })

  test('of a Node that was re-created is given to the new one', () => {
    const lease = aLease(now, { node: { name: aBase().nodeName, uid: 'the former' } })
    expect(plan({ lease }).actions).toMatchObject([
      { kind: 'renewLease', lease: { metadata: { ownerReferences: [{ uid: 'node-uid' }] } } },
    ])
  })

  test.each<[string, Partial<NodeFacts>]>([
    ['a silent base', { record: aBase(at('silent', now - 60_000)) }],
    ['a base that is not proven to live', { record: aBase(at('unproven')) }],
    ['a base while our own connection is down', { link: aLink({ connected: false, sinceMs: now - 60_000 }) }],
  ])('is renewed for %s', (_what, facts) => {
    expect(kinds({ ...facts, lease: aLease(now - 15_000) })).toContain('renewLease')
  })

  test('of another holder is taken over: a killed operator’s next one has another name', () => {
    expect(kinds({ lease: aLease(now, { holder: 'operator-0' }) })).toEqual(['renewLease'])
  })
})

describe('a Node that stands', () => {
  test('follows the metadata of its base, and loses labels that tell nothing any more', () => {
    const before = aNode({ address: { ip: '10.0.0.1', hostName: 'b1', port: 1238 } })
    const record = aBase({ metadata: { name: 'base', version: '2.0.0', clusterName: 'base' } })
    expect(bodyOf('patchNode', { node: before, record })).toEqual({
      metadata: { labels: { 'base.koupleless.io/version': '2.0.0', 'base.koupleless.io/tunnel-port': null } },
    })
  })

  test('takes over a new address, as a whole list', () => {
    const record = aBase({ address: { ip: '10.0.0.9', hostName: 'b1', port: 0 } })
    expect(bodyOf('patchNodeStatus', { record })).toEqual({
      status: {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.9' },
          { type: 'Hostname', address: 'b1' },
        ],
      },
    })
    expect(bodyOf('patchNode', { record })).toEqual({ metadata: { labels: { 'base.koupleless.io/ip': '10.0.0.9' } } })
  })

  test('loses an address by which others reach the base no longer', () => {
    const record = aBase({ address: { unusableIp: 'unknown', hostName: 'b1', port: 0 } })
    expect(bodyOf('patchNodeStatus', { record })).toEqual({
      status: { addresses: [{ type: 'Hostname', address: 'b1' }] },
    })
    expect(bodyOf('patchNode', { record })).toEqual({ metadata: { labels: { 'base.koupleless.io/ip': null } } })
  })

  test('made by an earlier version is told from others by its own name', () => {
    const { metadata, ...rest } = aNode()
    const labels = { ...metadata?.labels, 'kubernetes.io/hostname': 'b1' }
    expect(bodyOf('patchNode', { node: { ...rest, metadata: { ...metadata, labels } } })).toEqual({
      metadata: { labels: { 'kubernetes.io/hostname': 'virtual-node-b1' } },
    })
  })

  test('made by an earlier version gets a kubelet version that tools parse', () => {
    const node = aNode({}, someSettings({ kubeletVersion: '0.1.0' }))
    expect(bodyOf('patchNodeStatus', { node })).toMatchObject({
      status: { nodeInfo: { kubeletVersion: 'v1.36.3-koupleless-0.1.0', operatingSystem: 'linux' } },
    })
  })

  test('follows capacity', () => {
    const health = { ...aBase().health, processors: 4 }
    expect(bodyOf('patchNodeStatus', { record: aBase({ health }) })).toMatchObject({
      status: { capacity: { cpu: '4' }, allocatable: { cpu: '4' } },
    })
  })

  test('keeps its capacity until the first health answer after our start', () => {
    expect(kinds({ record: aBase({ lacking: ['health'] }) })).toEqual([])
  })

  test('is tainted while its base gets no commands, under lock, and keeps the taints of others', () => {
    const node = aNode()
    const theirs = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
    const cordoned = {
      ...node,
      spec: { ...node.spec, unschedulable: true, taints: [...(node.spec?.taints ?? []), theirs] },
    }
    const record = aBase({ noCommands: { reason: 'BaseDeaf', sinceMs: now, message: 'deaf' } })
    expect(bodyOf('patchNode', { node: cordoned, record })).toEqual({
      metadata: { resourceVersion: '7' },
      spec: {
        taints: [
          theirs,
          { key: 'schedule.koupleless.io/virtual-node', value: 'True', effect: 'NoExecute' },
          { key: 'module-controller.koupleless.io/no-commands', effect: 'NoSchedule' },
        ],
      },
    })
  })

  test('that a user cordoned stays so', () => {
    const node = aNode()
    expect(kinds({ node: { ...node, spec: { ...node.spec, unschedulable: true } } })).toEqual([])
  })

  test('keeps labels and annotations of others', () => {
    const node = aNode()
    const metadata = {
      ...node.metadata,
      labels: { ...node.metadata?.labels, team: 'shop' },
      annotations: { ...node.metadata?.annotations, note: 'x' },
    }
    expect(kinds({ node: { ...node, metadata } })).toEqual([])
  })

  test('is not torn between the two stories of a duplicate identity', () => {
    const record = aBase({
      noCommands: { reason: 'DuplicateIdentity', sinceMs: now, message: 'two' },
      metadata: { name: 'other', version: '9', clusterName: 'x' },
      address: { ip: '10.9.9.9', hostName: 'other', port: 0 },
    })
    expect(bodyOf('patchNode', { record })).not.toHaveProperty('metadata.labels')
    expect(bodyOf('patchNodeStatus', { record })).not.toHaveProperty('status.addresses')
    expect(bodyOf('patchNodeStatus', { record })).toMatchObject({
      status: { conditions: expect.arrayContaining([expect.objectContaining({ reason: 'DuplicateIdentity' })]) },
    })
  })

  test('of a silent base turns Unknown', () => {
    expect(bodyOf('patchNodeStatus', { record: aBase(at('silent', now - 60_000)) })).toMatchObject({
      status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'Unknown' })]) },
    })
  })

  test('gets the zone of its base, and loses it when the base is no Pod any more', () => {
    const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0', nodeName: 'worker-1' }
    const topology = { 'topology.kubernetes.io/zone': 'z1' }
    const pinned = { metadata: { labels: topology, annotations: { 'base.koupleless.io/pod': 'shop/base-0/uid-0' } } }
    expect(bodyOf('patchNode', { record: aBase({ basePod }), topology })).toEqual(pinned)
    const node = aNode({ basePod })
    const inZone = { ...node, metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...topology } } }
    // After a restart of ours the real Node is not looked up again: what was learnt stands.
    expect(kinds({ record: aBase({ basePod }), node: inZone })).toEqual([])
    expect(bodyOf('patchNode', { record: aBase(), node: inZone })).toEqual({
      metadata: { labels: { 'topology.kubernetes.io/zone': null }, annotations: { 'base.koupleless.io/pod': null } },
    })
  })

  test('that is being deleted is left alone until it is gone', () => {
    const node = aNode()
    const leaving = { ...node, metadata: { ...node.metadata, deletionTimestamp: new Date(now) } }
    expect(kinds({ node: leaving, lease: undefined })).toEqual([])
  })
})

describe('the Go peer’s Node of that name', () => {
  test('is taken over: it names no identity, and gets ours and a providerID', () => {
    const node = aNode()
    const { providerID: _none, ...spec } = node.spec ?? {}
    const old = { ...node, metadata: { ...node.metadata, annotations: {} }, spec }
    expect(bodyOf('patchNode', { node: old })).toEqual({
      metadata: { annotations: { 'base.koupleless.io/identity': 'b1' } },
      spec: { providerID: 'koupleless://b1' },
    })
  })
})

describe('a Node or Lease of that name that is someone else’s', () => {
  const node = aNode()
  const relabelled = (labels: Record<string, string>) => ({
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...labels } },
  })
  const other = { ...node, metadata: { ...node.metadata, annotations: { 'base.koupleless.io/identity': 'B1' } } }
  const lease = aLease()

  test.each<[string, Partial<NodeFacts>]>([
    ['a Node of another env', { node: relabelled({ 'virtual-kubelet.koupleless.io/env': 'prod' }) }],
    ['a Node of another identity', { node: other }],
    ['a real Node', { node: relabelled({ 'virtual-kubelet.koupleless.io/component': '' }) }],
    ['a Lease', { lease: { ...lease, metadata: { ...lease.metadata, labels: {} } } }],
  ])('%s is refused and nothing is touched', (_what, facts) => {
    expect(kinds({ ...facts, nowMs: now + 60_000 })).toEqual(['refuse'])
  })

  test('also when our base of that name is dead', () => {
    expect(kinds({ node: other, record: aBase(at('dead', now - 60_000)) })).toEqual([])
  })
})

describe('a dead base', () => {
  const dead = { record: aBase(at('dead')) }

  test('loses its Lease first, then its Node', () => {
    expect(plan(dead).actions).toMatchObject([
      { kind: 'deleteLease', uid: 'lease-uid' },
      { kind: 'deleteNode', uid: 'node-uid' },
    ])
  })

  test('keeps its Node for a moment while its Pods go, since they would linger without it', () => {
    expect(plan({ ...dead, podsLeft: 2 })).toMatchObject({ actions: [], wakeAfterMs: 200 })
    expect(kinds({ ...dead, podsLeft: 2, nowMs: now + PODS_GRACE_MS })).toEqual(['deleteLease', 'deleteNode'])
  })

  test('without Node and Lease needs nothing', () => {
    expect(plan({ ...dead, node: undefined, lease: undefined })).toMatchObject({ actions: [] })
  })
})

test('a name of no base that we know is none of our business', () => {
  expect(plan({ record: undefined, nowMs: now + 3_600_000 })).toEqual({
    actions: [],
    why: 'no base of that name is known',
  })
})

test('the peer’s environment taint follows its switch', () => {
  expect(kinds({ settings: someSettings({ nodeEnvTaint: true }) })).toEqual(['patchNode'])
})

describe('between replicas', () => {
  const foreign = new Set([bizKey('static', '1.0.0')])

  test('what another serves, or we may not touch, is left alone', () => {
    for (const kind of ['leave', 'fence'] as const)
      expect(planNode(nodeFacts({ tenure: { kind, why: 'not ours' }, lease: aLease(0) }))).toMatchObject({
        actions: [],
      })
  })

  test('a Lease is taken before anything else is written', () => {
    const taking = planNode(nodeFacts({ tenure: { kind: 'take', why: 'it is gone' }, node: undefined }))
    expect(taking.actions.map(({ kind }) => kind)).toEqual(['takeLease'])
    expect(taking.actions).toMatchObject([{ lease: { spec: { holderIdentity: 'operator-1' } } }])
  })

  test('a Lease that is handed over says what is not ours to remove', () => {
    const tenure = { kind: 'give', to: 'op-2_x', why: 'its own' } as const
    const giving = planNode(nodeFacts({ tenure, record: aBase({ foreign }) }))
    expect(giving.actions.map(({ kind }) => kind)).toEqual(['giveLease'])
    const [action] = giving.actions
    const lease = action?.kind === 'giveLease' ? action.lease : undefined
    expect(lease?.spec).toMatchObject({ holderIdentity: 'op-2_x', leaseTransitions: 1 })
    expect(foreignOf(lease)).toEqual(foreign)
  })
})
