/** StatefulSet: Pods with names of their own, made from the first to the last and replaced from the last to the first. */
import { isSame } from '../api/api-object.ts'
import type { SimApiServer } from '../api/sim-api-server.ts'
import { keyOfNamed, type Named, ownerKeys, type Pod, type StatefulSet, splitKey } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { availableInMs, isLeaving, isReady, isTerminal, nextAvailableInMs, podFromTemplate, podsOf } from './pods.ts'
import { currentRevision, forgetRevisions, REVISION_HASH, revisionsOf } from './revisions.ts'
import { ServerCalls } from './server-calls.ts'

export function statefulSetController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  return {
    name: 'statefulset',
    wakes: {
      statefulsets: ({ object }) => [keyOfNamed(object as Named)],
      pods: ({ object }) => ownerKeys('StatefulSet', object as Named),
    },
    reconcile(key) {
      const set = server.get<StatefulSet>('statefulsets', ...splitKey(key))
      if (!set || isLeaving(set)) return undefined
      const update = currentRevision(server, calls, set)?.metadata.name ?? ''
      const round = new Round({ server, set, update, nowMs: time.now() })
      round.step(calls)
      forgetRevisions(server, calls, set, round.liveRevisions())
      round.tell(calls)
      return nextAvailableInMs(podsOf(server, set), set.spec.minReadySeconds ?? 0, time.now())
    },
  }
}

interface RoundFacts {
  readonly server: SimApiServer
  readonly set: StatefulSet
  /** The revision that all Pods shall come to have. */
  readonly update: string
  readonly nowMs: number
}

const ordinalOf = ({ metadata }: Pod): number => Number(metadata.name.slice(metadata.name.lastIndexOf('-') + 1))
const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[REVISION_HASH]

class Round {
  readonly #of: RoundFacts
  /** The revision that all Pods had before the update. */
  readonly #current: string

  constructor(facts: RoundFacts) {
    const { server, set, update } = facts
    this.#of = facts
    const told = set.status.currentRevision
    const isKnown = revisionsOf(server, set).some(({ metadata }) => metadata.name === told)
    this.#current = told && isKnown ? told : update
  }

  /** Unless it may do all at once, one thing at a time: the next waits until this one runs. */
  step(calls: ServerCalls): void {
    const { set } = this.#of
    const isParallel = set.spec.podManagementPolicy === 'Parallel'
    for (let ordinal = 0; ordinal < set.spec.replicas; ordinal += 1)
      if (!this.#fill(calls, ordinal) && !isParallel) return
    const surplus = this.#pods().filter(pod => ordinalOf(pod) >= set.spec.replicas)
    for (const pod of surplus.toReversed()) {
      if (!isLeaving(pod)) calls.delete('pods', pod)
      if (!isParallel) return
    }
    if (surplus.length === 0) this.#replace(calls)
  }

  /** @returns whether the Pod of that number runs */
  #fill(calls: ServerCalls, ordinal: number): boolean {
    const { set } = this.#of
    const pod = this.#pods().find(each => ordinalOf(each) === ordinal)
    if (!pod) calls.create('pods', set.metadata.namespace, this.#newPod(ordinal))
    else if (isTerminal(pod) && !isLeaving(pod)) calls.delete('pods', pod)
    return pod !== undefined && this.#runs(pod)
  }

  /** From the last on; one that does not run is not passed by. */
  #replace(calls: ServerCalls): void {
    const { set, update } = this.#of
    const { type, rollingUpdate } = set.spec.updateStrategy
    if (type !== 'RollingUpdate') return
    for (const pod of this.#pods().toReversed()) {
      if (ordinalOf(pod) < (rollingUpdate?.partition ?? 0)) return
      if (revisionOf(pod) !== update && !isLeaving(pod)) {
        calls.delete('pods', pod)
        return
      }
      if (!this.#runs(pod)) return
    }
  }

  liveRevisions(): ReadonlySet<string> {
    return new Set([...this.#pods().flatMap(pod => revisionOf(pod) ?? []), this.#current, this.#of.update])
  }

  tell(calls: ServerCalls): void {
    const { set, update } = this.#of
    const pods = this.#pods()
    const alive = pods.filter(pod => !isTerminal(pod))
    const ready = alive.filter(pod => isReady(pod) && pod.status.phase === 'Running')
    const updated = alive.filter(pod => revisionOf(pod) === update && !isLeaving(pod))
    const isDone = updated.length === set.spec.replicas && ready.length === set.spec.replicas
    const current = isDone ? update : this.#current
    const counts = {
      readyReplicas: ready.length,
      currentReplicas: alive.filter(pod => revisionOf(pod) === current && !isLeaving(pod)).length,
      updatedReplicas: updated.length,
    }
    const status = {
      observedGeneration: set.metadata.generation,
      replicas: alive.length,
      availableReplicas: alive.filter(pod => this.#runs(pod)).length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      currentRevision: current,
      updateRevision: update,
      collisionCount: 0,
    }
    if (!isSame(status, set.status)) calls.replaceStatus('statefulsets', set, status)
  }

  #pods(): readonly Pod[] {
    return [...podsOf(this.#of.server, this.#of.set)].sort((a, b) => ordinalOf(a) - ordinalOf(b))
  }

  #runs(pod: Pod): boolean {
    const { set, nowMs } = this.#of
    const isAvailable = availableInMs(pod, set.spec.minReadySeconds ?? 0, nowMs) === 0
    return pod.status.phase === 'Running' && isAvailable && !isLeaving(pod)
  }

  /** Below the partition Pods are made as they were. */
  #newPod(ordinal: number): object {
    const { server, set, update } = this.#of
    const { type, rollingUpdate } = set.spec.updateStrategy
    const isOld = type === 'RollingUpdate' && ordinal < (rollingUpdate?.partition ?? 0)
    const revision = isOld ? this.#current : update
    const kept = revisionsOf(server, set).find(({ metadata }) => metadata.name === revision)
    const template = (kept?.data as { spec: { template: StatefulSet['spec']['template'] } } | undefined)?.spec.template
    const name = `${set.metadata.name}-${ordinal}`
    const labels = {
      [REVISION_HASH]: revision,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    }
    const { serviceName } = set.spec
    const spec = { hostname: name, ...(serviceName && { subdomain: serviceName }) }
    return podFromTemplate(set, template ?? set.spec.template, { name, labels, spec })
  }
}
