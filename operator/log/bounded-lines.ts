import { Writable } from 'node:stream'

export interface LineSink {
  write(line: string): boolean
  /** Bytes taken and not yet written. */
  readonly writableLength: number
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** A reader that stalls for longer than this many bytes loses lines; else our memory would grow for as long as it stalls. */
export const WAITING_BYTES_MAX = 1024 * 1024

/**
 * Lines to a stream that never holds us up: what a stalled reader does not take is dropped and counted, and once it reads
 * again one line says how many. A reader that is gone must not end the process, which an unheard `error` would.
 */
export class BoundedLines extends Writable {
  readonly #sink: LineSink
  readonly #onDropped: () => void
  #dropped = 0
  #isGone = false

  constructor(sink: LineSink, onDropped: () => void) {
    super({ decodeStrings: false })
    this.#sink = sink
    this.#onDropped = onDropped
    sink.on('error', () => {
      this.#isGone = true
    })
  }

  override _write(line: string, _encoding: BufferEncoding, next: () => void): void {
    this.#put(line)
    next()
  }

  #put(line: string): void {
    if (this.#isGone || this.#sink.writableLength > WAITING_BYTES_MAX) {
      this.#dropped += 1
      this.#onDropped()
      return
    }
    if (this.#dropped > 0) {
      this.#sink.write(`${JSON.stringify({ level: 'warn', message: 'log lines dropped', lines: this.#dropped })}\n`)
      this.#dropped = 0
    }
    this.#sink.write(line)
  }
}
