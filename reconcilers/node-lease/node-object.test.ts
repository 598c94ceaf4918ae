import { expect, test } from 'vitest'
import { aBase, type BaseFacts } from '../registry/a-base.ts'
import { aNode, someSettings } from './a-node.ts'
import { newNode, nodeAddresses, nodeCapacity, nodeLabels, nodeTaints, ownMetaspaceOf } from './node-object.ts'

const MIB = 1024 ** 2
const labelsOf = (base: BaseFacts, topology?: Record<string, string>) =>
  nodeLabels({ record: aBase(base), settings: someSettings(), topology })

test('a base becomes a Node as the contract says', () => {
  const node = aNode()
  expect(node.metadata?.name).toBe('virtual-node-b1')
  expect(node.metadata?.annotations).toEqual({ 'base.koupleless.io/identity': 'b1' })
  expect(node.spec).toEqual({
    providerID: 'koupleless://b1',
    taints: [{ key: 'schedule.koupleless.io/virtual-node', value: 'True', effect: 'NoExecute' }],
  })
  expect(node.metadata?.labels).toEqual({
    'base.koupleless.io/stack': 'java',
    'base.koupleless.io/name': 'base',
    'base.koupleless.io/version': '1.1.1',
    'base.koupleless.io/cluster-name': 'base',
    'base.koupleless.io/host-name': 'b1',
    'base.koupleless.io/ip': '10.0.0.1',
    'virtual-kubelet.koupleless.io/component': 'vnode',
    'virtual-kubelet.koupleless.io/env': 'dev',
    'vnode.koupleless.io/tunnel': 'mqtt',
    type: 'virtual-kubelet',
    'kubernetes.io/hostname': 'virtual-node-b1',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/role': 'agent',
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
  })
  expect(node.status).toMatchObject({
    addresses: [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'b1' },
    ],
    capacity: { pods: '110', cpu: '2', memory: '160Mi' },
    // 37 MiB of its own, in steps of 4.
    allocatable: { pods: '110', cpu: '2', memory: '120Mi' },
    nodeInfo: {
      kubeletVersion: 'v1.36.3-koupleless-0.1.0',
      operatingSystem: 'linux',
      architecture: 'amd64',
      containerRuntimeVersion: 'ark://17.0.15',
    },
  })
})

test('it is Ready from its first moment', () => {
  expect(aNode().status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
})

test('a value that no label may hold is made valid', () => {
  const { 'base.koupleless.io/version': version } = labelsOf({
    metadata: { name: 'base', version: '1.0.0+build', clusterName: '' },
  })
  expect(version).toMatch(/^1\.0\.0-build-[0-9a-f]{8}$/)
})

test('an empty value gives no label, and so does port 0', () => {
  const labels = labelsOf({ metadata: { name: 'base', version: '', clusterName: '' } })
  expect(Object.keys(labels)).not.toContain('base.koupleless.io/cluster-name')
  expect(Object.keys(labels)).not.toContain('base.koupleless.io/tunnel-port')
  const address = { ip: '10.0.0.1', hostName: 'b1', port: 1238 }
  expect(labelsOf({ address })).toMatchObject({ 'base.koupleless.io/tunnel-port': '1238' })
})

test('two bases on one machine are two places: what spreads by host name goes by the Node', () => {
  const address = { ip: '10.0.0.1', hostName: 'vm1', port: 0 }
  const hosts = ['b1', 'b2'].map(id => labelsOf({ id, address })['kubernetes.io/hostname'])
  expect(hosts).toEqual(['virtual-node-b1', 'virtual-node-b2'])
  expect(labelsOf({ address })).toMatchObject({ 'base.koupleless.io/host-name': 'vm1' })
})

test('a base that is itself a Pod of this cluster lies in the zone of its real Node, and names that Pod', () => {
  const zone = { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' }
  expect(labelsOf({}, zone)).toMatchObject(zone)
  const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0', nodeName: 'worker-1' }
  const node = newNode({ record: aBase({ basePod }), settings: someSettings(), topology: zone }, [])
  expect(node.metadata?.annotations).toMatchObject({ 'base.koupleless.io/pod': 'shop/base-0/uid-0' })
})

test('the taints of others stay, ours follow the facts', () => {
  const theirs = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  const ours = { key: 'schedule.koupleless.io/virtual-node', value: 'True', effect: 'NoExecute' }
  expect(nodeTaints([theirs, ours], aBase(), someSettings())).toEqual([theirs, ours])
  const deaf = aBase({ noCommands: { reason: 'BaseDeaf', sinceMs: 0, message: '' } })
  expect(nodeTaints([ours], deaf, someSettings())).toContainEqual({
    key: 'module-controller.koupleless.io/no-commands',
    effect: 'NoSchedule',
  })
})

test('the peer’s taint of the environment comes only where it is asked for', () => {
  const taint = { key: 'schedule.koupleless.io/node-env', value: 'dev', effect: 'NoExecute' }
  expect(nodeTaints([], aBase(), someSettings())).not.toContainEqual(taint)
  expect(nodeTaints([], aBase(), someSettings({ nodeEnvTaint: true }))).toContainEqual(taint)
  expect(nodeTaints([taint], aBase(), someSettings())).not.toContainEqual(taint)
})

test('what calls itself an address is believed only where it is one', () => {
  expect(nodeAddresses(aBase({ address: { ip: 'nonsense', hostName: '', port: 0 } }))).toEqual([])
  expect(nodeAddresses(aBase({ address: { ip: 'fd00::1', hostName: 'h', port: 0 } }))[0]).toEqual({
    type: 'InternalIP',
    address: 'fd00::1',
  })
})

test('a JVM without a metaspace limit gets the configured default', () => {
  const record = aBase({ health: { processors: 8 }, metaspaceOwnBytes: 24 * MIB })
  const { capacity, allocatable } = nodeCapacity(record, someSettings({ metaspaceDefaultBytes: 1024 * MIB }))
  expect(capacity).toEqual({ pods: '110', cpu: '8', memory: '1Gi' })
  expect(allocatable.memory).toBe('1000Mi')
})

test('a base that committed more than its limit leaves nothing, not less than nothing', () => {
  const record = aBase({ health: { metaspaceMaxBytes: MIB }, metaspaceOwnBytes: 5 * MIB })
  expect(nodeCapacity(record, someSettings()).allocatable.memory).toBe('0')
})

test('what the base had for itself is read back from its Node', () => {
  expect(ownMetaspaceOf(aNode())).toBe(40 * MIB)
})
