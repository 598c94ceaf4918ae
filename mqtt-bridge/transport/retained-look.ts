/** What a broker replays of a short subscription. No packet says that it is through, so a silence has to. */
import { matchesAny, type TopicFilter, topicFilter } from './topic-filter.ts'

export interface RetainedLookOptions {
  readonly quietMs: number
  readonly maxMs: number
}

export class RetainedLook {
  /** Settles when nothing came for `quietMs`, and after `maxMs` whatever comes. */
  readonly over: Promise<void>
  readonly #filters: readonly TopicFilter[]
  readonly #onTopic: (topic: string) => void
  readonly #latest: NodeJS.Timeout
  readonly #quiet: NodeJS.Timeout
  #settle: () => void = () => undefined

  constructor(filters: readonly string[], onTopic: (topic: string) => void, { quietMs, maxMs }: RetainedLookOptions) {
    this.#filters = filters.map(topicFilter)
    this.#onTopic = onTopic
    this.over = new Promise(resolve => {
      this.#settle = resolve
    })
    this.#latest = setTimeout(() => this.end(), maxMs).unref()
    this.#quiet = setTimeout(() => this.end(), quietMs).unref()
  }

  /** True: it came by this subscription, and is nobody else's. After the end, too: the last ones come late. */
  takes(topic: string, retained: boolean): boolean {
    if (!matchesAny(this.#filters, topic)) return false
    if (!retained) return true
    this.#quiet.refresh()
    this.#onTopic(topic)
    return true
  }

  end(): void {
    clearTimeout(this.#latest)
    clearTimeout(this.#quiet)
    this.#settle()
  }
}
