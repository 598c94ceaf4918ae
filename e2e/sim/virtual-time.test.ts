import { expect, test } from 'vitest'
import { ProcessTime } from './process-time.ts'
import { VirtualTime } from './virtual-time.ts'

const never = new AbortController().signal

test('alarms ring in order of time, and of one instant in the order they were set', async () => {
  const time = new VirtualTime(0)
  const rung: string[] = []
  for (const [name, ms] of [
    ['c', 20],
    ['a', 10],
    ['b', 10],
    ['late', 31],
  ] as const)
    time.after(ms, () => rung.push(`${name} at ${time.now()}`))
  const cancel = time.after(5, () => rung.push('cancelled'))
  cancel()
  await time.advance(30)
  expect(rung).toEqual(['a at 10', 'b at 10', 'c at 20'])
  expect([time.now(), time.pending]).toEqual([30, 1])
})

test('all that follows from an alarm, however long its chain of promises, comes before the next', async () => {
  const time = new VirtualTime(0)
  const seen: string[] = []
  const chain = async (): Promise<void> => {
    for (let link = 0; link < 1_000; link++) await Promise.resolve()
    seen.push('chain')
  }
  time.after(1, () => void chain())
  time.after(1, () => seen.push('next'))
  await time.advance(1)
  expect(seen).toEqual(['chain', 'next'])
})

test('a sleeper wakes at its time, or at once when aborted, and leaves no alarm', async () => {
  const time = new VirtualTime(0)
  const ending = new AbortController()
  const woken: string[] = []
  void time.sleep(100, never).then(() => woken.push('slept'))
  void time.sleep(1_000, ending.signal).then(() => woken.push('aborted'))
  await time.advance(50)
  ending.abort()
  await time.advance(0)
  expect([woken, time.pending]).toEqual([['aborted'], 1])
  await time.advance(50)
  expect([woken, time.pending]).toEqual([['aborted', 'slept'], 0])
})

test('a process that is stopped hears all that was due when it goes on, and one that is killed nothing', async () => {
  const time = new VirtualTime(0)
  const [stopped, killed] = [new ProcessTime(time), new ProcessTime(time)]
  const rung: string[] = []
  stopped.after(10, () => rung.push(`stopped at ${time.now()}`))
  killed.after(10, () => rung.push('killed'))
  const outside = stopped.gated(() => rung.push('from outside'))
  stopped.pause()
  killed.kill()
  outside()
  await time.advance(20)
  expect(rung).toEqual([])
  stopped.resume()
  await time.advance(0)
  expect(rung).toEqual(['from outside', 'stopped at 20'])
  expect(killed.pending).toBe(0)
})
