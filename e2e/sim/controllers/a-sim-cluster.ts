/** For tests: a simulated cluster on virtual time, with a kubelet that does in an instant what a base would do. */
import { SimApiServer } from '../api/sim-api-server.ts'
import type { Named, Pod } from './cluster-objects.ts'
import { type SimTime, startControllers } from './index.ts'
import { isActive, isLeaving } from './pods.ts'

const START_MS = Date.parse('2026-03-01T10:00:00Z')

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class SteppedTime implements SimTime {
  #nowMs = START_MS
  #order = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#nowMs
  }

  get waiting(): number {
    return this.#timers.size
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, order: ++this.#order, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#timers.delete(next)
      this.#nowMs = next.atMs
      next.run()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs)
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
  }
}

const MERGE = 'application/merge-patch+json'
const NODE_STATUS = {
  allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-03-01T10:00:00Z' }],
}

export class SimCluster {
  readonly time = new SteppedTime()
  readonly server: SimApiServer
  readonly controllers: { stop(): void }
  /** What a kubelet does not make ready: a name's beginning. */
  readonly stuck = new Set<string>()
  #uids = 0
  #seed = 1

  constructor() {
    const nextUid = () => `uid-${++this.#uids}`
    this.server = new SimApiServer({ now: () => this.time.now(), nextUid })
    this.controllers = startControllers({ server: this.server, time: this.time, rng: { next: () => this.#random() } })
  }

  /** As each test, so each run of it. */
  #random(): number {
    this.#seed = (this.#seed * 16_807) % 2_147_483_647
    return this.#seed / 2_147_483_647
  }

  send(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body: object = {}): void {
    const contentType = method === 'PATCH' ? MERGE : 'application/json'
    const answer = this.server.call({ method, path, body: JSON.stringify(body), contentType })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.body}`)
  }

  addNode(name: string, labels: object = {}): void {
    this.send('POST', '/api/v1/nodes', { metadata: { name, labels }, status: NODE_STATUS })
    const metadata = { name, namespace: 'kube-node-lease' }
    this.send('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
      metadata,
      spec: { holderIdentity: name, renewTime: this.#microTime() },
    })
  }

  renew(name: string): void {
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`
    this.send('PATCH', path, { spec: { renewTime: this.#microTime() } })
  }

  apply(plural: string, name: string, spec: object): void {
    this.send('POST', `/apis/apps/v1/namespaces/default/${plural}`, { metadata: { name }, spec })
  }

  patch(plural: string, name: string, body: object): void {
    this.send('PATCH', `/apis/apps/v1/namespaces/default/${plural}/${name}`, body)
  }

  get<T>(plural: string, name: string): T {
    const object = this.server.get<T>(plural, plural === 'nodes' ? '' : 'default', name)
    if (!object) throw new Error(`no ${plural} ${name}`)
    return object
  }

  get pods(): readonly Pod[] {
    return this.server.list<Pod>('pods')
  }

  get names(): readonly string[] {
    return this.server.list<Named>('pods').map(({ metadata }) => metadata.name)
  }

  /** Seconds of a cluster whose kubelets work: each renews its Lease, starts what is bound to it, and lets go of what leaves. */
  run(seconds: number, isWatched: () => void = () => {}): void {
    for (let second = 0; second < seconds; second += 1) {
      this.time.pass(1_000)
      for (const { metadata } of this.server.list<Named>('nodes'))
        if (!this.stuck.has(metadata.name)) this.renew(metadata.name)
      for (const pod of this.pods) this.#serve(pod)
      isWatched()
    }
  }

  #serve(pod: Pod): void {
    const { nodeName } = pod.spec
    const path = `/api/v1/namespaces/default/pods/${pod.metadata.name}`
    if (!nodeName || this.stuck.has(nodeName)) return
    if (isLeaving(pod)) this.send('DELETE', path, { gracePeriodSeconds: 0 })
    else if (
      isActive(pod) &&
      pod.status.phase === 'Pending' &&
      ![...this.stuck].some(each => pod.metadata.name.startsWith(each))
    )
      this.send('PATCH', `${path}/status`, { status: runningStatus(this.time.now(), this.#uids) })
  }

  #microTime(): string {
    return new Date(this.time.now()).toISOString().replace('Z', '000Z')
  }
}

function runningStatus(nowMs: number, number: number): object {
  const lastTransitionTime = new Date(nowMs).toISOString()
  return {
    phase: 'Running',
    podIP: `10.0.0.${number % 250}`,
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
  }
}
