import { describe, expect, test } from 'vitest'
import { SimCluster } from './a-sim-cluster.ts'
import type { ControllerRevision, DaemonSet, Deployment, Named, Pod, ReplicaSet } from './cluster-objects.ts'

const labels = { app: 'web' }
const template = (image: string) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', image }], tolerations: [{ operator: 'Exists' }] },
})
const spec = (extra: object = {}, image = 'one.jar') => ({
  selector: { matchLabels: labels },
  template: template(image),
  ...extra,
})
const image = (name: string) => ({ spec: { template: template(name) } })

function aCluster(nodes = ['n1', 'n2']): SimCluster {
  const cluster = new SimCluster()
  for (const name of nodes) cluster.addNode(name)
  return cluster
}
const imagesOf = (pods: readonly Pod[]): readonly string[] =>
  pods.map(({ spec: { containers } }) => (containers[0] as unknown as { image: string }).image)
const nodesOf = (pods: readonly Pod[]) => pods.map(({ spec: { nodeName } }) => nodeName).sort()

describe('a Deployment', () => {
  test('spreads its Pods over the Nodes and tells when they are available', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 4 }))
    cluster.run(5)
    expect(nodesOf(cluster.pods)).toEqual(['n1', 'n1', 'n2', 'n2'])
    const { status, metadata } = cluster.get<Deployment>('deployments', 'web')
    expect(status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4, observedGeneration: 1 })
    expect(status.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['Available', 'MinimumReplicasAvailable'],
      ['Progressing', 'NewReplicaSetAvailable'],
    ])
    expect(metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' })
  })

  test('rolls over within its bounds: never more than the surge, never fewer available than asked', () => {
    const cluster = aCluster()
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 1 }
    cluster.apply('deployments', 'web', spec({ replicas: 4, strategy: { type: 'RollingUpdate', rollingUpdate } }))
    cluster.run(5)
    cluster.patch('deployments', 'web', image('two.jar'))
    let most = 0
    let fewest = 4
    const stop = cluster.server.onCommit(({ resource }) => {
      if (resource !== 'pods') return
      const alive = cluster.pods.filter(({ metadata }) => !metadata.deletionTimestamp)
      fewest = Math.min(fewest, alive.filter(({ status }) => status.phase === 'Running').length)
      // Of Pods there may be more for a moment: each ReplicaSet learns of its new size by itself.
      const sets = cluster.server.list<ReplicaSet>('replicasets')
      most = Math.max(
        most,
        sets.reduce((sum, set) => sum + set.spec.replicas, 0),
      )
    })
    cluster.run(30)
    stop()
    expect([most, fewest]).toEqual([5, 3])
    expect(imagesOf(cluster.pods)).toEqual(Array(4).fill('two.jar'))
  })

  test('stops at a version that does not come up, says so after the deadline, and undo takes up the old revision', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 2, progressDeadlineSeconds: 60 }))
    cluster.run(5)
    const [first] = cluster.server.list<ReplicaSet>('replicasets')
    const bad = () =>
      cluster.server.list<ReplicaSet>('replicasets').find(({ metadata }) => metadata.uid !== first?.metadata.uid)
    cluster.patch('deployments', 'web', image('bad.jar'))
    cluster.time.pass(500)
    cluster.stuck.add(bad()?.metadata.name ?? 'none')
    cluster.run(70)
    const { status } = cluster.get<Deployment>('deployments', 'web')
    expect(imagesOf(cluster.pods).filter(each => each === 'one.jar')).toHaveLength(2)
    expect(status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    })
    cluster.patch('deployments', 'web', image('one.jar'))
    cluster.run(10)
    expect(imagesOf(cluster.pods)).toEqual(['one.jar', 'one.jar'])
    const revision = cluster.get<ReplicaSet>('replicasets', first?.metadata.name ?? '').metadata.annotations
    expect(revision?.['deployment.kubernetes.io/revision']).toBe('3')
  })

  test('paused does nothing but change its size', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 2 }))
    cluster.run(5)
    cluster.patch('deployments', 'web', { spec: { paused: true, template: template('two.jar'), replicas: 3 } })
    cluster.run(10)
    expect(imagesOf(cluster.pods)).toEqual(['one.jar', 'one.jar'])
    cluster.patch('deployments', 'web', { spec: { paused: false } })
    cluster.run(10)
    expect(imagesOf(cluster.pods)).toEqual(Array(3).fill('two.jar'))
  })

  test('that recreates has none of the new before the last of the old is gone', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 2, strategy: { type: 'Recreate' } }))
    cluster.run(5)
    cluster.patch('deployments', 'web', image('two.jar'))
    cluster.run(10, () => expect(new Set(imagesOf(cluster.pods)).size).toBeLessThan(2))
    expect(imagesOf(cluster.pods)).toEqual(['two.jar', 'two.jar'])
  })

  test('keeps no more old ReplicaSets than it is told, and takes all with it when it is deleted', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 1, revisionHistoryLimit: 2 }))
    for (const name of ['two', 'three', 'four', 'five']) {
      cluster.run(6)
      cluster.patch('deployments', 'web', image(`${name}.jar`))
    }
    cluster.run(6)
    expect(cluster.server.list('replicasets')).toHaveLength(3)
    cluster.send('DELETE', '/apis/apps/v1/namespaces/default/deployments/web')
    cluster.run(5)
    expect([cluster.server.list('replicasets').length, cluster.pods.length]).toEqual([0, 0])
  })

  test('has a Pod that ended or was deleted replaced', () => {
    const cluster = aCluster()
    cluster.apply('deployments', 'web', spec({ replicas: 2 }))
    cluster.run(5)
    const [ended = '', deleted = ''] = cluster.names
    cluster.send('PATCH', `/api/v1/namespaces/default/pods/${ended}/status`, { status: { phase: 'Failed' } })
    cluster.send('DELETE', `/api/v1/namespaces/default/pods/${deleted}`)
    cluster.run(5)
    expect(cluster.pods.filter(({ status }) => status.phase === 'Running')).toHaveLength(2)
    expect(cluster.names).not.toContain(deleted)
  })
})

