/** What a reconcile run came to. Errors are thrown; waiting on time is not an error. */
export interface Outcome {
  readonly requeueAfterMs?: number
  /** For /debug/state: what the plan decided, and why. */
  readonly plan: string
  readonly why: string
}

export const settled = (plan: string, why: string): Outcome => ({ plan, why })
export const again = (requeueAfterMs: number, plan: string, why: string): Outcome => ({ requeueAfterMs, plan, why })

/** Trying again cannot help: logged and counted, the key is forgotten until something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
}

/** Several things wait: the soonest counts. */
export function soonest(...waits: readonly (number | undefined)[]): number | undefined {
  const due = waits.filter(ms => ms !== undefined)
  return due.length > 0 ? Math.min(...due) : undefined
}

export interface Reconciler<K extends string> {
  readonly name: string
  reconcile(key: K, signal: AbortSignal): Promise<Outcome>
}
