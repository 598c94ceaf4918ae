import type { V1Lease } from '@kubernetes/client-node'
import { type BaseId, type BizKey, bizKey, type Command } from '../../mqtt-bridge/index.ts'
import * as events from '../events.ts'
import { again, gone, type Outcome, type Reconciler, settled, soonest } from '../loop/outcome.ts'
import { leaseName, type NodeName } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import type { Arklet, BasePods, Clock, Cluster, Events, Log, Metrics, Rng, Store } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import { codeOf, takeBack } from '../take-back.ts'
import { longestToleratedMs } from '../tolerations.ts'
import { decideBystander } from './bystander.ts'
import { type Census, isMassSilence, takeCensus } from './census.ts'
import { type DeathCause, type Decision, type Memo, NO_MEMO, type TunnelFacts } from './facts.ts'
import { memoryOf, remembered } from './memory.ts'
import { PARTS } from './plan.ts'
import type { TunnelSettings } from './settings.ts'

export interface BaseTunnelControllerOptions {
  readonly registry: Pick<BaseRegistry, 'get' | 'list' | 'note' | 'adopt' | 'remove' | 'link'>
  readonly ownership: Pick<Ownership, 'acts' | 'holder'>
  readonly store: Store
  /** What the Lease of a base says is not ours to uninstall. */
  readonly foreignOf: (lease: V1Lease | undefined) => ReadonlySet<BizKey> | undefined
  readonly arklet: Arklet
  readonly cluster: Pick<Cluster, 'readMemory' | 'writeMemory'>
  readonly basePods: Pick<BasePods, 'state'>
  /** Every `name:version` that a Pod bound to this base asks for, one being deleted included. */
  readonly claimedBizs: (record: BaseRecord) => ReadonlySet<BizKey>
  readonly nodeNameOf: (id: BaseId) => NodeName
  readonly events: Events
  readonly metrics: Metrics
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Log
  readonly settings: TunnelSettings
}

/** A walk over all bases, for each of them, is worth repeating only so often. */
const CENSUS_FOR_MS = 500
/** Many deaths at once are one write. */
const MEMORY_EVERY_MS = 2_000
const MEMORY_RETRY_MS = 30_000

const NOTHING = { notes: [], events: [], deadlines: [], commands: [] } satisfies Decision

const firstMissing = (records: readonly BaseRecord[]): BaseRecord | undefined =>
  records.find(({ reach }) => reach.state === 'silent' || reach.held)

/** Keyed by base: is it alive, what is to be asked of it, and what runs there that nobody wants? Writes no Node and no Pod. */
export class BaseTunnelController implements Reconciler<BaseId> {
  readonly name = 'tunnel'
  readonly #of: BaseTunnelControllerOptions
  readonly #memos = new Map<BaseId, Memo>()
  readonly #slots = new Map<BaseId, number>()
  #census: { readonly atMs: number; readonly epoch: number; readonly census: Census } | undefined
  #lastDeathAtMs: number | undefined
  /** The dead of whom the ConfigMap was last told, whether or not it had room for them. */
  #remembered: ReadonlySet<BaseId> = new Set()
  #memoryAtMs = 0
  #massTold = false

  constructor(options: BaseTunnelControllerOptions) {
    this.#of = options
  }

  /** For the alarm metric: are deaths held back, and how many of how many bases are missing? */
  get massSilence(): Census & { readonly held: boolean } {
    const census = this.#takeCensus()
    return { ...census, held: isMassSilence(census) }
  }

  /** What `reconcile` remembers of a base, for /debug/state. */
  memoOf(id: BaseId): Memo {
    return this.#memos.get(id) ?? NO_MEMO
  }

  /** At start, after the Nodes were adopted: takes up the dead that are still remembered; returns how many. */
  async restore(): Promise<number> {
    const { cluster, registry, nodeNameOf, settings, clock } = this.#of
    const memory = await cluster.readMemory()
    const records = remembered(memory, { nodeNameOf, rememberMs: settings.rememberMs, nowMs: clock.now() })
    const taken = records.filter(record => registry.adopt(record).kind === 'added')
    this.#remembered = new Set(taken.map(({ id }) => id))
    return taken.length
  }

