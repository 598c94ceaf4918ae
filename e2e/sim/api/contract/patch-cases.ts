import { boundPod, condition, node, pod } from './drafts.ts'
import type { ContractCase } from './recorder.ts'

const NODES = '/api/v1/nodes'

/** The traps that keep the operator from strategic patches of some lists are part of what is asserted here. */
export const PATCH_CASES: readonly ContractCase[] = [
  {
    name: 'a strategic patch merges conditions by type, in the order of the patch where they are new',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const path = `${api.pods}/one/status`
      const patch = (...conditions: readonly object[]) => api.strategic(path, { status: { conditions } })
      await patch(condition('A', 'True'), condition('B', 'True'), condition('C', 'True'))
      await patch(condition('B', 'False', { reason: 'Because' }))
      await patch(condition('D', 'True'), condition('A', 'False'))
      await patch(condition('C', 'False'), condition('B', 'True'))
      await patch({ $patch: 'delete', type: 'B' })
      await patch({ $patch: 'replace' }, condition('Z', 'True'))
    },
  },
  {
    name: 'a merge patch replaces conditions whole',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const path = `${api.pods}/one/status`
      await api.merge(path, { status: { conditions: [condition('A', 'True'), condition('B', 'True')] } })
      await api.merge(path, { status: { conditions: [condition('B', 'False')] } })
      await api.merge(path, { status: { conditions: [] } })
    },
  },
  {
    name: 'a strategic patch merges IPs by ip: an old one stays and the two no longer agree',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const path = `${api.pods}/one/status`
      const at = (ip: string) => ({ status: { podIP: ip, podIPs: [{ ip }], hostIP: ip, hostIPs: [{ ip }] } })
      await api.strategic(path, at('10.0.0.1'))
      await api.strategic(path, at('10.0.0.2'))
      await api.merge(path, at('10.0.0.2'))
    },
  },
  {
    name: 'a strategic patch merges addresses by type: two of one type collapse',
    run: async api => {
      const path = `${NODES}/${api.node('one')}/status`
      await api.post(NODES, node(api.node('one')))
      const addresses = (...list: readonly string[]) => ({
        status: { addresses: list.map(address => ({ type: 'InternalIP', address })) },
      })
      await api.merge(path, addresses('10.0.0.1', '10.0.0.2'))
      await api.strategic(path, addresses('10.0.0.3'))
      await api.strategic(path, { status: { addresses: [{ type: 'Hostname', address: 'one' }] } })
    },
  },
  {
    name: 'a strategic patch replaces tolerations and taints, which have no key',
    run: async api => {
      await api.post(NODES, node(api.node('one'), { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }))
      await api.strategic(`${NODES}/${api.node('one')}`, { spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } })
      await api.post(api.pods, boundPod('one', { tolerations: [{ operator: 'Exists' }] }))
      await api.strategic(`${api.pods}/one`, { spec: { tolerations: [{ key: 'b', operator: 'Exists' }] } })
    },
  },
  {
    name: 'a strategic patch merges containers and their environment by name, null removes',
    run: async api => {
      const env = [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ]
      const containers = [{ name: 'main', image: 'one.jar', env, args: ['x', 'y'] }]
      const labels = { app: 'web' }
      const template = { metadata: { labels }, spec: { containers } }
      const spec = { selector: { matchLabels: labels }, template }
      await api.post(`${api.apps}/deployments`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec,
      })
      const patch = (...list: readonly object[]) =>
        api.strategic(`${api.apps}/deployments/web`, { spec: { template: { spec: { containers: list } } } })
      await patch({
        name: 'main',
        image: 'two.jar',
        env: [
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
        ],
      })
      await patch({ name: 'second', image: 'other.jar' }, { name: 'main', args: null })
      await patch({ name: 'main', args: ['z'], env: [{ name: 'A', $patch: 'delete' }] })
      await patch({ $patch: 'delete', name: 'second' })
    },
  },
  {
    name: 'owners merge by uid, finalizers as a set, both in the order of a strategic patch',
    run: async api => {
      await api.post(api.pods, pod('one', {}, { finalizers: ['a.example.com/x', 'b.example.com/x'] }))
      const path = `${api.pods}/one`
      await api.strategic(path, { metadata: { finalizers: ['c.example.com/x', 'a.example.com/x'] } })
      await api.strategic(path, { metadata: { '$deleteFromPrimitiveList/finalizers': ['b.example.com/x'] } })
      await api.merge(path, { metadata: { finalizers: ['b.example.com/x'] } })
      await api.merge(path, { metadata: { finalizers: null } })
    },
  },
  {
    name: 'an empty list, text or object that says nothing is not told',
    run: async api => {
      await api.post(NODES, node(api.node('one')))
      const conditions = [condition('Ready', 'True', { reason: '', message: '' })]
      const status = { conditions, addresses: [], phase: '', volumesInUse: [], config: null }
      await api.merge(`${NODES}/${api.node('one')}/status`, { status })
      await api.merge(`${NODES}/${api.node('one')}`, {
        metadata: { labels: {}, annotations: { empty: '' }, finalizers: [] },
        spec: { taints: [], unschedulable: false, providerID: '' },
      })
      const containers = [{ name: 'main', image: 'x', args: [], env: [], command: null, resources: {} }]
      await api.post(
        api.pods,
        boundPod('one', { containers, initContainers: [], nodeSelector: {}, hostNetwork: false }),
      )
    },
  },
]
