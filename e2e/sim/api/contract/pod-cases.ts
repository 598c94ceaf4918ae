import { boundPod, condition, NOW, node, OTHER_UID, pod } from './drafts.ts'
import { type ContractCase, METADATA } from './recorder.ts'

const TOLERATION = { key: 'schedule.koupleless.io/virtual-node', operator: 'Equal', value: 'True', effect: 'NoExecute' }
const FOREVER = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }

const running = (name: string, extra: object = {}): object => ({
  name,
  image: 'one.jar',
  imageID: '',
  ready: true,
  restartCount: 0,
  state: { running: { startedAt: '2026-03-01T10:00:00.500Z' } },
  lastState: {},
  ...extra,
})

export const POD_CASES: readonly ContractCase[] = [
  {
    name: 'is created with defaults, and stays five minutes on a Node that is lost',
    run: async api => {
      const env = [
        { name: 'BIZ_VERSION', value: '1.0.0' },
        { name: 'EMPTY', value: '' },
      ]
      const containers = [{ name: 'main', image: 'http://jars.example.com/one.jar', env }]
      await api.post(api.pods, pod('one', { containers }))
      await api.get(`${api.pods}/one`)
    },
  },
  {
    name: 'keeps the tolerations that it brings',
    run: async api => {
      await api.post(api.pods, boundPod('one', { tolerations: [TOLERATION, { ...FOREVER, tolerationSeconds: 5 }] }))
      await api.post(api.pods, boundPod('two', { tolerations: [{ operator: 'Exists' }] }))
    },
  },
  {
    name: 'loses what nobody may set at its creation',
    run: async api => {
      await api.post(api.pods, { ...boundPod('one'), status: { phase: 'Running', podIP: '10.0.0.1' } })
      await api.post(api.pods, pod('two', {}, { uid: OTHER_UID, creationTimestamp: NOW, generation: 9 }))
    },
  },
  {
    name: 'is named by the server where it only begins its name',
    run: async api => {
      await api.post(api.pods, pod('', {}, { generateName: 'web-' }))
    },
  },
  {
    name: 'is bound once, and its status says so',
    run: async api => {
      await api.post('/api/v1/nodes', node(api.node('one')))
      await api.post(api.pods, pod('one'))
      const target = { kind: 'Node', name: api.node('one') }
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, target }
      await api.post(`${api.pods}/one/binding`, binding)
      await api.get(`${api.pods}/one`)
      await api.post(`${api.pods}/one/binding`, binding)
      await api.post(`${api.pods}/none/binding`, { ...binding, metadata: { name: 'none' } })
    },
  },
  {
    name: 'has its status patched, and told are name and version only where no more is asked for',
    run: async api => {
      const { object } = await api.post(api.pods, boundPod('one'))
      const { uid } = object.metadata
      const status = {
        phase: 'Running',
        hostIP: '10.0.0.1',
        podIP: '10.0.0.1',
        startTime: '2026-03-01T10:00:00.001Z',
        observedGeneration: 1,
        conditions: [condition('Ready', 'True'), condition('ContainersReady', 'True')],
        containerStatuses: [running('main', { started: true })],
      }
      await api.strategic(`${api.pods}/one/status`, { metadata: { uid }, status }, METADATA)
      await api.get(`${api.pods}/one`)
    },
  },
  {
    name: 'of another uid is not patched',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const metadata = { uid: OTHER_UID }
      await api.strategic(`${api.pods}/one/status`, { metadata, status: { phase: 'Running' } }, METADATA)
      await api.merge(`${api.pods}/one/status`, { metadata, status: { phase: 'Running' } }, METADATA)
      await api.merge(`${api.pods}/one`, { metadata }, METADATA)
    },
  },
  {
    name: 'patched under a version that is no more is a conflict',
    run: async api => {
      const { object } = await api.post(api.pods, boundPod('one'))
      const { resourceVersion, uid } = object.metadata
      await api.merge(`${api.pods}/one`, { metadata: { labels: { a: 'b' } } })
      const metadata = { uid, resourceVersion }
      await api.merge(`${api.pods}/one/status`, { metadata, status: { phase: 'Running' } }, METADATA)
    },
  },
  {
    name: 'has its image changed, which counts, and its environment not',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const container = { name: 'main' }
      await api.strategic(`${api.pods}/one`, { spec: { containers: [{ ...container, image: 'two.jar' }] } })
      await api.strategic(`${api.pods}/one/status`, { status: { message: 'does not count' } })
      const env = [{ name: 'BIZ_VERSION', value: '2' }]
      const { object } = await api.strategic(`${api.pods}/one`, { spec: { containers: [{ ...container, env }] } })
      if (!object.message?.includes('spec: Forbidden: pod updates may not change fields'))
        throw new Error(object.message)
    },
  },
  {
    name: 'may change the seconds of its tolerations and gain some, and lose none',
    run: async api => {
      await api.post(api.pods, boundPod('one', { tolerations: [TOLERATION] }))
      const notReady = { ...FOREVER, key: 'node.kubernetes.io/not-ready' }
      const path = `${api.pods}/one`
      await api.merge(path, { spec: { tolerations: [TOLERATION, notReady, FOREVER] } })
      await api.merge(path, { spec: { tolerations: [TOLERATION, notReady, FOREVER, { ...TOLERATION, key: 'more' }] } })
      await api.merge(path, { spec: { tolerations: [TOLERATION] } })
    },
  },
  {
    name: 'keeps its status where the Pod is written, and its spec and owners where the status is',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      await api.merge(`${api.pods}/one`, { metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } })
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'a-node', uid: OTHER_UID }]
      const spec = { containers: [{ name: 'other', image: 'x' }] }
      await api.merge(`${api.pods}/one/status`, { metadata: { ownerReferences }, spec, status: { reason: 'x' } })
    },
  },
  {
    name: 'that must not restart never leaves the state of one that ended',
    run: async api => {
      await api.post(api.pods, boundPod('one', { restartPolicy: 'Never' }))
      const ended = running('main', { ready: false, state: { terminated: { exitCode: 1, reason: 'Error' } } })
      await api.merge(`${api.pods}/one/status`, { status: { containerStatuses: [ended] } })
      await api.merge(`${api.pods}/one/status`, { status: { containerStatuses: [running('main')] } })
    },
  },
  {
    name: 'of no namespace that there is is refused',
    run: async api => {
      await api.post('/api/v1/namespaces/nowhere/pods', pod('one'))
      await api.post(api.pods, pod('one', {}, { namespace: 'default' }))
    },
  },
]
