import { join } from 'node:path'
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { type Fleet, startFleet } from '../base-simulator/index.ts'
import { buildOperator } from '../build/bundle.ts'
import { eventually } from '../cluster/eventually.ts'
import { OperatorProcess } from '../cluster/operator-process.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { Api, type WatchEvent } from './api.ts'
import { cpuMs } from './sample.ts'

export const NAMESPACE = 'bench'
const ENV = 'bench'

/** When a Pod passed each station, by one clock: the bench, the bases and their broker's client live in this process. */
export interface Trace {
  boundAtMs?: number
  commandAtMs?: number
  answerAtMs?: number
  readyAtMs?: number
  deletedAtMs?: number
  uninstallAtMs?: number
  goneAtMs?: number
}

const isReady = ({ status: seen }: V1Pod | V1Node): boolean =>
  seen?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** BENCH_PROFILE names a folder: the operator leaves a CPU profile there when it stops. */
const profileFlags = (): readonly string[] => {
  const folder = process.env.BENCH_PROFILE
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []
}

export interface Usage {
  readonly cpuMs: number
  readonly writes: number
}

export class BenchWorld implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly operator: OperatorProcess
  readonly broker: Mosquitto
  readonly api: Api
  readonly traces = new Map<string, Trace>()
  /** When each Node was first seen Ready. */
  readonly readyNodes = new Map<string, number>()
  uninstalls = 0
  fleet: Fleet | undefined

  private constructor(plane: ControlPlane, operator: OperatorProcess, broker: Mosquitto, api: Api) {
    this.plane = plane
    this.operator = operator
    this.broker = broker
    this.api = api
  }

  static async open(): Promise<BenchWorld> {
    const bundle = await buildOperator()
    const plane = await ControlPlane.start()
    const broker = await Mosquitto.start()
    await plane.kubectl(['apply', '--kustomize', join(import.meta.dirname, '..', '..', 'deploy', 'rbac')])
    await plane.kubectl(['create', 'namespace', NAMESPACE])
    const kubeconfig = await plane.kubeconfigFor('koupleless-system', 'module-controller')
    const settings = {
      bundle,
      kubeconfig,
      env: ENV,
      broker: { embedded: false as const, port: broker.port },
      extra: { LOG_LEVEL: 'warn' },
      nodeFlags: profileFlags(),
    }
    const world = new BenchWorld(plane, await OperatorProcess.start(settings), broker, await Api.open(plane.kubeconfig))
    await eventually('the namespace takes Pods', () =>
      world.api.call('GET', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`),
    )
    await world.api.watch<V1Pod>(`/api/v1/namespaces/${NAMESPACE}/pods`, event => world.#seen(event))
    await world.api.watch<V1Node>('/api/v1/nodes', ({ object }) => {
      const name = object.metadata?.name ?? ''
      if (isReady(object) && !world.readyNodes.has(name)) world.readyNodes.set(name, Date.now())
    })
    return world
  }

  trace(name: string): Trace {
    const known = this.traces.get(name) ?? {}
    this.traces.set(name, known)
    return known
  }

  async startBases(count: number, installMs: number): Promise<void> {
    const broker = { host: '127.0.0.1', port: this.broker.port }
    this.fleet = await startFleet(count, { broker, env: ENV, name: 'bench', installMs, startConcurrency: 50 })
    for (const base of this.fleet.bases) {
      base.onCommand(({ kind, name, atMs }) => {
        if (kind === 'installBiz') this.trace(name).commandAtMs ??= atMs
        if (kind === 'uninstallBiz') {
          this.trace(name).uninstallAtMs ??= atMs
          this.uninstalls++
        }
      })
      base.onAnswer(({ command, name, atMs }) => {
        if (command === 'installBiz') this.trace(name).answerAtMs ??= atMs
      })
    }
  }

  /** @returns when it had said its queryBaseline */
  async addBase(identity: string): Promise<number> {
    if (!this.fleet) throw new Error('the fleet comes first')
    await this.fleet.start({ identity, env: ENV, name: 'bench', ip: this.fleet.nextIp() })
    return Date.now()
  }

  /** Bound at once: what is measured is the operator, not the scheduler. */
  async createPod(name: string, nodeName: string): Promise<void> {
    await this.api.call('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, {
      metadata: { name, labels: { 'module-controller.koupleless.io/component': 'module' } },
      spec: {
        nodeName,
        containers: [
          { name, image: `http://jars.example.com/${name}-0.0.1.jar`, env: [{ name: 'BIZ_VERSION', value: '0.0.1' }] },
        ],
        tolerations: [
          { key: 'schedule.koupleless.io/virtual-node', operator: 'Equal', value: 'True', effect: 'NoExecute' },
        ],
      },
    })
    this.trace(name).boundAtMs = Date.now()
  }

  async deletePod(name: string): Promise<void> {
    await this.api.call('DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`)
    this.trace(name).deletedAtMs = Date.now()
  }

  async usage(): Promise<Usage> {
    const pid = this.operator.pid ?? 0
    return { cpuMs: await cpuMs(pid), writes: await this.operator.writes() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet?.[Symbol.asyncDispose]()
    await this.api[Symbol.asyncDispose]()
    await this.operator.stop()
    await this.broker[Symbol.asyncDispose]()
    await this.plane[Symbol.asyncDispose]()
  }

  #seen({ type, object }: WatchEvent<V1Pod>): void {
    const trace = this.trace(object.metadata?.name ?? '')
    if (type === 'DELETED') trace.goneAtMs ??= Date.now()
    else if (isReady(object)) trace.readyAtMs ??= Date.now()
  }
}
