import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { eventually } from '../cluster/eventually.ts'
import { measured } from './measured.ts'

interface Answer {
  readonly sentMs: number
  readonly endedMs: number
  /** `200 biz1:1.0.0`, `503`, `ECONNREFUSED`: bodies of errors tell the time, and are left out. */
  readonly said: string
}

const EVERY_MS = 20
const OVERTAKEN_MAX = 10
const TIMEOUT_MS = 10_000
const isGood = ({ said }: Answer): boolean => said.startsWith('200 ')

/** Where the next request goes; undefined: there is nobody to ask. */
export type Whither = () => string | undefined

/**
 * Fifty requests a second to a path, whatever the earlier ones wait for, each on a connection of its own: as many users see it.
 */
export class SteadyTraffic implements AsyncDisposable {
  readonly #whither: Whither
  readonly #answers: Answer[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #agent = new Agent({ keepAlive: false })
  readonly #clock: NodeJS.Timeout
  readonly #begunMs = performance.now()
  #sent = 0

  constructor(url: string | Whither) {
    this.#whither = typeof url === 'string' ? () => url : url
    this.#clock = setInterval(() => this.#sendDue(), EVERY_MS)
  }

  get sent(): number {
    return this.#sent
  }

  /** How many answers said what. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { said } of this.#answers) counts[said] = (counts[said] ?? 0) + 1
    return counts
  }

  get failed(): number {
    return this.#answers.filter(answer => !isGood(answer)).length
  }

  get slowestMs(): number {
    return Math.round(Math.max(0, ...this.#answers.map(({ sentMs, endedMs }) => endedMs - sentMs)))
  }

  /** The longest time in which no good answer came: what is refused and what waits count alike. */
  get longestGapMs(): number {
    const endsMs = this.#answers.filter(isGood).map(({ endedMs }) => endedMs)
    return Math.round(Math.max(0, ...endsMs.map((endedMs, i) => endedMs - (endsMs[i - 1] ?? endedMs))))
  }

  /** Runs of failures, in the order of asking. A request that overtakes a few others does not make two of one. */
  get gaps(): number {
    const bad = this.#asked.flatMap((answer, i) => (isGood(answer) ? [] : i))
    return bad.filter((at, i) => at - (bad[i - 1] ?? Number.NEGATIVE_INFINITY) > OVERTAKEN_MAX).length
  }

  /** Good answers in the order in which they were asked for, each run of equal ones once. */
  get said(): readonly string[] {
    const good = this.#asked.filter(isGood).map(({ said }) => said.slice('200 '.length))
    return good.filter((words, i) => words !== good[i - 1])
  }

  /** Each answer that was asked for after that moment of `performance.now()`, good or bad, once. */
  saidAfter(ms: number): readonly string[] {
    return [...new Set(this.#answers.filter(({ sentMs }) => sentMs > ms).map(({ said }) => said))]
  }

  /** `3 × 503, 120 × 200 biz1:1.0.0; gaps: 1, the longest 80 ms; slowest 12 ms` */
  get figure(): string {
    const counts = Object.entries(this.counts).map(([said, count]) => `${count} × ${said}`)
    return `${counts.join(', ')}; gaps: ${this.gaps}, the longest ${this.longestGapMs} ms; slowest ${this.slowestMs} ms`
  }

  /** Resolves when so many more were answered. */
  async more(count: number): Promise<void> {
    const enough = this.#answers.length + count
    await eventually(`${count} more answers`, () => this.#answers.length >= enough)
  }

  /** Stops, and waits for the requests under way. */
  async stop(): Promise<void> {
    clearInterval(this.#clock)
    await Promise.all(this.#underWay)
    this.#agent.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  get #asked(): readonly Answer[] {
    return [...this.#answers].sort((a, b) => a.sentMs - b.sentMs)
  }

  /** A late tick sends what earlier ones owe. */
  #sendDue(): void {
    const due = Math.floor((performance.now() - this.#begunMs) / EVERY_MS)
    while (this.#sent < due) {
      this.#sent += 1
      const done = this.#once().then(answer => {
        this.#answers.push(answer)
        this.#underWay.delete(done)
      })
      this.#underWay.add(done)
    }
  }

  async #once(): Promise<Answer> {
    const sentMs = performance.now()
    const said = await this.#ask().catch((error: NodeJS.ErrnoException) => String(error.code ?? error.message))
    return { sentMs, endedMs: performance.now(), said }
  }

  async #ask(): Promise<string> {
    const url = this.#whither()
    if (url === undefined) return 'nobody to ask'
    const asked = request(url, { agent: this.#agent, signal: AbortSignal.timeout(TIMEOUT_MS) })
    // One may come after the answer began; the reader of the body hears of it as well.
    asked.on('error', () => undefined)
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const body = await text(answer)
    return answer.statusCode === 200 ? `200 ${body.trim()}` : String(answer.statusCode)
  }
}

/** Requests to a path while something is done, and before and after it; their figure is printed. */
export async function during(what: string, url: string | Whither, act: () => Promise<void>): Promise<SteadyTraffic> {
  await using traffic = new SteadyTraffic(url)
  await traffic.more(25)
  await act()
  await traffic.more(25)
  await traffic.stop()
  measured(what, traffic.figure)
  return traffic
}
