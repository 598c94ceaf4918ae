import mqtt from 'mqtt'
import type { Link, LinkEvents, LinkRequest, OpenLink } from './link.ts'
import { type BrokerAddress, clientOptions } from './link-mqtt.ts'

/**
 * Many bases over a few connections, for benches with thousands of them. What is lost of the truth: a killed base leaves
 * no closed connection behind, and two bases of one identity do not throw each other off.
 */
export class SharedLinks implements AsyncDisposable {
  readonly #broker: BrokerAddress
  readonly #clients: Promise<mqtt.MqttClient>[]
  readonly #byPrefix = new Map<string, Set<SharedLink>>()
  #next = 0

  constructor(broker: BrokerAddress, connections = 1) {
    this.#broker = broker
    this.#clients = Array.from({ length: connections }, (_, i) => this.#connect(i))
  }

  readonly open: OpenLink = (request, events) => {
    const link = new SharedLink(request, events, () => this.#forget(link))
    const client = this.#clients[this.#next++ % this.#clients.length]
    client?.then(
      connected => this.#join(link, connected),
      (error: Error) => link.lose(error.message),
    )
    return link
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of await Promise.allSettled(this.#clients)) {
      if (client.status === 'fulfilled') client.value.end(true)
    }
  }

  #connect(index: number): Promise<mqtt.MqttClient> {
    const client = mqtt.connect(clientOptions(this.#broker, `bases@@@shared-${process.pid}-${index}`))
    client.setMaxListeners(0)
    client.on('message', (topic, payload, packet) => this.#deliver(topic, payload, packet.retain))
    return new Promise((resolve, reject) => {
      client.once('connect', () => resolve(client))
      client.on('error', reject)
      client.on('close', () => this.#loseAll(client))
    })
  }

  #join(link: SharedLink, client: mqtt.MqttClient): void {
    if (link.ended) return
    const same = this.#byPrefix.get(link.prefix) ?? new Set()
    this.#byPrefix.set(link.prefix, same.add(link))
    client.subscribe([...link.request.topics], { qos: 1 }, error => {
      if (error) link.lose(error.message)
      else link.comeUp(client)
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
    link.client?.unsubscribe([...link.request.topics])
  }

  #loseAll(client: mqtt.MqttClient): void {
    for (const same of [...this.#byPrefix.values()]) {
      for (const link of [...same]) if (link.client === client) link.lose('shared connection closed')
    }
  }
}

class SharedLink implements Link {
  readonly request: LinkRequest
  readonly events: LinkEvents
  readonly prefix: string
  client: mqtt.MqttClient | undefined
  up = false
  ended = false
  readonly #onEnd: () => void

  constructor(request: LinkRequest, events: LinkEvents, onEnd: () => void) {
    this.request = request
    this.events = events
    this.#onEnd = onEnd
    this.prefix = (request.topics[0] ?? '').split('/', 2).join('/')
  }

  comeUp(client: mqtt.MqttClient): void {
    if (this.ended) return
    this.client = client
    this.up = true
    this.events.onUp()
  }

  publish(topic: string, payload: string, failed: (why: string) => void): void {
    if (!this.up || !this.client) {
      failed('not connected')
      return
    }
    this.client.publish(topic, payload, { qos: 1 }, error => {
      if (error) failed(error.message)
    })
  }

  lose(why: string): void {
    if (this.ended) return
    this.destroy()
    this.events.onDown(why)
  }

  destroy(): void {
    if (this.ended) return
    this.ended = true
    this.up = false
    this.#onEnd()
  }
}
