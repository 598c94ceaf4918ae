/** Publishes that nobody acknowledged yet. With the broker away, a promise of mqtt's would never settle. */
import { ArkletError } from '../errors.ts'

export class InFlight {
  readonly #timeoutMs: number
  readonly #waiting = new Set<(error: ArkletError) => void>()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** @throws ArkletError PUBLISH_TIMEOUT, PUBLISH_FAILED as `nameFailure` words it */
  inTime(acknowledged: Promise<unknown>, nameFailure: (error: unknown) => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: ArkletError): void => {
        clearTimeout(timeout)
        this.#waiting.delete(fail)
        reject(error)
      }
      const timeout = setTimeout(
        () => fail(new ArkletError('PUBLISH_TIMEOUT', `no acknowledgement within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      )
      this.#waiting.add(fail)
      acknowledged.then(
        () => {
          clearTimeout(timeout)
          this.#waiting.delete(fail)
          resolve()
        },
        error => fail(new ArkletError('PUBLISH_FAILED', nameFailure(error), error)),
      )
    })
  }

  failAll(why: string): void {
    for (const fail of this.#waiting) fail(new ArkletError('PUBLISH_TIMEOUT', why))
    this.#waiting.clear()
  }
}
