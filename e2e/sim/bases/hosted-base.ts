/** One simulated base with whatever keeps it running, and the truth about it. */
import { type BaseOptions, SimulatedBase, type WebServerKind } from '../../base-simulator/index.ts'
import type { OpenLink } from '../../base-simulator/link.ts'
import { withBareRecords } from '../network/bare-records.ts'
import type { SeededRng } from '../rng.ts'
import type { VirtualTime } from '../virtual-time.ts'
import { Ledger } from './ledger.ts'

export interface HostedBaseOptions {
  readonly identity: string
  readonly ip: string
  readonly env: string
  readonly staticModules: readonly { readonly name: string; readonly version: string }[]
  readonly extra?: Partial<BaseOptions>
  readonly time: VirtualTime
  readonly rng: SeededRng
  readonly openLink: OpenLink
  /** What it tells of its modules lacks when and why they changed. */
  readonly bareRecords?: boolean
  /** Has the operator looked at what it runs? */
  readonly isWatched?: () => boolean
  /** A process begins. */
  readonly began?: () => void
  readonly told: (who: string, what: string) => void
}

const RETRY_MS = 5_000
/** No install takes so long. */
const HANGS_AFTER_MS = 10_000

export class HostedBase {
  readonly base: SimulatedBase
  readonly ledger = new Ledger()
  /** Ahead of the world's clock by this much. */
  skewMs = 0
  /** Its clock was set since its process began: when its modules came up nobody can tell. */
  clockWasSet = false
  /** Since when its heart beats and it answers nothing. */
  deafSinceMs: number | undefined
  /** Alive in the world's eyes: cut off, paused or deaf it may be, but its modules run. */
  wanted = false
  /** When the present process began; undefined while there is none. */
  beganAtMs: number | undefined
  readonly #of: HostedBaseOptions
  #starts = 0

  constructor(options: HostedBaseOptions) {
    const { identity, ip, env, staticModules, extra, time, rng, told, bareRecords } = options
    const openLink = bareRecords ? withBareRecords(options.openLink) : options.openLink
    this.#of = options
    this.base = new SimulatedBase(
      { identity, ip, env, staticModules, clockSkewMs: () => this.skewMs, ...extra },
      { clock: time, openLink, random: () => rng.next() },
    )
    this.base.onCommand(command => {
      if (command.kind === 'health' || command.kind === 'queryAllBiz' || command.kind === 'baseline') return
      told(identity, `gets ${command.kind} ${command.name}:${command.version} ${command.strategy} ${command.url}`)
      if (this.deafSinceMs === undefined) this.ledger.received(command, options.isWatched?.() ?? true)
    })
    this.base.onAnswer(answer => {
      const { command, name, version, code, dataCode } = answer
      told(identity, `answers ${command} ${name}:${version} ${code} ${dataCode}`)
      this.ledger.answered(answer)
    })
  }

  get identity(): string {
    return this.#of.identity
  }

  get webServer(): WebServerKind {
    return this.#of.extra?.webServer ?? 'none'
  }

  get alive(): boolean {
    return this.base.alive
  }

  /** `name:version` of all that is ACTIVATED. */
  get active(): readonly string[] {
    return this.base.bizs().flatMap(({ name, version, state }) => (state === 'activated' ? `${name}:${version}` : []))
  }

  start(): void {
    this.wanted = true
    this.#begin(() => this.base.start())
  }

  restart(downMs: number, changes: { readonly ip?: string } = {}): void {
    this.kill()
    this.wanted = true
    const { time } = this.#of
    const starts = ++this.#starts
    time.after(downMs, () => {
      if (this.#starts === starts && this.wanted) this.#begin(() => this.base.restart(changes))
    })
  }

  /** Ends standstill; deafness, which is five workers that hang, ends with the process alone. */
  hears(): void {
    if (!this.alive) return
    if (this.deafSinceMs !== undefined) this.restart(0)
    else this.base.resume()
  }

  installsAsUsual(): void {
    const { rng } = this.#of
    this.base.setInstallMs(() => rng.between(300, 500))
  }

  /** Whatever is broken about it is mended; one whose downloads hang is restarted, as its owner would. */
  heal(): void {
    if (!this.wanted) return
    this.base.rejoin()
    this.base.behaviour.forgive()
    this.installsAsUsual()
    if (!this.alive) return
    if (this.#hangs()) this.restart(0)
    else this.hears()
    // What began just before may hang as well.
    this.#of.time.after(HANGS_AFTER_MS + 1, () => {
      if (this.alive && this.#hangs()) this.restart(0)
    })
  }

  #hangs(): boolean {
    const nowMs = this.#of.time.now()
    return [...this.ledger.running.values()].some(({ sinceMs }) => nowMs - sinceMs > HANGS_AFTER_MS)
  }

  /** One that nobody knows and whose heart fell into an outage is found by nobody: its owner notices. */
  beatAgain(): void {
    if (this.alive && this.base.connected && !this.base.beating) this.base.startBeating()
  }

  kill(): void {
    this.wanted = false
    this.#starts += 1
    if (this.alive) this.#of.told(this.identity, 'is killed')
    this.base.kill()
    this.beganAtMs = undefined
    this.ledger.began([])
  }

  /** A base that finds no broker is a zombie: its supervisor starts it again. */
  #begin(start: () => Promise<unknown>): void {
    const { time, told, staticModules } = this.#of
    const starts = ++this.#starts
    told(this.identity, 'starts')
    this.deafSinceMs = undefined
    this.clockWasSet = false
    this.beganAtMs = time.now()
    this.#of.began?.()
    this.ledger.began(staticModules.map(({ name, version }) => `${name}:${version}`))
    start().catch((error: unknown) => {
      if (this.#starts !== starts) return
      told(this.identity, `does not come up: ${String(error)}`)
      this.restart(RETRY_MS)
    })
  }
}
