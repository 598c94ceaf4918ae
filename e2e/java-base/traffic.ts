import { setTimeout as sleep } from 'node:timers/promises'

interface Answer {
  readonly sentMs: number
  readonly endedMs: number
  /** What it said; undefined: the request failed, or was answered by an error. */
  readonly text: string | undefined
}

const EVERY_MS = 5

/** One request after the other to a module, as long as the test lets it. */
export class Traffic implements AsyncDisposable {
  readonly #url: string
  readonly #answers: Answer[] = []
  readonly #done: Promise<void>
  #isOn = true

  constructor(url: string) {
    this.#url = url
    this.#done = this.#run()
  }

  get sent(): number {
    return this.#answers.length
  }

  get failed(): number {
    return this.#answers.filter(({ text }) => text === undefined).length
  }

  /** What was answered, each run of equal answers once, failures left out. */
  get said(): readonly string[] {
    const texts = this.#answers.flatMap(({ text }) => text ?? [])
    return texts.filter((text, i) => text !== texts[i - 1])
  }

  /** From the last good answer before to the first one after each series of failures. */
  get gapsMs(): readonly number[] {
    const gaps: number[] = []
    let goodMs: number | undefined
    let isGap = false
    for (const { endedMs, text } of this.#answers) {
      if (text === undefined) isGap = true
      else {
        if (isGap && goodMs !== undefined) gaps.push(Math.round(endedMs - goodMs))
        isGap = false
        goodMs = endedMs
      }
    }
    return gaps
  }

  /** Stops, and waits for the request under way. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#done
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(): Promise<void> {
    while (this.#isOn) {
      this.#answers.push(await this.#once())
      await sleep(EVERY_MS)
    }
  }

  async #once(): Promise<Answer> {
    const sentMs = performance.now()
    const text = await fetch(this.#url, { signal: AbortSignal.timeout(10_000) })
      .then(async answer => (answer.ok ? (await answer.text()).trim() : undefined))
      .catch(() => undefined)
    return { sentMs, endedMs: performance.now(), text }
  }
}
