/** One simulated base and the truth about it: every command it got, and what it thinks of it. */
import type { ReceivedCommand, SimulatedBase } from '../base-simulator/index.ts'
import { Ledger } from '../sim/bases/ledger.ts'
import { nodeNameOf, type TrueBase } from '../sim/oracles/settled.ts'
import type { Uninstall } from './pods-seen.ts'

export interface BaseFindings {
  /** An install of what stands there, from the very same. */
  readonly duplicate: (what: string) => void
  /** Of a module that is active. Whether a Pod claimed it is asked later. */
  readonly uninstalled: (what: Uninstall) => void
  readonly command: (kind: string) => void
  /** When somebody last asked for a fresh start of this module: another Pod of it, or a restart. */
  readonly changedAtMs: (bizName: string) => number
}

/** How late a change may reach a base: a fault may hold it back. */
const CHANGE_LATE_MS = 60_000

export class ObservedBase implements TrueBase {
  readonly base: SimulatedBase
  readonly ledger = new Ledger()
  readonly #findings: BaseFindings
  readonly #installedAtMs = new Map<string, number>()

  constructor(base: SimulatedBase, findings: BaseFindings) {
    this.base = base
    this.#findings = findings
    this.ledger.began([])
    base.onCommand(command => this.#received(command))
    base.onAnswer(answer => this.ledger.answered(answer))
  }

  get identity(): string {
    return this.base.identity
  }

  get alive(): boolean {
    return this.base.alive
  }

  #received(command: ReceivedCommand): void {
    const { kind, name, version } = command
    if ((kind !== 'installBiz' && kind !== 'uninstallBiz') || name === '') return
    this.#findings.command(kind)
    const key = `${name}:${version}`
    const isActive = this.base.bizs().some(biz => `${biz.name}:${biz.version}` === key && biz.state === 'activated')
    if (isActive && kind === 'installBiz') this.#judgeInstall(command, key)
    if (isActive && kind === 'uninstallBiz')
      this.#findings.uninstalled({ nodeName: nodeNameOf(this), name, version, atMs: command.atMs })
    if (kind === 'installBiz') this.#installedAtMs.set(key, command.atMs)
    this.ledger.received(command, true)
  }

  #judgeInstall({ name, url, args, strategy, atMs }: ReceivedCommand, key: string): void {
    const origin = this.ledger.originOf(key)
    const isSame = origin?.url === url && origin.args.join(' ') === args.join(' ')
    const before = this.#installedAtMs.get(key) ?? 0
    // A restart asks for the same once more, in place of what runs.
    const isAskedFor = strategy === 'uninstallThenInstall' && this.#findings.changedAtMs(name) > before - CHANGE_LATE_MS
    if (isSame && !isAskedFor)
      this.#findings.duplicate(`${this.identity} is to install ${key} (${strategy}), active for ${atMs - before} ms`)
  }
}
