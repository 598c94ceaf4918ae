import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SteppedClock, settled } from './stepped-clock.ts'
import { KeyQueue } from './work-queue.ts'

const never = new AbortController().signal

function aQueue(options: { readonly draw?: number; readonly nowMs?: number } = {}) {
  const clock = new SteppedClock(options.nowMs ?? 1_000)
  const rng = { next: () => options.draw ?? 0 }
  return { clock, queue: new KeyQueue<string>({ clock, rng }) }
}

/** Takes in the background; `got` is what came, if anything did. */
function taking(queue: KeyQueue<string>, signal: AbortSignal = never) {
  const taker: { got: string | undefined; settled: boolean } = { got: undefined, settled: false }
  void queue.take(signal).then(key => {
    taker.got = key
    taker.settled = true
  })
  return taker
}

describe('a set of keys', () => {
  test('a key added twice is handed out once', async () => {
    const { queue } = aQueue()
    queue.add('a')
    queue.add('a')
    expect(queue.size).toBe(1)
    expect(await queue.take(never)).toBe('a')
    const second = taking(queue)
    await settled()
    expect(second.settled).toBe(false)
  })

  test('a key is not handed out again while it is worked on, but once more afterwards', async () => {
    const { queue } = aQueue()
    queue.add('a')
    await queue.take(never)
    queue.add('a')
    queue.add('a')
    const next = taking(queue)
    await settled()
    expect(next.settled).toBe(false)
    queue.done('a')
    await settled()
    expect(next.got).toBe('a')
    queue.done('a')
    expect(queue.size).toBe(0)
  })

  test('a key done with nothing new is gone', async () => {
    const { queue } = aQueue()
    queue.add('a')
    await queue.take(never)
    queue.done('a')
    expect([queue.size, queue.processing, queue.due]).toEqual([0, 0, 0])
  })

  test('several takers get several keys, in the order in which these became due', async () => {
    const { queue } = aQueue()
    const takers = [taking(queue), taking(queue), taking(queue)]
    for (const key of ['a', 'b', 'c']) queue.add(key)
    await settled()
    expect(takers.map(({ got }) => got)).toEqual(['a', 'b', 'c'])
  })
})

describe('wake-ups', () => {
  test('the earliest of several counts', async () => {
    const { queue, clock } = aQueue()
    queue.addAfter('a', 500)
    queue.addAfter('a', 200)
    queue.addAfter('a', 900)
    const taker = taking(queue)
    await clock.step(199)
    expect(taker.settled).toBe(false)
    await clock.step(1)
    expect(taker.got).toBe('a')
  })

  test('an immediate add makes a waiting key due now', async () => {
    const { queue, clock } = aQueue()
    queue.addAfter('a', 60_000)
    const taker = taking(queue)
    await clock.step(10)
    queue.add('a')
    await settled()
    expect(taker.got).toBe('a')
    expect(clock.sleeping).toBe(0)
  })

  test('a wake-up asked for during the work holds after it', async () => {
    const { queue, clock } = aQueue()
    queue.add('a')
    await queue.take(never)
    queue.addAfter('a', 300)
    queue.addAfter('a', 700)
    queue.done('a')
    const taker = taking(queue)
    await clock.step(299)
    expect(taker.settled).toBe(false)
    await clock.step(1)
    expect(taker.got).toBe('a')
  })

  test('thousands of waiting keys need one sleep, and none while nobody takes', async () => {
    const { queue, clock } = aQueue()
    for (let i = 0; i < 5_000; i++) queue.addAfter(`key-${i}`, 10_000 - i)
    expect(clock.sleeping).toBe(0)
    const abort = new AbortController()
    const taker = taking(queue, abort.signal)
    await settled()
    expect(clock.sleeping).toBe(1)
    abort.abort()
    await settled()
    expect([taker.settled, taker.got, clock.sleeping]).toEqual([true, undefined, 0])
  })

  test('a taker that was stopped takes nothing from the others', async () => {
    const { queue, clock } = aQueue()
    const abort = new AbortController()
    const stopped = taking(queue, abort.signal)
    const other = taking(queue)
    queue.addAfter('a', 100)
    abort.abort()
    await clock.step(100)
    expect(stopped.got).toBeUndefined()
    expect(other.got).toBe('a')
  })

  test('an aborted signal takes nothing, even where a key is due', async () => {
    const { queue } = aQueue()
    queue.add('a')
    expect(await queue.take(AbortSignal.abort())).toBeUndefined()
    expect(queue.due).toBe(1)
  })
})

