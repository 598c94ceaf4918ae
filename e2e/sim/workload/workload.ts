/** What users do: a few workloads at the start, then one step after the other, drawn so that dropping the last changes none before. */
import type { V1Node, V1Pod, V1Taint } from '@kubernetes/client-node'
import { isModule } from '../oracles/claims-seen.ts'
import type { SeededRng } from '../rng.ts'
import type { World } from '../world.ts'
import { Kubectl } from './kubectl.ts'
import {
  BUILDS,
  jarUrl,
  type ModuleWish,
  modulePod,
  podTemplate,
  VERSIONS,
  type WorkloadKind,
  workload,
} from './module-pods.ts'

interface Running {
  readonly kind: WorkloadKind
  readonly name: string
  wishes: readonly ModuleWish[]
  before: readonly ModuleWish[]
  replicas: number
}

const KINDS = ['deployments', 'deployments', 'statefulsets', 'daemonsets'] as const
const BIZS = ['cart', 'pay', 'search', 'user'] as const

export class Workload {
  readonly kubectl: Kubectl
  readonly #world: World
  readonly #rng: SeededRng
  readonly #running: Running[] = []
  /** By uid: Pods that were found stuck once. */
  readonly #seenTo = new Set<string>()
  #pods = 0
  #restarts = 0

  constructor(world: World) {
    this.#world = world
    this.#rng = world.rng.fork('workload')
    this.kubectl = new Kubectl(world.server, world.trace)
  }

  begin(count: number): void {
    for (let at = 0; at < count; at++)
      this.#create(this.#rng.fork(`begin ${at}`), `app${at}`, BIZS[at % BIZS.length] ?? 'cart')
  }

  step(at: number): void {
    const rng = this.#rng.fork(`step ${at}`)
    const target = rng.pick(this.#running)
    if (!target) {
      this.#create(rng, `late${at}`, rng.pick(BIZS))
      return
    }
    const steps: readonly (() => void)[] = [
      () => this.#publish(target, rng),
      () => this.#publish(target, rng),
      () => this.#rebuild(target, rng),
      () => this.#scale(target, rng),
      () => this.#undo(target),
      () => this.#restart(target),
      () => this.#bare(rng),
      () => this.#takeOffline(target, rng, at),
      () => this.#quarrel(rng, at),
    ]
    rng.pick(steps)?.()
  }

  /** One that nobody owns. */
  anyBarePod(rng: SeededRng): V1Pod | undefined {
    return rng.pick(this.#barePods())
  }

  #barePods(): readonly V1Pod[] {
    const pods = this.#world.server.list<V1Pod>('pods').filter(isModule)
    return pods.filter(({ metadata }) => !metadata?.ownerReferences && !metadata?.deletionTimestamp)
  }

  /** As `kubectl set image`: the only thing of a Pod's containers that may be changed. Returns the new images. */
  edit({ metadata, spec }: V1Pod, build: string): readonly string[] {
    const containers = (spec?.containers ?? []).map(container => {
      const version = container.env?.find(({ name }) => name === 'BIZ_VERSION')?.value ?? ''
      return { ...container, image: jarUrl(this.#world.jars.dressed({ biz: container.name, version, build })) }
    })
    const answer = this.kubectl.patch('pods', metadata?.name ?? '', { spec: { containers } })
    if (answer.status === 422) throw new Error(answer.body)
    return containers.map(({ image }) => image)
  }

  /** What failed for want of a sound build is tried anew. */
  retryAll(): void {
    for (const target of this.#running) {
      this.#restart(target)
      if (target.kind === 'statefulsets') this.#deleteStuck(target)
    }
    for (const pod of this.#barePods()) this.edit(pod, 'mended')
  }

  /** What the operator has given up on until it is changed, is changed; one that nobody owns is edited. */
  retryStuck(isStuck: (pod: V1Pod) => boolean): void {
    const pods = this.#world.server.list<V1Pod>('pods')
    const stuck = pods.filter(pod => !this.#seenTo.has(pod.metadata?.uid ?? '') && isStuck(pod))
    for (const { metadata } of stuck) this.#seenTo.add(metadata?.uid ?? '')
    for (const target of this.#running) {
      if (!stuck.some(({ metadata }) => metadata?.ownerReferences && metadata.labels?.app === target.name)) continue
      this.#restart(target)
      if (target.kind === 'statefulsets') this.#deleteStuck(target)
    }
    for (const pod of stuck) if (!pod.metadata?.ownerReferences) this.edit(pod, 'mended')
  }

  /** A StatefulSet waits for ever for a Pod that does not come up: Kubernetes leaves it to users to delete it. */
  #deleteStuck({ name }: Running): void {
    const pods = this.#world.server.list<V1Pod>('pods').filter(({ metadata }) => metadata?.labels?.app === name)
    const stuck = pods.filter(
      ({ status }) => !status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True'),
    )
    for (const { metadata } of stuck) this.kubectl.remove('pods', metadata?.name ?? '')
  }

  /** Everything that users run is taken offline. */
  end(): void {
    for (const { kind, name } of this.#running.splice(0)) this.kubectl.remove(kind, name)
    for (const { metadata } of this.#world.server.list<V1Pod>('pods'))
      if (!metadata?.ownerReferences) this.kubectl.remove('pods', metadata?.name ?? '')
  }

  /** Any module Pod that stands. */
  anyPod(rng: SeededRng): V1Pod | undefined {
    return rng.pick(this.#world.server.list<V1Pod>('pods').filter(isModule))
  }

  taint(node: string, key: string, effect: string): void {
    const taints = this.#taintsOf(node)
    if (!taints.some(taint => taint.key === key)) this.#setTaints(node, [...taints, { key, effect }])
  }

  untaint(node: string, key: string): void {
    const taints = this.#taintsOf(node)
    if (taints.some(taint => taint.key === key))
      this.#setTaints(
        node,
        taints.filter(taint => taint.key !== key),
      )
  }

  /** What people did to it is undone. */
  mendNode({ metadata, spec }: V1Node): void {
    const name = metadata?.name ?? ''
    if (spec?.unschedulable) this.kubectl.patch('nodes', name, { spec: { unschedulable: null } })
    for (const { key } of spec?.taints ?? []) if (key.startsWith('example.com/')) this.untaint(name, key)
  }

  mendPod({ metadata }: V1Pod): void {
    const held = metadata?.finalizers?.some(name => name.startsWith('example.com/'))
    if (held) this.kubectl.patch('pods', metadata?.name ?? '', { metadata: { finalizers: null } })
  }

  #taintsOf(node: string): readonly V1Taint[] {
    return this.#world.server.get<V1Node>('nodes', '', node)?.spec?.taints ?? []
  }

  #setTaints(node: string, taints: readonly V1Taint[]): void {
    this.kubectl.patch('nodes', node, { spec: { taints } })
  }

  #create(rng: SeededRng, name: string, biz: string): void {
    const kind = rng.pick(KINDS)
    const wishes = this.#wishes(rng, biz)
    const created: Running = { kind, name, wishes, before: wishes, replicas: rng.integer(1, 3) }
    this.#running.push(created)
    this.kubectl.create(kind, workload(kind, name, this.#dressed(wishes), created.replicas))
  }

  #wishes(rng: SeededRng, biz: string): readonly ModuleWish[] {
    const wish = { biz, version: rng.pick(VERSIONS), olderLabel: rng.chance(0.3), uninstallFirst: rng.chance(0.1) }
    return rng.chance(0.15) ? [wish, { biz: `${biz}-side`, version: rng.pick(VERSIONS) }] : [wish]
  }

  #dressed(wishes: readonly ModuleWish[]): readonly ModuleWish[] {
    return wishes.map(wish => this.#world.jars.dressed(wish))
  }

  #apply(target: Running, wishes: readonly ModuleWish[]): void {
    target.before = target.wishes
    target.wishes = wishes
    this.kubectl.patch(target.kind, target.name, {
      spec: { template: podTemplate(target.name, this.#dressed(wishes)) },
    })
  }

  #publish(target: Running, rng: SeededRng): void {
    this.#apply(
      target,
      target.wishes.map(({ build: _former, ...wish }) => ({ ...wish, version: rng.pick(VERSIONS) })),
    )
  }

  #rebuild(target: Running, rng: SeededRng): void {
    const args = rng.chance(0.5) ? [`--mode=${rng.pick(BUILDS)}`] : []
    this.#apply(
      target,
      target.wishes.map(wish => ({ ...wish, build: rng.pick(BUILDS), args })),
    )
  }

  #undo(target: Running): void {
    this.#apply(target, target.before)
  }

