/** Commands out, observations in, over one transport. */
import { decode, encode } from '../arklet/codec.ts'
import { subscriptionsOf } from '../arklet/topics.ts'
import type { BaseId, Command } from '../arklet/vocabulary.ts'
import type { Refusal } from '../errors.ts'
import { excerpt } from '../redact.ts'
import type { Frame } from '../transport/transport.ts'
import type { Bridge, BridgeOptions, LinkState } from './bridge-ports.ts'
import { tellFrameIn, tellFrameOut } from './frame-channel.ts'
import { Freshness } from './freshness.ts'
import { Leftovers } from './leftovers.ts'

/**
 * Starts the transport at once and keeps it until disposed.
 * @throws ArkletError BROKER_CONFIG for an env that cannot be part of a topic
 */
export function openBridge(options: BridgeOptions): Bridge {
  const topics = subscriptionsOf(options.env)
  const bridge = new TransportBridge(options)
  options.transport.start(topics, {
    onFrame: frame => bridge.hear(frame),
    onUp: () => bridge.linkUp(),
    onDown: why => bridge.linkDown(why),
    onRenewal: fault => bridge.linkRenewed(fault),
  })
  return bridge
}

class TransportBridge implements Bridge {
  readonly #options: BridgeOptions
  readonly #freshness = new Freshness()
  readonly #leftovers: Leftovers
  #link: LinkState

  constructor(options: BridgeOptions) {
    this.#options = options
    this.#leftovers = new Leftovers({ ...options, linkNow: () => this.#link })
    this.#link = { connected: false, epoch: 0, sinceMs: options.now(), why: 'not connected yet' }
  }

  get link(): LinkState {
    return this.#link
  }

  async send(base: BaseId, command: Command): Promise<void> {
    const { topic, payload } = encode(this.#options.env, base, command, this.#options.payloadBytesMax)
    tellFrameOut(topic, payload)
    await this.#options.transport.publish(topic, payload)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.transport[Symbol.asyncDispose]()
  }

  linkUp(): void {
    this.#tell({ connected: true, epoch: this.#link.epoch + 1, sinceMs: this.#options.now(), why: 'connected' })
    void this.#leftovers.clear()
  }

  /** Told on each failed attempt to reconnect, too: the reason may be another by now, the state is as old as it was. */
  linkDown(why: string): void {
    const { epoch, connected, sinceMs, why: before } = this.#link
    if (!connected && why === before) return
    this.#tell({ connected: false, epoch, sinceMs: connected ? this.#options.now() : sinceMs, why })
  }

  /** No edge: the link was up and is. */
  linkRenewed(fault: string | undefined): void {
    const { epoch, connected, sinceMs } = this.#link
    if (!connected) return
    const why = fault === undefined ? 'connected, renewed' : 'connected'
    this.#tell({ connected, epoch, sinceMs, why, ...(fault !== undefined && { renewalFault: fault }) })
  }

  hear(frame: Frame): void {
    tellFrameIn(frame)
    const refusal = frame.retained ? retained(frame) : this.#letIn(frame)
    if (refusal) this.#contain(frame, () => this.#options.onRefused(refusal))
  }

  #letIn(frame: Frame): Refusal | undefined {
    const decoded = decode(this.#options.env, frame.topic, frame.payload, this.#options.payloadBytesMax)
    if (!decoded.ok) return decoded.refusal
    const age = this.#freshness.ageOf(decoded.observation, this.#options.now())
    if (age !== undefined) return stale(frame, age)
    const { base } = decoded.observation
    const failed = this.#contain(frame, () => this.#options.onObservation(decoded.observation))
    return failed && { ...failed, base }
  }

  #tell(link: LinkState): void {
    this.#link = link
    this.#options.onLink(link)
  }

  /** What one message sets off must not end the process, nor keep the next message from being heard. */
  #contain(frame: Frame, act: () => void): Refusal | undefined {
    try {
      act()
      return undefined
    } catch (error) {
      return { code: 'OBSERVER_FAILED', topic: excerpt(frame.topic), path: '', message: excerpt(String(error)) }
    }
  }
}

const retained = (frame: Frame): Refusal => ({
  code: 'FRAME_RETAINED',
  topic: excerpt(frame.topic),
  path: '',
  message: 'replayed by the broker: proves no life',
})

const stale = (frame: Frame, ageMs: number): Refusal => ({
  code: 'FRAME_STALE',
  topic: excerpt(frame.topic),
  path: 'publishTimestamp',
  message: `${ageMs} ms older than what this base said before`,
})
