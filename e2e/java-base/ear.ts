import mqtt from 'mqtt'
import { type GivenAnswer, givenAnswer, type ReceivedCommand, receivedCommand } from '../base-simulator/index.ts'

export interface Frame {
  readonly topic: string
  readonly payload: Buffer
  readonly retained: boolean
  readonly atMs: number
}

/** Hears all that passes through a broker about the bases of one env, and says nothing. A JVM keeps no record of its own. */
export class Ear implements AsyncDisposable {
  readonly frames: Frame[] = []
  readonly #client: mqtt.MqttClient
  readonly #listeners = new Set<(frame: Frame) => void>()

  private constructor(client: mqtt.MqttClient) {
    this.#client = client
    client.on('message', (topic, payload, { retain }) => {
      const frame = { topic, payload, retained: retain, atMs: Date.now() }
      this.frames.push(frame)
      for (const listener of this.#listeners) listener(frame)
    })
    client.on('error', () => undefined) // it connects again
  }

  /** Connects again after an outage of the broker, in which there was nothing to hear. */
  static async open(brokerPort: number, env: string, options: mqtt.IClientOptions = {}): Promise<Ear> {
    const client = await mqtt.connectAsync({
      host: '127.0.0.1',
      port: brokerPort,
      clientId: `ear-${process.pid}-${Math.random().toString(36).slice(2)}`,
      reconnectPeriod: 200,
      ...options,
    })
    const ear = new Ear(client)
    await client.subscribeAsync(`koupleless_${env}/#`, { qos: 1 })
    return ear
  }

  onFrame(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onAnswer(listener: (answer: GivenAnswer) => void): () => void {
    return this.onFrame(frame => {
      if (frame.topic.endsWith('/base/bizOperation')) listener(answerIn(frame))
    })
  }

  /** What the base itself published under this name, oldest first. */
  said(topic: string, what: string): readonly Frame[] {
    return this.frames.filter(frame => frame.topic === `${topic}/base/${what}`)
  }

  commands(topic: string): readonly ReceivedCommand[] {
    return this.frames
      .filter(frame => frame.topic.startsWith(`${topic}/`) && !frame.topic.startsWith(`${topic}/base/`))
      .map(({ topic: full, payload, retained, atMs }) =>
        receivedCommand(full.slice(topic.length + 1), payload, { retained, atMs }),
      )
  }

  answers(topic: string): readonly GivenAnswer[] {
    return this.said(topic, 'bizOperation').map(answerIn)
  }

  /** For a test that speaks to a base itself. */
  async publish(topic: string, payload: string, options: mqtt.IClientPublishOptions = {}): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear()
    await this.#client.endAsync(true)
  }
}

const answerIn = ({ payload, atMs }: Frame): GivenAnswer =>
  givenAnswer((JSON.parse(payload.toString()) as { data: unknown }).data, atMs)