  #restart(target: Running): void {
    this.#restarts += 1
    const restartedAt = `restart ${this.#restarts}`
    this.#apply(
      target,
      target.wishes.map(wish => ({ ...wish, restartedAt })),
    )
  }

  #scale(target: Running, rng: SeededRng): void {
    if (target.kind === 'daemonsets') return
    target.replicas = rng.integer(0, 4)
    this.kubectl.patch(target.kind, target.name, { spec: { replicas: target.replicas } })
  }

  #bare(rng: SeededRng): void {
    const name = `bare${this.#pods++}`
    const wishes = this.#wishes(rng, rng.chance(0.7) ? `solo${this.#pods}` : rng.pick(BIZS))
    this.kubectl.create('pods', modulePod(name, this.#dressed(wishes)))
  }

  #takeOffline(target: Running, rng: SeededRng, at: number): void {
    this.kubectl.remove(target.kind, target.name)
    this.#running.splice(this.#running.indexOf(target), 1)
    const [first] = target.wishes
    if (first && rng.chance(0.7)) this.#create(rng, rng.chance(0.5) ? target.name : `again${at}`, first.biz)
  }

  /** One workload and all its Pods, at once. */
  forceOffline(rng: SeededRng): string | undefined {
    const target = rng.pick(this.#running)
    if (!target) return undefined
    this.kubectl.remove(target.kind, target.name)
    this.#running.splice(this.#running.indexOf(target), 1)
    for (const { metadata } of this.#world.server.list<V1Pod>('pods'))
      if (metadata?.labels?.app === target.name) this.kubectl.remove('pods', metadata?.name ?? '', 0)
    return target.name
  }

  /** A second workload wants the same biz. */
  #quarrel(rng: SeededRng, at: number): void {
    this.#create(rng, `rival${at}`, rng.pick(BIZS))
  }
}
