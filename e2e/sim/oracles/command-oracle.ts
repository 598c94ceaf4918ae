/** What may be said to a base, checked as each command leaves. */

import type { V1Pod } from '@kubernetes/client-node'
import { baseId } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import type { BaseRecord } from '../../../reconcilers/registry/base-record.ts'
import type { HostedBase } from '../bases/hosted-base.ts'
import type { Running } from '../bases/ledger.ts'
import type { Frame } from '../network/connection.ts'
import { claimsIn, liveClaims, newest, type SeenClaim } from './claims-seen.ts'
import type { Heard } from './heard.ts'
import { servedBy } from './outage-oracle.ts'
import type { Verdicts } from './verdicts.ts'

export interface CommandOracleOptions {
  readonly verdicts: Verdicts
  readonly heard: Heard
  readonly baseOf: (identity: string) => HostedBase | undefined
  /** Nothing on the network can bring a base a command that the operator did not just send. */
  readonly isExact: () => boolean
  readonly nowMs: () => number
  /** All that there are, in truth; absent: not looked at. */
  readonly pods?: () => readonly V1Pod[]
}

export interface Sender {
  readonly composition: Composition
  readonly startedAtMs: number
}

interface Words {
  readonly bizName?: string
  readonly bizVersion?: string
  readonly bizUrl?: string
  readonly installStrategy?: string
}

const keyOf = ({ bizName, bizVersion }: Words): string => `${bizName}:${bizVersion}`
const nameOf = ({ identity }: HostedBase, key: string): string => `${identity} ${key}`

/** One that shows no trace for so long may be lost: the base is asked by another command, which its lock refuses (ADR 0010). */
const TRACELESS_AFTER_MS = 11_000
const INSTALLS_MAX = 2
/** A module is watched for thirty seconds before it is swept, by caches that were proven current since. */
const CURRENT_WITHIN_MS = 31_000
const COMMANDS_MAX = 3

export class CommandOracle {
  readonly #of: CommandOracleOptions
  /** What each operator has sent itself: a base that stood still may begin only now with what a former one sent. */
  readonly #sentBy = new WeakMap<Sender, Set<string>>()

  constructor(options: CommandOracleOptions) {
    this.#of = options
  }

  /** `retain`: the broker would bring it again to each base that connects. */
  sent({ topic, payload }: Frame, sender: Sender, retain: boolean): void {
    const [, identity = '', verb = ''] = topic.split('/')
    if ((verb !== 'installBiz' && verb !== 'uninstallBiz') || payload.byteLength === 0) return
    if (retain) this.#of.verdicts.object('retained', `${verb} is left on the broker for ${identity}`)
    const words = JSON.parse(Buffer.from(payload).toString('utf8')) as Words
    this.#toBase(this.#of.baseOf(identity), verb, words, sender)
    if (verb === 'uninstallBiz') this.#claimed(identity, words, sender)
    else this.#twice(identity, words)
  }

  #toBase(base: HostedBase | undefined, verb: string, words: Words, sender: Sender): void {
    if (!base) return
    const sent = this.#sentBy.get(sender) ?? new Set()
    if (this.#of.isExact()) this.#whileRunning(base, verb, words, sent)
    this.#sentBy.set(sender, sent.add(nameOf(base, keyOf(words))))
    // By the clock alone an operator tells what came unseen before its time.
    if (!base.clockWasSet || (base.beganAtMs ?? 0) > sender.startedAtMs) this.#foreign(base, verb, words)
  }

  #whileRunning(base: HostedBase, verb: string, words: Words, sent: ReadonlySet<string>): void {
    const { verdicts } = this.#of
    const key = keyOf(words)
    const ours = [...base.ledger.running].filter(([running]) => sent.has(nameOf(base, running)))
    const running = base.ledger.running.get(key)
    if (running && ours.some(([each]) => each === key) && !this.#mayBeLost(base, key, running))
      verdicts.object('one-at-a-time', `${base.identity} gets ${verb} ${key} while it is busy with it`)
    const others = ours.filter(([each]) => each !== key)
    const installs = others.filter(([, { kind }]) => kind === 'installBiz')
    if (others.length >= COMMANDS_MAX)
      verdicts.object('flight-limit', `${base.identity} gets ${verb} ${key}, the ${others.length + 1}th at a time`)
    if (verb === 'installBiz' && installs.length >= INSTALLS_MAX)
      verdicts.object(
        'flight-limit',
        `${base.identity} gets ${verb} ${key}, the ${installs.length + 1}th install at a time`,
      )
  }

