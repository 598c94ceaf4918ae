import mqtt from 'mqtt'
import type { Link, LinkEvents, OpenLink } from './link.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly tls?: {
    readonly ca: string | Buffer
    readonly cert?: string | Buffer
    readonly key?: string | Buffer
  }
}

/** CONNECT as a real base sends it: MQTT 3.1.1, clean session, keepalive 60 s, no will; and no reconnecting by the client. */
export const clientOptions = (broker: BrokerAddress, clientId: string): mqtt.IClientOptions => ({
  host: broker.host,
  port: broker.port,
  protocol: broker.tls ? 'mqtts' : 'mqtt',
  clientId,
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  ...(broker.username !== undefined && { username: broker.username }),
  ...(broker.password !== undefined && { password: broker.password }),
  ...broker.tls,
})

/** One TCP connection for each base. */
export const mqttLinks =
  (broker: BrokerAddress): OpenLink =>
  (request, events) =>
    new MqttLink(mqtt.connect(clientOptions(broker, request.clientId)), request.topics, events)

class MqttLink implements Link {
  up = false
  readonly #client: mqtt.MqttClient
  #ended = false

  constructor(client: mqtt.MqttClient, topics: readonly string[], events: LinkEvents) {
    this.#client = client
    let why = 'closed'
    client.on('connect', () => {
      client.subscribe([...topics], { qos: 1 }, error => {
        if (this.#ended) return
        if (error) return void client.end(true)
        this.up = true
        events.onUp()
      })
    })
    client.on('message', (topic, payload, packet) => {
      if (!this.#ended) events.onMessage(topic, payload, packet.retain)
    })
    client.on('error', error => {
      why = error.message
    })
    client.on('close', () => {
      if (this.#ended) return
      this.destroy()
      events.onDown(why)
    })
  }

  publish(topic: string, payload: string, failed: (why: string) => void): void {
    if (!this.up) {
      failed('not connected')
      return
    }
    this.#client.publish(topic, payload, { qos: 1 }, error => {
      if (error) failed(error.message)
    })
  }

  destroy(): void {
    if (this.#ended) return
    this.#ended = true
    this.up = false
    this.#client.end(true)
  }
}
