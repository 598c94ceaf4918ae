/** What the oracles object to: each kind of fault once per run is enough to replay it. */
import type { Trace } from '../trace.ts'

export interface Violation {
  /** Which promise was broken: constant, so that runs can be compared. */
  readonly oracle: string
  readonly what: string
  readonly atMs: number
}

const VIOLATIONS_MAX = 20

export class Verdicts {
  readonly violations: Violation[] = []
  readonly #nowMs: () => number
  readonly #trace: Trace

  constructor(nowMs: () => number, trace: Trace) {
    this.#nowMs = nowMs
    this.#trace = trace
  }

  object(oracle: string, what: string): void {
    if (this.#trace.on) this.#trace.say('!', oracle, what)
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ oracle, what, atMs: this.#nowMs() })
  }
}
