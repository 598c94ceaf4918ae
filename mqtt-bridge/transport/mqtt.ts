/** MQTT 3.1.1 or 5 through async-mqtt, of which this is the only import. */
import asyncMqtt, { type AsyncClient } from 'async-mqtt'
import { ArkletError } from '../errors.ts'
import { backoffMs } from './backoff.ts'
import { type BrokerAddress, type BrokerAddressOptions, parseBrokerAddress } from './broker-address.ts'
import { type BrokerLogin, isOnDisk, readLogin, sameLogin } from './broker-login.ts'
import { nameFailure } from './connect-failure.ts'
import { InFlight } from './in-flight.ts'
import { RetainedLook } from './retained-look.ts'
import type { Frame, Transport, TransportEvents } from './transport.ts'

export interface MqttTransportOptions extends BrokerAddressOptions {
  /** Of this process alone: a broker throws off the elder of two with one id. */
  readonly clientId: string
  /** MQTT 3.1.1 (4, the default, which every broker of a base speaks) or 5. */
  readonly protocolVersion?: 4 | 5
  readonly keepaliveSeconds?: number
  /** Until CONNACK, and again until SUBACK. */
  readonly connectTimeoutMs?: number
  readonly publishTimeoutMs?: number
  readonly reconnectMinMs?: number
  readonly reconnectMaxMs?: number
  /** How often the files are looked at while connected. */
  readonly renewalCheckEveryMs?: number
  /** So long must nothing come that the broker keeps, until it is believed to have brought it all. */
  readonly retainedQuietMs?: number
  /** Each password that is read from a file, before it is used: so that no log shows it. */
  readonly onPassword?: (password: string) => void
}

/** A link that held so long was sound: the next failure starts the backoff anew. */
const SOUND_AFTER_MS = 10_000
const END_TIMEOUT_MS = 500
const RETAINED_QUIET_MS = 2_000
const RETAINED_MAX_MS = 20_000
/** MQTT 5 only; for 3.1.1 the broker's own limit has to do. Larger than any payload that is read, so that a refusal is counted. */
const PACKET_BYTES_MAX = 4 * 1024 * 1024

/**
 * Checks address, certificates and password files now and connects at `start`.
 *
 * Each connection is a client of its own. mqtt's own reconnect would send again, after a cut, what was in flight before it: a command
 * whose sender was told of the failure long ago. It also keeps its certificates and a fixed pace.
 *
 * When the files change under a connection, a second one is made beside it, with what they say now, and takes over once it is
 * subscribed: nothing is missed, and the state of the link stays as it is. If that one fails, the first is kept, `onRenewal` says why,
 * and it is tried again. Two clients of one id throw each other off, so the second bears another.
 * @throws ArkletError BROKER_CONFIG
 */
export function openMqttTransport(options: MqttTransportOptions): Transport {
  const address = parseBrokerAddress(options)
  readLogin(options)
  return new MqttTransport(options, address)
}

interface Link {
  readonly client: AsyncClient
  readonly clientId: string
  /** What it was opened with. */
  readonly login: BrokerLogin
  /** CONNACK came. */
  isAccepted: boolean
  /** Since when the subscriptions stand; undefined before. */
  upAtMs: number | undefined
  /** MQTT 5 tells; one of MQTT 3.1.1 may cut the connection for the first retained message. */
  keepsRetained: boolean
  /** The latest look at what the broker keeps. */
  look: RetainedLook | undefined
  /** The last thing that went wrong: mqtt tells it first and closes then. */
  fault: unknown
}

const newLink = () => ({
  isAccepted: false,
  upAtMs: undefined,
  keepsRetained: true,
  look: undefined,
  fault: undefined,
})

class MqttTransport implements Transport {
  readonly #options: MqttTransportOptions
  readonly #address: BrokerAddress
  readonly #inFlight: InFlight
  #topics: readonly string[] = []
  #events: TransportEvents | undefined
  #link: Link | undefined
  /** Comes up beside `#link`, to take its place. */
  #renewal: Link | undefined
  #renewalFault: string | undefined
  /** Were renewed, and end: what they still bring is heard. */
  readonly #retiring = new Set<Link>()
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #renewalCheck: NodeJS.Timeout | undefined
  #isDisposed = false

