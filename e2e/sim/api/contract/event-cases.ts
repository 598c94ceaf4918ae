import { NOW, OTHER_UID } from './drafts.ts'
import { type ContractCase, METADATA } from './recorder.ts'

const involvedObject = (namespace: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace,
  name: 'one',
  uid: OTHER_UID,
  fieldPath: 'spec.containers{main}',
})

const event = (namespace: string, extra: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'one.1', namespace },
  involvedObject: involvedObject(namespace),
  type: 'Normal',
  reason: 'Installed',
  message: 'in 2 s',
  count: 1,
  firstTimestamp: '2026-03-01T10:00:00.250Z',
  lastTimestamp: NOW,
  source: { component: 'koupleless-module-controller' },
  reportingComponent: 'koupleless-module-controller',
  reportingInstance: 'one',
  ...extra,
})

export const EVENT_CASES: readonly ContractCase[] = [
  {
    name: 'is created once and counted afterwards',
    run: async api => {
      const path = `/api/v1/namespaces/${api.namespace}/events`
      await api.post(path, event(api.namespace), METADATA)
      await api.post(path, event(api.namespace), METADATA)
      const repeated = { lastTimestamp: '2026-03-01T10:01:00.000Z', count: 2 }
      await api.merge(`${path}/one.1`, repeated, METADATA)
      await api.get(`${path}/one.1`)
      await api.merge(`${path}/gone.1`, repeated, METADATA)
    },
  },
  {
    name: 'of an object without a namespace lies in the default one and no other',
    run: async api => {
      const metadata = { name: `${api.namespace}.1` }
      const node = { apiVersion: 'v1', kind: 'Node', name: api.node('one'), uid: OTHER_UID }
      const ofNode = { metadata, involvedObject: node }
      await api.post('/api/v1/namespaces/default/events', event('default', ofNode), METADATA)
      await api.post(`/api/v1/namespaces/${api.namespace}/events`, event(api.namespace, ofNode), METADATA)
    },
  },
]
