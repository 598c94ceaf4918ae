/** One connection to the simulated broker, as both ends see it: two ordered streams of frames that may each go wrong. */
import { matchesAny, type TopicFilter, topicFilter } from '../../../mqtt-bridge/transport/topic-filter.ts'
import type { Cancel } from '../../base-simulator/clock.ts'

export interface Frame {
  readonly topic: string
  readonly payload: Uint8Array
}

/** Who is on the other end, and how it hears. */
export interface Client {
  readonly id: string
  readonly topics: readonly string[]
  onUp(): void
  onFrame(frame: Frame, retained: boolean): void
  /** Once, whether it was up or never came up; not after `destroy`. */
  onDown(why: string): void
}

export class Connection {
  readonly client: Client
  readonly filters: readonly TopicFilter[]
  up = false
  ended = false
  /** Since when frames vanish in both directions, and neither side knows. */
  swallowsSinceMs: number | undefined
  /** When the last frame of each direction arrives: the next comes no sooner, unless it overtakes. */
  sentUntilMs = 0
  heardUntilMs = 0
  cancelConnect: Cancel = () => {}

  constructor(client: Client) {
    this.client = client
    this.filters = client.topics.map(topicFilter)
  }

  get swallows(): boolean {
    return this.swallowsSinceMs !== undefined
  }

  hears(topic: string): boolean {
    return matchesAny(this.filters, topic)
  }
}
