import mqtt from 'mqtt'
import type { Link, LinkEvents, LinkRequest, OpenLink } from './link.ts'
import { type BrokerAddress, clientOptions } from './link-mqtt.ts'

/**
 * Many bases over a few connections, for benches with thousands of them. What is lost of the truth: a killed base leaves
 * no closed connection behind, and two bases of one identity do not throw each other off.
 */
export class SharedLinks implements AsyncDisposable {
  readonly #connections: readonly SharedConnection[]
  #next = 0

  constructor(broker: BrokerAddress, connections = 1) {
    this.#connections = Array.from(
      { length: connections },
      (_, i) =>
        new SharedConnection(broker, `bases@@@shared-${process.pid}-${i}-${Math.random().toString(36).slice(2)}`),
    )
  }

  readonly open: OpenLink = (request, events) => {
    const connection = this.#connections[this.#next++ % this.#connections.length]
    if (!connection) throw new RangeError('at least one connection is needed')
    return connection.open(request, events)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close()
  }
}

/** Comes up with its first link, and again with the first link after it was lost. */
class SharedConnection {
  readonly #broker: BrokerAddress
  readonly #clientId: string
  readonly #byPrefix = new Map<string, Set<SharedLink>>()
  #client: mqtt.MqttClient | undefined
  #closed = false

  constructor(broker: BrokerAddress, clientId: string) {
    this.#broker = broker
    this.#clientId = clientId
  }

  open(request: LinkRequest, events: LinkEvents): Link {
    const client = this.#client ?? this.#connect()
    const link = new SharedLink({ request, events, client, onEnd: () => this.#forget(link) })
    const same = this.#byPrefix.get(link.prefix) ?? new Set()
    this.#byPrefix.set(link.prefix, same.add(link))
    if (client.connected) this.#subscribe(link)
    return link
  }

  close(): void {
    this.#closed = true
    this.#client?.end(true)
  }

  #connect(): mqtt.MqttClient {
    const client = mqtt.connect(clientOptions(this.#broker, this.#clientId))
    this.#client = client
    let why = 'shared connection closed'
    client.on('connect', () => {
      for (const link of this.#links()) this.#subscribe(link)
    })
    client.on('message', (topic, payload, packet) => this.#deliver(topic, payload, packet.retain))
    client.on('error', error => {
      why = error.message
    })
    client.on('close', () => {
      if (this.#closed) return
      this.#client = undefined
      for (const link of this.#links()) link.lose(why)
    })
    return client
  }

  #links(): readonly SharedLink[] {
    return [...this.#byPrefix.values()].flatMap(same => [...same])
  }

  #subscribe(link: SharedLink): void {
    link.client.subscribe([...link.request.topics], { qos: 1 }, error => {
      if (error) link.lose(error.message)
      else link.comeUp()
    })
  }

  #deliver(topic: string, payload: Uint8Array, retained: boolean): void {
    const prefix = topic.split('/', 2).join('/')
    for (const link of this.#byPrefix.get(prefix) ?? []) {
      if (link.up) link.events.onMessage(topic, payload, retained)
    }
  }

  #forget(link: SharedLink): void {
    const same = this.#byPrefix.get(link.prefix)
    same?.delete(link)
    if (same?.size !== 0) return
    this.#byPrefix.delete(link.prefix)
    if (link.client.connected && !this.#closed) link.client.unsubscribe([...link.request.topics])
  }
}

interface SharedLinkParts {
  readonly request: LinkRequest
  readonly events: LinkEvents
  readonly client: mqtt.MqttClient
  readonly onEnd: () => void
}

class SharedLink implements Link {
  readonly request: LinkRequest
  readonly events: LinkEvents
  readonly client: mqtt.MqttClient
  readonly prefix: string
  up = false
  #ended = false
  readonly #onEnd: () => void

  constructor({ request, events, client, onEnd }: SharedLinkParts) {
    this.request = request
    this.events = events
    this.client = client
    this.#onEnd = onEnd
    this.prefix = (request.topics[0] ?? '').split('/', 2).join('/')
  }

  comeUp(): void {
    if (this.#ended) return
    this.up = true
    this.events.onUp()
  }

  publish(topic: string, payload: string, failed: (why: string) => void): void {
    if (!this.up) {
      failed('not connected')
      return
    }
    this.client.publish(topic, payload, { qos: 1 }, error => {
      if (error) failed(error.message)
    })
  }

  lose(why: string): void {
    if (this.#ended) return
    this.destroy()
    this.events.onDown(why)
  }

  destroy(): void {
    if (this.#ended) return
    this.#ended = true
    this.up = false
    this.#onEnd()
  }
}
