/** A place where something from outside comes in, and what must hold whatever comes. */
import type fc from 'fast-check'

export interface Door<Input> {
  readonly name: string
  readonly what: string
  /** Tried in a test: what a second or two allow. */
  readonly runsInTest: number
  /** Of processor time for one input and all that follows from it: something quadratic would need minutes. */
  readonly cpuMsMax: number
  readonly inputs: fc.Arbitrary<Input>
  open(): Promise<OpenDoor<Input>>
}

export interface OpenDoor<Input> extends AsyncDisposable {
  /**
   * Hands the input in, and after it something good, which must get through.
   * @returns what became of it: `accepted`, or the code by which it was refused
   * @throws Broken where a promise of the door is broken
   */
  knock(input: Input): Promise<readonly string[]>
}

export class Broken extends Error {
  override readonly name = 'Broken'
}

export function must(holds: boolean, promise: string, ...shown: readonly unknown[]): asserts holds {
  if (holds) return
  const told = shown.map(value => JSON.stringify(value)?.slice(0, 400)).join(' ')
  throw new Broken(told === '' ? promise : `${promise}: ${told}`)
}

/** Bytes as a corpus file can hold them. */
export type Bytes =
  | { readonly text: string }
  | { readonly base64: string }
  | { readonly head: string; readonly repeat: string; readonly times: number; readonly tail: string }

export function bytesOf(bytes: Bytes): Buffer {
  if ('text' in bytes) return Buffer.from(bytes.text)
  if ('base64' in bytes) return Buffer.from(bytes.base64, 'base64')
  return Buffer.from(bytes.head + bytes.repeat.repeat(bytes.times) + bytes.tail)
}
