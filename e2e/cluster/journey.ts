import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { inject } from 'vitest'
import type { GivenAnswer } from '../base-simulator/index.ts'
import type { Base } from './base.ts'
import { eventually } from './eventually.ts'
import { kubectlAt } from './kubectl.ts'
import { OperatorProcess, type OperatorSettings } from './operator-process.ts'
import { type BaseDraft, openWorld, type World } from './world.ts'

/**
 * One journey's own corner of the cluster: a namespace, an operator under its ServiceAccount, and bases that no other
 * journey's operator serves. Journeys run side by side; what they share is the control plane.
 */
export class Journey implements AsyncDisposable {
  readonly name: string
  readonly namespace: string
  readonly operator: OperatorProcess
  /** Every answer that a base of this journey gave. */
  readonly answers: GivenAnswer[] = []
  readonly world: World
  readonly #bases: Base[] = []
  readonly #folder: string
  readonly #admin: string

  private constructor(name: string, operator: OperatorProcess, world: World, folder: string) {
    this.name = name
    this.world = world
    world.onAnswer(answer => this.answers.push(answer))
    this.namespace = name
    this.operator = operator
    this.#folder = folder
    this.#admin = inject('adminKubeconfig')
  }

  static async open(
    name: string,
    settings: Partial<Pick<OperatorSettings, 'broker' | 'extra' | 'nodeFlags'>> = {},
  ): Promise<Journey> {
    const folder = await mkdtemp(join(tmpdir(), `koupleless-${name}-`))
    await kubectlAt(inject('adminKubeconfig'), ['create', 'namespace', name])
    const world = await openWorld(name, settings.broker)
    try {
      const operator = await OperatorProcess.start({
        bundle: inject('operatorBundle'),
        kubeconfig: inject('operatorKubeconfig'),
        env: name,
        broker: world.broker,
        extra: settings.extra ?? {},
        ...(settings.nodeFlags && { nodeFlags: settings.nodeFlags }),
      })
      return new Journey(name, operator, world, folder)
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Identities and addresses are unique among journeys: they share one cluster's Nodes. */
  async base(draft: BaseDraft = {}): Promise<Base> {
    const base = await this.#start(this.#bases.length + 1, draft)
    await this.nodeReady(base.identity)
    return base
  }

  /** So many at once, looked for together: a kubectl for each would take longer than they do. */
  async bases(count: number, withinMs = 60_000): Promise<readonly Base[]> {
    const before = this.#bases.length
    const started = await Promise.all(Array.from({ length: count }, (_, at) => this.#start(before + at + 1, {})))
    await eventually(
      `Nodes of ${count} bases are Ready`,
      async () => {
        const { items } = await this.get<{ items: V1Node[] }>('nodes')
        const ready = new Set(items.filter(isReady).map(({ metadata }) => metadata?.name))
        return started.every(({ identity }) => ready.has(`virtual-node-${identity}`)) || undefined
      },
      withinMs,
    )
    return started
  }

  async #start(nth: number, draft: BaseDraft): Promise<Base> {
    const identity = draft.identity ?? `${this.name}-${nth}`
    const base = await this.world.start(
      {
        ip: `10.${(hashOf(this.name) % 200) + 10}.0.${nth}`,
        name: this.name,
        version: '1.0.0',
        ...draft,
        env: this.name,
        clusterName: this.name,
        identity,
      },
      this.operator.brokerPort,
    )
    this.#bases.push(base)
    return base
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectlAt(this.#admin, ['--namespace', this.namespace, ...args])
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const file = join(this.#folder, `${Math.random().toString(36).slice(2)}.json`)
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    await this.kubectl('apply', '--filename', file)
  }

  /** As a file that a user has, with jars that its bases can reach. */
  async applyText(yaml: string): Promise<void> {
    const file = join(this.#folder, `${Math.random().toString(36).slice(2)}.yaml`)
    await writeFile(file, this.world.withJarsInReach(yaml))
    await this.kubectl('apply', '--filename', file)
  }

  async get<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', ...args, '--output', 'json')) as T
  }

  async pods(selector = ''): Promise<readonly V1Pod[]> {
    const { items } = await this.get<{ items: V1Pod[] }>('pods', ...(selector ? ['--selector', selector] : []))
    return items
  }

  async pod(name: string): Promise<V1Pod> {
    return this.get<V1Pod>('pod', name)
  }

  /** The Node, or undefined where there is none. */
  async node(identity: string): Promise<V1Node | undefined> {
    const text = await this.kubectl('get', 'node', `virtual-node-${identity}`, '--ignore-not-found', '--output', 'json')
    return text.trim() === '' ? undefined : (JSON.parse(text) as V1Node)
  }

  nodeReady(identity: string, status = 'True', withinMs = 30_000): Promise<V1Node> {
    return eventually(
      `Node of ${identity} is Ready=${status}`,
      async () => {
        const node = await this.node(identity)
        return node?.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === status)
          ? node
          : undefined
      },
      withinMs,
    )
  }

  /** Exactly `count` Pods of this selector, all Ready and none on its way out. */
  ready(selector: string, count: number, withinMs = 30_000): Promise<readonly V1Pod[]> {
    return eventually(
      `${count} Pods ${selector} are Ready`,
      async () => {
        const pods = await this.pods(selector)
        const good = pods.filter(pod => isReady(pod) && !pod.metadata?.deletionTimestamp)
        if (good.length === count && pods.length === count) return pods
        throw new Error(pods.map(describe).join('; ') || 'no Pods')
      },
      withinMs,
    )
  }

  gone(kind: string, name: string, withinMs = 30_000): Promise<true> {
    return eventually(
      `${kind} ${name} is gone`,
      async () => ((await this.kubectl('get', kind, name, '--ignore-not-found')).trim() === '' ? true : undefined),
      withinMs,
    )
  }

  /** Messages of the Events about one object, oldest first. */
  async events(name: string, reason?: string): Promise<readonly string[]> {
    const fields = `involvedObject.name=${name}${reason ? `,reason=${reason}` : ''}`
    const { items } = await this.get<{ items: { message: string; involvedObject: { namespace?: string } }[] }>(
      'events',
      '--all-namespaces',
      '--field-selector',
      fields,
    )
    // Pods of other journeys may bear the same name; Nodes have no namespace.
    const own = items.filter(({ involvedObject: { namespace } }) => !namespace || namespace === this.namespace)
    return own.map(({ message }) => message)
  }

  event(name: string, reason: string, withinMs = 30_000): Promise<string> {
    return eventually(`Event ${reason} about ${name}`, async () => (await this.events(name, reason))[0], withinMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kubectl('delete', 'namespace', this.namespace, '--wait=false').catch(() => '')
    await this.operator[Symbol.asyncDispose]()
    await this.world[Symbol.asyncDispose]()
    const nodes = this.#bases.map(({ identity }) => `virtual-node-${identity}`)
    if (nodes.length > 0)
      await this.kubectl('delete', 'node', ...nodes, '--ignore-not-found', '--wait=false').catch(() => '')
    await rm(this.#folder, { recursive: true, force: true })
  }
}

export const isReady = ({ status }: V1Pod | V1Node): boolean =>
  status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

const describe = (pod: V1Pod): string => {
  const containers = (pod.status?.containerStatuses ?? []).map(({ name, state }) => `${name} ${JSON.stringify(state)}`)
  return `${pod.metadata?.name} on ${pod.spec?.nodeName ?? 'no node'}: ${pod.status?.phase} ready=${isReady(pod)} ${containers.join(', ')}`
}

const hashOf = (text: string): number => [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 65_521, 7)
