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
  readonly sinceMs: number
}

export class Ledger {
  readonly #running = new Map<string, Running & Origin>()
  readonly #origins = new Map<string, Origin>()
  readonly #foreign = new Set<string>()
  readonly #unseen = new Set<string>()

  /** By `name:version`: commands that were begun and have not ended, those that hang included. */
  get running(): ReadonlyMap<string, Running> {
    return this.#running
  }

  /** Installed by somebody else while no operator ran: nobody can tell it from what an operator of ours left behind. */
  get unseen(): ReadonlySet<string> {
    return this.#unseen
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
    this.#unseen.clear()
    for (const key of staticModules) this.#foreign.add(key)
  }

  received({ kind, name, version, url, args, atMs }: ReceivedCommand): void {
    const key = `${name}:${version}`
    if ((kind !== 'installBiz' && kind !== 'uninstallBiz') || name === '' || this.#running.has(key)) return
    this.#running.set(key, { kind, url, args, sinceMs: atMs })
  }

  answered({ command, name, version, code, dataCode }: GivenAnswer, isWatched: boolean): void {
    // A conflict: that command was never begun.
    if (code !== 'SUCCESS' && dataCode === '') return
    const key = `${name}:${version}`
    const ended = this.#running.get(key)
    this.#running.delete(key)
    if (code !== 'SUCCESS') return
    if (command === 'installBiz' && name === PEERS_BIZ) (isWatched ? this.#foreign : this.#unseen).add(key)
    if (command === 'installBiz' && ended) this.#origins.set(key, { url: ended.url, args: ended.args })
    if (command === 'uninstallBiz') {
      this.#origins.delete(key)
      this.#foreign.delete(key)
      this.#unseen.delete(key)
    }
  }
}
