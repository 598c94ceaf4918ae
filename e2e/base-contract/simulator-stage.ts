import type { BaseOptions } from '../base-simulator/base-options.ts'
import { VirtualClock } from '../base-simulator/clock.ts'
import { BROKEN_ON_PURPOSE, type Jar } from '../base-simulator/jars.ts'
import { MemoryBroker, type Published } from '../base-simulator/link-memory.ts'
import { SimulatedBase } from '../base-simulator/simulated-base.ts'
import type { Capture } from './capture.ts'

/** Long enough for an answer too many to show. */
const SETTLE_MS = 2_000
const INSTALL_MS = 400
const REAL_CLIENT = 'koupleless@@@b1'

/** What stood behind the URLs of the captures: a folder of jars, a server that never answers, two of TLS. */
const captureJars =
  (trusted: boolean) =>
  (url: string): Jar | undefined => {
    if (url.includes(':18382/')) return { kind: 'hangs' }
    if (url.endsWith('/notabiz.jar')) return { kind: 'notABiz' }
    if (url.endsWith('/notajar.jar')) return unreadable('java.util.zip.ZipException', 'zip END header not found')
    if (url.endsWith('/nothere.jar')) return unreadable('java.io.FileNotFoundException', url)
    if (url.endsWith('/broken-0.0.1.jar')) {
      return { kind: 'biz', name: 'broken', version: '0.0.1', sleepMs: 0, throws: BROKEN_ON_PURPOSE }
    }
    if (url.startsWith('https://127.0.0.1:18381/')) {
      return unreadable('javax.net.ssl.SSLException', 'Unsupported or unrecognized SSL message')
    }
    return url.startsWith('https://127.0.0.1:18385/') && !trusted ? unknownCa : undefined
  }

const unreadable = (type: string, message: string): Jar => ({ kind: 'unreadable', exception: { type, message } })

const NO_PATH = 'unable to find valid certification path to requested target'
const BUILDER = 'sun.security.provider.certpath.SunCertPathBuilderException'
const unknownCa: Jar = {
  kind: 'unreadable',
  exception: {
    type: 'javax.net.ssl.SSLHandshakeException',
    message: `PKIX path building failed: ${BUILDER}: ${NO_PATH}`,
    cause: { type: BUILDER, message: NO_PATH },
  },
}

export interface Scene extends Partial<BaseOptions> {
  /** Its JVM trusts the CA of the capture's https server. */
  readonly trusted?: boolean
}

/** A broker, a stepped clock and one base, set up as the captures were. */
export class Stage {
  readonly clock = new VirtualClock()
  readonly broker = new MemoryBroker(this.clock)
  readonly base: SimulatedBase
  /** When the commands of the last capture began. */
  playedFromMs = 0

  constructor({ trusted = false, ...options }: Scene = {}) {
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
    const present = this.base.bizs().map(biz => `${biz.name}:${biz.version}`)
    for (const key of present) if (!wanted.includes(key)) this.#tell('uninstallBiz', key)
    for (const key of wanted) if (!present.includes(key)) this.#tell('installBiz', key)
  }

  /** Sends what was sent, as far apart as it was sent, and gives back what the base then says. */
  play(capture: Capture, settleMs = SETTLE_MS): readonly Published[] {
    this.#takeAsLong(capture)
    const first = this.broker.published.length
    this.playedFromMs = this.clock.now()
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
    const bizUrl = `file:///srv/koupleless/jars/${bizName}-${bizVersion}.jar`
    this.ask(verb, JSON.stringify({ bizName, bizVersion, bizUrl }))
    this.clock.advance(INSTALL_MS + SETTLE_MS)
  }

  /** Gives each biz the install time that the real base reported, less the sleep its args asked for. */
  #takeAsLong(capture: Capture): void {
    const tookMs = new Map<string, number>()
    for (const { payload } of capture.received) {
      for (const [, name, cost] of payload.matchAll(/Install Biz: ([\w.]+):[\w.]+ success, cost: (\d+) ms/g)) {
        if (name) tookMs.set(name, Number(cost))
      }
    }
    const sleepMs = Math.max(
      0,
      ...capture.sent.map(({ payload }) => Number(/--sleep=(\d+)/.exec(payload ?? '')?.[1]) || 0),
    )
    this.base.setInstallMs(name => Math.max(0, (tookMs.get(name) ?? INSTALL_MS + 500) - sleepMs))
    const slowStop = capture.scenario.startsWith('86-')
    this.base.setUninstallMs(slowStop ? 2_150 : 5)
  }
}
