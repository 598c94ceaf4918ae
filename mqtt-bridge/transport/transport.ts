/** Moves bytes between the operator and its bases; knows nothing of what they mean. */
export interface Frame {
  readonly topic: string
  readonly payload: Uint8Array
  /** True where the broker replays an old message: such a frame proves no life. */
  readonly retained: boolean
}

export interface TransportEvents {
  onFrame(frame: Frame): void
  /** Connected *and* subscribed: from now on an answer can be heard. Raised again after each reconnect. */
  onUp(): void
  /** `why` is fit for a log and for /readyz: it names host and port, never a credential. */
  onDown(why: string): void
  /**
   * While up: what the link would be renewed with (certificates, passwords on disk) does not do, and the link stands as it was. `fault`
   * says why, as fit for a log as `onDown`'s. Undefined: from now on the link stands on what is on disk.
   */
  onRenewal?(fault: string | undefined): void
}

export interface Transport extends AsyncDisposable {
  /** Starts connecting and keeps at it until disposed; subscribes to `topics` on every (re)connect. */
  start(topics: readonly string[], events: TransportEvents): void
  /**
   * Resolves when the peer has taken the message (QoS 1).
   * @throws ArkletError NOT_CONNECTED at once while down, PUBLISH_TIMEOUT when no acknowledgement came in time,
   *   PUBLISH_FAILED when the peer refused.
   */
  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void>
  /**
   * Hands over each topic under `filters` on which the broker keeps a message, whoever it is for, by a short subscription of its own:
   * nothing of it comes to `onFrame`. Resolves when it is over; where the broker keeps nothing at all, that is at once.
   * @throws ArkletError as `publish`
   */
  findRetained(filters: readonly string[], onTopic: (topic: string) => void): Promise<void>
}
