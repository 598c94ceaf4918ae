import { Arklet } from './arklet.ts'
import type { BaseOptions, Identity } from './base-options.ts'
import type { Behaviour } from './behaviour.ts'
import { type Cancel, type Clock, ProcessTimers } from './clock.ts'
import { baseMetadata, envelope, heartData, subscriptions, topicOf, verbOf } from './frames.ts'
import type { Link, OpenLink } from './link.ts'

export interface ProcessParts {
  readonly options: BaseOptions
  readonly who: Identity
  readonly behaviour: Behaviour
  readonly clock: Clock
  readonly openLink: OpenLink
  /** Every message that reached the base, before anything is done with it. False keeps it from Arklet. */
  readonly onCommand: (verb: string, payload: Uint8Array, retained: boolean) => boolean
  readonly onPublish: (what: string, data: unknown) => void
}

const MIB = 1024 * 1024
const HEART_EVERY_MS = 10_000
export const FIRST_HEART_AFTER_MS = 10
const SHIPPED_AFTER_MS = 100
const RECONNECT_MIN_MS = 1_000
const RECONNECT_MAX_MS = 128_000

/** One life of a base's JVM, from its start to the moment it is killed: the modules and the beats live and die with it. */
export class BaseProcess {
  readonly arklet: Arklet
  readonly #parts: ProcessParts
  readonly #timers: ProcessTimers
  #link: Link | undefined
  #reconnectMs = RECONNECT_MIN_MS
  #cancelReconnect: Cancel = () => {}
  #cancelBeat: Cancel = () => {}
  #greeted = false
  #cutOff = false

  constructor(parts: ProcessParts) {
    const { options, behaviour } = parts
    this.#parts = parts
    this.#timers = new ProcessTimers(parts.clock)
    const startedMs = parts.clock.now()
    const timers: Clock = {
      now: () => this.#wallMs(),
      after: (ms, run) => this.#timers.after(ms, run),
    }
    this.arklet = new Arklet({
      flags: options.flags ?? {},
      webServer: options.webServer ?? 'none',
      jvm: {
        metaspaceMaxBytes: options.metaspaceMaxBytes ?? 160 * MIB,
        metaspaceOwnBytes: options.metaspaceOwnBytes ?? 35_048_944,
        processors: options.processors ?? 2,
        javaVersion: options.javaVersion ?? '17.0.15',
      },
      behaviour,
      timers,
      upMs: () => this.#timers.now() - startedMs,
      publish: (what, data) => this.publish(what, data),
    })
  }

  get connected(): boolean {
    return this.#link?.up ?? false
  }

  get beating(): boolean {
    return this.#greeted && this.#cancelBeat !== STOPPED
  }

  /**
   * `settled` is told once how the first connection went. A base that finds no broker never tries again (its Spring
   * context is dead, its JVM is not): the caller has a zombie.
   */
  start(settled: (error?: Error) => void): void {
    this.#connect(settled)
  }

  kill(): void {
    this.#timers.killAll()
    this.#link?.destroy()
    this.#link = undefined
  }

  publish(what: string, data: unknown, failed: (why: string) => void = () => {}): void {
    const { who, onPublish } = this.#parts
    const payload = envelope(data, this.#wallMs())
    onPublish(what, data)
    if (this.#link?.up) this.#link.publish(topicOf(who, what), payload, failed)
    else failed('not connected')
  }

  stopBeating(): void {
    this.#cancelBeat()
    this.#cancelBeat = STOPPED
  }

  /** Beats now and from now on. */
  startBeating(): void {
    this.#cancelBeat()
    this.#beat()
  }

  /** The network is gone; the JVM goes on trying to reconnect. */
  cutOff(): void {
    this.#cutOff = true
    this.#link?.destroy()
    this.#onDown()
  }

  /** The network is back; the base learns of it at its next attempt. */
  rejoin(): void {
    this.#cutOff = false
  }

  #wallMs(): number {
    const { clockSkewMs = 0 } = this.#parts.options
    return this.#timers.now() + (typeof clockSkewMs === 'number' ? clockSkewMs : clockSkewMs())
  }

  #connect(settled: (error?: Error) => void): void {
    const { who, openLink } = this.#parts
    if (this.#cutOff) {
      this.#onDown()
      return
    }
    this.#link = openLink(
      { clientId: who.clientId, topics: subscriptions(who) },
      {
        onUp: () => {
          this.#reconnectMs = RECONNECT_MIN_MS
          this.#greet()
          settled()
        },
        onMessage: (topic, payload, retained) => this.receive(verbOf(topic), payload, retained),
        onDown: why => {
          if (this.#greeted) this.#onDown()
          settled(new Error(`base ${who.identity} found no broker (${why}) and, as a real one, will not try again`))
        },
      },
    )
  }

  #onDown(): void {
    this.#cancelReconnect()
    this.#cancelReconnect = this.#timers.after(this.#reconnectMs, () => this.#connect(() => {}))
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, RECONNECT_MAX_MS)
  }

  /** queryBaseline, the beats and what was shipped with the base come once in its life; a reconnect only resubscribes. */
  #greet(): void {
    if (this.#greeted) return
    this.#greeted = true
    this.publish('queryBaseline', baseMetadata(this.#parts.who))
    this.#cancelBeat = this.#timers.after(FIRST_HEART_AFTER_MS, () => this.#beat())
    const { staticModules = [] } = this.#parts.options
    if (staticModules.length === 0) return
    this.#timers.after(SHIPPED_AFTER_MS, () => {
      for (const shipped of staticModules) this.arklet.installShipped(shippedUrl(shipped))
    })
  }

  /** Fixed rate, and the first beat that cannot be sent is the last: its exception ends the JVM's timer task for good. */
  #beat(): void {
    const { heartEveryMs = HEART_EVERY_MS, heartSurvives = false } = this.#parts.options
    this.#cancelBeat = this.#timers.after(heartEveryMs, () => this.#beat())
    this.publish('heart', heartData(this.#parts.who), () => {
      if (!heartSurvives) this.stopBeating()
    })
  }

  receive(verb: string, payload: Uint8Array, retained: boolean): void {
    if (this.#parts.onCommand(verb, payload, retained)) this.arklet.handle(verb, payload)
  }
}

const shippedUrl = (shipped: string | { readonly name: string; readonly version: string }): string =>
  typeof shipped === 'string'
    ? shipped
    : `file:///static/${shipped.name}-${shipped.version}.jar?manifest=${shipped.name}:${shipped.version}`

/** Stands for beats that are over. */
const STOPPED: Cancel = () => {}
