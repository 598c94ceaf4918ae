import type { BaseId, LinkState, Observation } from '../../mqtt-bridge/index.ts'
import type { NodeName } from '../names.ts'
import type { Rng } from '../ports.ts'
import type { BaseRecord, Change, ReachState } from './base-record.ts'
import { applyNote, type Note } from './notes.ts'
import { observe } from './observe.ts'
import type { FlightEnd } from './observed.ts'
import { takenUp } from './taken-up.ts'

export interface RegistryOptions {
  readonly nodeNameOf: (id: BaseId) => NodeName
  readonly rng: Rng
  /** Bases at a time; the dead that are still remembered may be as many again. */
  readonly maxBases: number
  /** Brake on newcomers: a flood of invented identities must not become a flood of Nodes. */
  readonly newcomers: { tryTake(): boolean }
}

export type RefusalReason =
  /** `maxBases` reached. */
  | 'full'
  /** More newcomers than the rate allows; the base's next heart tries again. */
  | 'rate'
  /** Another identity has this Node name. */
  | 'nodeNameTaken'

export type Admission =
  | { readonly kind: 'known'; readonly record: BaseRecord }
  | { readonly kind: 'added'; readonly record: BaseRecord }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly by?: BaseId }
  /** Of a base that we do not know, and no heart: nothing was recorded. */
  | { readonly kind: 'ignored' }

export type ChangeListener = (id: BaseId, change: Change, record: BaseRecord) => void
export type FlightEndListener = (id: BaseId, end: FlightEnd, record: BaseRecord) => void

/**
 * The facts about every base, and nothing else: no timers, no I/O, no decisions.
 * Records are replaced, never mutated, so that whoever holds one holds a moment. Listeners are called
 * synchronously, once per kind of change, when the new record is already in place; they must not throw.
 */
export class BaseRegistry {
  readonly #options: RegistryOptions
  readonly #records = new Map<BaseId, BaseRecord>()
  readonly #byNode = new Map<NodeName, BaseId>()
  readonly #reach: Record<ReachState, number> = { unproven: 0, heard: 0, silent: 0, dead: 0 }
  readonly #onChange = new Set<ChangeListener>()
  readonly #onFlightEnd = new Set<FlightEndListener>()
  readonly #refused: Record<RefusalReason, number> = { full: 0, rate: 0, nodeNameTaken: 0 }
  #link: LinkState = { connected: false, epoch: 0, sinceMs: 0, why: 'not yet connected' }

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  get link(): LinkState {
    return this.#link
  }

  get size(): number {
    return this.#records.size
  }

  /** How many bases are in which state, kept up to date: judging a mass silence needs no walk over all of them. */
  get reachCounts(): Readonly<Record<ReachState, number>> {
    return this.#reach
  }

  get refusedCounts(): Readonly<Record<RefusalReason, number>> {
    return this.#refused
  }

  get(id: BaseId): BaseRecord | undefined {
    return this.#records.get(id)
  }

  byNode(name: NodeName): BaseRecord | undefined {
    const id = this.#byNode.get(name)
    return id === undefined ? undefined : this.#records.get(id)
  }

