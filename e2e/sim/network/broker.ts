/** The MQTT broker of the world, and the network around it. Sessions are clean: who is away hears nothing of what was said. */
import { matchesAny, topicFilter } from '../../../mqtt-bridge/transport/topic-filter.ts'
import type { Faults } from '../faults/faults.ts'
import type { SeededRng } from '../rng.ts'
import type { VirtualTime } from '../virtual-time.ts'
import { type Client, Connection, type Frame } from './connection.ts'
import { inPart } from './in-part.ts'

export interface BrokerOptions {
  readonly time: VirtualTime
  readonly rng: SeededRng
  readonly faults: Faults
  /** Told of what becomes of a frame where that is not what should: for the trace. */
  readonly onFault: (kind: string, frame: Frame, client: string) => void
}

const CONNECT_MS = 2
const HOP_MIN_MS = 0.3
const HOP_MAX_MS = 3
const DELAY_MAX_MS = 180_000
const OVERTAKEN_MAX_MS = 3_000
const AGAIN_MAX_MS = 20_000

export class SimBroker {
  readonly #of: BrokerOptions
  /** The one that is on, by client id. */
  readonly #connections = new Map<string, Connection>()
  readonly #retained = new Map<string, { readonly frame: Frame; readonly sinceMs: number }>()
  #up = true

  constructor(options: BrokerOptions) {
    this.#of = options
  }

  get up(): boolean {
    return this.#up
  }

  connect(client: Client): Connection {
    const connection = new Connection(client)
    connection.cancelConnect = this.#of.time.after(CONNECT_MS, () => this.#accept(connection))
    return connection
  }

  /** Without a word: what is under way in either direction is lost. */
  destroy(connection: Connection): void {
    connection.ended = true
    connection.up = false
    connection.cancelConnect()
    if (this.#connections.get(connection.client.id) === connection) this.#connections.delete(connection.client.id)
  }

  /** `acknowledged`: the broker has it. */
  publish(from: Connection, frame: Frame, retain: boolean, acknowledged?: () => void): void {
    const { time, faults } = this.#of
    const arrivesAtMs = Math.max(time.now() + this.#hopMs(), from.sentUntilMs)
    from.sentUntilMs = arrivesAtMs
    time.after(arrivesAtMs - time.now(), () => {
      if (!from.up || from.swallows) return
      this.#take(frame, retain)
      if (!acknowledged) return
      if (faults.strikes('ackLost')) this.#of.onFault('ackLost', frame, from.client.id)
      else time.after(this.#hopMs(), () => from.up && acknowledged())
    })
  }

  /** A short subscription of a connection that is up. A broker loses nothing of what it keeps; the connection may go meanwhile. */
  look(from: Connection, filters: readonly string[], onTopics: (topics: readonly string[]) => void): void {
    this.#of.time.after(this.#hopMs() + this.#hopMs(), () => {
      if (!from.up || from.swallows) return
      const looked = filters.map(topicFilter)
      onTopics([...this.#retained.keys()].filter(topic => matchesAny(looked, topic)))
    })
  }

  /** As somebody else on the broker would: the older controller, a person. */
  inject(frame: Frame, retain: boolean): void {
    this.#take(frame, retain)
  }

  stop(why: string, forgetRetained: boolean): void {
    this.#up = false
    if (forgetRetained) this.#retained.clear()
    for (const connection of [...this.#connections.values()]) this.#lose(connection, why)
  }

  start(): void {
    this.#up = true
  }

  /** Topics on which something has been left since before then. */
  leftSince(beforeMs: number): readonly string[] {
    return [...this.#retained].flatMap(([topic, { sinceMs }]) => (sinceMs < beforeMs ? [topic] : []))
  }

  /** Since when nothing gets through to that client, without its knowing; undefined: it does. */
  swallowsSinceMs(clientId: string): number | undefined {
    return this.#connections.get(clientId)?.swallowsSinceMs
  }

  /** One client is thrown off; it may come back at once. */
  cut(clientId: string, why: string): void {
    const connection = this.#connections.get(clientId)
    if (connection) this.#lose(connection, why)
  }

  /** Nothing gets through for a while, and only then is the connection known to be gone. */
  swallow(clientId: string, ms: number): void {
    const connection = this.#connections.get(clientId)
    if (!connection) return
    connection.swallowsSinceMs = this.#of.time.now()
    this.#of.time.after(ms, () => !connection.ended && this.#lose(connection, 'keepalive timeout'))
  }

  #hopMs(): number {
    return this.#of.rng.skewed(HOP_MIN_MS, HOP_MAX_MS)
  }

  #accept(connection: Connection): void {
    const { client } = connection
    if (connection.ended) return
    if (!this.#up) {
      connection.ended = true
      client.onDown('connection refused')
      return
    }
    const older = this.#connections.get(client.id)
    if (older) this.#lose(older, 'session taken over')
    this.#connections.set(client.id, connection)
    connection.up = true
    client.onUp()
    for (const { frame } of this.#retained.values())
      if (connection.hears(frame.topic)) this.#send(connection, frame, true)
  }

  #lose(connection: Connection, why: string): void {
    this.destroy(connection)
    connection.client.onDown(why)
  }

  #take(frame: Frame, retain: boolean): void {
    if (retain && frame.payload.byteLength === 0) this.#retained.delete(frame.topic)
    else if (retain) this.#retained.set(frame.topic, { frame, sinceMs: this.#of.time.now() })
    for (const connection of this.#connections.values())
      if (connection.hears(frame.topic)) this.#send(connection, frame, false)
  }

  #send(to: Connection, frame: Frame, retained: boolean): void {
    const { time, faults, onFault } = this.#of
    const tell = (kind: string): void => onFault(kind, frame, to.client.id)
    if (faults.strikes('frameLost')) {
      tell('lost')
      return
    }
    const arrives = (afterMs: number, what: Frame): void => {
      time.after(afterMs, () => {
        if (to.up && !to.swallows) to.client.onFrame(what, retained)
      })
    }
    if (faults.strikes('frameDoubled')) {
      tell('doubled')
      arrives(this.#hopMs() + faults.rng('frameDoubled').skewed(0, AGAIN_MAX_MS), frame)
    }
    arrives(this.#delayMs(to, tell), this.#whole(frame, tell))
  }

  #delayMs(to: Connection, tell: (kind: string) => void): number {
    const { time, faults } = this.#of
    const atMs = time.now() + this.#hopMs()
    if (faults.strikes('frameDelayed')) {
      tell('delayed')
      return atMs - time.now() + faults.rng('frameDelayed').skewed(1_000, DELAY_MAX_MS)
    }
    if (faults.strikes('frameReordered')) {
      tell('overtaken')
      return atMs - time.now() + faults.rng('frameReordered').skewed(0, OVERTAKEN_MAX_MS)
    }
    to.heardUntilMs = Math.max(to.heardUntilMs, atMs)
    return to.heardUntilMs - time.now()
  }

  #whole(frame: Frame, tell: (kind: string) => void): Frame {
    const { faults } = this.#of
    if (faults.strikes('answerInPart')) return inPart(frame, faults.rng('answerInPart'))
    if (!faults.strikes('frameTruncated')) return frame
    tell('truncated')
    const bytes = faults.rng('frameTruncated').integer(0, Math.max(0, frame.payload.byteLength - 1))
    return { ...frame, payload: frame.payload.subarray(0, bytes) }
  }
}
