/** What was opened, closed in reverse order: all of it, whatever one of them throws. */
import type { Log } from '../reconcilers/ports.ts'

export class Opened implements AsyncDisposable {
  readonly #log: Log
  readonly #closers: { readonly name: string; readonly close: () => PromiseLike<unknown> | unknown }[] = []

  constructor(log: Log) {
    this.#log = log
  }

  add<T extends AsyncDisposable>(name: string, part: T): T {
    this.onClose(name, () => part[Symbol.asyncDispose]())
    return part
  }

  onClose(name: string, close: () => PromiseLike<unknown> | unknown): void {
    this.#closers.push({ name, close })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer.close()
      } catch (error) {
        this.#log.warn('not closed cleanly', { part: closer.name, error })
      }
    }
  }
}
