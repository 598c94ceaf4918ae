import { configMap, pod } from './drafts.ts'
import type { ContractCase } from './recorder.ts'

const json = { contentType: 'application/json' }

export const REFUSAL_CASES: readonly ContractCase[] = [
  {
    name: 'what is not served is not found',
    run: async api => {
      await api.get(`/api/v1/namespaces/${api.namespace}/teapots`)
      await api.get(`/api/v1/namespaces/${api.namespace}/configmaps/none`)
      await api.get(`${api.pods}/none`)
    },
  },
  {
    name: 'a body that is none, or of another kind, is a bad request',
    run: async api => {
      await api.raw({ method: 'POST', path: api.configMaps, body: '{', ...json })
      await api.post(api.configMaps, pod('one'))
      await api.post(api.configMaps, { kind: 'ConfigMap', apiVersion: 'v2', metadata: { name: 'one' } })
      await api.post(api.configMaps, configMap('', {}))
      await api.post(api.configMaps, configMap('one', {}, { resourceVersion: '5' }))
    },
  },
  {
    name: 'a PUT of another name, and a patch of the name, are refused',
    run: async api => {
      await api.post(api.configMaps, configMap('one', { a: 'b' }))
      await api.put(`${api.configMaps}/one`, configMap('two', { a: 'b' }))
      await api.merge(`${api.configMaps}/one`, { metadata: { name: 'two' } })
      await api.merge(`${api.configMaps}/one`, { metadata: { namespace: 'default' } })
    },
  },
]
