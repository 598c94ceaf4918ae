import { expect, test } from 'vitest'
import { newClock, newRunIds } from './clock.ts'

const SECOND_MS = 1_000

/** Both hands of a machine: what its wall clock shows, and how long it has been running. */
function machine() {
  const hands = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 }
  const clock = newClock({ wallMs: () => hands.wallMs, monotonicMs: () => hands.monotonicMs })
  return {
    clock,
    pass(ms: number): void {
      hands.wallMs += ms
      hands.monotonicMs += ms
    },
    setWall(byMs: number): void {
      hands.wallMs += byMs
    },
  }
}

test('shows the time of day and passes as the machine does', () => {
  const { clock, pass } = machine()
  expect(clock.now()).toBe(1_700_000_000_000)
  pass(SECOND_MS)
  expect(clock.now()).toBe(1_700_000_001_000)
})

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
])('a wall clock set %s does not leap: 25 s of silence last 25 s, give or take a second or two', (_, byMs) => {
  const { clock, pass, setWall } = machine()
  const beganAtMs = clock.now()
  setWall(byMs)
  for (let second = 0; second < 25; second++) {
    pass(SECOND_MS)
    clock.now()
  }
  expect(Math.abs(clock.now() - beganAtMs - 25 * SECOND_MS)).toBeLessThanOrEqual(1_250)
})

test('it never goes back', () => {
  const { clock, pass, setWall } = machine()
  let before = clock.now()
  for (const step of [0, -60_000, 1, -5, 100_000, 0, -100_000]) {
    setWall(step)
    pass(7)
    const now = clock.now()
    expect(now).toBeGreaterThan(before)
    before = now
  }
})

test('in the end it is right again, since Leases bear its time', () => {
  const { clock, pass, setWall } = machine()
  const beganAtMs = clock.now()
  setWall(60_000)
  for (let minute = 0; minute < 40; minute++) {
    pass(60_000)
    clock.now()
  }
  expect(clock.now() - beganAtMs).toBeCloseTo(40 * 60_000 + 60_000, 3)
})

test('sleep ends at once when aborted, before or during', async () => {
  const { sleep } = newClock()
  const day = 24 * 3_600_000
  await sleep(day, AbortSignal.abort())
  const stop = new AbortController()
  const slept = sleep(day, stop.signal)
  stop.abort()
  await slept
})

test('sleep ends by itself', async () => {
  await newClock().sleep(1, new AbortController().signal)
})

test('run ids do not repeat, within a process nor among processes', () => {
  const [one, another] = [newRunIds(), newRunIds()]
  const ids = Array.from({ length: 100 }, () => [one(), another()]).flat()
  expect(new Set(ids).size).toBe(200)
})
