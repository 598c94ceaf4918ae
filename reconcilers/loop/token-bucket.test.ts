import { describe, expect, test } from 'vitest'
import { SteppedClock, settled } from './stepped-clock.ts'
import { TokenBucket } from './token-bucket.ts'

const never = new AbortController().signal

function aBucket(options: { ratePerSecond?: number; burst?: number; reserve?: number } = {}) {
  const clock = new SteppedClock(1_000)
  return { clock, bucket: new TokenBucket({ ratePerSecond: 10, burst: 4, reserve: 1, clock, ...options }) }
}

/** Puts each request's name into `gone` when it may go. */
function request(gone: string[], name: string, turn: Promise<boolean>): void {
  void turn.then(taken => gone.push(taken ? name : `${name} aborted`))
}

describe('one rate for all', () => {
  test('a burst goes at once, then one per tenth of a second', async () => {
    const { bucket, clock } = aBucket()
    const gone: string[] = []
    for (const name of ['1', '2', '3', '4', '5', '6']) request(gone, name, bucket.take(never))
    await settled()
    expect(gone).toEqual(['1', '2', '3', '4'])
    await clock.step(99)
    expect(gone).toHaveLength(4)
    await clock.step(1)
    expect(gone).toEqual(['1', '2', '3', '4', '5'])
    await clock.step(100)
    expect(gone).toHaveLength(6)
    expect([bucket.waiting, clock.sleeping]).toEqual([0, 0])
  })

  test('what is not used is kept, up to the burst', async () => {
    const { bucket, clock } = aBucket()
    await clock.step(60_000)
    const taken = Array.from({ length: 6 }, () => bucket.tryTake())
    expect(taken).toEqual([true, true, true, true, false, false])
  })

  test('over a long time the rate holds exactly', async () => {
    const { bucket, clock } = aBucket({ ratePerSecond: 7, burst: 1, reserve: 0 })
    const gone: string[] = []
    for (let i = 0; i < 200; i++) request(gone, `${i}`, bucket.take(never))
    await clock.step(10_000)
    expect(gone.length).toBeGreaterThanOrEqual(69)
    expect(gone.length).toBeLessThanOrEqual(71)
  })

  test('nobody overtakes those who wait', async () => {
    const { bucket, clock } = aBucket({ burst: 1, reserve: 0 })
    const gone: string[] = []
    request(gone, 'first', bucket.take(never))
    request(gone, 'second', bucket.take(never))
    await clock.step(50)
    expect(bucket.tryTake()).toBe(false)
    await clock.step(50)
    expect(gone).toEqual(['first', 'second'])
  })

  test('who is stopped leaves the line without a token', async () => {
    const { bucket, clock } = aBucket({ burst: 1, reserve: 0 })
    const stop = new AbortController()
    const gone: string[] = []
    request(gone, 'a', bucket.take(never))
    request(gone, 'b', bucket.take(stop.signal))
    request(gone, 'c', bucket.take(never))
    stop.abort()
    await clock.step(100)
    expect(gone).toEqual(['a', 'b aborted', 'c'])
    expect(await bucket.take(stop.signal)).toBe(false)
    expect(await bucket.takeLow(stop.signal)).toBe(false)
  })

  test('a clock set back stops nothing for good', async () => {
    let now = 1_000_000
    const clock = new SteppedClock()
    const bucket = new TokenBucket({
      ratePerSecond: 10,
      burst: 1,
      clock: { now: () => now, sleep: clock.sleep.bind(clock) },
    })
    expect(bucket.tryTake()).toBe(true)
    now = 500_000
    expect(bucket.tryTake()).toBe(false)
    now = 500_100
    expect(bucket.tryTake()).toBe(true)
  })
})

describe('the low lane', () => {
  test('leaves a reserve for normal requests', async () => {
    const { bucket } = aBucket({ burst: 4, reserve: 2 })
    const gone: string[] = []
    for (const name of ['low 1', 'low 2', 'low 3']) request(gone, name, bucket.takeLow(never))
    await settled()
    expect(gone).toEqual(['low 1', 'low 2'])
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false])
  })

  test('goes after every normal request that waits', async () => {
    const { bucket, clock } = aBucket({ burst: 2, reserve: 1 })
    const gone: string[] = []
    for (const name of ['1', '2']) request(gone, name, bucket.take(never))
    request(gone, 'low', bucket.takeLow(never))
    for (const name of ['3', '4']) request(gone, name, bucket.take(never))
    await clock.step(200)
    expect(gone).toEqual(['1', '2', '3', '4'])
    await clock.step(199)
    expect(gone).not.toContain('low')
    await clock.step(1)
    expect(gone).toContain('low')
  })

  test('is never shut for good by a reserve as large as the bucket', async () => {
    const { bucket, clock } = aBucket({ burst: 1, reserve: 10 })
    const gone: string[] = []
    request(gone, 'low', bucket.takeLow(never))
    await clock.step(1_000)
    expect(gone).toEqual(['low'])
  })

  test('a normal request is not held up by low ones that wait', async () => {
    const { bucket, clock } = aBucket({ burst: 2, reserve: 1 })
    const gone: string[] = []
    for (const name of ['low 1', 'low 2']) request(gone, name, bucket.takeLow(never))
    request(gone, 'normal', bucket.take(never))
    await settled()
    expect(gone).toEqual(['low 1', 'normal'])
    await clock.step(200)
    expect(gone).toEqual(['low 1', 'normal', 'low 2'])
  })
})
