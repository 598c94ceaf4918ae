import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fleet, type SimulatedBase } from '../base-simulator/index.ts'
import { buildOperator } from '../build/bundle.ts'
import { eventually } from '../cluster/eventually.ts'
import { OperatorProcess } from '../cluster/operator-process.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { ROOT } from '../runner/run-stage.ts'
import { type Cast, javaCast, simulatedCast } from './cast.ts'
import { say } from './show.ts'

const ENV = 'dev'

/** A whole small world on loopback: control plane, operator with its embedded broker, bases. */
export class Stage implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly operator: OperatorProcess
  readonly fleet: Fleet
  /** The fleet, or JVMs. */
  readonly cast: Cast

  private constructor(plane: ControlPlane, operator: OperatorProcess, jvms: Cast | undefined) {
    this.plane = plane
    this.operator = operator
    this.fleet = new Fleet({ host: '127.0.0.1', port: operator.brokerPort })
    this.cast = jvms ?? simulatedCast(this.fleet, () => this.addBase())
  }

  /** `signal` ends the operator at once, also while it starts; the control plane ends with this process. */
  static async open(folder: string, signal: AbortSignal): Promise<Stage> {
    const jvms = await javaCast()
    say('Building the operator …')
    const bundle = await buildOperator(join(folder, 'operator.mjs'))
    say('Starting a Kubernetes control plane (the first time its binaries are fetched or built: up to 8 minutes) …')
    const plane = await ControlPlane.start()
    try {
      say('Starting the operator with its embedded broker, under its own ServiceAccount …')
      await plane.kubectl(['apply', '--kustomize', join(ROOT, 'deploy', 'rbac')])
      const kubeconfig = await plane.kubeconfigFor('koupleless-system', 'module-controller')
      const settings = { bundle, kubeconfig, env: ENV, broker: { embedded: true }, folder, signal } as const
      const operator = await OperatorProcess.start(settings)
      return new Stage(plane, operator, await jvms?.(operator.brokerPort, ENV))
    } catch (error) {
      await plane.stop()
      throw error
    }
  }

  /** The bases of the user guide, where not told otherwise: its sample asks for name `base`, version `1.1.1`. */
  async addBase(options: Partial<Parameters<Fleet['start']>[0]> = {}): Promise<SimulatedBase> {
    const identity = `b${this.fleet.bases.length + 1}`
    return this.fleet.start({ env: ENV, identity, ip: this.fleet.nextIp(), name: 'base', version: '1.1.1', ...options })
  }

  async nodesReady(count: number): Promise<void> {
    await eventually(`${count} Nodes are Ready`, async () => {
      const nodes = await this.plane.kubectl(['get', 'nodes', '--no-headers'])
      return (nodes.match(/ Ready /g) ?? []).length >= count
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cast[Symbol.asyncDispose]()
    await this.fleet.close()
    await this.operator[Symbol.asyncDispose]()
    await this.plane.stop()
  }
}

/** Plays on a stage and leaves nothing of it behind: not at its end, not at a failure, not at Ctrl-C. */
export async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'koupleless-demo-'))
  const stop = new AbortController()
  const leave = (): void => {
    say('\nInterrupted: ending all that was started.')
    stop.abort()
    rmSync(folder, { recursive: true, force: true })
    // The watchdog of the control plane sees it, and ends the rest.
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave)
  try {
    await using stage = await Stage.open(folder, stop.signal)
    await play(stage)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
