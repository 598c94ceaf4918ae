/** MQTT 3.1.1 or 5 through async-mqtt, of which this is the only import. */
import asyncMqtt, { type AsyncClient } from 'async-mqtt'
import { ArkletError } from '../errors.ts'
import { backoffMs } from './backoff.ts'
import { type BrokerAddress, type BrokerAddressOptions, parseBrokerAddress, readTlsMaterial } from './broker-address.ts'
import { nameFailure } from './connect-failure.ts'
import type { Transport, TransportEvents } from './transport.ts'

export interface MqttTransportOptions extends BrokerAddressOptions {
  /** Of this process alone: a broker throws off the elder of two with one id. */
  readonly clientId: string
  readonly username?: string
  readonly password?: string
  /** MQTT 3.1.1 (4, the default, which every broker of a base speaks) or 5. */
  readonly protocolVersion?: 4 | 5
  readonly keepaliveSeconds?: number
  /** Until CONNACK, and again until SUBACK. */
  readonly connectTimeoutMs?: number
  readonly publishTimeoutMs?: number
  readonly reconnectMinMs?: number
  readonly reconnectMaxMs?: number
}

/** A link that held so long was sound: the next failure starts the backoff anew. */
const SOUND_AFTER_MS = 10_000
const END_TIMEOUT_MS = 500
/** MQTT 5 only; for 3.1.1 the broker's own limit has to do. Larger than any payload that is read, so that a refusal is counted. */
const PACKET_BYTES_MAX = 4 * 1024 * 1024

/**
 * Checks address and certificates now and connects at `start`.
 *
 * Each connection is a client of its own. mqtt's own reconnect would send again, after a cut, what was in flight before it: a command
 * whose sender was told of the failure long ago. It also keeps its certificates and a fixed pace.
 * @throws ArkletError BROKER_CONFIG
 */
export function openMqttTransport(options: MqttTransportOptions): Transport {
  const address = parseBrokerAddress(options)
  readTlsMaterial(options)
  return new MqttTransport(options, address)
}

interface Link {
  readonly client: AsyncClient
  /** CONNACK came. */
  isAccepted: boolean
  /** Since when the subscriptions stand; undefined before. */
  upAtMs: number | undefined
  /** The last thing that went wrong: mqtt tells it first and closes then. */
  fault: unknown
}

class MqttTransport implements Transport {
  readonly #options: MqttTransportOptions
  readonly #address: BrokerAddress
  readonly #inFlight = new Set<(error: ArkletError) => void>()
  #topics: readonly string[] = []
  #events: TransportEvents | undefined
  #link: Link | undefined
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #isDisposed = false

  constructor(options: MqttTransportOptions, address: BrokerAddress) {
    this.#options = options
    this.#address = address
  }

