import type { Log } from '../ports.ts'

/** What a reconcile run came to. Errors are thrown; waiting on time is not an error. */
export interface Outcome {
  readonly requeueAfterMs?: number
  /** For /debug/state: what the plan decided, and why. */
  readonly plan: string
  readonly why: string
  /** The key's object is no more: whatever is remembered of the key is forgotten. */
  readonly gone?: true
}

export const settled = (plan: string, why: string): Outcome => ({ plan, why })
export const again = (requeueAfterMs: number, plan: string, why: string): Outcome => ({ requeueAfterMs, plan, why })

export const gone = (why: string): Outcome => ({ plan: 'none', why, gone: true })

/** Trying again cannot help: logged and counted, the key is forgotten until something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
}

/** Several things wait: the soonest counts. */
export function soonest(...waits: readonly (number | undefined)[]): number | undefined {
  const due = waits.filter(ms => ms !== undefined)
  return due.length > 0 ? Math.min(...due) : undefined
}

/** One call of `reconcile`: its id stands in each line that it logs. */
export interface Run {
  readonly id: string
  readonly log: Log
}

export interface Reconciler<K extends string> {
  readonly name: string
  reconcile(key: K, signal: AbortSignal, run?: Run): Promise<Outcome>
}
