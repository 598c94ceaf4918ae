import { configMap } from './drafts.ts'
import { type ContractCase, METADATA } from './recorder.ts'

export const CONFIG_MAP_CASES: readonly ContractCase[] = [
  {
    name: 'is patched where it is, and created where it is not',
    run: async api => {
      const path = `${api.configMaps}/memory`
      await api.merge(path, { data: { 'prod.bases.json': '[]' } }, METADATA)
      await api.post(api.configMaps, configMap('memory', { 'prod.bases.json': '[]' }, { namespace: api.namespace }))
      await api.merge(path, { data: { 'prod.bases.json': '[1]' } }, METADATA)
      await api.merge(path, { data: { 'test.bases.json': '[2]', empty: '' } }, METADATA)
      await api.get(path)
      await api.merge(path, { data: { 'prod.bases.json': null } })
    },
  },
  {
    name: 'and a Secret keep what is binary as base64',
    run: async api => {
      const binary = { ...configMap('binary', {}), binaryData: { bytes: 'AAEC' } }
      await api.post(api.configMaps, binary)
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, data: { password: 'c2VjcmV0' } }
      await api.post(`/api/v1/namespaces/${api.namespace}/secrets`, secret)
      await api.get(`/api/v1/namespaces/${api.namespace}/secrets/one`)
      await api.get(`/api/v1/namespaces/${api.namespace}/secrets/none`)
    },
  },
]