  async reconcile(id: BaseId): Promise<Outcome> {
    const { registry } = this.#of
    const heardOnly = registry.get(id)
    if (heardOnly && !this.#of.ownership.acts(heardOnly.nodeName)) return this.#standBy(heardOnly)
    const whys: string[] = []
    const waits: (number | undefined)[] = []
    for (const { name, decide } of PARTS) {
      const record = registry.get(id)
      if (!record) break
      const decision = decide(this.#facts(record))
      this.#apply(record, decision)
      waits.push(decision.wakeAfterMs)
      if (decision.why) whys.push(`${name}: ${decision.why}`)
    }
    this.#tellMassSilence()
    const record = registry.get(id)
    if (!record) this.#forget(id)
    waits.push(await this.#writeMemory(id, record))
    const wakeMs = soonest(...waits)
    if (!record && wakeMs === undefined) return gone('no such base')
    const why = whys.join('; ')
    return wakeMs === undefined ? settled('watch', why) : again(wakeMs, 'watch', why)
  }

  /** What was remembered of it is forgotten: it will be another's base when it comes to us. */
  async #standBy(record: BaseRecord): Promise<Outcome> {
    const { registry, store, clock, foreignOf, ownership } = this.#of
    const { id, nodeName } = record
    this.#forget(id)
    const lease = store.lease(leaseName(nodeName))
    const hasNode = store.node(nodeName) !== undefined
    const told = { lease, foreign: foreignOf(lease), us: ownership.holder }
    const decision = decideBystander({ record, hasNode, ...told, nowMs: clock.now() })
    for (const note of decision.notes) registry.note(id, note)
    if (decision.forget) registry.remove(id)
    const left = registry.get(id)
    const memoryMs = await this.#writeMemory(id, left)
    if (!left && memoryMs === undefined) return gone('no such base')
    return again(soonest(decision.wakeAfterMs, memoryMs) ?? decision.wakeAfterMs, 'watch', decision.why)
  }

  #facts(record: BaseRecord): TunnelFacts {
    const { registry, store, settings, clock } = this.#of
    const { nodeName } = record
    const uid = store.node(nodeName)?.metadata?.uid
    return {
      record,
      node: { name: nodeName, ...(uid !== undefined && { uid }) },
      hasNode: uid !== undefined,
      link: registry.link,
      census: this.#takeCensus(),
      lastDeathAtMs: this.#lastDeathAtMs,
      ownPod: record.basePod ? this.#of.basePods.state(record.basePod) : 'none',
      toleratedMs: () => longestToleratedMs(store.podsOn(nodeName)),
      claimed: () => (store.synced && record.nodeIs !== 'others' ? this.#of.claimedBizs(record) : undefined),
      cacheFreshAtMs: store.synced ? store.freshAtMs : 0,
      memo: this.#currentMemo(record),
      slot: this.#slotOf(record.id),
      settings,
      nowMs: clock.now(),
    }
  }

  #currentMemo({ id, takenAtMs }: BaseRecord): Memo {
    const memo = this.memoOf(id)
    if (memo.takenAtMs === takenAtMs || takenAtMs === undefined) return memo
    const blank: Memo = { ...NO_MEMO, takenAtMs }
    this.#memos.set(id, blank)
    return blank
  }

  #slotOf(id: BaseId): number {
    const slot = this.#slots.get(id) ?? this.#of.rng.next()
    this.#slots.set(id, slot)
    return slot
  }

