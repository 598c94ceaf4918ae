/** Chance from a seed. Each part forks its own by name: a new draw in one never shifts the draws of another. */

/** FNV-1a, then mixed: names that differ by a letter must give streams that have nothing in common. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export class SeededRng {
  readonly #name: string
  #state: number

  constructor(name: string) {
    this.#name = name
    this.#state = hashOf(name)
  }

  fork(name: string): SeededRng {
    return new SeededRng(`${this.#name}/${name}`)
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** Draws nothing where there is nothing to choose: a fault that is off must not change what the others do. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  between(min: number, max: number): number {
    return min >= max ? min : min + (max - min) * this.next()
  }

  /** Both ends included. */
  integer(min: number, max: number): number {
    return min >= max ? min : Math.min(max, Math.floor(min + (max - min + 1) * this.next()))
  }

  /** Short mostly, long now and then: as networks and people are. */
  skewed(min: number, max: number): number {
    return min + (max - min) * this.next() ** 3
  }

  pick<T>(items: readonly [T, ...T[]]): T
  pick<T>(items: readonly T[]): T | undefined
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.integer(0, items.length - 1)]
  }
}