  list(): readonly BaseRecord[] {
    return [...this.#records.values()]
  }

  setLink(link: LinkState): void {
    this.#link = link
  }

  observe(observation: Observation, nowMs: number): Admission {
    const known = this.#records.get(observation.base)
    const { nodeNameOf, rng } = this.#options
    const observed = observe(known, observation, { nowMs, link: this.#link, nodeNameOf, jitter: rng.next() })
    if (!observed) return { kind: 'ignored' }
    const refusal = known ? undefined : this.#refusalOf(observed.record)
    if (refusal) return refusal
    this.#put(observed.record)
    for (const end of observed.ended)
      for (const listen of this.#onFlightEnd) listen(known?.id ?? observation.base, end, observed.record)
    this.#tell(observed.record, observed.changes)
    return { kind: known ? 'known' : 'added', record: observed.record }
  }

  /** False: the base is not (or no longer) known. */
  note(id: BaseId, note: Note): boolean {
    const known = this.#records.get(id)
    if (!known) return false
    const { record, changes } = applyNote(known, note)
    this.#put(record)
    this.#tell(record, changes)
    return true
  }

  /**
   * Takes up a base that its Node object tells of, after our restart. One that was heard meanwhile keeps its own
   * facts and only gains what it lacks. Neither brake applies: these bases were admitted before.
   */
  adopt(adopted: BaseRecord): Admission {
    const known = this.#records.get(adopted.id)
    if (known) {
      const record = supplement(known, adopted)
      this.#put(record)
      if (record !== known) this.#tell(record, ['described', 'foreign'])
      return { kind: 'known', record }
    }
    const owner = this.#byNode.get(adopted.nodeName)
    if (owner !== undefined) return this.#refuse('nodeNameTaken', owner)
    this.#put(adopted)
    this.#tell(adopted, ['added'])
    return { kind: 'added', record: adopted }
  }

  /** Takes over from another replica a base that was only heard of until now. */
  takeUp(adopted: BaseRecord): void {
    const known = this.#records.get(adopted.id)
    const record = known ? takenUp(known, adopted) : adopted
    this.#put(record)
    this.#tell(record, ['reach'])
  }

  remove(id: BaseId): void {
    const record = this.#records.get(id)
    if (!record) return
    this.#records.delete(id)
    this.#byNode.delete(record.nodeName)
    this.#reach[record.reach.state]--
    this.#tell(record, ['removed'])
  }

  onChange(listener: ChangeListener): () => void {
    this.#onChange.add(listener)
    return () => this.#onChange.delete(listener)
  }

  /** Each command that ends, with how it ended; called before the changes it made. */
  onFlightEnd(listener: FlightEndListener): () => void {
    this.#onFlightEnd.add(listener)
    return () => this.#onFlightEnd.delete(listener)
  }

  #refusalOf(record: BaseRecord): Admission | undefined {
    const owner = this.#byNode.get(record.nodeName)
    if (owner !== undefined) return this.#refuse('nodeNameTaken', owner)
    const { maxBases, newcomers } = this.#options
    if (this.size - this.#reach.dead >= maxBases || this.size >= 2 * maxBases) return this.#refuse('full')
    return newcomers.tryTake() ? undefined : this.#refuse('rate')
  }

  #refuse(reason: RefusalReason, by?: BaseId): Admission {
    this.#refused[reason]++
    return by === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, by }
  }

  #put(record: BaseRecord): void {
    const before = this.#records.get(record.id)
    if (before) this.#reach[before.reach.state]--
    this.#reach[record.reach.state]++
    this.#records.set(record.id, record)
    this.#byNode.set(record.nodeName, record.id)
  }

  #tell(record: BaseRecord, changes: readonly Change[]): void {
    for (const change of changes) for (const listen of this.#onChange) listen(record.id, change, record)
  }
}

function proofsOfBoth(known: BaseRecord, { proofs }: BaseRecord): Partial<Pick<BaseRecord, 'proofs'>> {
  return proofs.size > 0 ? { proofs: new Map([...proofs, ...known.proofs]) } : {}
}

function supplement(known: BaseRecord, adopted: BaseRecord): BaseRecord {
  const { address, basePod, foreign, metaspaceOwnBytes } = adopted
  const lacking = {
    ...(!known.address && address && { address }),
    ...(!known.basePod && basePod && { basePod, basePodSettled: true }),
    ...(!known.foreign && foreign && { foreign }),
    ...proofsOfBoth(known, adopted),
    ...(known.metaspaceOwnBytes === undefined && metaspaceOwnBytes !== undefined && { metaspaceOwnBytes }),
  }
  return Object.keys(lacking).length > 0 ? { ...known, ...lacking } : known
}