  constructor(options: MqttTransportOptions, address: BrokerAddress) {
    this.#options = options
    this.#address = address
    this.#inFlight = new InFlight(options.publishTimeoutMs ?? 10_000)
  }

  start(topics: readonly string[], events: TransportEvents): void {
    if (this.#events) throw new Error('started twice')
    this.#topics = topics
    this.#events = events
    // Not from within `start`: its caller may not be ready to hear of a failure yet.
    this.#retry = setTimeout(() => this.#connect(), 0)
    if (!isOnDisk(this.#options)) return
    this.#renewalCheck = setInterval(() => this.#renew(), this.#options.renewalCheckEveryMs ?? 10_000)
  }

  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void> {
    const link = this.#link
    if (link?.upAtMs === undefined) return Promise.reject(this.#notConnected())
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
    const acknowledged = link.client.publish(topic, bytes, { qos: 1, retain: options?.retain === true })
    return this.#inTime(acknowledged)
  }

  async findRetained(filters: readonly string[], onTopic: (topic: string) => void): Promise<void> {
    const link = this.#link
    if (link?.upAtMs === undefined) throw this.#notConnected()
    if (!link.keepsRetained) return
    link.look?.end()
    const { protocolVersion, retainedQuietMs: quietMs = RETAINED_QUIET_MS } = this.#options
    const look = new RetainedLook(filters, onTopic, { quietMs, maxMs: RETAINED_MAX_MS })
    link.look = look
    // Our own commands go to these topics, too: no need to hear them.
    const noEcho = protocolVersion === 5 ? { nl: true } : {}
    try {
      await this.#inTime(link.client.subscribe([...filters], { qos: 1, ...noEcho }))
      await look.over
    } finally {
      look.end()
      await this.#inTime(link.client.unsubscribe([...filters])).catch(() => undefined)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    clearTimeout(this.#retry)
    clearInterval(this.#renewalCheck)
    const links = [this.#link, this.#renewal, ...this.#retiring].filter(link => link !== undefined)
    this.#link = undefined
    this.#renewal = undefined
    this.#retiring.clear()
    for (const link of links) link.look?.end()
    this.#inFlight.failAll('the transport was closed')
    await Promise.race([Promise.all(links.map(({ client }) => end(client))), after(END_TIMEOUT_MS)])
  }

  #inTime(acknowledged: Promise<unknown>): Promise<void> {
    return this.#inFlight.inTime(acknowledged, error => nameFailure(this.#address.shown, error))
  }

  #notConnected(): ArkletError {
    return new ArkletError('NOT_CONNECTED', `${this.#address.shown}: not connected`)
  }

  #connect(): void {
    try {
      this.#link = this.#open(this.#options.clientId)
    } catch (error) {
      // A certificate file that is gone or half written: it may be whole at the next try.
      this.#fail(this.#nameOf(error))
    }
  }

  /** @throws ArkletError BROKER_CONFIG, and whatever mqtt makes of certificates that it does not like */
  #open(clientId: string, login = this.#readLogin()): Link {
    const client = asyncMqtt.connect(this.#clientOptions(clientId, login))
    const link: Link = { ...newLink(), client, clientId, login }
    // Stays on for good: a late error without a listener would end the process.
    client.on('error', error => {
      link.fault = error
      if (link.upAtMs === undefined) this.#lose(link)
    })
    client.on('disconnect', ({ reasonCode, properties }) => {
      link.fault = Object.assign(new Error(properties?.reasonString ?? 'ended by the broker'), { code: reasonCode })
    })
    client.on('close', () => this.#lose(link))
    client.on('connect', ({ properties }) => {
      link.keepsRetained = properties?.retainAvailable !== false
      void this.#subscribe(link)
    })
    client.on('message', (topic, payload, packet) => this.#hear(link, { topic, payload, retained: packet.retain }))
    return link
  }

  #hear(link: Link, frame: Frame): void {
    if (this.#link !== link && !this.#retiring.has(link)) return
    if (!link.look?.takes(frame.topic, frame.retained)) this.#events?.onFrame(frame)
  }

  #readLogin(): BrokerLogin {
    const login = readLogin(this.#options)
    if (login.password !== undefined) this.#options.onPassword?.(login.password)
    return login
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
    if (this.#renewal === link) this.#takeOver(link)
    if (this.#link !== link || link.upAtMs !== undefined) return
    link.upAtMs = Date.now()
    this.#events?.onUp()
  }

  /** Level-triggered: what is on disk, against what the connection was made with. */
  #renew(): void {
    const link = this.#link
    if (link?.upAtMs === undefined || this.#renewal) return
    try {
      const login = this.#readLogin()
      const { clientId } = this.#options
      if (sameLogin(login, link.login)) this.#tellRenewal(undefined)
      else this.#renewal = this.#open(link.clientId === clientId ? `${clientId}-renewed` : clientId, login)
    } catch (error) {
      this.#tellRenewal(this.#nameOf(error))
    }
  }

  #takeOver(link: Link): void {
    const former = this.#link
    this.#renewal = undefined
    this.#link = link
    link.upAtMs = former?.upAtMs ?? Date.now()
    if (former) this.#retire(former)
    this.#renewalFault = undefined
    this.#events?.onRenewal?.(undefined)
  }

  /** In order: what it has sent may still be acknowledged, what it has heard is handed on. */
  #retire(link: Link): void {
    this.#retiring.add(link)
    const ended = link.client.end(false).catch(() => undefined)
    void Promise.race([ended, after(END_TIMEOUT_MS)]).then(() => {
      this.#retiring.delete(link)
      return end(link.client)
    })
  }

  #tellRenewal(fault: string | undefined): void {
    if (this.#isDisposed || fault === this.#renewalFault) return
    this.#renewalFault = fault
    this.#events?.onRenewal?.(fault)
  }

  /** Once per connection, whichever of its events comes first. */
  #lose(link: Link): void {
    if (this.#link !== link && this.#renewal !== link) return
    void end(link.client)
    link.look?.end()
    const why = nameFailure(this.#address.shown, link.fault, link.isAccepted)
    if (this.#renewal === link) {
      this.#renewal = undefined
      this.#tellRenewal(why)
      return
    }
    this.#link = undefined
    this.#giveUpRenewal()
    if (link.upAtMs !== undefined && Date.now() - link.upAtMs >= SOUND_AFTER_MS) this.#failures = 0
    this.#fail(why)
  }

  /** The next connection is made with what is on disk anyway. */
  #giveUpRenewal(): void {
    if (this.#renewal) void end(this.#renewal.client)
    this.#renewal = undefined
    this.#renewalFault = undefined
  }

  #fail(why: string): void {
    if (this.#isDisposed) return
    const { reconnectMinMs: minMs = 250, reconnectMaxMs: maxMs = 5_000 } = this.#options
    this.#retry = setTimeout(() => this.#connect(), backoffMs(this.#failures, { minMs, maxMs, random: Math.random }))
    this.#failures += 1
    this.#inFlight.failAll('the link was cut before the broker acknowledged: it may have the message or not')
    this.#events?.onDown(why)
  }

  #nameOf(error: unknown): string {
    return error instanceof ArkletError ? error.message : nameFailure(this.#address.shown, error)
  }

  #clientOptions(clientId: string, login: BrokerLogin): Parameters<typeof asyncMqtt.connect>[0] & object {
    const { protocolVersion = 4, keepaliveSeconds = 30 } = this.#options
    const { protocol, host, port } = this.#address
    return {
      protocol,
      host,
      port,
      ...login,
      rejectUnauthorized: true,
      clientId,
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
