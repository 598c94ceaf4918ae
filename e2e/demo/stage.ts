import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SimulatedBase, startBase } from '../base-simulator/index.ts'
import { buildOperator } from '../build/bundle.ts'
import { OperatorProcess } from '../cluster/operator-process.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'

export const ROOT = join(import.meta.dirname, '..', '..')
/** The bases of the user guide: its sample asks for name `base`, version `1.1.1`. */
const NAME = 'base'
const VERSION = '1.1.1'
export const ENV = 'dev'

/** A whole small world on loopback: control plane, operator with its embedded broker. Nothing of it outlives dispose. */
export class Stage implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly operator: OperatorProcess
  readonly bases: SimulatedBase[] = []
  readonly #folder: string

  private constructor(plane: ControlPlane, operator: OperatorProcess, folder: string) {
    this.plane = plane
    this.operator = operator
    this.#folder = folder
  }

  static async open(say: (text: string) => void): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-demo-'))
    say('Building the operator …')
    const bundle = await buildOperator(join(folder, 'operator.mjs'))
    say('Starting a Kubernetes control plane (the first time its binaries are fetched or built: up to 8 minutes) …')
    const plane = await ControlPlane.start()
    try {
      return new Stage(plane, await startOperator(plane, bundle, say), folder)
    } catch (error) {
      await plane[Symbol.asyncDispose]()
      throw error
    }
  }

  async addBase(): Promise<SimulatedBase> {
    const nth = this.bases.length + 1
    const base = await startBase({
      broker: { host: '127.0.0.1', port: this.operator.brokerPort },
      env: ENV,
      identity: `b${nth}`,
      name: NAME,
      version: VERSION,
      ip: `10.1.0.${nth}`,
    })
    this.bases.push(base)
    return base
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const base of this.bases) base.close()
    await this.operator[Symbol.asyncDispose]()
    await this.plane[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function startOperator(
  plane: ControlPlane,
  bundle: string,
  say: (text: string) => void,
): Promise<OperatorProcess> {
  await plane.kubectl(['apply', '--kustomize', join(ROOT, 'deploy', 'rbac')])
  const kubeconfig = await plane.kubeconfigFor('koupleless-system', 'module-controller')
  say('Starting the operator with its embedded broker, under its own ServiceAccount …')
  return OperatorProcess.start({ bundle, kubeconfig, env: ENV, broker: { embedded: true } })
}
