/** A watch is one JSON object per line, cut anywhere by the network. */

import { WatchFault } from './watch-event.ts'

/** etcd takes no object above 1.5 MB; a line that never ends must not fill our memory. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024
const NEWLINE = 10

export class LineSplitter {
  readonly #lineBytesMax: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(lineBytesMax: number = LINE_BYTES_MAX) {
    this.#lineBytesMax = lineBytesMax
  }

  /**
   * Calls `onLine` for each line that this chunk ends, without its newline; empty lines are left out.
   * @throws WatchFault on a line that is too long
   */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#ended(chunk.subarray(start, end))
      start = end + 1
      if (line !== '') onLine(line)
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  #ended(last: Buffer): string {
    if (this.#restBytes === 0) return last.toString('utf8')
    const whole = Buffer.concat([...this.#rest, last])
    this.#rest = []
    this.#restBytes = 0
    return whole.toString('utf8')
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length
    if (this.#restBytes > this.#lineBytesMax) {
      throw new WatchFault(0, `a line of more than ${this.#lineBytesMax} bytes`)
    }
    this.#rest.push(part)
  }
}