  start(topics: readonly string[], events: TransportEvents): void {
    if (this.#events) throw new Error('started twice')
    this.#topics = topics
    this.#events = events
    // Not from within `start`: its caller may not be ready to hear of a failure yet.
    this.#retry = setTimeout(() => this.#connect(), 0)
  }

  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void> {
    const link = this.#link
    if (link?.upAtMs === undefined)
      return Promise.reject(new ArkletError('NOT_CONNECTED', `${this.#address.shown}: not connected`))
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
    const acknowledged = link.client.publish(topic, bytes, { qos: 1, retain: options?.retain === true })
    return this.#inTime(acknowledged)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    clearTimeout(this.#retry)
    const link = this.#link
    this.#link = undefined
    this.#failInFlight('the transport was closed')
    if (!link) return
    await Promise.race([end(link.client), after(END_TIMEOUT_MS)])
  }

  #connect(): void {
    let client: AsyncClient
    try {
      client = asyncMqtt.connect(this.#clientOptions())
    } catch (error) {
      // A certificate file that is gone or half written: it may be whole at the next try.
      this.#fail(error instanceof ArkletError ? error.message : nameFailure(this.#address.shown, error))
      return
    }
    const link: Link = { client, isAccepted: false, upAtMs: undefined, fault: undefined }
    this.#link = link
    // Stays on for good: a late error without a listener would end the process.
    client.on('error', error => {
      link.fault = error
      if (link.upAtMs === undefined) this.#lose(link)
    })
    client.on('disconnect', ({ reasonCode, properties }) => {
      link.fault = Object.assign(new Error(properties?.reasonString ?? 'ended by the broker'), { code: reasonCode })
    })
    client.on('close', () => this.#lose(link))
    client.on('connect', () => void this.#subscribe(link))
    client.on('message', (topic, payload, packet) => {
      if (this.#link === link) this.#events?.onFrame({ topic, payload, retained: packet.retain })
    })
  }

  async #subscribe(link: Link): Promise<void> {
    const timeout = setTimeout(() => {
      link.fault = new Error('no answer to SUBSCRIBE')
      this.#lose(link)
    }, this.#options.connectTimeoutMs ?? 10_000)
    link.isAccepted = true
    try {
      if (this.#topics.length > 0) await link.client.subscribe([...this.#topics], { qos: 1 })
    } catch (error) {
      link.fault ??= new Error(`it refuses our subscription (access list?): ${String(error)}`)
      this.#lose(link)
    } finally {
      clearTimeout(timeout)
    }
    if (this.#link !== link) return
    link.upAtMs = Date.now()
    this.#events?.onUp()
  }

  /** Once per connection, whichever of its events comes first. */
  #lose(link: Link): void {
    if (this.#link !== link) return
    this.#link = undefined
    void end(link.client)
    if (link.upAtMs !== undefined && Date.now() - link.upAtMs >= SOUND_AFTER_MS) this.#failures = 0
    this.#fail(nameFailure(this.#address.shown, link.fault, link.isAccepted))
  }

  #fail(why: string): void {
    if (this.#isDisposed) return
    const { reconnectMinMs: minMs = 250, reconnectMaxMs: maxMs = 5_000 } = this.#options
    this.#retry = setTimeout(() => this.#connect(), backoffMs(this.#failures, { minMs, maxMs, random: Math.random }))
    this.#failures += 1
    this.#failInFlight('the link was cut before the broker acknowledged: it may have the message or not')
    this.#events?.onDown(why)
  }

  #failInFlight(why: string): void {
    for (const fail of this.#inFlight) fail(new ArkletError('PUBLISH_TIMEOUT', why))
    this.#inFlight.clear()
  }

  /** With the broker away, a promise of mqtt's would never settle. */
  #inTime(acknowledged: Promise<unknown>): Promise<void> {
    const timeoutMs = this.#options.publishTimeoutMs ?? 10_000
    return new Promise((resolve, reject) => {
      const fail = (error: ArkletError): void => {
        clearTimeout(timeout)
        this.#inFlight.delete(fail)
        reject(error)
      }
      const timeout = setTimeout(
        () => fail(new ArkletError('PUBLISH_TIMEOUT', `no acknowledgement within ${timeoutMs} ms`)),
        timeoutMs,
      )
      this.#inFlight.add(fail)
      acknowledged.then(
        () => {
          clearTimeout(timeout)
          this.#inFlight.delete(fail)
          resolve()
        },
        error => fail(new ArkletError('PUBLISH_FAILED', nameFailure(this.#address.shown, error), error)),
      )
    })
  }

  #clientOptions(): Parameters<typeof asyncMqtt.connect>[0] & object {
    const { clientId, username, password, protocolVersion = 4, keepaliveSeconds = 30 } = this.#options
    const { protocol, host, port } = this.#address
    return {
      protocol,
      host,
      port,
      ...readTlsMaterial(this.#options),
      rejectUnauthorized: true,
      clientId,
      ...(username !== undefined ? { username } : {}),
      ...(password !== undefined ? { password } : {}),
      protocolVersion,
      ...(protocolVersion === 5 ? { properties: { maximumPacketSize: PACKET_BYTES_MAX } } : {}),
      // Clean: a queue kept for us would bring stale hearts, which look like life.
      clean: true,
      keepalive: keepaliveSeconds,
      connectTimeout: this.#options.connectTimeoutMs ?? 10_000,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
    }
  }
}

/** Forced: an orderly end waits for acknowledgements that may never come. Sessions are clean and without a will. */
const end = (client: AsyncClient): Promise<void> => client.end(true).catch(() => undefined)

const after = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms).unref())
