/** DaemonSet: one Pod on each Node that it may run on; an update replaces a few at a time. */
import { isSame } from '../api/api-object.ts'
import type { SimApiServer } from '../api/sim-api-server.ts'
import {
  type DaemonSet,
  keyOfNamed,
  type Named,
  type Node,
  ownerKeys,
  type Pod,
  splitKey,
  type Toleration,
} from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { affinityRefuses, hardTaints, isTolerated } from './fitness.ts'
import {
  availableInMs,
  isActive,
  isLeaving,
  isReady,
  isTerminal,
  nextAvailableInMs,
  podFromTemplate,
  podsOf,
} from './pods.ts'
import { currentRevision, forgetRevisions, REVISION_HASH } from './revisions.ts'
import { resolved } from './rollout-bounds.ts'
import { ServerCalls } from './server-calls.ts'

/** What its Pods bear with, whatever their template says. */
const BEARS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]

export function daemonSetController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  return {
    name: 'daemonset',
    wakes: {
      daemonsets: ({ object }) => [keyOfNamed(object as Named)],
      pods: ({ object }) => ownerKeys('DaemonSet', object as Named),
      nodes: ({ object, before }) =>
        isOtherNode(object as Node, before) ? server.list<DaemonSet>('daemonsets').map(keyOfNamed) : [],
    },
    reconcile(key) {
      const set = server.get<DaemonSet>('daemonsets', ...splitKey(key))
      if (!set || isLeaving(set)) return undefined
      const revision = currentRevision(server, calls, set)
      const hash = revision?.metadata.labels?.[REVISION_HASH] ?? ''
      const round = new Round(server, set, hash, time.now())
      if (!round.place(calls)) round.replace(calls)
      forgetRevisions(server, calls, set, round.liveRevisions())
      round.tell(calls)
      return nextAvailableInMs(podsOf(server, set), set.spec.minReadySeconds ?? 0, time.now())
    },
  }
}

/** What decides over Pods is another than before. */
function isOtherNode(node: Node, before: unknown): boolean {
  const former = before as Node | undefined
  return former?.metadata.labels !== node.metadata.labels || former?.spec !== node.spec
}

class Round {
  readonly #server: SimApiServer
  readonly #set: DaemonSet
  readonly #hash: string
  readonly #nowMs: number
  readonly #nodes: readonly Node[]

  constructor(server: SimApiServer, set: DaemonSet, hash: string, nowMs: number) {
    this.#server = server
    this.#set = set
    this.#hash = hash
    this.#nowMs = nowMs
    this.#nodes = server.list<Node>('nodes')
  }

  /** Where one is missing it is made, where it may not be it is removed. @returns whether anything was done */
  place(calls: ServerCalls): boolean {
    let changes = 0
    for (const node of this.#nodes) {
      const pods = this.#podsFor(node)
      const alive = pods.filter(isActive)
      for (const pod of pods.filter(each => isTerminal(each) && !isLeaving(each))) {
        calls.delete('pods', pod)
        changes += 1
      }
      const surplus = this.#mayRun(node) ? alive.slice(1) : this.#mayStay(node) ? [] : alive
      for (const pod of surplus) calls.delete('pods', pod)
      const isMissing = this.#mayRun(node) && pods.length === 0
      if (isMissing) calls.create('pods', this.#set.metadata.namespace, this.#podOn(node))
      changes += surplus.length + (isMissing ? 1 : 0)
    }
    return changes > 0
  }

  /** Old Pods go where enough others are available; those that are not available anyway go first. */
  replace(calls: ServerCalls): void {
    const { updateStrategy } = this.#set.spec
    if (updateStrategy.type !== 'RollingUpdate') return
    const nodes = this.#nodes.filter(node => this.#mayRun(node))
    const most = resolved(updateStrategy.rollingUpdate?.maxUnavailable ?? 1, nodes.length, Math.ceil)
    const alive = nodes.map(node => this.#podsFor(node).find(isActive))
    const missing = alive.filter(pod => !pod).length
    const old = alive.filter(pod => pod !== undefined).filter(pod => !this.#isCurrent(pod))
    const idle = old.filter(pod => !this.#isAvailable(pod))
    const idleCurrent = alive.filter(pod => pod && this.#isCurrent(pod) && !this.#isAvailable(pod)).length
    const room = Math.max(0, most - missing - idle.length - idleCurrent)
    const working = old.filter(pod => this.#isAvailable(pod)).slice(0, room)
    for (const pod of [...idle, ...working]) calls.delete('pods', pod)
  }

  liveRevisions(): ReadonlySet<string> {
    const { name } = this.#set.metadata
    const hashes = podsOf(this.#server, this.#set).map(({ metadata }) => metadata.labels?.[REVISION_HASH])
    return new Set([...hashes, this.#hash].map(hash => `${name}-${hash}`))
  }

  tell(calls: ServerCalls): void {
    const wanted = this.#nodes.filter(node => this.#mayRun(node))
    const onWanted = wanted.flatMap(node => this.#podsFor(node).filter(isActive).slice(0, 1))
    const misplaced = this.#nodes.filter(node => !this.#mayRun(node) && this.#podsFor(node).length > 0)
    const counts = {
      updatedNumberScheduled: onWanted.filter(pod => this.#isCurrent(pod)).length,
      numberAvailable: onWanted.filter(pod => this.#isAvailable(pod)).length,
      numberUnavailable: wanted.length - onWanted.filter(pod => this.#isAvailable(pod)).length,
    }
    const status = {
      currentNumberScheduled: onWanted.length,
      numberMisscheduled: misplaced.length,
      desiredNumberScheduled: wanted.length,
      numberReady: onWanted.filter(isReady).length,
      observedGeneration: this.#set.metadata.generation,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    }
    if (!isSame(status, this.#set.status)) calls.replaceStatus('daemonsets', this.#set, status)
  }

  #isCurrent({ metadata }: Pod): boolean {
    return metadata.labels?.[REVISION_HASH] === this.#hash
  }

  #isAvailable(pod: Pod): boolean {
    return availableInMs(pod, this.#set.spec.minReadySeconds ?? 0, this.#nowMs) === 0
  }

  #podsFor({ metadata }: Node): readonly Pod[] {
    return podsOf(this.#server, this.#set).filter(pod => (pod.spec.nodeName ?? nodeMeant(pod)) === metadata.name)
  }

  #tolerations(): readonly Toleration[] {
    return [...(this.#set.spec.template.spec.tolerations ?? []), ...BEARS]
  }

  #mayRun(node: Node): boolean {
    const isRefused = hardTaints(node).some(taint => !isTolerated(this.#tolerations(), taint))
    return !isRefused && affinityRefuses(this.#set.spec.template, node) === undefined
  }

  /** A taint that only bars new Pods leaves those that are there. */
  #mayStay(node: Node): boolean {
    const evicts = hardTaints(node).some(
      taint => taint.effect === 'NoExecute' && !isTolerated(this.#tolerations(), taint),
    )
    return !evicts && affinityRefuses(this.#set.spec.template, node) === undefined
  }

  #podOn({ metadata }: Node): object {
    const { template } = this.#set.spec
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: [metadata.name] }]
    const affinity = {
      ...template.spec.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    }
    const spec = { affinity, tolerations: this.#tolerations() }
    const labels = { [REVISION_HASH]: this.#hash }
    return podFromTemplate(this.#set, template, { generateName: `${this.#set.metadata.name}-`, labels, spec })
  }
}

const nodeMeant = ({ spec }: Pod): string | undefined =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]
    ?.values?.[0]
