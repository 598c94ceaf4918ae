/** Knocks at a door again and again, and makes small whatever breaks it. */
import fc from 'fast-check'
import { Broken, type Door, type OpenDoor } from './door.ts'

export interface Failure {
  readonly input: unknown
  readonly why: string
  readonly seed: number
}

export type Tally = Map<string, number>

/** @throws Broken */
export async function knockInTime<Input>(
  { cpuMsMax }: Pick<Door<Input>, 'cpuMsMax'>,
  open: OpenDoor<Input>,
  input: Input,
  tally: Tally = new Map(),
): Promise<void> {
  const before = process.cpuUsage()
  let outcomes: readonly string[]
  try {
    outcomes = await open.knock(input)
  } catch (error) {
    throw error instanceof Broken ? error : new Broken(`it throws: ${stackOf(error)}`)
  }
  const { user, system } = process.cpuUsage(before)
  if (user + system > cpuMsMax * 1_000) throw new Broken(`it takes ${Math.round((user + system) / 1_000)} ms`)
  for (const outcome of outcomes) tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error)

export interface FuzzOptions {
  readonly seed: number
  readonly runs: number
  readonly tally?: Tally
}

export interface Fuzzed {
  readonly tried: number
  /** The first input that breaks the door, made as small as it goes. */
  readonly failure?: Failure
}

export async function fuzz<Input>(door: Door<Input>, { seed, runs, tally }: FuzzOptions): Promise<Fuzzed> {
  await using open = await door.open()
  const property = fc.asyncProperty(door.inputs, input => knockInTime(door, open, input, tally))
  const { failed, counterexample, errorInstance, numRuns: tried } = await fc.check(property, { seed, numRuns: runs })
  if (!failed) return { tried }
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return { tried, failure: { input: counterexample?.[0], why, seed } }
}
