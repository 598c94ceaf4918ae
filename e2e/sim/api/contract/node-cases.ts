import { condition, NOW, node, OTHER_UID } from './drafts.ts'
import type { ContractCase } from './recorder.ts'

const NODES = '/api/v1/nodes'
const TAINT = { key: 'schedule.koupleless.io/virtual-node', value: 'True', effect: 'NoExecute' }

export const NODE_CASES: readonly ContractCase[] = [
  {
    name: 'is created with its status, and bears the taint of one that is not ready',
    run: async api => {
      const status = {
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        capacity: { cpu: '4', memory: '1048576', pods: '110' },
        conditions: [condition('Ready', 'True', { reason: 'A', message: 'b', lastHeartbeatTime: NOW })],
      }
      const spec = { providerID: 'koupleless://one', taints: [TAINT] }
      await api.post(NODES, node(api.node('one'), { spec, status }))
      await api.get(`${NODES}/${api.node('one')}`)
    },
  },
  {
    name: 'cannot be created twice',
    run: async api => {
      await api.post(NODES, node(api.node('one')))
      await api.post(NODES, node(api.node('one')))
    },
  },
  {
    name: 'that is not there is not found, neither to read nor to write nor to delete',
    run: async api => {
      const path = `${NODES}/${api.node('none')}`
      await api.get(path)
      await api.merge(path, { metadata: { labels: { a: 'b' } } })
      await api.merge(`${path}/status`, { status: {} })
      await api.put(path, node(api.node('none')))
      await api.delete(path, { preconditions: { uid: OTHER_UID } })
    },
  },
  {
    name: 'takes labels, annotations and taints by one merge patch; null removes',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      const { object } = await api.post(NODES, node(api.node('one'), { spec: { taints: [TAINT] } }))
      const metadata = { labels: { a: 'b', c: 'd' }, annotations: { e: 'f' } }
      const taints = [{ ...TAINT, effect: 'NoSchedule' }]
      await api.merge(path, {
        metadata: { ...metadata, resourceVersion: object.metadata.resourceVersion },
        spec: { taints },
      })
      await api.merge(path, { metadata: { labels: { a: null }, annotations: null }, spec: { taints: null } })
    },
  },
  {
    name: 'patched under a version that is no more is a conflict',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      const { object } = await api.post(NODES, node(api.node('one')))
      const { resourceVersion } = object.metadata
      await api.merge(path, { metadata: { labels: { a: 'b' } } })
      await api.merge(path, { metadata: { resourceVersion, labels: { a: 'c' } } })
      await api.merge(`${path}/status`, { metadata: { resourceVersion }, status: { phase: 'Running' } })
      await api.put(path, { ...object, metadata: { ...object.metadata, labels: { a: 'd' } } })
      await api.put(`${path}/status`, { ...object, status: { phase: 'Running' } })
    },
  },
  {
    name: 'keeps its status where the Node is written, and its spec where the status is',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      await api.post(NODES, node(api.node('one'), { spec: { unschedulable: true } }))
      await api.merge(path, { spec: { unschedulable: null }, status: { phase: 'Running' } })
      await api.merge(`${path}/status`, {
        metadata: { labels: { a: 'b' } },
        spec: { unschedulable: true },
        status: { conditions: [condition('Ready', 'False')] },
      })
    },
  },
  {
    name: 'takes times with fractions and tells them in whole seconds',
    run: async api => {
      await api.post(NODES, node(api.node('one')))
      const times = { lastHeartbeatTime: '2026-03-01T10:00:00.987Z', lastTransitionTime: '2026-03-01T10:00:00.123456Z' }
      const conditions = [{ type: 'Ready', status: 'True', ...times }]
      const { object } = await api.merge(`${NODES}/${api.node('one')}/status`, { status: { conditions } })
      const [told] = (object.status as { conditions: readonly { lastHeartbeatTime: string }[] }).conditions
      if (told?.lastHeartbeatTime !== NOW) throw new Error(`${told?.lastHeartbeatTime} is not ${NOW}`)
    },
  },
  {
    name: 'may be given a providerID, and no other afterwards',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      await api.post(NODES, node(api.node('one')))
      await api.merge(path, { spec: { providerID: 'koupleless://one' } })
      await api.merge(path, { spec: { providerID: 'koupleless://two' } })
    },
  },
  {
    name: 'is refused a label that no label may be, and two taints of one key and effect',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      await api.post(NODES, node(api.node('one')))
      await api.merge(path, { metadata: { labels: { a: '1.0.0+build' } } })
      await api.merge(path, { spec: { taints: [TAINT, { ...TAINT, value: 'other' }] } })
      await api.post(NODES, node('Not.A.Name_'))
    },
  },
  {
    name: 'patched with what it says already keeps its version',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      const { object } = await api.post(NODES, node(api.node('one'), { spec: { taints: [TAINT] } }))
      const same = await api.merge(path, { metadata: { labels: null }, spec: { unschedulable: false } })
      if (same.object.metadata.resourceVersion !== object.metadata.resourceVersion) throw new Error('a new version')
    },
  },
  {
    name: 'is deleted at once, and never another one of its name',
    run: async api => {
      const path = `${NODES}/${api.node('one')}`
      const { object } = await api.post(NODES, node(api.node('one')))
      await api.delete(path, { preconditions: { uid: OTHER_UID } })
      await api.delete(path, { preconditions: { resourceVersion: '1' } })
      await api.delete(path, { preconditions: { uid: object.metadata.uid } })
      await api.get(path)
    },
  },
]
