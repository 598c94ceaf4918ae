/** Real control plane, real broker, real operator processes, bases: with a cable of our own wherever two of them speak. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mosquitto, MosquittoOptions } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import type { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { fleetIp, startBase } from '../base-simulator/index.ts'
import { Api } from '../bench/api.ts'
import { buildOperator } from '../build/bundle.ts'
import { eventually } from '../cluster/eventually.ts'
import type { ControlPlane, ControlPlaneOptions } from '../control-plane/control-plane.ts'
import type { TrueBase } from '../sim/oracles/settled.ts'
import { SeededRng } from '../sim/rng.ts'
import { auditPolicyFor } from './audit.ts'
import type { Journal } from './journal.ts'
import { ObservedBase } from './observed-base.ts'
import { Operators } from './operators.ts'
import { PodsSeen } from './pods-seen.ts'
import { TcpProxy } from './proxy.ts'

export const NAMESPACE = 'chaos'
export const BASE_NAME = 'chaos'
export const JVM_NAME = 'chaos-jvm'
export const ENV = 'chaos'
const OPERATOR_NAMESPACE = 'koupleless-system'
const SERVICE_ACCOUNT = 'module-controller'
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${SERVICE_ACCOUNT}`
const INSTALL_MAX_MS = 400
export const RBAC = join(import.meta.dirname, '..', '..', 'deploy', 'rbac')

/** Where the world leaves its logs; gone with it, unless something was found. */
export const chaosFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'koupleless-chaos-'))

export const planeOptions = (folder: string): ControlPlaneOptions => ({
  audit: { file: join(folder, 'audit.log'), policy: auditPolicyFor(OPERATOR_USER) },
})

/** TLS, so that what is garbled is noticed: no promise can hold where a broker's words may be anybody's. */
export function brokerOptions(authority: TestAuthority): MosquittoOptions {
  const { crt, key } = authority.issue('broker', 'IP:127.0.0.1')
  return { tls: { caPath: authority.caPath, certPath: crt, keyPath: key, isClientCertificateNeeded: false } }
}

export interface WorldOptions {
  readonly plane: ControlPlane
  readonly broker: Mosquitto
  readonly authority: TestAuthority
  readonly folder: string
  readonly journal: Journal
  readonly seed: number
  readonly bases: number
  readonly operators: number
  readonly extra?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
}

/** A switch between some bases and their broker. */
export const RACKS = 5

export class ChaosWorld implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly broker: Mosquitto
  readonly authority: TestAuthority
  readonly api: Api
  readonly operators: Operators
  readonly racks: readonly TcpProxy[]
  readonly bases: ObservedBase[] = []
  readonly pods = new PodsSeen()
  readonly journal: Journal
  readonly folder: string
  /** Beside those: how one looks at them, where that takes a question. */
  readonly others: { look(): Promise<TrueBase> }[] = []
  /** When users last asked for a fresh start of a module: the workload tells, once there is one. */
  changedAtMs: (bizName: string) => number = () => 0

  private constructor(options: WorldOptions, api: Api, operators: Operators, racks: readonly TcpProxy[]) {
    this.plane = options.plane
    this.broker = options.broker
    this.authority = options.authority
    this.folder = options.folder
    this.journal = options.journal
    this.api = api
    this.operators = operators
    this.racks = racks
  }

  static async open(options: WorldOptions): Promise<ChaosWorld> {
    const { plane, broker, authority, folder, journal, seed } = options
    const random = new SeededRng(`${seed}/proxies`)
    await plane.kubectl(['apply', '--kustomize', RBAC])
    await plane.kubectl(['create', 'namespace', NAMESPACE])
    const api = await Api.open(plane.kubeconfig)
    await eventually('the namespace takes Pods', () =>
      api.call('GET', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`),
    )
    const operators = await Operators.start({
      count: options.operators,
      bundle: await buildOperator(join(folder, 'operator.mjs')),
      kubeconfig: await plane.kubeconfigFor(OPERATOR_NAMESPACE, SERVICE_ACCOUNT),
      env: ENV,
      brokerPort: broker.port,
      apiPort: Number(new URL(plane.url).port),
      caPath: authority.caPath,
      folder,
      random: () => random.next(),
      extra: options.extra ?? {},
      nodeFlags: options.nodeFlags ?? [],
      told: what => journal.tell('operator', what),
    })
    const racks = await Promise.all(
      Array.from({ length: RACKS }, () => TcpProxy.to({ toPort: broker.port, random: () => random.next() })),
    )
    const world = new ChaosWorld(options, api, operators, racks)
    await world.#startBases(options.bases)
    return world
  }

  readonly rackOf = (nth: number): TcpProxy => {
    const rack = this.racks[nth % RACKS]
    if (!rack) throw new RangeError('a world has racks')
    return rack
  }

  async trueBases(): Promise<readonly TrueBase[]> {
    return [...this.bases, ...(await Promise.all(this.others.map(other => other.look())))]
  }

  async basesConnected(withinMs: number): Promise<void> {
    const away = (): readonly string[] =>
      this.bases.filter(({ base }) => !base.connected).map(({ identity }) => identity)
    await eventually(
      'all bases are connected',
      () => {
        if (away().length > 0) throw new Error(`away: ${away().join(', ')}`)
        return true
      },
      withinMs,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { base } of this.bases) base.close()
    await this.operators[Symbol.asyncDispose]()
    for (const rack of this.racks) await rack[Symbol.asyncDispose]()
    await this.api[Symbol.asyncDispose]()
    if (this.journal.violations.length === 0) await rm(this.folder, { recursive: true, force: true })
  }

  async #startBases(count: number): Promise<void> {
    const tls = { ca: readFileSync(this.authority.caPath) }
    const findings = {
      duplicate: (what: string) => this.journal.object('duplicate', what),
      uninstalled: (what: Parameters<Journal['toJudge']['push']>[0]) => void this.journal.toJudge.push(what),
      command: (kind: string) => this.journal.count(kind),
      changedAtMs: (bizName: string) => this.changedAtMs(bizName),
    }
    const start = async (nth: number): Promise<void> => {
      const broker = { host: '127.0.0.1', port: this.rackOf(nth).port, tls }
      const who = { identity: `b${nth + 1}`, ip: fleetIp(nth + 1), env: ENV, name: BASE_NAME }
      const base = await startBase({ ...who, broker, installMs: () => 20 + Math.random() * INSTALL_MAX_MS })
      this.bases.push(new ObservedBase(base, findings))
    }
    const waiting = Array.from({ length: count }, (_, nth) => nth)
    const lane = async (): Promise<void> => {
      for (let nth = waiting.shift(); nth !== undefined; nth = waiting.shift()) await start(nth)
    }
    await Promise.all(Array.from({ length: 10 }, lane))
  }
}