  #mayBeLost({ identity }: HostedBase, key: string, { kind, sinceMs }: Running): boolean {
    const { heard, nowMs } = this.#of
    const isShown = heard.of(identity)?.listed?.has(key) ?? true
    return kind === 'installBiz' && !isShown && nowMs() - sinceMs > TRACELESS_AFTER_MS
  }

  #foreign(base: HostedBase, verb: string, { bizName, bizVersion, installStrategy }: Words): void {
    const removes = (key: string): boolean =>
      verb === 'uninstallBiz'
        ? key === `${bizName}:${bizVersion}`
        : installStrategy === 'uninstallThenInstall' && key.startsWith(`${bizName}:`)
    for (const key of base.ledger.foreign)
      if (removes(key))
        this.#of.verdicts.object('foreign', `${base.identity} gets ${verb} for ${key}, which is not ours`)
  }

  /** By what the operator has been told: it cannot know of a claim that is still on its way. */
  #claimed(identity: string, { bizName = '', bizVersion }: Words, { composition }: Sender): void {
    const record = composition.registry.get(baseId(identity))
    if (!record) return
    const claims = liveClaims(composition.store.podsOn(record.nodeName), record.nodeName).get(bizName) ?? []
    this.#unseen(record, { bizName, ...(bizVersion !== undefined && { bizVersion }) }, composition)
    const state = record.bizs.get(`${bizName}:${bizVersion}` as never)?.state
    const isWanted = claims.length > 0 && claims.every(({ version }) => version === bizVersion)
    if (isWanted && stands(state) && !this.#isTrialOfAnother(identity, `${bizName}:${bizVersion}`, claims))
      this.#of.verdicts.object(
        'claimed',
        `${identity} gets uninstallBiz ${bizName}:${bizVersion}, which live Pods claim`,
      )
  }

  /** It serves nobody, and came from another jar than the newest live Pod names: it proves nothing of that one. */
  #isTrialOfAnother(identity: string, key: string, claims: readonly SeenClaim[]): boolean {
    const base = this.#of.baseOf(identity)
    const origin = base?.ledger.originOf(key)
    return (
      base !== undefined &&
      origin !== undefined &&
      !servedBy(base, key.split(':')[0] ?? '').includes(key) &&
      !newest(claims).some(({ url }) => url === origin.url)
    )
  }

  /** Nobody claims it, for all that the operator sees: then it must see what was there long before. */
  #unseen({ id, nodeName }: BaseRecord, { bizName = '', bizVersion }: Words, { store }: Composition): void {
    const { pods, nowMs, verdicts } = this.#of
    const isSeen = store.podsOn(nodeName).some(pod => claimsIn(pod).some(({ name }) => name === bizName))
    if (isSeen || !pods || nowMs() - store.freshAtMs < CURRENT_WITHIN_MS) return
    const claims = liveClaims(pods(), nodeName).get(bizName) ?? []
    if (claims.some(({ version }) => version === bizVersion))
      verdicts.object(
        'claimed',
        `${id} gets uninstallBiz ${bizName}:${bizVersion}, by a cache that is behind: it is claimed`,
      )
  }

  #twice(identity: string, words: Words): void {
    const { installStrategy } = words
    const key = keyOf(words)
    const heard = this.#of.heard.of(identity)
    const isActive = heard?.listed?.get(key) === 'activated' && !heard.isDoubtful
    if (isActive && installStrategy !== 'uninstallThenInstall')
      this.#of.verdicts.object('installed-twice', `${identity} gets installBiz ${key}, which it said is active`)
  }
}

const stands = (state: string | undefined): boolean => state === 'activated' || state === 'deactivated'
