/** What all controllers have in common: changes become keys, keys are looked at a little later, one after the other. */
import type { ServerChange, SimApiServer } from '../api/sim-api-server.ts'

export interface SimTime {
  now(): number
  /** @returns what takes it back */
  after(ms: number, run: () => void): () => void
}

/** Level-triggered: `reconcile` reads the server's state and never the change that woke it. */
export interface Controller {
  readonly name: string
  /** Which keys a change of a resource concerns. */
  readonly wakes: Readonly<Record<string, (change: ServerChange) => readonly string[]>>
  /** @returns after how many ms to look again though nothing changes */
  reconcile(key: string): number | undefined
}

export interface ControllersOptions {
  readonly server: SimApiServer
  readonly time: SimTime
  readonly rng: { next(): number }
}

/** Between a change and what follows from it: as long as a watch and a queue take. */
const REACTS_IN_MS = { min: 2, max: 60 }

export class Driver {
  readonly #of: ControllersOptions
  readonly #byResource = new Map<string, { queue: Queue; keysOf: (change: ServerChange) => readonly string[] }[]>()
  readonly #queues: Queue[] = []
  readonly #stopListening: () => void

  constructor(options: ControllersOptions, controllers: readonly Controller[]) {
    this.#of = options
    for (const controller of controllers) this.#add(controller)
    this.#stopListening = options.server.onCommit(change => this.#changed(change))
  }

  stop(): void {
    this.#stopListening()
    for (const queue of this.#queues) queue.stop()
  }

  #add(controller: Controller): void {
    const queue = new Queue(controller, this.#of)
    this.#queues.push(queue)
    for (const [resource, keysOf] of Object.entries(controller.wakes)) {
      const wakes = this.#byResource.get(resource) ?? []
      this.#byResource.set(resource, wakes)
      wakes.push({ queue, keysOf })
      // What was there before us.
      for (const object of this.#of.server.list(resource))
        for (const key of keysOf({ resource, type: 'ADDED', object })) queue.add(key)
    }
  }

  #changed(change: ServerChange): void {
    for (const { queue, keysOf } of this.#byResource.get(change.resource) ?? [])
      for (const key of keysOf(change)) queue.add(key)
  }
}

class Queue {
  readonly #controller: Controller
  readonly #of: ControllersOptions
  /** Of each key the one look that is to come. */
  readonly #due = new Map<string, { atMs: number; cancel: () => void }>()

  constructor(controller: Controller, options: ControllersOptions) {
    this.#controller = controller
    this.#of = options
  }

  add(key: string): void {
    const { min, max } = REACTS_IN_MS
    this.#schedule(key, min + Math.floor(this.#of.rng.next() * (max - min)))
  }

  stop(): void {
    for (const { cancel } of this.#due.values()) cancel()
    this.#due.clear()
  }

  /** The earlier look wins. */
  #schedule(key: string, ms: number): void {
    const { time } = this.#of
    const atMs = time.now() + ms
    const due = this.#due.get(key)
    if (due && due.atMs <= atMs) return
    due?.cancel()
    this.#due.set(key, { atMs, cancel: time.after(ms, () => this.#look(key)) })
  }

  #look(key: string): void {
    this.#due.delete(key)
    const againInMs = this.#controller.reconcile(key)
    if (againInMs !== undefined) this.#schedule(key, againInMs)
  }
}
