/** What many runs came to. */
import type { RunResult } from './run.ts'

const HOUR_MS = 3_600_000

export class Tally {
  readonly #nowMs: () => number
  readonly #beganAtMs: number
  readonly #settledMs: number[] = []
  #runs = 0
  #failed = 0
  #simulatedMs = 0

  /** The time of the machine: how fast we are is no part of any run. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#beganAtMs = nowMs()
  }

  add({
    settledAfterMs,
    simulatedMs,
    violations,
  }: Pick<RunResult, 'settledAfterMs' | 'simulatedMs' | 'violations'>): void {
    this.#runs += 1
    this.#simulatedMs += simulatedMs
    if (violations.length > 0) this.#failed += 1
    if (settledAfterMs !== undefined) this.#settledMs.push(settledAfterMs)
  }

  get text(): string {
    const sorted = [...this.#settledMs].sort((a, b) => a - b)
    const at = (share: number): number => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1_000)
    const minutes = (this.#nowMs() - this.#beganAtMs) / 60_000
    const hours = this.#simulatedMs / HOUR_MS
    return [
      `${this.#runs} seeds, ${this.#failed} failed`,
      `settled ${at(0.5)} s after healing (p50), ${at(0.99)} s (p99), ${at(1)} s (max)`,
      `${hours.toFixed(1)} simulated hours in ${minutes.toFixed(1)} minutes, ${Math.round(hours / minutes)} an hour per minute`,
    ].join('; ')
  }
}
