import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Resolved, resolveBinaries } from './binaries.ts'
import { type Authority, createAuthority } from './certificates.ts'
import {
  type Audit,
  apiServerFlags,
  auditPolicy,
  controllerManagerFlags,
  type ExtraFlags,
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
  /** As `v1.36.3`; else what the environment names. */
  readonly version?: string | undefined
  /** Every request is logged to its file, for a comparison with the granted rights. */
  readonly audit?: Audit
  /** Beside ours, or instead: the last one counts. As `--node-monitor-grace-period=10s`. */
  readonly flags?: ExtraFlags
}

export type Part = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'

/** A real etcd, kube-apiserver (RBAC on), kube-scheduler and kube-controller-manager on free loopback ports. */
export class ControlPlane implements AsyncDisposable {
  readonly version: string
  readonly url: string
  /** The authority's certificate, PEM. */
  readonly ca: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  readonly kubectlBinary: string
  readonly #layout: Layout
  readonly #binaries: Binaries
  readonly #processes: Processes
  readonly #authority: Authority

  private constructor(layout: Layout, binaries: Binaries, authority: Authority) {
    this.version = layout.version
    this.url = `https://127.0.0.1:${layout.ports.api}`
    this.kubeconfig = `${layout.folder}/admin.kubeconfig`
    this.kubectlBinary = binaries.kubectl
    this.#layout = layout
    this.#binaries = binaries
    this.#authority = authority
    this.ca = authority.cert
    this.#processes = new Processes(layout.folder)
  }

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const resolved = await resolveBinaries(options.version ?? versionFromEnvironment())
    using _progress = showProgress(`starting Kubernetes ${resolved.version}`)
    const plane = await ControlPlane.#prepare(resolved, options)
    try {
      await plane.#writeFiles()
      await plane.#startAll()
    } catch (error) {
      await plane.stop()
      throw error
    }
    return plane
  }

  static async #prepare({ version, paths }: Resolved, options: ControlPlaneOptions): Promise<ControlPlane> {
    const authority = await createAuthority()
    const ports = await freePorts('etcd', 'etcdPeer', 'api', 'controllers', 'scheduler')
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-control-plane-'))
    const { audit, flags = {} } = options
    return new ControlPlane({ version, folder, ports, audit, flags }, paths, authority)
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
    await writeFile(path, kubeconfig(this.url, this.ca, { token: token.trim() }, namespace), { mode: 0o600 })
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

  /** For measurements and faults; undefined while it does not run. */
  pidOf(part: Part): number | undefined {
    return this.#processes.pid(part)
  }

  logOf(part: Part): Promise<string> {
    return this.#processes.log(part)
  }

  /** Ends all processes at once and removes their folder. Also done for us where we are killed. */
  stop(): Promise<void> {
    return this.#processes[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #writeFiles(): Promise<void> {
    const { folder } = this.#layout
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    const server = await this.#authority.issue('kube-apiserver')
    const files = {
      'ca.crt': this.ca,
      'server.crt': server.cert,
      'server.key': server.key,
      'service-accounts.pub': publicKey,
      'service-accounts.key': privateKey,
      'scheduler.json': schedulerConfiguration(this.#layout),
      'audit-policy.json': auditPolicy(this.#layout),
      'admin.kubeconfig': await this.#kubeconfig('admin', ['system:masters']),
      'controllers.kubeconfig': await this.#kubeconfig('system:kube-controller-manager'),
      'scheduler.kubeconfig': await this.#kubeconfig('system:kube-scheduler'),
    }
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })))
  }

  async #kubeconfig(user: string, groups: readonly string[] = []): Promise<string> {
    return kubeconfig(this.url, this.ca, await this.#authority.issue(user, groups))
  }

  async #startAll(): Promise<void> {
    await this.#processes.start('etcd', this.#binaries.etcd, etcdFlags(this.#layout))
    await this.startApiServer()
    await this.#processes.keep(
      'kube-controller-manager',
      this.#binaries['kube-controller-manager'],
      controllerManagerFlags(this.#layout),
    )
    await this.#processes.keep('kube-scheduler', this.#binaries['kube-scheduler'], schedulerFlags(this.#layout))
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

/** Only whether it is up: nothing is trusted by this answer. */
function answersOk(url: string): Promise<boolean> {
  return new Promise(resolve => {
    const request = get(url, { rejectUnauthorized: false, agent: false, timeout: 2_000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}
