/** What is watched of an operator that works on and on, and how flat it has to be. */
import { afterWarmUp, median, type Sample, slopePerMinute } from './slope.ts'

interface Figure {
  readonly what: string
  readonly unit: string
  /** In the unit, of the operator's own metrics. */
  readonly read: (metric: (name: string) => number) => number
  /** Growth per minute that is taken for noise. */
  readonly tolerance: number
}

const MIB = 1_024 * 1_024

export const FIGURES: readonly Figure[] = [
  {
    what: 'resident memory',
    unit: 'MiB',
    read: metric => metric('process_resident_memory_bytes') / MIB,
    // V8 gives memory back late, and Kubernetes objects come and go by the hundred.
    tolerance: 1.5,
  },
  {
    what: 'heap in use after a collection',
    unit: 'MiB',
    read: metric => metric('nodejs_heap_size_used_bytes') / MIB,
    tolerance: 1.5,
  },
  {
    what: 'open files',
    unit: '',
    read: metric => metric('process_open_fds'),
    tolerance: 0.5,
  },
  {
    what: 'handles',
    unit: '',
    read: metric => metric('nodejs_active_handles_total'),
    tolerance: 0.5,
  },
  {
    what: 'event-loop delay p99',
    unit: 'ms',
    read: metric => metric('nodejs_eventloop_lag_p99_seconds') * 1_000,
    // The sampling itself is a tenth of a second coarse, and other processes want the same cores.
    tolerance: 5,
  },
]

export interface Judged {
  readonly line: string
  readonly isFlat: boolean
}

export function judge(figure: Figure, samples: readonly Sample[]): Judged {
  const settled = afterWarmUp(samples)
  const values = settled.map(({ value }) => value)
  const slope = slopePerMinute(settled)
  const isFlat = slope <= figure.tolerance
  const unit = figure.unit === '' ? '' : ` ${figure.unit}`
  const range = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}, median ${median(values).toFixed(1)}${unit}`
  const limit = `${slope >= 0 ? '+' : ''}${slope.toFixed(2)}${unit} a minute (at most +${figure.tolerance})`
  return { isFlat, line: `${isFlat ? 'flat ' : 'GROWS'} ${figure.what}: ${range}; ${limit}` }
}
