import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behaviourOf } from './behaviours.ts'
import { type Capture, readCapture } from './capture.ts'
import { type Difference, instead } from './differences.ts'
import { meaningOf } from './meaning.ts'
import type { Step } from './series.ts'
import { compareTruth, type Truth } from './truth.ts'

export interface Said {
  readonly topic: string
  readonly payload: string
  /** Since the first command, or since the first word of a base that was asked nothing. Absent: it shares its machine. */
  readonly afterMs?: number
}

/** A base to try, in the surroundings of the captures. */
export interface Rig extends AsyncDisposable {
  /** Makes ready what the step asks for, does to the base what was done to the real one, and tells what it then said. */
  perform(step: Step, capture: Capture): Promise<readonly Said[]>
  /** Absent: only its words are compared, and not the paths in its jars. */
  truth?(): Truth
}

export interface Subject {
  readonly what: string
  open(): Promise<Rig>
  /** By name, what it is put through. */
  readonly series: Readonly<Record<string, readonly Step[]>>
  /** Captures in which it is known to differ, and how. */
  readonly differences?: Readonly<Record<string, Difference>>
  /** Captures that it cannot be put through, and why. */
  readonly excused?: Readonly<Record<string, string>>
}

/** Real answers often come 40 ms late (Nagle), and once 100. */
const TOLERANCE_MS = 150

/** Every behaviour as a test, held to what was captured from a real base. */
export function baseContract(subject: Subject): void {
  const { what, series, excused = {} } = subject
  describe(what, () => {
    for (const [name, all] of Object.entries(series)) {
      const steps = all.filter(({ capture }) => !Object.hasOwn(excused, capture))
      if (steps.length > 0) describeSeries(name, steps, subject)
    }
  })
}

function describeSeries(series: string, steps: readonly Step[], { open, differences = {} }: Subject): void {
  describe(series, () => {
    let rig: Rig
    beforeAll(async () => {
      rig = await open()
    })
    afterAll(() => rig[Symbol.asyncDispose]())
    test.each(steps.map(step => [behaviourOf(step.capture), step.capture, step] as const))(
      '%s (%s)',
      async (_behaviour, name, step) => {
        const capture = readCapture(name)
        const said = await rig.perform(step, capture)
        compare(said, step, capture, differences[name])
        if (!step.anyTime) compareTimes(said, capture)
        if (rig.truth) compareTruth(capture, said, rig.truth())
      },
    )
  })
}

function compare(said: readonly Said[], step: Step, capture: Capture, difference: Difference | undefined): void {
  const isReal = said.some(({ afterMs }) => afterMs === undefined)
  const meaning = isReal && step.statesByChance ? meaningButStates : meaningOf
  const heard = said.map(({ topic, payload }) => meaning(topic, payload))
  const captured = capture.received.map(({ topic, payload }) => meaning(topic, payload))
  // Several at once on real threads: who is first is chance.
  const isRace = isReal && capture.sent.length > 1
  const inOrder = (all: readonly unknown[]): readonly unknown[] => (isRace ? all.map(asText).sort() : all)
  const expected = difference ? instead(captured, difference) : captured
  expect(inOrder(heard)).toEqual(inOrder(expected))
  // One that is no longer there has to be struck from the list.
  if (difference) expect(inOrder(heard)).not.toEqual(inOrder(captured))
}

/** Which of several installs have ended when a question is answered depends on the machine: that it is answered does not. */
const meaningButStates = (topic: string, payload: string): unknown =>
  /\/(health|simpleBiz)$/.test(topic) ? topic : meaningOf(topic, payload)

const asText = (meaning: unknown): string => JSON.stringify(meaning, null, 1)

function compareTimes(said: readonly Said[], capture: Capture): void {
  for (const [i, { afterMs }] of said.entries()) {
    const realMs = capture.received[i]?.after_ms
    if (afterMs === undefined || realMs === undefined) continue
    expect(Math.abs(afterMs - realMs), `answer ${i} after ${afterMs} ms, really ${realMs}`).toBeLessThan(TOLERANCE_MS)
  }
}