  #takeCensus(): Census {
    const { registry, clock } = this.#of
    const nowMs = clock.now()
    const { epoch } = registry.link
    const last = this.#census
    if (last && last.epoch === epoch && nowMs - last.atMs < CENSUS_FOR_MS) return last.census
    const census = takeCensus(registry.list(), registry.link, nowMs)
    this.#census = { atMs: nowMs, epoch, census }
    return census
  }

  #apply(record: BaseRecord, decision: Decision): void {
    const { registry, events: recorder, metrics } = this.#of
    const { id } = record
    const { notes, events: told, deadlines, commands } = { ...NOTHING, ...decision }
    if (decision.memo) this.#memos.set(id, { ...this.memoOf(id), ...decision.memo })
    // Noted before anything is sent: nobody shall plan a second command meanwhile.
    for (const note of notes) registry.note(id, note)
    for (const event of told) recorder.emit(event)
    for (const command of deadlines) metrics.count('koupleless_command_deadlines_total', { command })
    for (const command of commands) this.#send(record, command)
    if (decision.died) this.#died(record, decision.died)
    if (decision.lost) this.#lastDeathAtMs = this.#of.clock.now()
    if (decision.forget) registry.remove(id)
  }

  #send(record: BaseRecord, command: Command): void {
    const { arklet, metrics, clock, log } = this.#of
    const askedAtMs = clock.now()
    metrics.count('koupleless_commands_total', { command: command.kind })
    if (command.kind === 'uninstallBiz') this.#swept(record, `${command.name}:${command.version}` as BizKey)
    arklet.send(record.id, command).then(
      () => this.#taken(record.id, command, askedAtMs),
      (error: unknown) => {
        log.debug('not acknowledged by the broker', { base: record.id, command: command.kind, code: codeOf(error) })
        return this.#unsent(record.id, command, error)
      },
    )
  }

  #swept(record: BaseRecord, biz: BizKey): void {
    this.#of.metrics.count('koupleless_modules_swept_total')
    this.#of.log.info('unclaimed module is uninstalled', { base: record.id, biz })
  }

  /** A question that the broker has taken: from now on silence means something. */
  #taken(id: BaseId, { kind }: Command, askedAtMs: number): void {
    const record = this.#of.registry.get(id)
    if (!record || (kind !== 'health' && kind !== 'queryAllBiz')) return
    const memo = this.memoOf(id)
    const since = memo.askedSurelySinceMs
    const stands = since !== undefined && since >= record.life.aliveAtMs && since >= this.#of.registry.link.sinceMs
    if (!stands) this.#memos.set(id, { ...memo, askedSurelySinceMs: askedAtMs })
  }

  async #unsent(id: BaseId, command: Command, error: unknown): Promise<void> {
    if (command.kind !== 'uninstallBiz') return
    const key = bizKey(command.name, command.version)
    const flight = this.#of.registry.get(id)?.flights.get(key)
    if (flight) await takeBack(this.#of, { id, key, sentAtMs: flight.sentAtMs, error })
  }

  #died(record: BaseRecord, reason: DeathCause): void {
    const { metrics, log, clock } = this.#of
    if (reason === 'silent') this.#lastDeathAtMs = clock.now()
    metrics.count('koupleless_bases_lost_total', { reason })
    log.warn('base is dead', { base: record.id, node: record.nodeName, reason })
  }

  /** Once each time it begins, and not once per base. */
  #tellMassSilence(): void {
    const { events: recorder, log, registry } = this.#of
    const { held, missing, known } = this.massSilence
    const missed = held && !this.#massTold && registry.link.connected ? firstMissing(registry.list()) : undefined
    if (missed) {
      log.warn('most bases are silent at once', { missing, known })
      recorder.emit(events.basesSilentHeld({ name: missed.nodeName }, missing, known))
    }
    this.#massTold = held && (this.#massTold || missed !== undefined)
  }

  /**
   * Returns when the next write is due. A write that fails is tried again later and fails nobody's run: what is
   * remembered matters only if we restart, while the base must go on being watched.
   */
  async #writeMemory(id: BaseId, record: BaseRecord | undefined): Promise<number | undefined> {
    const { cluster, registry, settings, clock, log } = this.#of
    const isDead = record?.reach.state === 'dead'
    if (isDead === this.#remembered.has(id)) return undefined
    const waitMs = this.#memoryAtMs + MEMORY_EVERY_MS - clock.now()
    if (waitMs > 0) return waitMs
    this.#memoryAtMs = clock.now()
    const before = this.#remembered
    const dead = registry.list().filter(({ reach }) => reach.state === 'dead')
    this.#remembered = new Set(dead.map(base => base.id))
    try {
      await cluster.writeMemory(memoryOf(dead, settings.rememberedMax))
      return undefined
    } catch (error) {
      log.warn('the dead bases are not written down', { error: String(error) })
      this.#remembered = before
      this.#memoryAtMs = clock.now() + MEMORY_RETRY_MS
      return MEMORY_RETRY_MS + MEMORY_EVERY_MS
    }
  }

  #forget(id: BaseId): void {
    this.#memos.delete(id)
    this.#slots.delete(id)
  }
}
