/** Keys by the time at which they are due, first come first served among equals: a binary heap that can move a key forward. */
export interface Waiting<K> {
  readonly key: K
  readonly dueAtMs: number
}

interface Slot<K> extends Waiting<K> {
  readonly order: number
}

export class DueHeap<K> {
  readonly #slots: Slot<K>[] = []
  readonly #places = new Map<K, number>()
  #order = 0

  get size(): number {
    return this.#slots.length
  }

  get first(): Waiting<K> | undefined {
    return this.#slots[0]
  }

  all(): readonly Waiting<K>[] {
    return [...this.#slots]
  }

  /** Of two times for one key the earlier holds. */
  add(key: K, dueAtMs: number): void {
    const place = this.#places.get(key)
    const known = place === undefined ? undefined : this.#slots[place]
    if (known && known.dueAtMs <= dueAtMs) return
    this.#rise(place ?? this.#slots.length, { key, dueAtMs, order: this.#order++ })
  }

  takeFirst(): Waiting<K> | undefined {
    const first = this.#slots[0]
    const last = this.#slots.pop()
    if (!first || !last) return undefined
    this.#places.delete(first.key)
    if (last !== first) this.#sink(0, last)
    return first
  }

  #put(place: number, slot: Slot<K>): void {
    this.#slots[place] = slot
    this.#places.set(slot.key, place)
  }

  #rise(from: number, slot: Slot<K>): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#slots[above]
      if (!parent || !isBefore(slot, parent)) break
      this.#put(place, parent)
      place = above
    }
    this.#put(place, slot)
  }

  #sink(from: number, slot: Slot<K>): void {
    let place = from
    for (;;) {
      const below = this.#earlierChild(place)
      const child = this.#slots[below]
      if (!child || !isBefore(child, slot)) break
      this.#put(place, child)
      place = below
    }
    this.#put(place, slot)
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1
    const one = this.#slots[left]
    const other = this.#slots[left + 1]
    return one && other && isBefore(other, one) ? left + 1 : left
  }
}

const isBefore = <K>(a: Slot<K>, b: Slot<K>): boolean =>
  a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.order < b.order)
