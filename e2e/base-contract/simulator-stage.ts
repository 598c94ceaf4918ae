import type { BaseOptions } from '../base-simulator/base-options.ts'
import { VirtualClock } from '../base-simulator/clock.ts'
import { MemoryBroker, type Published } from '../base-simulator/link-memory.ts'
import { SERVER_AT } from '../base-simulator/module-start.ts'
import { SimulatedBase } from '../base-simulator/simulated-base.ts'
import type { Capture } from './capture.ts'
import { captureJars } from './captured-jars.ts'
import { type Answered, loadedPath } from './truth.ts'

/** Long enough for an answer too many to show. */
const SETTLE_MS = 2_000
const INSTALL_MS = 400
const REAL_CLIENT = 'koupleless@@@b1'

export interface Scene extends Partial<BaseOptions> {
  /** Its JVM trusts the CA of the capture's https server. */
  readonly trusted?: boolean
  /** Where its jars lay. */
  readonly folder?: string
}

/** A broker, a stepped clock and one base, set up as the captures were. */
export class Stage {
  readonly clock = new VirtualClock()
  readonly broker = new MemoryBroker(this.clock)
  readonly base: SimulatedBase
  /** When the commands of the last capture began. */
  playedFromMs = 0
  /** Who answered HTTP meanwhile, where the capture asked all the time. */
  answered: Answered[] = []
  readonly #folder: string

  constructor({ trusted = false, folder = '/srv/koupleless/jars', ...options }: Scene = {}) {
    this.#folder = folder
    this.base = new SimulatedBase(
      {
        identity: 'b1',
        version: '1.0.0',
        clusterName: 'base',
        installMs: INSTALL_MS,
        uninstallMs: 5,
        jars: captureJars(trusted),
        ...options,
      },
      { clock: this.clock, openLink: this.broker.open, random: () => 0.5 },
    )
  }

  /** Starts the base and lets it connect. */
  start(): void {
    this.base.start().catch(() => {})
    this.clock.advance(1)
  }

  restart(): void {
    this.base.restart().catch(() => {})
    this.clock.advance(1)
  }

  /** Makes exactly these bizs (`name:version`, in that order) be there. */
  arrange(wanted: readonly string[]): void {
    this.base.setInstallMs(INSTALL_MS)
    const present = this.base.bizs().map(biz => `${biz.name}:${biz.version}`)
    for (const key of present) if (!wanted.includes(key)) this.#tell('uninstallBiz', key)
    for (const key of wanted) if (!present.includes(key)) this.#tell('installBiz', key)
  }

  /** Sends what was sent, as far apart as it was sent, and gives back what the base then says. */
  play(capture: Capture, settleMs = SETTLE_MS): readonly Published[] {
    this.#takeAsLong(capture)
    const first = this.broker.published.length
    this.playedFromMs = this.clock.now()
    this.#askAllTheTime(loadedPath(capture.scenario))
    const last = Math.max(0, ...capture.received.map(message => message.after_ms ?? 0))
    let passedMs = 0
    const passUntil = (ms: number) => {
      this.clock.advance(Math.max(0, ms - passedMs))
      passedMs = Math.max(passedMs, ms)
    }
    for (const { topic, payload, retain, at } of capture.sent) {
      passUntil(1000 * (at - (capture.sent[0]?.at ?? at)))
      this.broker.publish(topic, payload ?? '', { retain })
    }
    passUntil(last)
    this.clock.advance(settleMs)
    return this.said(first)
  }

  /** Starts or restarts the base and gives back all it says by itself. */
  watch(capture: Capture, begin: 'start' | 'restart'): readonly Published[] {
    this.#takeAsLong(capture)
    const first = this.broker.published.length
    this[begin]()
    this.clock.advance(Math.max(...capture.received.map(message => message.after_ms ?? 0)) + SETTLE_MS)
    return this.said(first)
  }

  /** What bases published since that point of the broker's log, without what the test sent. */
  said(first = 0): readonly Published[] {
    return this.broker.published.slice(first).filter(({ by }) => by !== undefined)
  }

  get clientId(): string {
    return REAL_CLIENT
  }

  ask(verb: string, payload = '{}'): void {
    this.broker.publish(`koupleless_dev/${this.base.identity}/${verb}`, payload)
  }

  #tell(verb: string, key: string): void {
    const [bizName, bizVersion] = key.split(':')
    const bizUrl = `file://${this.#folder}/${bizName}-${bizVersion}.jar`
    this.ask(verb, JSON.stringify({ bizName, bizVersion, bizUrl }))
    this.clock.advance(INSTALL_MS + SETTLE_MS)
  }

  #askAllTheTime(path: string | undefined): void {
    this.answered = []
    const ask = () => {
      if (path === undefined) return
      const by = this.base.answersAt(path)
      const waits = this.base
        .bizs()
        .some(({ name, version, state }) => state === 'resolved' && by === `${name}:${version}`)
      if (!waits) this.answered.push({ by, afterMs: this.clock.now() - this.playedFromMs })
      this.clock.after(EVERY_MS, ask)
    }
    ask()
  }

  /** Gives each biz the time that the real base took, less what its args asked for. */
  #takeAsLong(capture: Capture): void {
    const tookMs = new Map([...failures(capture), ...successes(capture)])
    const known = [...tookMs.values()]
    const unknownMs = Math.max(INSTALL_MS + 500, ...known)
    this.base.setInstallMs((name, version) =>
      Math.max(0, (tookMs.get(`${name}:${version}`) ?? unknownMs) - sleepMs(capture, version)),
    )
    const slowStop = capture.scenario.startsWith('86-')
    this.base.setUninstallMs(slowStop ? 2_150 : 5)
  }
}

const EVERY_MS = 20
const SLEEP = /--(?:sleep|start\.ms)=(\d+)/

/** What the args of that version asked for, or of any. */
function sleepMs({ sent }: Capture, version: string): number {
  const asked = sent.map(({ payload }) => payload ?? '').filter(payload => SLEEP.test(payload))
  const own = asked.filter(payload => payload.includes(`"${version}"`))
  return Math.max(0, ...(own.length > 0 ? own : asked).map(payload => Number(SLEEP.exec(payload)?.[1])))
}

/** `name:version` and how long its install took, as the base says. */
const successes = ({ received }: Capture): readonly (readonly [string, number])[] =>
  received.flatMap(({ payload }) =>
    [...payload.matchAll(/Install Biz: ([\w.]+:[\w.]+) success, cost: (\d+) ms/g)].map(
      ([, biz = '', cost]) => [biz, Number(cost)] as const,
    ),
  )

/** Those that failed, by when they said so. Where the path was taken that was before the end of a start. */
const failures = ({ sent, received }: Capture): readonly (readonly [string, number])[] =>
  received.flatMap(({ payload, after_ms = 0 }) => {
    const [, name, version] = /"bizName":"(.+?)".*"code":"FAILED".*"bizVersion":"(.+?)"/.exec(payload) ?? []
    const ask = sent.find(command => command.payload?.includes(`"bizVersion": "${version}"`))
    const tookMs = after_ms - 1000 * ((ask?.at ?? 0) - (sent[0]?.at ?? 0))
    return [[`${name}:${version}`, payload.includes('Unable to start') ? tookMs / SERVER_AT : tookMs] as const]
  })