describe('a DaemonSet', () => {
  test('has one Pod on each Node that it may run on, also on one that comes later', () => {
    const cluster = aCluster()
    cluster.addNode('other', { type: 'other' })
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'DoesNotExist' }] }] }
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } }
    const { metadata, spec: podSpec } = template('one.jar')
    cluster.apply('daemonsets', 'web', spec({ template: { metadata, spec: { ...podSpec, affinity } } }))
    cluster.run(5)
    expect(nodesOf(cluster.pods)).toEqual(['n1', 'n2'])
    cluster.addNode('n3')
    cluster.run(5)
    expect(nodesOf(cluster.pods)).toEqual(['n1', 'n2', 'n3'])
    expect(cluster.get<DaemonSet>('daemonsets', 'web').status).toMatchObject({
      desiredNumberScheduled: 3,
      numberAvailable: 3,
    })
  })

  test('is updated one Node after the other', () => {
    const cluster = aCluster(['n1', 'n2', 'n3'])
    cluster.apply('daemonsets', 'web', spec())
    cluster.run(5)
    cluster.patch('daemonsets', 'web', image('two.jar'))
    let fewest = 3
    cluster.run(20, () => {
      const alive = cluster.pods.filter(
        ({ metadata, status }) => !metadata.deletionTimestamp && status.phase === 'Running',
      )
      fewest = Math.min(fewest, alive.length)
    })
    expect(fewest).toBe(2)
    expect(imagesOf(cluster.pods)).toEqual(Array(3).fill('two.jar'))
    const revisions = cluster.server.list<ControllerRevision>('controllerrevisions')
    expect(revisions.map(({ revision }) => revision).sort()).toEqual([1, 2])
  })
})

describe('a StatefulSet', () => {
  test('makes its Pods one after the other and replaces them from the last to the first', () => {
    const cluster = aCluster()
    cluster.apply('statefulsets', 'web', spec({ replicas: 3, serviceName: 'web' }))
    const made: number[] = []
    cluster.run(10, () => made.push(cluster.pods.length))
    expect(made.slice(0, 3)).toEqual([1, 2, 3])
    expect(cluster.names).toEqual(['web-0', 'web-1', 'web-2'])
    const replaced: string[] = []
    const stop = cluster.server.onCommit(({ resource, type, object }) => {
      if (resource === 'pods' && type === 'DELETED') replaced.push((object as Named).metadata.name)
    })
    cluster.patch('statefulsets', 'web', image('two.jar'))
    cluster.run(20)
    stop()
    expect(replaced).toEqual(['web-2', 'web-1', 'web-0'])
    expect(imagesOf(cluster.pods)).toEqual(Array(3).fill('two.jar'))
  })

  test('leaves those below the partition as they were, also when they are made anew', () => {
    const cluster = aCluster()
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }
    cluster.apply('statefulsets', 'web', spec({ replicas: 2, updateStrategy }))
    cluster.run(8)
    cluster.patch('statefulsets', 'web', image('two.jar'))
    cluster.run(8)
    cluster.send('DELETE', '/api/v1/namespaces/default/pods/web-0')
    cluster.run(8)
    expect(imagesOf(cluster.pods)).toEqual(['one.jar', 'two.jar'])
  })

  test('stops at the first that does not come up, and scales down from the last', () => {
    const cluster = aCluster()
    cluster.apply('statefulsets', 'web', spec({ replicas: 3 }))
    cluster.run(8)
    cluster.stuck.add('web-2')
    cluster.patch('statefulsets', 'web', image('two.jar'))
    cluster.run(20)
    expect(imagesOf(cluster.pods)).toEqual(['one.jar', 'one.jar', 'two.jar'])
    cluster.stuck.clear()
    cluster.patch('statefulsets', 'web', { spec: { replicas: 1 } })
    cluster.run(20)
    expect(cluster.names).toEqual(['web-0'])
  })
})

test('a Service has the addresses of its Pods: those that are ready serve', () => {
  const cluster = aCluster()
  cluster.send('POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'web' },
    spec: { selector: labels, ports: [{ port: 80 }] },
  })
  cluster.apply('deployments', 'web', spec({ replicas: 2 }))
  cluster.run(5)
  const [pod] = cluster.names
  const conditions = [{ type: 'Ready', status: 'False' }]
  cluster.send('PATCH', `/api/v1/namespaces/default/pods/${pod}/status`, { status: { conditions } })
  cluster.run(1)
  const [slice] = cluster.server.list<{ endpoints: readonly { conditions: { ready: boolean } }[] }>('endpointslices')
  expect(slice?.endpoints.map(each => each.conditions.ready)).toEqual([false, true])
})
