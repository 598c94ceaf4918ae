/** The operator's transport to the simulated broker: promises what the real one promises. */
import { ArkletError, type Transport, type TransportEvents } from '../../../mqtt-bridge/index.ts'
import { backoffMs } from '../../../mqtt-bridge/transport/backoff.ts'
import type { ProcessTime } from '../process-time.ts'
import type { SeededRng } from '../rng.ts'
import type { SimBroker } from './broker.ts'
import type { Connection, Frame } from './connection.ts'

export interface OperatorLinkOptions {
  readonly broker: SimBroker
  readonly time: ProcessTime
  readonly rng: SeededRng
  readonly clientId: string
  /** Before a frame leaves; false: the process ends at this very moment, and the frame with it. */
  readonly leaves: (frame: Frame, retain: boolean) => boolean
  /** After a frame has left. */
  readonly left: (frame: Frame) => void
  readonly hears: (frame: Frame, retained: boolean) => void
  /** The operator has taken it in. */
  readonly heard: (frame: Frame, retained: boolean) => void
}

/** As in `mqtt-bridge/transport/mqtt.ts`. */
const PUBLISH_TIMEOUT_MS = 10_000
const SOUND_AFTER_MS = 10_000
const RECONNECT = { minMs: 250, maxMs: 5_000 }

export class OperatorLink implements Transport {
  readonly #of: OperatorLinkOptions
  readonly #inFlight = new Set<(error: ArkletError) => void>()
  #topics: readonly string[] = []
  #events: TransportEvents | undefined
  #connection: Connection | undefined
  #upAtMs: number | undefined
  #failures = 0
  #ended = false

  constructor(options: OperatorLinkOptions) {
    this.#of = options
  }

  start(topics: readonly string[], events: TransportEvents): void {
    if (this.#events) throw new Error('started twice')
    this.#topics = topics
    this.#events = events
    this.#of.time.after(0, () => this.#connect())
  }

  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void> {
    const connection = this.#connection
    if (!connection?.up || this.#upAtMs === undefined)
      return Promise.reject(new ArkletError('NOT_CONNECTED', 'sim: not connected'))
    const frame = { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload }
    // Ended: nobody is left to hear of it.
    if (!this.#of.leaves(frame, options?.retain === true)) return new Promise(() => {})
    const sent = this.#inTime(acknowledged =>
      this.#of.broker.publish(connection, frame, options?.retain === true, acknowledged),
    )
    this.#of.left(frame)
    return sent
  }

  findRetained(filters: readonly string[], onTopic: (topic: string) => void): Promise<void> {
    const connection = this.#connection
    if (!connection?.up || this.#upAtMs === undefined)
      return Promise.reject(new ArkletError('NOT_CONNECTED', 'sim: not connected'))
    return this.#inTime(acknowledged =>
      this.#of.broker.look(connection, filters, topics => {
        this.#of.time.gated(() => topics.forEach(onTopic))()
        acknowledged()
      }),
    )
  }

  /** Rejects when no word comes in time, and when the connection goes before. */
  #inTime(act: (acknowledged: () => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const fail = (error: ArkletError): void => {
        cancel()
        this.#inFlight.delete(fail)
        reject(error)
      }
      const cancel = this.#of.time.after(PUBLISH_TIMEOUT_MS, () =>
        fail(new ArkletError('PUBLISH_TIMEOUT', `no acknowledgement within ${PUBLISH_TIMEOUT_MS} ms`)),
      )
      this.#inFlight.add(fail)
      const acknowledged = this.#of.time.gated(() => {
        cancel()
        this.#inFlight.delete(fail)
        resolve()
      })
      act(acknowledged)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill()
    for (const fail of this.#inFlight) fail(new ArkletError('PUBLISH_TIMEOUT', 'the transport was closed'))
  }

  /** The process is gone, and its socket with it. */
  kill(): void {
    this.#ended = true
    if (this.#connection) this.#of.broker.destroy(this.#connection)
    this.#connection = undefined
  }

  #connect(): void {
    const { broker, time, clientId, hears, heard } = this.#of
    if (this.#ended) return
    const connection = broker.connect({
      id: clientId,
      topics: this.#topics,
      onUp: time.gated(() => this.#up(connection)),
      onDown: (why: string) => time.gated(() => this.#lost(connection, why))(),
      onFrame: (frame, retained) =>
        time.gated(() => {
          if (this.#connection !== connection) return
          hears(frame, retained)
          this.#events?.onFrame({ ...frame, retained })
          heard(frame, retained)
        })(),
    })
    this.#connection = connection
  }

  #up(connection: Connection): void {
    if (this.#connection !== connection || connection.ended) return
    this.#upAtMs = this.#of.time.now()
    this.#events?.onUp()
  }

  #lost(connection: Connection, why: string): void {
    if (this.#connection !== connection || this.#ended) return
    const { time, rng } = this.#of
    if (this.#upAtMs !== undefined && time.now() - this.#upAtMs >= SOUND_AFTER_MS) this.#failures = 0
    this.#connection = undefined
    this.#upAtMs = undefined
    time.after(backoffMs(this.#failures, { ...RECONNECT, random: () => rng.next() }), () => this.#connect())
    this.#failures += 1
    for (const fail of this.#inFlight) fail(new ArkletError('PUBLISH_TIMEOUT', 'cut before the broker acknowledged'))
    this.#events?.onDown(why)
  }
}
