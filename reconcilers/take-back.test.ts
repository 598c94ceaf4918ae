import { expect, test } from 'vitest'
import { ArkletError, baseId, bizKey } from '../mqtt-bridge/index.ts'
import { SteppedClock } from './loop/stepped-clock.ts'
import { aBase, aFlight } from './registry/a-base.ts'
import type { Note } from './registry/notes.ts'
import { takeBack } from './take-back.ts'

const KEY = bizKey('biz1', '0.0.1')
const ID = baseId('b1')

function world(sentAtMs: number) {
  const clock = new SteppedClock()
  const notes: Note[] = []
  const registry = {
    get: () => aBase({ flights: [aFlight({ sentAtMs })] }),
    note: (_id: unknown, note: Note) => notes.push(note) > 0,
  }
  const refused = (code: 'NOT_CONNECTED' | 'PUBLISH_TIMEOUT') =>
    takeBack({ registry, clock }, { id: ID, key: KEY, sentAtMs: 5, error: new ArkletError(code, 'why') })
  return { clock, notes, refused }
}

test('what surely never left is taken back, and not at once: refused again it would go round without end', async () => {
  const { clock, notes, refused } = world(5)
  const done = refused('NOT_CONNECTED')
  expect(notes).toEqual([])
  await clock.step(1_000)
  await done
  expect(notes).toEqual([{ kind: 'unsent', key: KEY }])
})

test('a command that was sent since is another', async () => {
  const { clock, notes, refused } = world(6)
  const done = refused('NOT_CONNECTED')
  await clock.step(1_000)
  await done
  expect(notes).toEqual([])
})

test('what may have left counts as running', async () => {
  const { clock, notes, refused } = world(5)
  await refused('PUBLISH_TIMEOUT')
  expect(clock.sleeping).toBe(0)
  expect(notes).toEqual([])
})
