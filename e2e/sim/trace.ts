/** What happened, one line per fact, for whoever replays a seed. Costs nothing while nobody reads it. */
import { EPOCH_MS } from './virtual-time.ts'

export type Lane = keyof typeof LEGEND

const LEGEND = {
  '>': 'a frame leaves the operator',
  '<': 'a frame reaches the operator',
  '=': 'a frame reaches a base',
  W: 'the operator writes to the API server, and what it gets',
  R: 'the operator reads from the API server',
  P: 'an object changed at the API server',
  U: 'a user or another controller acts',
  D: 'the operator decides to do something: the key, what, and why',
  O: 'the operator process starts, ends, pauses',
  B: 'a base starts, ends, answers',
  F: 'a fault is injected',
  L: 'the operator logs',
  '!': 'an oracle objects',
} as const

export const legend = (): string =>
  Object.entries(LEGEND)
    .map(([lane, what]) => `  ${lane}  ${what}`)
    .join('\n')

export class Trace {
  readonly #write: ((line: string) => void) | undefined
  readonly #nowMs: () => number

  /** Without `write` nothing is told, and what would be told need not be put into words: see `on`. */
  constructor(nowMs: () => number, write?: (line: string) => void) {
    this.#nowMs = nowMs
    this.#write = write
  }

  get on(): boolean {
    return this.#write !== undefined
  }

  say(lane: Lane, who: string, what: string): void {
    if (!this.#write) return
    const seconds = ((this.#nowMs() - EPOCH_MS) / 1_000).toFixed(3).padStart(10)
    this.#write(`${seconds} ${lane} ${who.padEnd(12)} ${what}`)
  }
}
