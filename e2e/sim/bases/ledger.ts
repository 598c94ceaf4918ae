/** What truly goes on in one base, noted as it happens: the operator knows of it only what reaches it. */
import type { GivenAnswer, ReceivedCommand } from '../../base-simulator/index.ts'

/** The command that a present biz came from. */
export interface Origin {
  readonly url: string
  readonly args: readonly string[]
}

/** Installed by somebody else, and claimed by no Pod of these worlds. */
export const PEERS_BIZ = 'peers'

export interface Running {
  readonly kind: string
  /** An operator had looked at this base before. */
  readonly isWatched: boolean
  readonly sinceMs: number
}

const LONG_UNDER_WAY_MS = 10_000

export class Ledger {
  readonly #running = new Map<string, Running & Origin>()
  readonly #origins = new Map<string, Origin>()
  readonly #foreign = new Set<string>()
  readonly #untold = new Set<string>()
  /** While it was being installed, or its install was under way. */
  readonly #lostMeanwhile = new Set<string>()
  /** What was last sent for each, and when; without an origin: to remove it. */
  readonly #asked = new Map<string, { readonly origin: Origin | undefined; readonly atMs: number }>()
  /** Installs that were sent and have not arrived. */
  readonly #underWay = new Set<string>()
  /** When an operator last began. */
  #operatorSinceMs = 0
  /** Somebody else's, and the operator that had looked before has not seen them yet. */
  readonly #coming = new Set<string>()

  /** By `name:version`: commands that were begun and have not ended, those that hang included. */
  get running(): ReadonlyMap<string, Running> {
    return this.#running
  }

  /**
   * Nothing is left that tells whose it is, or what it was installed from: somebody else installed it unseen, a Pod that
   * asked for it, or the Node, was deleted by force, or a command arrived after one that was sent later.
   */
  get untold(): ReadonlySet<string> {
    return this.#untold
  }

  /** What the operator is told that runs: from now on it knows what came without a command of its own. */
  shown(listed: ReadonlyMap<string, unknown> | undefined): void {
    for (const key of this.#coming) {
      if (!listed?.has(key)) continue
      this.#coming.delete(key)
      this.#foreign.add(key)
    }
  }

  /** Another operator: it cannot tell what came before it looked. */
  forgotten(atMs: number): void {
    this.#operatorSinceMs = atMs
    for (const key of this.#coming) this.#untold.add(key)
    this.#coming.clear()
  }

  /** A command for it leaves an operator. */
  asked(key: string, origin: Origin | undefined, atMs: number): void {
    this.#asked.set(key, { origin, atMs })
    if (origin) this.#underWay.add(key)
    else this.#underWay.delete(key)
  }

  loseWitness(key: string): void {
    this.#untold.add(key)
    if (this.#running.has(key) || this.#underWay.has(key)) this.#lostMeanwhile.add(key)
  }

  loseAllWitnesses(): void {
    for (const key of this.#origins.keys()) this.#untold.add(key)
  }

  /** Came with the base, and is nobody's to remove. */
  get foreign(): ReadonlySet<string> {
    return this.#foreign
  }

  originOf(key: string): Origin | undefined {
    return this.#origins.get(key)
  }

  /** Another JVM: nothing of the former one is left. */
  began(staticModules: readonly string[]): void {
    this.#running.clear()
    this.#origins.clear()
    this.#foreign.clear()
    this.#untold.clear()
    this.#lostMeanwhile.clear()
    this.#underWay.clear()
    this.#coming.clear()
    for (const key of staticModules) this.#foreign.add(key)
  }

  received({ kind, name, version, url, args, atMs }: ReceivedCommand, isWatched: boolean): void {
    const key = `${name}:${version}`
    if ((kind !== 'installBiz' && kind !== 'uninstallBiz') || name === '' || this.#running.has(key)) return
    this.#running.set(key, { kind, isWatched, url, args, sinceMs: atMs })
    this.#underWay.delete(key)
    const isLate = this.#isOvertaken(key, { url, args }) || this.#isOfFormer(key, atMs)
    if (kind === 'installBiz' && isLate) this.#lostMeanwhile.add(key)
  }

  answered({ command, name, version, code, dataCode }: GivenAnswer): void {
    // A conflict: that command was never begun.
    if (code !== 'SUCCESS' && dataCode === '') return
    const key = `${name}:${version}`
    const ended = this.#running.get(key)
    this.#running.delete(key)
    if (code !== 'SUCCESS') return
    if (command === 'installBiz') this.#installed(key, name, ended)
    if (command === 'uninstallBiz')
      for (const of of [this.#origins, this.#foreign, this.#untold, this.#coming]) of.delete(key)
  }

  /** Sent by an operator that has ended since, and long under way: the next one had looked, and hears of no command. */
  #isOfFormer(key: string, nowMs: number): boolean {
    const sentAtMs = this.#asked.get(key)?.atMs ?? nowMs
    return sentAtMs < this.#operatorSinceMs && nowMs - sentAtMs > LONG_UNDER_WAY_MS
  }

  #isOvertaken(key: string, { url, args }: Origin): boolean {
    const newest = this.#asked.get(key)
    if (!newest) return false
    if (!newest.origin) return true
    return newest.origin.url !== url || newest.origin.args.join(' ') !== args.join(' ')
  }

  #installed(key: string, name: string, ended: (Running & Origin) | undefined): void {
    if (ended) this.#origins.set(key, { url: ended.url, args: ended.args })
    if (name === PEERS_BIZ) (ended?.isWatched ? this.#coming : this.#untold).add(key)
    else if (this.#lostMeanwhile.delete(key)) this.#untold.add(key)
    else if (ended) this.#untold.delete(key)
  }
}
