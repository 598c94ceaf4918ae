/** One connection of a base to its broker, from CONNECT to its end. It never reconnects: the base does, in its own time. */
export interface Link {
  /** Connected and subscribed. */
  readonly up: boolean
  /** QoS 1, not retained. `failed` is called when it cannot be handed over; a lost acknowledgement is not told. */
  publish(topic: string, payload: string, failed: (why: string) => void): void
  /** Ends at once, without a word to the broker and without `onDown`. */
  destroy(): void
}

export interface LinkEvents {
  onUp(): void
  onMessage(topic: string, payload: Uint8Array, retained: boolean): void
  /** Once, whether it was up or never came up; not after `destroy`. */
  onDown(why: string): void
}

export interface LinkRequest {
  readonly clientId: string
  /** Subscribed with QoS 1 before `onUp`. */
  readonly topics: readonly string[]
}

export type OpenLink = (request: LinkRequest, events: LinkEvents) => Link
