/** Looks for the Pods that bases themselves run in, and for where those stand. */
import type { NodeName } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import type { BasePods, Clock, Log, Rng } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import type { Labels } from './node-object.ts'
import { type Lookup, lookDueInMs, looked, lookupOf, type Place, placeToLookAt } from './own-pod.ts'

export interface OwnPodSearchOptions {
  readonly registry: Pick<BaseRegistry, 'byNode' | 'note'>
  readonly ownership: Pick<Ownership, 'acts'>
  readonly basePods: Pick<BasePods, 'find' | 'topologyOf'>
  /** For looking again: no index helps the API server there, and a fleet that came at once would look at once. */
  readonly furtherLooks: { tryTake(): boolean }
  readonly clock: Pick<Clock, 'now'>
  readonly rng: Rng
  readonly log: Log
}

/** And up to as much later: who finds no room for a look must not come back all at once. */
const LOOK_POSTPONED_MS = 1_000

export class OwnPodSearch {
  readonly #of: OwnPodSearchOptions
  readonly #lookups = new Map<NodeName, Lookup>()
  readonly #topology = new Map<NodeName, Labels>()

  constructor(options: OwnPodSearchOptions) {
    this.#of = options
  }

  /** Zone and region of the real Node; undefined while that is not known. */
  topologyOf(name: NodeName): Labels | undefined {
    return this.#topology.get(name)
  }

  forget(name: NodeName): void {
    this.#lookups.delete(name)
    this.#topology.delete(name)
  }

  /** Looks for the base's own Pod where that is due; returns when it is due next. */
  async lookUp(name: NodeName): Promise<number | undefined> {
    const { registry, clock, ownership } = this.#of
    const record = ownership.acts(name) ? registry.byNode(name) : undefined
    const place = record && placeToLookAt(record)
    if (!record || !place) return undefined
    const lookup = lookupOf(this.#lookups.get(name), record, clock.now())
    this.#lookups.set(name, lookup)
    const dueInMs = this.#lookDueInMs(lookup)
    if (dueInMs !== 0) return dueInMs
    const found = await this.#find(place)
    const next = looked(lookup, found !== undefined)
    this.#lookups.set(name, next)
    if (found) await this.#pin(record, found)
    // What was pinned belonged to another address or process.
    else if (next.over || record.basePod) registry.note(record.id, { kind: 'basePod', basePod: undefined })
    return lookDueInMs(next, clock.now())
  }

  #lookDueInMs(lookup: Lookup): number | undefined {
    const { clock, rng, furtherLooks } = this.#of
    const dueInMs = lookDueInMs(lookup, clock.now())
    const isPostponed = dueInMs === 0 && lookup.looks > 0 && !furtherLooks.tryTake()
    return isPostponed ? LOOK_POSTPONED_MS * (1 + rng.next()) : dueInMs
  }

  /** No base fails to become a Node because its Pod could not be looked up. */
  async #find({ ip, hostName }: Place): Promise<Awaited<ReturnType<BasePods['find']>>> {
    try {
      return await this.#of.basePods.find(ip, hostName)
    } catch (error) {
      this.#of.log.warn('own pod of a base not looked up', { ip, error: String(error) })
      return undefined
    }
  }

  async #pin(record: BaseRecord, found: NonNullable<BaseRecord['basePod']> & { nodeName: string }): Promise<void> {
    const { basePods, registry, log } = this.#of
    try {
      this.#topology.set(record.nodeName, await basePods.topologyOf(found.nodeName))
    } catch (error) {
      log.warn('zone of a base not looked up', { node: found.nodeName, error: String(error) })
    }
    if (record.basePod?.uid !== found.uid || !record.basePodSettled)
      registry.note(record.id, { kind: 'basePod', basePod: found })
  }
}
