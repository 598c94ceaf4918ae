/** A reconciler with its queue and its plans, ready to run. */

import { runController } from '../reconcilers/loop/controller.ts'
import { LastPlans } from '../reconcilers/loop/last-plans.ts'
import type { Reconciler } from '../reconcilers/loop/outcome.ts'
import type { WorkQueue } from '../reconcilers/loop/work-queue.ts'
import type { LogFields } from '../reconcilers/ports.ts'
import type { Foundation } from './compose.ts'
import type { WatchedController } from './http/debug-state.ts'

export interface ControllerParts<K extends string> {
  readonly reconciler: Reconciler<K>
  readonly queue: WorkQueue<K>
  readonly concurrency: number
  /** False: what the key names is no more, and nothing is kept of it. */
  readonly isKnown: (key: K) => boolean
}

/** Of whatever kind its keys are. */
export interface AnyController extends WatchedController {
  readonly queue: Pick<WorkQueue<string>, 'snapshot' | 'due'>
  /** Resolves when the signal has aborted and what was under way has ended. */
  run(signal: AbortSignal): Promise<void>
}

export function controllerOf<K extends string>(
  { clock, log, metrics, nextId, runs }: Pick<Foundation, 'clock' | 'log' | 'metrics' | 'nextId' | 'runs'>,
  { reconciler, queue, concurrency, isKnown }: ControllerParts<K>,
): AnyController {
  const plans = new LastPlans<K>()
  const { name } = reconciler
  const forgetIfGone = (key: K): void => {
    if (!isKnown(key)) plans.forget(key)
  }
  return {
    name,
    queue,
    plans,
    run: signal =>
      runController<K>({
        reconciler,
        queue,
        concurrency,
        clock,
        log,
        metrics,
        signal,
        plans,
        nextRunId: nextId,
        onPlan: forgetIfGone,
        within: (run, work) => runs.run({ run: run.id } satisfies LogFields, work),
      }),
  }
}
