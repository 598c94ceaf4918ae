/**
 * What workloads and lost Nodes come to, on real controllers and on simulated ones alike. Only results that can be observed
 * from outside are compared: how many steps led there, and how long each took, is not promised.
 */
import { describe, expect, test } from 'vitest'
import { isObject } from '../api/api-object.ts'
import type { SimAnswer, SimRequest } from '../api/sim-api-server.ts'
import type {
  Condition,
  ControllerRevision,
  DaemonSet,
  Deployment,
  Node,
  Pod,
  ReplicaSet,
  StatefulSet,
} from './cluster-objects.ts'

export interface ContractCluster {
  readonly namespace: string
  send(request: SimRequest): Promise<SimAnswer>
  /** Time goes by until it holds. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>
  microTime(): string
}

const MERGE = 'application/merge-patch+json'
/** The real PodGC waits 40 s and looks every 20 s. */
const LOST_NODE_MS = 180_000

/** A cluster whose kubelets are played by the test: of two Nodes with names of their own. */
class Stage {
  readonly #cluster: ContractCluster
  /** Whose Leases are no longer renewed and whose Pods nobody serves. */
  readonly lost = new Set<string>()
  readonly left: string[] = []

  constructor(cluster: ContractCluster) {
    this.#cluster = cluster
  }

  static async open(cluster: ContractCluster): Promise<Stage> {
    const stage = new Stage(cluster)
    for (const name of stage.nodes) await stage.#addNode(name)
    await stage.until('the Nodes take Pods', async () => {
      const nodes = await Promise.all(stage.nodes.map(name => stage.node(name)))
      return nodes.every(({ spec }) => spec.taints === undefined)
    })
    return stage
  }

  /** Nodes that are left behind would be lost ones to the next case: where most are, the real controllers hold back. */
  async close(): Promise<void> {
    for (const name of this.nodes) await this.deleteNode(name)
  }

  get nodes(): readonly [string, string] {
    return [`${this.#cluster.namespace}-n1`, `${this.#cluster.namespace}-n2`]
  }

  get #apps(): string {
    return `/apis/apps/v1/namespaces/${this.#cluster.namespace}`
  }

