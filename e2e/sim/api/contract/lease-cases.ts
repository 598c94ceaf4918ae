import { lease, OTHER_UID } from './drafts.ts'
import type { ContractCase } from './recorder.ts'

const LATER = '2026-03-01T10:00:15.456000Z'

export const LEASE_CASES: readonly ContractCase[] = [
  {
    name: 'is created as it is given',
    run: async api => {
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'a-node', uid: OTHER_UID }]
      await api.post(api.leases, lease('one', { leaseTransitions: 0 }, { labels: { a: 'b' }, ownerReferences }))
      await api.post(api.leases, lease('one'))
      await api.get(`${api.leases}/one`)
    },
  },
  {
    name: 'with times of fewer than six digits cannot be read',
    run: async api => {
      await api.post(api.leases, lease('one', { renewTime: '2026-03-01T10:00:00.123Z' }))
    },
  },
  {
    name: 'is renewed under its version, once',
    run: async api => {
      const path = `${api.leases}/one`
      const { object } = await api.post(api.leases, lease('one'))
      const renewed = { ...object, spec: { ...(object.spec as object), renewTime: LATER } }
      const { object: after } = await api.put(path, renewed)
      if (after.metadata.resourceVersion === object.metadata.resourceVersion) throw new Error('no new version')
      await api.put(path, renewed)
      await api.put(path, { ...renewed, metadata: { ...object.metadata, resourceVersion: '' } })
    },
  },
  {
    name: 'renewed with nothing new keeps its version',
    run: async api => {
      const { object } = await api.post(api.leases, lease('one'))
      const { object: after } = await api.put(`${api.leases}/one`, object)
      if (after.metadata.resourceVersion !== object.metadata.resourceVersion) throw new Error('a new version')
    },
  },
  {
    name: 'of another identity is not replaced',
    run: async api => {
      const { object } = await api.post(api.leases, lease('one'))
      await api.put(`${api.leases}/one`, { ...object, metadata: { ...object.metadata, uid: OTHER_UID } })
    },
  },
  {
    name: 'replaced where there is none is created, unless it names what it replaces',
    run: async api => {
      await api.put(`${api.leases}/one`, lease('one'))
      await api.put(`${api.leases}/two`, lease('two', {}, { uid: OTHER_UID, resourceVersion: '5' }))
      await api.put(`${api.leases}/three`, lease('three', {}, { resourceVersion: '5' }))
    },
  },
  {
    name: 'is deleted by its uid',
    run: async api => {
      const { object } = await api.post(api.leases, lease('one'))
      await api.delete(`${api.leases}/one`, { preconditions: { uid: OTHER_UID } })
      await api.delete(`${api.leases}/one`, { preconditions: { uid: object.metadata.uid } })
      await api.delete(`${api.leases}/one`, { preconditions: { uid: object.metadata.uid } })
    },
  },
]
