/** The faults of one run, as those ask who are to suffer them; over once the world is healed. */
import type { SeededRng } from '../rng.ts'
import type { FaultKind, FaultMix } from './mix.ts'

export class Faults {
  readonly #mix: FaultMix
  readonly #rng: SeededRng
  readonly #streams = new Map<FaultKind, SeededRng>()
  #healed = false

  constructor(mix: FaultMix, rng: SeededRng) {
    this.#mix = mix
    this.#rng = rng
  }

  get healed(): boolean {
    return this.#healed
  }

  heal(): void {
    this.#healed = true
  }

  /** Does it strike this message or request? */
  strikes(kind: FaultKind): boolean {
    const probability = this.#healed ? 0 : (this.#mix[kind] ?? 0)
    return probability > 0 && this.rng(kind).chance(probability)
  }

  /** How often an hour; 0: never. */
  perHour(kind: FaultKind): number {
    return this.#mix[kind] ?? 0
  }

  /** None of these belongs to this run. */
  isFreeOf(kinds: readonly FaultKind[]): boolean {
    return kinds.every(kind => this.perHour(kind) === 0)
  }

  /** Chance of that kind alone. */
  rng(kind: FaultKind): SeededRng {
    const known = this.#streams.get(kind)
    if (known) return known
    const stream = this.#rng.fork(kind)
    this.#streams.set(kind, stream)
    return stream
  }
}
