/** An MQTT broker and its links without sockets or timers: the same order of events on every run. For tests and simulation. */
import { ArkletError } from '../errors.ts'
import { matchesAny, type TopicFilter, topicFilter } from './topic-filter.ts'
import type { Frame, Transport, TransportEvents } from './transport.ts'

export interface MemoryTransport extends Transport {
  readonly connected: boolean
  /** Breaks this link alone; it stays down until `restore`. What is on its way to it is lost. */
  cut(why?: string): void
  restore(): void
}

export interface MemoryHubOptions {
  /** Answers true for a frame that is to be lost on its way to a subscriber. The publisher has its acknowledgement all the same. */
  readonly isLost?: (frame: Frame) => boolean
}

/**
 * Where in-memory transports meet: bases and operator alike call `transport()`. Semantics of a broker with clean sessions: a frame
 * goes to those who are subscribed at that moment, and a retained one is replayed to whoever subscribes. Frames are delivered in
 * order of publishing, each in a microtask of its own, never inside `publish`.
 */
export class MemoryHub {
  readonly #links = new Set<MemoryLink>()
  readonly #retained = new Map<string, Uint8Array>()
  readonly #isLost: (frame: Frame) => boolean
  readonly #onRestore: (() => void)[] = []
  #downBecause: string | undefined

  constructor(options: MemoryHubOptions = {}) {
    this.#isLost = options.isLost ?? (() => false)
  }

  transport(): MemoryTransport {
    return new MemoryLink({
      brokerDownBecause: () => this.#downBecause,
      join: link => this.#join(link),
      leave: link => this.#links.delete(link),
      publish: (frame, retain) => this.#publish(frame, retain),
      retained: () => [...this.#retained.keys()],
    })
  }

  /** The broker stops: every link goes down. Retained frames survive, as on a broker's disk. */
  cut(why = 'the hub was cut'): void {
    this.#downBecause = why
    for (const link of [...this.#links]) link.lose(why)
  }

  restore(): void {
    this.#downBecause = undefined
    this.#onRestore.splice(0).forEach(retry => {
      retry()
    })
  }

  #join(link: MemoryLink): void {
    if (this.#downBecause !== undefined) {
      this.#onRestore.push(() => link.connect())
      return
    }
    this.#links.add(link)
    link.raiseUp()
    for (const [topic, payload] of this.#retained) this.#deliver(link, { topic, payload, retained: true })
  }

  #publish(frame: Frame, retain: boolean): void {
    if (retain && frame.payload.byteLength === 0) this.#retained.delete(frame.topic)
    else if (retain) this.#retained.set(frame.topic, frame.payload)
    for (const link of this.#links) this.#deliver(link, frame)
  }

  #deliver(link: MemoryLink, frame: Frame): void {
    if (link.isSubscribedTo(frame.topic) && !this.#isLost(frame)) link.deliver(frame)
  }
}

interface HubSide {
  brokerDownBecause(): string | undefined
  join(link: MemoryLink): void
  leave(link: MemoryLink): void
  publish(frame: Frame, retain: boolean): void
  retained(): readonly string[]
}

class MemoryLink implements MemoryTransport {
  readonly #hub: HubSide
  #events: TransportEvents | undefined
  #filters: readonly TopicFilter[] = []
  #state: 'idle' | 'connecting' | 'up' | 'cut' | 'disposed' = 'idle'
  /** A frame sent to an earlier connection must not arrive on a later one. */
  #connection = 0

  constructor(hub: HubSide) {
    this.#hub = hub
  }

  get connected(): boolean {
    return this.#state === 'up'
  }

  start(topics: readonly string[], events: TransportEvents): void {
    if (this.#events) throw new Error('started twice')
    this.#events = events
    this.#filters = topics.map(topicFilter)
    if (this.#state !== 'idle') return
    const why = this.#hub.brokerDownBecause()
    this.#state = 'connecting'
    if (why !== undefined) queueMicrotask(() => events.onDown(why))
    queueMicrotask(() => this.connect())
  }

  connect(): void {
    if (this.#state === 'connecting') this.#hub.join(this)
  }

  raiseUp(): void {
    this.#state = 'up'
    this.#connection += 1
    this.#events?.onUp()
  }

  lose(why: string): void {
    if (this.#state !== 'up') return
    this.#state = 'connecting'
    this.#hub.leave(this)
    this.#events?.onDown(why)
    this.#hub.join(this)
  }

  cut(why = 'the link was cut'): void {
    if (this.#state === 'disposed') return
    const wasUp = this.connected
    this.#state = 'cut'
    this.#hub.leave(this)
    if (wasUp) this.#events?.onDown(why)
  }

  restore(): void {
    if (this.#state !== 'cut') return
    this.#state = 'connecting'
    if (this.#events) this.connect()
    else this.#state = 'idle'
  }

  isSubscribedTo(topic: string): boolean {
    return matchesAny(this.#filters, topic)
  }

  deliver(frame: Frame): void {
    const connection = this.#connection
    queueMicrotask(() => {
      if (this.connected && this.#connection === connection) this.#events?.onFrame(frame)
    })
  }

  async publish(topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void> {
    if (!this.connected) throw new ArkletError('NOT_CONNECTED', 'the in-memory link is down')
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    this.#hub.publish({ topic, payload: bytes, retained: false }, options?.retain === true)
  }

  async findRetained(filters: readonly string[], onTopic: (topic: string) => void): Promise<void> {
    if (!this.connected) throw new ArkletError('NOT_CONNECTED', 'the in-memory link is down')
    const looked = filters.map(topicFilter)
    for (const topic of this.#hub.retained()) if (matchesAny(looked, topic)) onTopic(topic)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'disposed'
    this.#hub.leave(this)
  }
}
