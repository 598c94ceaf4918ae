/** Asks over and over, as traffic does, and counts what failed. */
const EVERY_MS = 20

export class Visitor implements AsyncDisposable {
  requests = 0
  /** Runs of failures, each by how many requests it was. */
  readonly gaps: number[] = []
  readonly #isOk: () => unknown
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  #wasOk = true

  /** @param ask what is neither false, nor undefined, nor `base` counts as an answer */
  constructor(ask: () => unknown) {
    this.#isOk = ask
    this.#done = this.#visit()
  }

  get failed(): number {
    return this.gaps.reduce((sum, length) => sum + length, 0)
  }

  async #visit(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const answer = await this.#isOk()
      this.#count(answer !== false && answer !== undefined && answer !== 'base')
      await new Promise(resolve => setTimeout(resolve, EVERY_MS))
    }
  }

  #count(ok: boolean): void {
    this.requests++
    if (!ok && this.#wasOk) this.gaps.push(0)
    if (!ok) this.gaps[this.gaps.length - 1] = (this.gaps.at(-1) ?? 0) + 1
    this.#wasOk = ok
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#done
  }
}
