/** Users at work: they scale, update, roll back, restart, delete and create again, without end and without mercy. */
import type { Api } from '../bench/api.ts'
import { daemonSet, deployment, jarUrl, type ModuleDraft, pod, statefulSet } from '../cluster/workloads.ts'
import type { SeededRng } from '../sim/rng.ts'

type Kind = 'deployments' | 'statefulsets' | 'daemonsets' | 'pods'

interface Workload {
  readonly kind: Kind
  readonly name: string
  /** Bases are told apart by the name that they give themselves. */
  readonly base: string
  readonly replicasMax: number
  exists: boolean
  version: number
  previous: number
  replicas: number
}

export interface WorkloadOptions {
  readonly api: Api
  readonly namespace: string
  readonly rng: SeededRng
  /** Name of the simulated bases, and of the JVM where there is one. */
  readonly base: string
  readonly jvm?: string
  readonly told: (what: string) => void
}

const VERSIONS = 4
const image = (name: string, version: number): string => jarUrl(name, `0.0.${version}`)
const CREATE = { deployments: deployment, statefulsets: statefulSet, daemonsets: daemonSet, pods: pod } as const

const one = (kind: Kind, name: string, base: string, replicasMax: number): Workload => ({
  kind,
  name,
  base,
  replicasMax,
  exists: false,
  version: 1,
  previous: 2,
  replicas: Math.ceil(replicasMax / 2),
})

/** Each has a module of its own: which of two workloads wins a module is tried elsewhere. */
function castOf(base: string, jvm: string | undefined): readonly Workload[] {
  return [
    ...['shop', 'cart', 'mail', 'bank'].map(name => one('deployments', name, base, 16)),
    ...['queue', 'store'].map(name => one('statefulsets', name, base, 4)),
    one('daemonsets', 'agent', base, 0),
    ...['job-a', 'job-b', 'job-c', 'job-d', 'job-e', 'job-f'].map(name => one('pods', name, base, 0)),
    ...(jvm === undefined ? [] : [one('deployments', 'jvm', jvm, 2)]),
  ]
}

export class Workloads {
  readonly #of: WorkloadOptions
  readonly #cast: readonly Workload[]
  readonly #changedAtMs = new Map<string, number>()
  done = 0
  /** Of those, while the API server was away, or where an object of that name was still on its way out. */
  refused = 0

  constructor(options: WorkloadOptions) {
    this.#of = options
    this.#cast = castOf(options.base, options.jvm)
  }

  /** When users last asked for a fresh start of this module. */
  changedAtMs(bizName: string): number {
    return this.#changedAtMs.get(bizName) ?? 0
  }

  async createAll(): Promise<void> {
    for (const workload of this.#cast) if (!workload.exists) await this.#create(workload)
  }

  /** One thing that a user does. What the API server refuses is left at that. */
  async step(): Promise<void> {
    const workload = this.#of.rng.pick(this.#cast)
    if (!workload) return
    this.done += 1
    try {
      await this.#act(workload)
    } catch (error) {
      this.refused += 1
      this.#of.told(`${workload.kind} ${workload.name}: ${String(error).slice(0, 100)}`)
    }
  }

  async #act(workload: Workload): Promise<void> {
    if (!workload.exists) return this.#create(workload)
    if (workload.kind === 'pods') return this.#of.rng.chance(0.5) ? this.#delete(workload) : this.#rebuild(workload)
    const drawn = this.#of.rng.next()
    if (drawn < 0.35) return this.#scale(workload)
    if (drawn < 0.6) return this.#release(workload, 'updated to', this.#of.rng.integer(1, VERSIONS))
    if (drawn < 0.75) return this.#release(workload, 'rolled back to', workload.previous)
    if (drawn < 0.88) return this.#restart(workload)
    return this.#delete(workload)
  }

  async #create(workload: Workload): Promise<void> {
    const { kind, name, base, replicas, version } = workload
    const { api, namespace } = this.#of
    if (kind === 'statefulsets') await this.#mustBeGone(name)
    const draft: ModuleDraft = {
      name,
      namespace,
      base,
      bizName: name,
      version: `0.0.${version}`,
      replicas,
      ...(kind === 'daemonsets' ? { strategy: { rollingUpdate: { maxUnavailable: '40%' } } } : {}),
    }
    this.#changed(workload)
    await api.call('POST', this.#path(kind), CREATE[kind](draft))
    workload.exists = true
    this.#of.told(`${kind} ${name} created with version ${version}`)
  }

  /** A StatefulSet whose Pods have namesakes that are still going is tried by Kubernetes ever more rarely, for minutes. */
  async #mustBeGone(name: string): Promise<void> {
    const path = `${this.#path('pods')}?labelSelector=app%3D${name}`
    const { items } = await this.#of.api.call<{ items: readonly unknown[] }>('GET', path)
    if (items.length > 0) throw new Error(`${items.length} Pods of the former one are still there`)
  }

  async #delete(workload: Workload): Promise<void> {
    await this.#of.api.call('DELETE', this.#path(workload.kind, workload.name))
    workload.exists = false
    this.#of.told(`${workload.kind} ${workload.name} deleted`)
  }

  async #scale(workload: Workload): Promise<void> {
    const { kind, name, replicasMax } = workload
    if (kind === 'daemonsets') return this.#restart(workload)
    const replicas = this.#of.rng.integer(0, replicasMax)
    await this.#patch(workload, { spec: { replicas } })
    workload.replicas = replicas
    this.#of.told(`${kind} ${name} scaled to ${replicas}`)
  }

  async #release(workload: Workload, how: string, version: number): Promise<void> {
    const { name } = workload
    const containers = [{ name, image: image(name, version), env: [{ name: 'BIZ_VERSION', value: `0.0.${version}` }] }]
    await this.#patch(workload, { spec: { template: { spec: { containers } } } })
    if (version !== workload.version) workload.previous = workload.version
    workload.version = version
    this.#of.told(`${workload.kind} ${name} ${how} version ${version}`)
  }

  async #restart(workload: Workload): Promise<void> {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date(Date.now()).toISOString() }
    this.#changed(workload)
    await this.#patch(workload, { spec: { template: { metadata: { annotations } } } })
    this.#of.told(`${workload.kind} ${workload.name} restarted`)
  }

  /** The same version from another jar: all that a Pod lets be edited. */
  async #rebuild(workload: Workload): Promise<void> {
    const { name, version } = workload
    const rebuilt = image(name, version).replace('.com/', `.com/build-${this.#of.rng.integer(1, 9)}/`)
    this.#changed(workload)
    await this.#patch(workload, { spec: { containers: [{ name, image: rebuilt }] } })
    this.#of.told(`pods ${name} from ${rebuilt}`)
  }

  async #patch({ kind, name }: Workload, body: object): Promise<void> {
    await this.#of.api.call('PATCH', this.#path(kind, name), body)
  }

  #changed({ name }: Workload): void {
    this.#changedAtMs.set(name, Date.now())
  }

  #path(kind: Kind, name?: string): string {
    const group = kind === 'pods' ? '/api/v1' : '/apis/apps/v1'
    return `${group}/namespaces/${this.#of.namespace}/${kind}${name === undefined ? '' : `/${name}`}`
  }
}
