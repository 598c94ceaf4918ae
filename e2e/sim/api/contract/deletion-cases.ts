import { boundPod, OTHER_UID, pod } from './drafts.ts'
import type { ContractCase } from './recorder.ts'

const HELD = { finalizers: ['example.com/hold'] }

export const DELETION_CASES: readonly ContractCase[] = [
  {
    name: 'a bound Pod is given its grace, which only gets shorter',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const path = `${api.pods}/one`
      await api.delete(path)
      await api.delete(path, { gracePeriodSeconds: 60 })
      await api.delete(path)
      await api.delete(path, { gracePeriodSeconds: 10 })
      await api.get(path)
      await api.delete(path, { gracePeriodSeconds: 0, preconditions: { uid: OTHER_UID } })
      await api.delete(path, { gracePeriodSeconds: 0 })
      await api.get(path)
    },
  },
  {
    name: 'a Pod goes at once without grace, with no Node, or when it has ended',
    run: async api => {
      const { object } = await api.post(api.pods, boundPod('asked'))
      await api.delete(`${api.pods}/asked`, { gracePeriodSeconds: 0, preconditions: { uid: object.metadata.uid } })
      await api.post(api.pods, pod('unbound'))
      await api.delete(`${api.pods}/unbound`)
      await api.post(api.pods, boundPod('ended'))
      await api.merge(`${api.pods}/ended/status`, { status: { phase: 'Failed' } })
      await api.delete(`${api.pods}/ended`)
      await api.post(api.pods, boundPod('hasty', { terminationGracePeriodSeconds: 0 }))
      await api.delete(`${api.pods}/hasty`)
    },
  },
  {
    name: 'a Pod that a finalizer holds stays until that is gone',
    run: async api => {
      await api.post(api.pods, boundPod('one', {}, HELD))
      const path = `${api.pods}/one`
      await api.delete(path, { gracePeriodSeconds: 0 })
      await api.delete(path, { gracePeriodSeconds: 0 })
      await api.merge(path, { metadata: { finalizers: ['example.com/hold', 'example.com/late'] } })
      await api.merge(`${path}/status`, { status: { reason: 'still here' } })
      await api.merge(path, { metadata: { finalizers: null } })
      await api.get(path)
    },
  },
  {
    name: 'a Pod within its grace outlives its last finalizer',
    run: async api => {
      await api.post(api.pods, boundPod('one', {}, HELD))
      const path = `${api.pods}/one`
      await api.delete(path)
      await api.merge(path, { metadata: { finalizers: null } })
      await api.get(path)
      await api.delete(path, { gracePeriodSeconds: 0 })
    },
  },
  {
    name: 'what knows no grace waits only for its finalizers',
    run: async api => {
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', ...HELD } }
      await api.post(api.configMaps, configMap)
      const path = `${api.configMaps}/one`
      await api.delete(path)
      await api.get(path)
      await api.merge(path, { metadata: { finalizers: null } })
      await api.get(path)
    },
  },
  {
    name: 'one re-created under the name is another, and is not taken for the first',
    run: async api => {
      const { object } = await api.post(api.pods, boundPod('one'))
      const path = `${api.pods}/one`
      await api.delete(path, { gracePeriodSeconds: 0 })
      await api.post(api.pods, boundPod('one'))
      await api.delete(path, { gracePeriodSeconds: 0, preconditions: { uid: object.metadata.uid } })
      await api.merge(`${path}/status`, { metadata: { uid: object.metadata.uid }, status: { phase: 'Running' } })
    },
  },
]