describe('retries', () => {
  const delays = async (queue: KeyQueue<string>, clock: SteppedClock, times: number) => {
    const seen: number[] = []
    for (let i = 0; i < times; i++) {
      queue.retry('a')
      seen.push((queue.snapshot()[0]?.dueAtMs ?? 0) - clock.now())
      const taker = taking(queue)
      await clock.step(60_000)
      expect(taker.got).toBe('a')
      queue.done('a')
    }
    return seen
  }

  test('the delay doubles up to its cap, and begins anew once the key is forgotten', async () => {
    const { queue, clock } = aQueue()
    expect(await delays(queue, clock, 13)).toEqual([
      50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000,
    ])
    queue.forget('a')
    expect(await delays(queue, clock, 2)).toEqual([50, 100])
  })

  test('jitter brings a retry forward, never beyond the cap', async () => {
    const { queue, clock } = aQueue({ draw: 0.5 })
    expect(await delays(queue, clock, 2)).toEqual([42.5, 85])
  })

  test('the patience that the other side asks for is kept', () => {
    const { queue, clock } = aQueue({ draw: 0.5 })
    queue.retry('a', { atLeastMs: 7_000 })
    expect((queue.snapshot()[0]?.dueAtMs ?? 0) - clock.now()).toBe(7_350)
  })

  test('a cap of its own keeps a quick retry quick', () => {
    const { queue, clock } = aQueue()
    for (let i = 0; i < 8; i++) {
      queue.retry('a', { atMostMs: 120 })
      expect((queue.snapshot()[0]?.dueAtMs ?? 0) - clock.now()).toBeLessThanOrEqual(120)
    }
  })
})

test('the snapshot tells what waits, what is worked on, and how often it failed', async () => {
  const { queue, clock } = aQueue()
  for (const key of ['a', 'b']) queue.add(key)
  queue.addAfter('c', 400)
  await queue.take(never)
  await queue.take(never)
  queue.retry('b')
  await clock.step(30)
  expect(queue.snapshot()).toEqual([
    { key: 'a', state: 'processing', dueAtMs: 1_000, failures: 0 },
    { key: 'b', state: 'processing, dirty', dueAtMs: 1_050, failures: 1 },
    { key: 'c', state: 'waiting', dueAtMs: 1_400, failures: 0 },
  ])
  expect(queue.dueSinceMs('a')).toBe(1_000)
})

type Step =
  | { readonly kind: 'add' | 'done'; readonly key: string }
  | { readonly kind: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'pass'; readonly ms: number }

/** Keys with their earliest wake-up, and what is in work: all that a queue is; run beside a real one. */
class Model {
  readonly clock = new SteppedClock()
  readonly queue = new KeyQueue<string>({ clock: this.clock, rng: { next: () => 0 } })
  readonly faults: string[] = []
  readonly #waiting = new Map<string, number>()
  readonly #working = new Map<string, number | undefined>()
  #takers = 0

  async do(step: Step): Promise<void> {
    if (step.kind === 'add') this.#add(step.key, 0, () => this.queue.add(step.key))
    if (step.kind === 'addAfter') this.#add(step.key, step.ms, () => this.queue.addAfter(step.key, step.ms))
    if (step.kind === 'done') this.#done(step.key)
    if (step.kind === 'take') this.#take()
    if (step.kind === 'pass') await this.clock.step(step.ms)
    await settled()
  }

  check(): void {
    const due = [...this.#waiting.values()].filter(at => at <= this.clock.now()).length
    expect(this.faults).toEqual([])
    expect(this.#takers > 0 ? due : 0).toBe(0)
    expect(this.queue.size).toBe(this.#waiting.size)
    expect(this.clock.sleeping).toBe(this.#takers > 0 && this.#waiting.size > 0 ? 1 : 0)
  }

  #add(key: string, ms: number, act: () => void): void {
    this.#note(key, this.clock.now() + ms)
    act()
  }

  #note(key: string, atMs: number): void {
    const to = this.#working.has(key) ? this.#working : this.#waiting
    to.set(key, Math.min(atMs, to.get(key) ?? atMs))
  }

  #done(key: string): void {
    if (!this.#working.has(key)) return
    const again = this.#working.get(key)
    this.#working.delete(key)
    if (again !== undefined) this.#note(key, again)
    this.queue.done(key)
  }

  #take(): void {
    this.#takers++
    void this.queue.take(never).then(key => this.#taken(key))
  }

  #taken(key: string | undefined): void {
    this.#takers--
    if (key === undefined) return void this.faults.push('took nothing though not aborted')
    const dueAtMs = this.#waiting.get(key)
    if (this.#working.has(key)) this.faults.push(`${key} handed out twice at a time`)
    if (dueAtMs === undefined || dueAtMs > this.clock.now()) this.faults.push(`${key} handed out early`)
    this.#waiting.delete(key)
    this.#working.set(key, undefined)
  }
}

test('whatever is done to it, it hands out every due key, never early, never twice at a time', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom('add' as const, 'done' as const), key }),
    fc.record({ kind: fc.constant('addAfter' as const), key, ms: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const model = new Model()
      for (const next of steps) {
        await model.do(next)
        model.check()
      }
    }),
    { numRuns: 200 },
  )
})
