/** What bases answer tells whether the operator knew what it asked for: nothing twice, nothing in a loop. */
import type { GivenAnswer } from '../../base-simulator/index.ts'
import type { Frame } from '../network/connection.ts'
import type { Verdicts } from './verdicts.ts'

export interface AnswerOracleOptions {
  readonly verdicts: Verdicts
  readonly nowMs: () => number
  /** Each command reaches its base once, if at all, and nobody else sends any. */
  readonly isExact: () => boolean
}

/** An unanswered install is sent again after five minutes, an uninstall after ten seconds. */
const INSTALL_AGAIN_MS = 290_000
const UNINSTALL_AGAIN_MS = 9_000
const LOOP_MS = 60_000
const LOOP_MAX = 10
/** One Pod goes, and its heir wants the same. */
const PER_POD_GONE = 2

interface Sent {
  readonly atMs: number
  readonly verb: string
}

export class AnswerOracle {
  readonly #of: AnswerOracleOptions
  /** By base, name and version: what this operator sent, oldest first. */
  readonly #sent = new Map<string, Sent[]>()

  /** By base: when Pods went from it, oldest first. */
  readonly #gone = new Map<string, number[]>()

  constructor(options: AnswerOracleOptions) {
    this.#of = options
  }

  /** Another operator knows nothing of what the former sent; another JVM nothing of what the former got. */
  forget(identity?: string): void {
    if (identity === undefined) this.#sent.clear()
    for (const key of this.#sent.keys()) if (key.startsWith(`${identity}/`)) this.#sent.delete(key)
  }

  podGone(identity: string): void {
    this.#gone.set(identity, [...this.#goneLately(identity), this.#of.nowMs()])
  }

  #goneLately(identity: string): readonly number[] {
    return (this.#gone.get(identity) ?? []).filter(atMs => this.#of.nowMs() - atMs < LOOP_MS)
  }

  sent({ topic, payload }: Frame): void {
    const [, identity = '', verb = ''] = topic.split('/')
    if ((verb !== 'installBiz' && verb !== 'uninstallBiz') || payload.byteLength === 0) return
    const { bizName, bizVersion } = JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, string>
    const { nowMs, verdicts } = this.#of
    const key = `${identity}/${bizName}:${bizVersion}`
    const recent = (this.#sent.get(key) ?? []).filter(({ atMs }) => nowMs() - atMs < INSTALL_AGAIN_MS)
    recent.push({ atMs: nowMs(), verb })
    this.#sent.set(key, recent)
    const often = recent.filter(({ atMs }) => nowMs() - atMs < LOOP_MS).length
    if (often > LOOP_MAX + PER_POD_GONE * this.#goneLately(identity).length)
      verdicts.object('loop', `${key}: ${often} commands within a minute`)
  }

  answered(identity: string, { command, name, version, dataCode }: GivenAnswer): void {
    const { verdicts, nowMs, isExact } = this.#of
    if (!isExact() || (dataCode !== 'REPEAT_BIZ' && dataCode !== 'NOT_FOUND_BIZ')) return
    const key = `${identity}/${name}:${version}`
    const before = (this.#sent.get(key) ?? []).slice(0, -1)
    const last = before.at(-1)
    const withinMs = command === 'installBiz' ? INSTALL_AGAIN_MS : UNINSTALL_AGAIN_MS
    if (last?.verb === command && nowMs() - last.atMs < withinMs)
      verdicts.object(
        'twice',
        `${identity} answers ${command} ${name}:${version} with ${dataCode}: it had done it already`,
      )
  }
}
