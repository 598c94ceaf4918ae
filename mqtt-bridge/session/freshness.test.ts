import { describe, expect, test } from 'vitest'
import { baseId, type Observation } from '../arklet/vocabulary.ts'
import { Freshness } from './freshness.ts'

const HOUR_MS = 3_600_000
const metadata = { name: 'base', version: '1.0.0', clusterName: 'c' }
const heard = (publishedAtMs: number, base = 'b1') => ({ base: baseId(base), publishedAtMs })
const health = (at: number, base?: string): Observation => ({ kind: 'health', ...heard(at, base), health: {} })
const snapshot = (at: number): Observation => ({ kind: 'snapshot', ...heard(at), bizs: [] })
const newProcess = (at: number): Observation => ({ kind: 'queryBaseline', ...heard(at), metadata })
const heart = (at: number, name = 'base'): Observation => ({
  kind: 'heart',
  ...heard(at),
  metadata: { ...metadata, name },
  ip: '10.0.0.7',
  hostName: 'h',
  port: 0,
  state: 'activated',
})
const answer = (at: number, name: string, outcome: 'uninstalled' | 'conflict' = 'uninstalled'): Observation => ({
  kind: 'answer',
  ...heard(at),
  command: 'uninstallBiz',
  name,
  version: '1',
  outcome: outcome === 'conflict' ? { kind: 'conflict', running: 'installBiz' } : { kind: 'uninstalled' },
})

/** Which of them pass; each comes `stepMs` after the one before, by our clock. */
function passing(observations: readonly Observation[], stepMs = 0): boolean[] {
  const freshness = new Freshness()
  return observations.map((observation, at) => freshness.ageOf(observation, at * stepMs) === undefined)
}

describe('freshness', () => {
  test('what is older than what the same base said before is refused, by its age', () => {
    const freshness = new Freshness()
    freshness.ageOf(snapshot(1_000), 0)
    expect(freshness.ageOf(snapshot(400), 1)).toBe(600)
  })

  test('what is as old is let in: two messages in one millisecond are two messages', () => {
    expect(passing([snapshot(1_000), snapshot(1_000)])).toEqual([true, true])
  })

  test('bases are apart, and so are kinds', () => {
    expect(passing([health(1_000), health(10, 'b2'), snapshot(10)])).toEqual([true, true, true])
  })

  test('answers to different commands overtake each other, and a conflict overtakes the answer it is in conflict with', () => {
    expect(passing([answer(1_000, 'biz1'), answer(990, 'biz2'), answer(10, 'biz1')])).toEqual([true, true, false])
    expect(passing([answer(1_000, 'biz1', 'conflict'), answer(990, 'biz1')])).toEqual([true, true])
  })

  test('two bases under one identity, a minute apart, are both heard', () => {
    const beats = [heart(100_000), heart(40_000, 'twin'), heart(110_000), heart(50_000, 'twin')]
    expect(passing(beats, 5_000)).toEqual([true, true, true, true])
  })

  describe('a clock set back does not mute a base', () => {
    test('a restarted base says so, however little its clock went back', () => {
      expect(passing([snapshot(10_000), newProcess(8_000), snapshot(8_001)])).toEqual([true, true, true])
    })

    test('hours are no delay: heard at once', () => {
      const times = [5 * HOUR_MS, HOUR_MS, HOUR_MS + 1, 5 * HOUR_MS]
      expect(passing(times.map(at => health(at)))).toEqual([true, true, true, true])
    })

    test('one frame from another time is heard, and the order stays: what is late is refused as before', () => {
      const times = [5 * HOUR_MS, 0, 5 * HOUR_MS - 1_000, 5 * HOUR_MS + 1_000]
      expect(
        passing(
          times.map(at => snapshot(at)),
          6_000,
        ),
      ).toEqual([true, true, false, true])
    })

    test('hours, for longer than five seconds: the order is that of the new clock', () => {
      const times = [5 * HOUR_MS, HOUR_MS, HOUR_MS + 6_000, HOUR_MS + 5_000]
      expect(
        passing(
          times.map(at => snapshot(at)),
          6_000,
        ),
      ).toEqual([true, true, true, false])
    })

    test('a minute: heard again with the second message, and then in all kinds', () => {
      const freshness = new Freshness()
      const pass = (observation: Observation, nowMs: number) => freshness.ageOf(observation, nowMs) === undefined
      expect([pass(health(100_000), 0), pass(snapshot(100_000), 0)]).toEqual([true, true])
      expect([pass(health(50_000), 10_000), pass(health(60_000), 20_000)]).toEqual([false, true])
      expect(pass(snapshot(60_500), 20_500)).toBe(true)
    })
  })

  test('latecomers among fresh ones stay refused, however many', () => {
    const times = [10_000, 9_000, 11_000, 9_500, 12_000, 9_600, 13_000]
    expect(
      passing(
        times.map(at => snapshot(at)),
        3_000,
      ),
    ).toEqual([true, false, true, false, true, false, true])
  })

  test('a burst of latecomers is no proof of a new clock', () => {
    const times = [10_000, 9_000, 9_100, 9_200, 9_300]
    expect(
      passing(
        times.map(at => snapshot(at)),
        100,
      ),
    ).toEqual([true, false, false, false, false])
  })

  test('one message again and again is no proof of a new clock', () => {
    expect(
      passing(
        [10_000, 9_000, 9_000, 9_000].map(at => snapshot(at)),
        60_000,
      ),
    ).toEqual([true, false, false, false])
  })

  test('a flood of names does not grow its memory', () => {
    const freshness = new Freshness()
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 200_000; at += 1) freshness.ageOf(answer(1, `biz${at}`), 0)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000)
  })
})
