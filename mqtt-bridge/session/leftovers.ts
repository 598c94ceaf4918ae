/** Commands that an older controller left retained: a base carries them out each time it connects. */
import { isCommandTopic, leftoverFilters } from '../arklet/topics.ts'
import { ArkletError } from '../errors.ts'
import type { BridgeOptions, LinkState } from './bridge-ports.ts'

export interface LeftoversOptions extends Pick<BridgeOptions, 'env' | 'transport' | 'now' | 'onLeftovers'> {
  readonly linkNow: () => LinkState
}

/** A broker cuts at once whoever does what it forbids; a connection that ends later ended for another reason. */
const CUT_WITHIN_MS = 3_000
/** A broker brings only so many at a time (Mosquitto 1,020): it is looked again until nothing new comes. */
const LOOKS_MAX = 20
const TOPICS_MAX = 10_000

interface Search {
  readonly epoch: number
  readonly tried: Set<string>
  cleared: number
  fault: string | undefined
}

/**
 * Only what is there is cleared: some brokers allow no retained message, and cut the connection for one. Who is met with that once is
 * not asked again by this process.
 */
export class Leftovers {
  readonly #of: LeftoversOptions
  #isForbidden = false

  constructor(options: LeftoversOptions) {
    this.#of = options
  }

  /** On each connection. Never rejects. */
  async clear(): Promise<void> {
    const search: Search = { epoch: this.#of.linkNow().epoch, tried: new Set(), cleared: 0, fault: undefined }
    for (let looks = 0; looks < LOOKS_MAX && !this.#isForbidden && this.#stands(search); looks += 1) {
      const before = search.tried.size
      await this.#look(search)
      if (search.tried.size === before) break
    }
    const { cleared, fault } = search
    if (cleared > 0 || fault !== undefined) this.#of.onLeftovers?.({ cleared, ...(fault !== undefined && { fault }) })
  }

  async #look(search: Search): Promise<void> {
    const { env, transport } = this.#of
    const clears: Promise<void>[] = []
    await this.#attempt(search, () =>
      transport.findRetained(leftoverFilters(env), topic => {
        if (search.tried.has(topic) || search.tried.size >= TOPICS_MAX || !isCommandTopic(env, topic)) return
        search.tried.add(topic)
        clears.push(this.#clearOne(search, topic))
      }),
    )
    await Promise.all(clears)
  }

  /** A base that is connected hears it, too: it answers an empty question and an empty baseline (which installs nothing), no more. */
  async #clearOne(search: Search, topic: string): Promise<void> {
    await this.#attempt(search, async () => {
      await this.#of.transport.publish(topic, '', { retain: true })
      search.cleared += 1
    })
  }

  async #attempt(search: Search, act: () => Promise<void>): Promise<void> {
    const startedAtMs = this.#of.now()
    try {
      await act()
    } catch (error) {
      const wasCut = !this.#stands(search) && this.#of.now() - startedAtMs <= CUT_WITHIN_MS
      const code = error instanceof ArkletError ? error.code : undefined
      if (code === 'NOT_CONNECTED' || (code === 'PUBLISH_TIMEOUT' && !wasCut)) return
      this.#isForbidden = true
      search.fault ??= String(error)
    }
  }

  #stands({ epoch }: Search): boolean {
    const link = this.#of.linkNow()
    return link.connected && link.epoch === epoch
  }
}
