import { expect, test } from 'vitest'
import { SimCluster } from './a-sim-cluster.ts'
import type { Node, Pod } from './cluster-objects.ts'
import { conditionOf } from './pods.ts'

const labels = { app: 'web' }

function aCluster(tolerations: readonly object[] = []): SimCluster {
  const cluster = new SimCluster()
  for (const name of ['n1', 'n2']) cluster.addNode(name)
  const spec = { containers: [{ name: 'main', image: 'one.jar' }], tolerations }
  cluster.apply('deployments', 'web', {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec },
  })
  cluster.run(10)
  return cluster
}

const ready = (cluster: SimCluster, name: string) =>
  cluster.get<Node>('nodes', name).status.conditions?.find(({ type }) => type === 'Ready')?.status
const taints = (cluster: SimCluster, name: string) =>
  (cluster.get<Node>('nodes', name).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
const podsOn = (cluster: SimCluster, name: string): readonly Pod[] =>
  cluster.pods.filter(({ spec }) => spec.nodeName === name)

test('the taint of one that is not ready yet goes when it says that it is', () => {
  expect(taints(aCluster(), 'n1')).toEqual([])
})

test('a Node whose Lease is no longer renewed is Unknown after its grace, barred, and its Pods are not ready', () => {
  const cluster = aCluster()
  cluster.stuck.add('n1')
  cluster.run(45)
  expect(ready(cluster, 'n1')).toBe('True')
  cluster.run(15)
  expect(ready(cluster, 'n1')).toBe('Unknown')
  expect(taints(cluster, 'n1')).toEqual([
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ])
  expect(podsOn(cluster, 'n1').map(pod => conditionOf(pod, 'Ready')?.status)).toEqual(['False'])
  expect([ready(cluster, 'n2'), taints(cluster, 'n2')]).toEqual(['True', []])
})

test('five minutes later its Pods are deleted, and stay in their grace as long as nobody lets them go', () => {
  const cluster = aCluster()
  cluster.stuck.add('n1')
  cluster.run(60 + 290)
  expect(podsOn(cluster, 'n1').map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined])
  cluster.run(20)
  const [pod] = podsOn(cluster, 'n1')
  expect(pod && conditionOf(pod, 'DisruptionTarget')?.reason).toBe('DeletionByTaintManager')
  expect(pod?.metadata.deletionTimestamp).toBeDefined()
  expect(podsOn(cluster, 'n2')).toHaveLength(2)
})

test('one that comes back in time loses its taints, and its Pods stay', () => {
  const cluster = aCluster()
  cluster.stuck.add('n1')
  cluster.run(200)
  cluster.stuck.clear()
  const conditions = [{ type: 'Ready', status: 'True' }]
  cluster.send('PATCH', '/api/v1/nodes/n1/status', { status: { conditions } })
  cluster.renew('n1')
  cluster.run(300)
  expect([taints(cluster, 'n1'), podsOn(cluster, 'n1').length]).toEqual([[], 1])
})

test('a Pod without limit of its patience stays for ever, one without any leaves at once', () => {
  const patient = aCluster([{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }])
  patient.stuck.add('n1')
  patient.run(1_000)
  expect(podsOn(patient, 'n1').map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined])
  const cluster = aCluster()
  cluster.send('PATCH', '/api/v1/nodes/n1', { spec: { taints: [{ key: 'away', effect: 'NoExecute' }] } })
  cluster.run(3)
  expect([podsOn(cluster, 'n1').length, podsOn(cluster, 'n2').length]).toEqual([0, 2])
})

test('a Node renewed while it says Unknown of itself leaves its Pods as they are', () => {
  const cluster = aCluster()
  const conditions = [{ type: 'Ready', status: 'Unknown' }]
  cluster.send('PATCH', '/api/v1/nodes/n1/status', { status: { conditions } })
  cluster.run(100)
  expect(podsOn(cluster, 'n1').map(pod => conditionOf(pod, 'Ready')?.status)).toEqual(['True'])
})

test('the Pods of a Node that is gone are removed, and not before it has been gone for a while', () => {
  const cluster = aCluster()
  cluster.stuck.add('n1')
  cluster.send('DELETE', '/api/v1/nodes/n1')
  cluster.run(35)
  expect(podsOn(cluster, 'n1')).toHaveLength(1)
  cluster.run(30)
  expect([podsOn(cluster, 'n1').length, podsOn(cluster, 'n2').length]).toEqual([0, 2])
})

test('one whose Node is there again in time is left alone', () => {
  const cluster = aCluster()
  cluster.send('DELETE', '/api/v1/nodes/n1')
  cluster.run(20)
  cluster.send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } })
  cluster.run(100)
  expect(podsOn(cluster, 'n1')).toHaveLength(1)
})

test('a Lease goes with the Node that owned it, and one of another Node of that name is garbage', () => {
  const cluster = aCluster()
  const { uid } = cluster.get<Node>('nodes', 'n1').metadata
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1'
  const lease = () => cluster.server.get('leases', 'kube-node-lease', 'n1')
  cluster.send('PATCH', path, { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid }] } })
  cluster.stuck.add('n1')
  cluster.send('DELETE', '/api/v1/nodes/n1')
  cluster.send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } })
  cluster.time.pass(1_000)
  expect(lease()).toBeUndefined()
})

test('stopped, they leave no timer behind', () => {
  const cluster = aCluster()
  cluster.controllers.stop()
  expect(cluster.time.waiting).toBe(0)
})
