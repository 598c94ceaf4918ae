/** A piece of work that calls `done` when its thread is free again; one that never does holds it for ever. */
export type Work = (done: () => void) => void

const CORE = 5
const MAX = 10
const QUEUE = 100

/** Java's ThreadPoolExecutor(5, 10, queue of 100): a sixth thread starts only when a hundred wait. */
export class WorkerPool {
  readonly #waiting: Work[] = []
  #busy = 0

  get busy(): number {
    return this.#busy
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** False where the pool refuses: the message is gone and nobody is told. */
  submit(work: Work): boolean {
    if (this.#busy < CORE) this.#run(work)
    else if (this.#waiting.length < QUEUE) this.#waiting.push(work)
    else if (this.#busy < MAX) this.#run(work)
    else return false
    return true
  }

  #run(work: Work): void {
    this.#busy++
    let ended = false
    work(() => {
      if (ended) return
      ended = true
      this.#busy--
      const next = this.#waiting.shift()
      if (next) this.#run(next)
    })
  }
}
