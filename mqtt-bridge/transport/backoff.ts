/** How long to wait before the n-th try in a row: doubling, capped, and spread so that many clients do not return as one. */
export interface BackoffOptions {
  readonly minMs: number
  readonly maxMs: number
  /** In [0, 1). */
  readonly random: () => number
}

/** Between half and the whole of `min(maxMs, minMs * 2^failures)`. */
export function backoffMs(failures: number, { minMs, maxMs, random }: BackoffOptions): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30))
  return whole * (0.5 + random() / 2)
}
