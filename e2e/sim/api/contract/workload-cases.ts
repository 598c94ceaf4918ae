import type { ContractCase } from './recorder.ts'

const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'one.jar' }] } }
const selector = { matchLabels: labels }

const workload = (kind: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: { selector, template, ...spec },
})

const counts = (kind: string, plural: string, spec: object): ContractCase => ({
  name: `a ${kind} gets its defaults, counts what is wanted, and has its status apart`,
  run: async api => {
    const path = `${api.apps}/${plural}/web`
    await api.post(`${api.apps}/${plural}`, workload(kind, spec))
    const generation = async (said: Promise<{ object: { metadata: { generation?: number } } }>, wanted: number) => {
      const { object } = await said
      if (object.metadata.generation !== wanted)
        throw new Error(`generation ${object.metadata.generation}, not ${wanted}`)
    }
    const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'two.jar' }] } } } }
    await generation(api.strategic(path, image), 2)
    await generation(api.merge(path, { metadata: { labels: { a: 'b' } } }), 2)
    const status = { observedGeneration: 2, ...(plural === 'replicasets' && { replicas: 0 }) }
    await generation(api.merge(`${path}/status`, { status, spec: { replicas: 9 } }), 2)
    await generation(api.merge(path, { status: { observedGeneration: 1 } }), 2)
  },
})

export const WORKLOAD_CASES: readonly ContractCase[] = [
  counts('Deployment', 'deployments', { replicas: 2 }),
  counts('ReplicaSet', 'replicasets', {}),
  counts('DaemonSet', 'daemonsets', {}),
  counts('StatefulSet', 'statefulsets', { serviceName: 'web' }),
  {
    name: 'an annotation of a Deployment counts, for it is copied to its ReplicaSets',
    run: async api => {
      await api.post(`${api.apps}/deployments`, workload('Deployment'))
      const annotations = { 'kubernetes.io/change-cause': 'because' }
      const { object } = await api.merge(`${api.apps}/deployments/web`, { metadata: { annotations } })
      if (object.metadata.generation !== 2) throw new Error(`generation ${object.metadata.generation}`)
    },
  },
  {
    name: 'a ControllerRevision keeps its number and its data',
    run: async api => {
      const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'web-1' }, revision: 3 }
      await api.post(`${api.apps}/controllerrevisions`, { ...revision, data: { spec: { a: 'b' } } })
      await api.get(`${api.apps}/controllerrevisions/web-1`)
      await api.merge(`${api.apps}/controllerrevisions/web-1`, { revision: 4 })
    },
  },
]
