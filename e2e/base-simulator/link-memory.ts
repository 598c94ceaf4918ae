import type { Cancel, Clock } from './clock.ts'
import type { Link, LinkEvents, LinkRequest, OpenLink } from './link.ts'

export interface Published {
  readonly topic: string
  readonly payload: string
  readonly atMs: number
  /** Client id of who sent it; undefined for the test itself. */
  readonly by?: string
}

const CONNECT_MS = 1

/** A broker for tests: clean sessions, retained messages, takeover of a client id, and an off switch. No sockets. */
export class MemoryBroker {
  readonly published: Published[] = []
  takeovers = 0
  readonly #clock: Clock
  readonly #links = new Map<string, MemoryLink>()
  readonly #retained = new Map<string, string>()
  #up = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  readonly open: OpenLink = (request, events) => {
    const link = new MemoryLink(this, request, events)
    link.cancelConnect = this.#clock.after(CONNECT_MS, () => this.#connect(link))
    return link
  }

  publish(topic: string, payload: string, { retain = false, by }: { retain?: boolean; by?: string } = {}): void {
    this.published.push({ topic, payload, atMs: this.#clock.now(), ...(by !== undefined && { by }) })
    if (retain && payload === '') this.#retained.delete(topic)
    else if (retain) this.#retained.set(topic, payload)
    for (const link of [...this.#links.values()]) link.deliver(topic, payload, false)
  }

  goDown(): void {
    this.#up = false
    for (const link of [...this.#links.values()]) link.lose('broker gone')
  }

  comeUp(): void {
    this.#up = true
  }

  /** What another client of the same id does to the one that is on. */
  throwOff(clientId: string): void {
    this.#links.get(clientId)?.lose('session taken over')
  }

  forget(link: MemoryLink): void {
    const { clientId } = link.request
    if (this.#links.get(clientId) === link) this.#links.delete(clientId)
  }

  #connect(link: MemoryLink): void {
    if (!this.#up) {
      link.lose('connection refused')
      return
    }
    const older = this.#links.get(link.request.clientId)
    if (older) {
      this.takeovers++
      older.lose('session taken over')
    }
    this.#links.set(link.request.clientId, link)
    link.up = true
    link.events.onUp()
    for (const [topic, payload] of this.#retained) link.deliver(topic, payload, true)
  }
}

class MemoryLink implements Link {
  readonly request: LinkRequest
  readonly events: LinkEvents
  up = false
  cancelConnect: Cancel = () => {}
  readonly #broker: MemoryBroker

  constructor(broker: MemoryBroker, request: LinkRequest, events: LinkEvents) {
    this.#broker = broker
    this.request = request
    this.events = events
  }

  publish(topic: string, payload: string, failed: (why: string) => void): void {
    if (this.up) this.#broker.publish(topic, payload, { by: this.request.clientId })
    else failed('not connected')
  }

  deliver(topic: string, payload: string, retained: boolean): void {
    if (!this.up || !this.request.topics.some(filter => matches(filter, topic))) return
    this.events.onMessage(topic, Buffer.from(payload), retained)
  }

  lose(why: string): void {
    this.destroy()
    this.events.onDown(why)
  }

  destroy(): void {
    this.up = false
    this.cancelConnect()
    this.#broker.forget(this)
  }
}

function matches(filter: string, topic: string): boolean {
  const levels = filter.split('/')
  const words = topic.split('/')
  return levels.length === words.length && levels.every((level, i) => level === '+' || level === words[i])
}
