import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { Agent, get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { resolveBinaries } from './binaries.ts'
import { type Authority, createAuthority } from './certificates.ts'
import {
  AUDIT_POLICY,
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  type Layout,
  schedulerConfiguration,
  schedulerFlags,
} from './flags.ts'
import { freePorts } from './free-port.ts'
import { kubeconfig } from './kubeconfig.ts'
import { Processes } from './processes.ts'
import { showProgress } from './progress.ts'
import { type Binaries, versionFromEnvironment } from './versions.ts'

const READY_WITHIN_MS = 120_000

export interface ControlPlaneOptions {
  readonly version?: string
  /** Every request is logged here, for a comparison with the granted rights. */
  readonly auditLog?: string
}

/** A real etcd, kube-apiserver (RBAC on), kube-scheduler and kube-controller-manager on free loopback ports. */
export class ControlPlane implements AsyncDisposable {
  readonly version: string
  readonly url: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  readonly kubectlBinary: string
  readonly #layout: Layout
  readonly #binaries: Binaries
  readonly #processes: Processes
  readonly #ca: Authority

  private constructor(layout: Layout, binaries: Binaries, ca: Authority) {
    this.version = layout.version
    this.url = `https://127.0.0.1:${layout.ports.api}`
    this.kubeconfig = `${layout.folder}/admin.kubeconfig`
    this.kubectlBinary = binaries.kubectl
    this.#layout = layout
    this.#binaries = binaries
    this.#ca = ca
    this.#processes = new Processes(layout.folder)
  }

  static async start({
    version = versionFromEnvironment(),
    auditLog,
  }: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const binaries = await resolveBinaries(version)
    using _progress = showProgress(`starting Kubernetes ${version}`)
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-control-plane-'))
    const ports = await freePorts('etcd', 'etcdPeer', 'api', 'controllers', 'scheduler')
    const plane = new ControlPlane({ version, folder, ports, auditLog }, binaries, await createAuthority())
    try {
      await plane.#writeFiles()
      await plane.#startAll()
    } catch (error) {
      await plane[Symbol.asyncDispose]()
      throw error
    }
    return plane
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const flags = ['--kubeconfig', this.kubeconfig, ...args]
      const child = execFile(this.kubectlBinary, flags, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`))
        else resolve(stdout)
      })
      child.stdin?.end(input ?? '')
    })
  }

  /** Writes a kubeconfig with a real token of a ServiceAccount, good for a day. @returns its path */
  async kubeconfigFor(namespace: string, serviceAccount: string): Promise<string> {
    const token = await this.kubectl(['create', 'token', serviceAccount, '--namespace', namespace, '--duration', '24h'])
    const path = join(this.#layout.folder, `${namespace}.${serviceAccount}.kubeconfig`)
    await writeFile(path, kubeconfig(this.url, this.#ca.cert, { token: token.trim() }, namespace), { mode: 0o600 })
    return path
  }

  /** The API server alone goes away; etcd keeps what it knew. */
  stopApiServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#processes.stop('kube-apiserver', signal)
  }

  async startApiServer(): Promise<void> {
    await this.#processes.start('kube-apiserver', this.#binaries['kube-apiserver'], apiServerFlags(this.#layout))
    await this.#ready('kube-apiserver', `${this.url}/readyz`)
  }

  pidOf(name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'): number | undefined {
    return this.#processes.pid(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes[Symbol.asyncDispose]()
  }

  async #writeFiles(): Promise<void> {
    const { folder } = this.#layout
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    const api = await this.#ca.issue('kube-apiserver')
    const files = {
      'ca.crt': this.#ca.cert,
      'api.crt': api.cert,
      'api.key': api.key,
      'service-accounts.pub': publicKey,
      'service-accounts.key': privateKey,
      'scheduler.json': schedulerConfiguration(this.#layout),
      'audit-policy.json': AUDIT_POLICY,
      'admin.kubeconfig': await this.#kubeconfig('admin', ['system:masters']),
      'controllers.kubeconfig': await this.#kubeconfig('system:kube-controller-manager'),
      'scheduler.kubeconfig': await this.#kubeconfig('system:kube-scheduler'),
    }
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })))
  }

  async #kubeconfig(user: string, groups: readonly string[] = []): Promise<string> {
    return kubeconfig(this.url, this.#ca.cert, await this.#ca.issue(user, groups))
  }

  async #startAll(): Promise<void> {
    await this.#processes.start('etcd', this.#binaries.etcd, etcdFlags(this.#layout))
    await this.startApiServer()
    await this.#processes.start(
      'kube-controller-manager',
      this.#binaries['kube-controller-manager'],
      controllerManagerFlags(this.#layout),
    )
    await this.#processes.start('kube-scheduler', this.#binaries['kube-scheduler'], schedulerFlags(this.#layout))
    const { controllers, scheduler } = this.#layout.ports
    await this.#ready('kube-controller-manager', `https://127.0.0.1:${controllers}/healthz`)
    await this.#ready('kube-scheduler', `https://127.0.0.1:${scheduler}/healthz`)
    await this.#defaultServiceAccount()
  }

  /** Pods are refused in a namespace whose ServiceAccount the controllers have not made yet. */
  async #defaultServiceAccount(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS
    while (!(await this.kubectl(['get', 'serviceaccount', 'default']).catch(() => ''))) {
      if (Date.now() > deadline) throw new Error('no default ServiceAccount: the controller manager does not work')
      await sleep(100)
    }
  }

  async #ready(name: string, url: string): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS
    while (!(await answersOk(url))) {
      await this.#processes.mustRun(name)
      if (Date.now() > deadline) throw new Error(`${name} is not ready after ${READY_WITHIN_MS / 1_000} s`)
      await sleep(50)
    }
  }
}

/** Only whether it is up: the components' own certificates are self-signed, and nothing is trusted by this answer. */
function answersOk(url: string): Promise<boolean> {
  const agent = new Agent({ rejectUnauthorized: false })
  return new Promise(resolve => {
    get(url, { agent, timeout: 2_000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}
