/** How much a broker still keeps for those who subscribe later: by topics and by bytes. */
export class RetainedBudget {
  readonly #bytesByTopic = new Map<string, number>()
  readonly #topicsMax: number
  readonly #bytesMax: number
  #bytes = 0

  constructor(topicsMax: number, bytesMax: number) {
    this.#topicsMax = topicsMax
    this.#bytesMax = bytesMax
  }

  /** Books a retained message, an empty one frees its topic. False: no room, what the topic held before stays. */
  take(topic: string, bytes: number): boolean {
    const held = this.#bytesByTopic.get(topic)
    const size = bytes === 0 ? 0 : bytes + topic.length
    const isRoom = held !== undefined || size === 0 || this.#bytesByTopic.size < this.#topicsMax
    const bytesThen = this.#bytes - (held ?? 0) + size
    if (!isRoom || bytesThen > this.#bytesMax) return false
    this.#bytes = bytesThen
    if (size === 0) this.#bytesByTopic.delete(topic)
    else this.#bytesByTopic.set(topic, size)
    return true
  }
}
