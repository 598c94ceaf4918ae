/** Is something flat? Judged by its slope, which noise hardly moves. Pure. */
export interface Sample {
  readonly atMs: number
  readonly value: number
}

/** The median of the slopes between any two samples (Theil and Sen), per minute: a few outliers do not bend it. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((a, index) =>
    samples.slice(index + 1).flatMap(b => (b.atMs > a.atMs ? ((b.value - a.value) * 60_000) / (b.atMs - a.atMs) : [])),
  )
  return median(slopes)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = low] =
    sorted.length % 2 === 0 ? sorted.slice(middle - 1, middle + 1) : sorted.slice(middle, middle + 1)
  return (low + high) / 2
}

/** A process grows while its caches fill and its code is compiled: that is left out. */
const WARM_UP_SHARE = 0.4

export const afterWarmUp = (samples: readonly Sample[]): readonly Sample[] =>
  samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