  get #core(): string {
    return `/api/v1/namespaces/${this.#cluster.namespace}`
  }

  async #addNode(name: string): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: this.#cluster.microTime() }]
    const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, conditions }
    const labels = { of: this.#cluster.namespace, 'kubernetes.io/hostname': name }
    await this.#write('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status })
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: this.#cluster.microTime() }
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec }
    await this.#write('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', lease)
  }

  spec(image: string, extra: object = {}): object {
    const labels = { app: 'web' }
    const spec = { nodeSelector: { of: this.#cluster.namespace }, containers: [{ name: 'main', image }] }
    return { selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, ...extra }
  }

  async apply(plural: string, kind: string, spec: object): Promise<void> {
    await this.#write('POST', `${this.#apps}/${plural}`, {
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: 'web' },
      spec,
    })
  }

  async patch(plural: string, spec: object): Promise<void> {
    await this.#write('PATCH', `${this.#apps}/${plural}/web`, { spec })
  }

  async service(): Promise<void> {
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] }
    await this.#write('POST', `${this.#core}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec,
    })
  }

  async deleteNode(name: string): Promise<void> {
    await this.#write('DELETE', `/api/v1/nodes/${name}`, {})
  }

  workload<T>(plural: string): Promise<T> {
    return this.#get<T>(`${this.#apps}/${plural}/web`)
  }

  node(name: string): Promise<Node> {
    return this.#get<Node>(`/api/v1/nodes/${name}`)
  }

  async pods(): Promise<readonly Pod[]> {
    return (await this.#get<{ items: readonly Pod[] }>(`${this.#core}/pods`)).items
  }

  async owned<T>(plural: string): Promise<readonly T[]> {
    return (await this.#get<{ items: readonly T[] }>(`${this.#apps}/${plural}`)).items
  }

  async slices(): Promise<readonly { readonly endpoints: readonly { readonly conditions: object }[] }[]> {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${this.#cluster.namespace}/endpointslices`
    return (await this.#get<{ items: readonly { endpoints: readonly { conditions: object }[] }[] }>(path)).items
  }

  async setReady(pod: string, status: string): Promise<void> {
    const conditions = [{ type: 'Ready', status, lastTransitionTime: this.#cluster.microTime() }]
    await this.#write('PATCH', `${this.#core}/pods/${pod}/status`, { status: { conditions } })
  }

  /** The kubelets work until it holds. */
  until(what: string, holds: () => Promise<boolean>): Promise<void> {
    return this.#cluster.until(what, async () => {
      await this.#serve()
      return holds()
    })
  }

  async #serve(): Promise<void> {
    for (const name of this.nodes.filter(each => !this.lost.has(each))) {
      const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`
      await this.#write('PATCH', path, { spec: { renewTime: this.#cluster.microTime() } })
    }
    for (const pod of await this.pods()) await this.#servePod(pod)
  }

  async #servePod({ metadata, spec, status }: Pod): Promise<void> {
    if (!spec.nodeName || this.lost.has(spec.nodeName)) return
    const path = `${this.#core}/pods/${metadata.name}`
    if (metadata.deletionTimestamp) {
      this.left.push(metadata.name)
      await this.#write('DELETE', path, { gracePeriodSeconds: 0 })
    } else if (status.phase === 'Pending') {
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: this.#cluster.microTime() }]
      await this.#write('PATCH', `${path}/status`, { status: { phase: 'Running', podIP: '10.0.0.1', conditions } })
    }
  }

  async #get<T>(path: string): Promise<T> {
    const { status, body } = await this.#cluster.send({ method: 'GET', path })
    if (status >= 300) throw new Error(`GET ${path}: ${body}`)
    return JSON.parse(body) as T
  }

  /** What is gone already needs no write. */
  async #write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object): Promise<void> {
    const contentType = method === 'PATCH' ? MERGE : 'application/json'
    const answer = await this.#cluster.send({ method, path, body: JSON.stringify(body), contentType })
    if (answer.status >= 300 && answer.status !== 404) throw new Error(`${method} ${path}: ${answer.body}`)
  }
}

const imageOf = ({ spec }: Pod): string => (spec.containers[0] as unknown as { image: string }).image
const template = (stage: Stage, image: string): object => {
  const spec = stage.spec(image)
  return { template: isObject(spec) ? spec.template : {} }
}
/** How many, in words that do not depend on the order. */
const counted = (words: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(words)].sort().map(word => [word, words.filter(each => each === word).length]))
const conditions = (list: readonly Condition[] = []): readonly string[] =>
  list.map(({ type, status, reason = '' }) => `${type} ${status} ${reason}`).sort()

async function all(stage: Stage, image: string, count: number): Promise<boolean> {
  const pods = await stage.pods()
  return pods.length === count && pods.every(pod => imageOf(pod) === image && pod.status.phase === 'Running')
}

const ANNOTATION = 'deployment.kubernetes.io/revision'

export function clusterContract(open: () => Promise<ContractCluster>): void {
  const onStage = (run: (stage: Stage) => Promise<void>) => async () => {
    const stage = await Stage.open(await open())
    await run(stage)
    await stage.close()
  }
  describe('a Deployment', () => {
    test(
      'is rolled out, rolled over and back',
      onStage(async stage => {
        await stage.apply('deployments', 'Deployment', stage.spec('one.jar', { replicas: 4 }))
        const isComplete = async () => {
          const { status, metadata } = await stage.workload<Deployment>('deployments')
          const told = status.conditions?.find(({ type }) => type === 'Progressing')
          const { observedGeneration } = status as { observedGeneration?: number }
          return told?.reason === 'NewReplicaSetAvailable' && observedGeneration === metadata.generation
        }
        const isOut = (image: string) => async () => (await all(stage, image, 4)) && (await isComplete())
        await stage.until('the first is out', isOut('one.jar'))
        expect(counted((await stage.pods()).map(({ spec }) => spec.nodeName ?? ''))).toEqual({
          [stage.nodes[0]]: 2,
          [stage.nodes[1]]: 2,
        })
        await stage.patch('deployments', template(stage, 'two.jar'))
        await stage.until('the second is out', isOut('two.jar'))
        await stage.patch('deployments', template(stage, 'one.jar'))
        await stage.until('the first is out again', isOut('one.jar'))
        const { status, metadata } = await stage.workload<Deployment>('deployments')
        expect(status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4, readyReplicas: 4 })
        expect(conditions(status.conditions)).toEqual([
          'Available True MinimumReplicasAvailable',
          'Progressing True NewReplicaSetAvailable',
        ])
        expect(metadata.annotations?.[ANNOTATION]).toBe('3')
        const sets = await stage.owned<ReplicaSet>('replicasets')
        const told = sets.map(
          ({ metadata: { annotations }, spec }) => `revision ${annotations?.[ANNOTATION]}: ${spec.replicas}`,
        )
        expect(told.sort()).toEqual(['revision 2: 0', 'revision 3: 4'])
      }),
    )
  })

  test(
    'a DaemonSet has one Pod on each Node, of each template in turn',
    onStage(async stage => {
      await stage.apply('daemonsets', 'DaemonSet', stage.spec('one.jar'))
      await stage.until('the first is out', () => all(stage, 'one.jar', 2))
      await stage.patch('daemonsets', template(stage, 'two.jar'))
      const isTold = async () => {
        const { status } = await stage.workload<DaemonSet>('daemonsets')
        return (status as { numberAvailable?: number; updatedNumberScheduled?: number }).updatedNumberScheduled === 2
      }
      await stage.until('the second is out', async () => (await all(stage, 'two.jar', 2)) && (await isTold()))
      expect(counted((await stage.pods()).map(({ spec }) => spec.nodeName ?? ''))).toEqual({
        [stage.nodes[0]]: 1,
        [stage.nodes[1]]: 1,
      })
      const revisions = await stage.owned<ControllerRevision>('controllerrevisions')
      expect(revisions.map(({ revision }) => revision).sort()).toEqual([1, 2])
      const latest = revisions.find(({ revision }) => revision === 2)
      const hashes = (await stage.pods()).map(({ metadata }) => `web-${metadata.labels?.['controller-revision-hash']}`)
      expect(new Set(hashes)).toEqual(new Set([latest?.metadata.name]))
      const [pod] = await stage.pods()
      expect(
        pod?.spec.tolerations?.map(({ key, effect, tolerationSeconds }) => `${key}:${effect}:${tolerationSeconds}`),
      ).toEqual([
        'node.kubernetes.io/not-ready:NoExecute:undefined',
        'node.kubernetes.io/unreachable:NoExecute:undefined',
        'node.kubernetes.io/disk-pressure:NoSchedule:undefined',
        'node.kubernetes.io/memory-pressure:NoSchedule:undefined',
        'node.kubernetes.io/pid-pressure:NoSchedule:undefined',
        'node.kubernetes.io/unschedulable:NoSchedule:undefined',
      ])
    }),
  )

  test(
    'a StatefulSet is replaced from the last to the first',
    onStage(async stage => {
      await stage.apply('statefulsets', 'StatefulSet', stage.spec('one.jar', { replicas: 3, serviceName: 'web' }))
      await stage.until('the first is out', () => all(stage, 'one.jar', 3))
      await stage.patch('statefulsets', template(stage, 'two.jar'))
      const isTold = async () => {
        const { status } = await stage.workload<StatefulSet>('statefulsets')
        const { currentRevision, updateRevision, readyReplicas } = status as Readonly<Record<string, unknown>>
        return currentRevision === updateRevision && readyReplicas === 3
      }
      await stage.until('the second is out', async () => (await all(stage, 'two.jar', 3)) && (await isTold()))
      expect([...new Set(stage.left)]).toEqual(['web-2', 'web-1', 'web-0'])
      const [pod] = await stage.pods()
      const { status } = await stage.workload<StatefulSet>('statefulsets')
      expect(pod?.metadata.labels).toEqual({
        app: 'web',
        'apps.kubernetes.io/pod-index': '0',
        'controller-revision-hash': status.currentRevision,
        'statefulset.kubernetes.io/pod-name': 'web-0',
      })
    }),
  )

  test(
    'the addresses of a Service tell which of its Pods serve',
    onStage(async stage => {
      await stage.service()
      await stage.apply('deployments', 'Deployment', stage.spec('one.jar', { replicas: 2 }))
      await stage.until('both run', () => all(stage, 'one.jar', 2))
      const [pod] = await stage.pods()
      await stage.setReady(pod?.metadata.name ?? '', 'False')
      const told = async () =>
        (await stage.slices())
          .flatMap(({ endpoints }) => (endpoints ?? []).map(each => JSON.stringify(each.conditions)))
          .sort()
      const wanted = [
        '{"ready":false,"serving":false,"terminating":false}',
        '{"ready":true,"serving":true,"terminating":false}',
      ]
      await stage.until('one of them serves', async () => JSON.stringify(await told()) === JSON.stringify(wanted))
    }),
  )

  test(
    'a Node that gives no sign of life is Unknown and tainted, its Pods not ready; gone, they are removed',
    onStage(async stage => {
      const [lost, alive] = stage.nodes
      await stage.apply('deployments', 'Deployment', stage.spec('one.jar', { replicas: 2 }))
      await stage.until('both run', () => all(stage, 'one.jar', 2))
      stage.lost.add(lost)
      const taints = async (name: string) =>
        ((await stage.node(name)).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort()
      const wanted = ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']
      await stage.until('it is tainted', async () => JSON.stringify(await taints(lost)) === JSON.stringify(wanted))
      expect(conditions((await stage.node(lost)).status.conditions)).toEqual([
        'DiskPressure Unknown NodeStatusNeverUpdated',
        'MemoryPressure Unknown NodeStatusNeverUpdated',
        'PIDPressure Unknown NodeStatusNeverUpdated',
        'Ready Unknown NodeStatusUnknown',
      ])
      const on = async (name: string) => (await stage.pods()).filter(({ spec }) => spec.nodeName === name)
      const ready = (pods: readonly Pod[]) =>
        pods.map(({ status }) => status.conditions?.find(({ type }) => type === 'Ready')?.status)
      expect([ready(await on(lost)), ready(await on(alive)), await taints(alive)]).toEqual([['False'], ['True'], []])
      await stage.deleteNode(lost)
      await stage.until('its Pod is gone', async () => (await on(lost)).length === 0 && (await on(alive)).length === 2)
    }),
    LOST_NODE_MS,
  )
}
