/** Every door, knocked at with all that is in its corpus, with inputs that are always the same, and with some never tried before. */
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCorpus } from './corpus.ts'
import { Broken, type Door, must } from './door.ts'
import { DOORS } from './doors.ts'
import { freshSeed } from './fresh-seed.ts'
import { fuzz, knockInTime, type Tally } from './fuzz.ts'

const FIXED = 20_260_301
const FRESH = freshSeed(join(import.meta.dirname, '../..'))

describe.each(DOORS)('$name', door => {
  test('holds against its corpus', async () => {
    const entries = readCorpus(door.name)
    expect(entries.length).toBeGreaterThan(3)
    await using open = await door.open()
    for (const { file, why, input } of entries)
      await knockInTime(door, open, input).catch((error: Error) => {
        throw new Broken(`corpus/${door.name}/${file} (${why}): ${error.message}`)
      })
  })

  test.each([
    ['the same seed', FIXED],
    ['a seed of this code', FRESH],
  ])(
    'holds against %s, %i',
    async (_what, seed) => {
      const tally: Tally = new Map()
      const { failure, tried } = await fuzz(door, { seed, runs: door.runsInTest, tally })
      expect(failure, `make fuzz DOOR=${door.name} SEED=${seed}`).toBeUndefined()
      expect(tried).toBe(door.runsInTest)
      // Both ways out are taken: else nothing of the door was tried.
      expect(tally.size).toBeGreaterThan(1)
    },
    60_000,
  )
})

describe('a door that breaks its promise is seen,', () => {
  const doorOf = (knock: (input: string) => void): Door<string> => ({
    name: 'planted',
    what: 'a planted fault',
    runsInTest: 0,
    cpuMsMax: 1_000,
    inputs: fc.string(),
    open: async () => ({
      knock: async input => {
        knock(input)
        return []
      },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  })

  test('and what breaks it is made small', async () => {
    const { failure } = await fuzz(
      doorOf(input => must(input.length < 3, 'it is short')),
      { seed: 1, runs: 500 },
    )
    expect(failure).toMatchObject({ input: expect.stringMatching(/^.{3}$/), why: 'it is short' })
  })
  test('as is one that throws', async () => {
    const throws = (): never => {
      throw new TypeError('oops')
    }
    const { failure } = await fuzz(doorOf(throws), { seed: 1, runs: 5 })
    expect(failure?.why).toMatch(/^it throws: TypeError: oops/)
  })
})
