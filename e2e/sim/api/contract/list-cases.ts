import { boundPod, node, pod } from './drafts.ts'
import { type ContractCase, METADATA_LIST, type Recorder } from './recorder.ts'

async function threePods(api: Recorder): Promise<void> {
  await api.post(api.pods, boundPod('b', {}, { labels: { app: 'web', tier: 'one' } }))
  await api.post(api.pods, boundPod('a', { nodeName: 'other-node' }, { labels: { app: 'web' } }))
  await api.post(api.pods, pod('c', {}, { labels: { app: 'db' } }))
  const status = { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }], hostIP: '10.1.2.3' }
  await api.merge(`${api.pods}/a/status`, { status })
}

const e = encodeURIComponent

export const LIST_CASES: readonly ContractCase[] = [
  {
    name: 'shows all of a namespace in the order of their names',
    run: async api => {
      await api.get(api.pods)
      await threePods(api)
      await api.get(api.pods)
      await api.get(api.pods, METADATA_LIST)
    },
  },
  {
    name: 'shows what its labels select',
    run: async api => {
      await threePods(api)
      const selectors = [
        'app=web',
        'app==web,tier=one',
        'app!=web',
        'app in (web, db),tier',
        '!tier',
        'tier notin (one)',
      ]
      for (const selector of selectors) await api.get(`${api.pods}?labelSelector=${e(selector)}`, METADATA_LIST)
      await api.get(`${api.pods}?labelSelector=${e('app in web')}`)
    },
  },
  {
    name: 'shows what its fields select',
    run: async api => {
      await threePods(api)
      const selectors = [
        'spec.nodeName=other-node',
        'spec.nodeName=',
        'status.phase=Running',
        'status.phase!=Running',
        'status.podIP=10.1.2.3,status.phase=Running',
        'metadata.name=b',
      ]
      for (const selector of selectors) await api.get(`${api.pods}?fieldSelector=${e(selector)}`, METADATA_LIST)
      await api.get(`${api.pods}?fieldSelector=${e('spec.color=red')}`)
      await api.get(`${api.configMaps}?fieldSelector=${e('data.color=red')}`)
      await api.get(`${api.pods}?fieldSelector=${e('nonsense')}`)
    },
  },
  {
    name: 'comes page by page, as it was at the first page',
    run: async api => {
      await threePods(api)
      const first = await api.get(`${api.pods}?limit=1`)
      await api.merge(`${api.pods}/c`, { metadata: { labels: { app: 'changed' } } })
      await api.post(api.pods, pod('d'))
      await api.delete(`${api.pods}/b`, { gracePeriodSeconds: 0 })
      const second = await api.get(`${api.pods}?limit=1&continue=${e(first.object.metadata.continue ?? '')}`)
      await api.get(`${api.pods}?limit=5&continue=${e(second.object.metadata.continue ?? '')}`)
      if (second.object.metadata.resourceVersion !== first.object.metadata.resourceVersion)
        throw new Error('two versions')
      await api.get(`${api.pods}?limit=5`)
      await api.get(`${api.pods}?limit=1&continue=nonsense`)
    },
  },
  {
    name: 'of all namespaces, and of what has none',
    run: async api => {
      const labels = { of: api.namespace }
      await api.post(api.pods, boundPod('one', {}, { labels }))
      await api.post('/api/v1/nodes', node(api.node('one')))
      await api.merge(`/api/v1/nodes/${api.node('one')}`, { metadata: { labels } })
      await api.get(`/api/v1/pods?labelSelector=${e(`of=${api.namespace}`)}`)
      await api.get(`/api/v1/nodes?labelSelector=${e(`of=${api.namespace}`)}`)
      await api.get(`/api/v1/nodes?fieldSelector=${e(`metadata.name=${api.node('one')}`)}`, METADATA_LIST)
    },
  },
]
