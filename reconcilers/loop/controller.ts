import { ApiError, type Clock, type Log, type Metrics } from '../ports.ts'
import type { LastPlan, LastPlans } from './last-plans.ts'
import { type Outcome, type Reconciler, type Run, TerminalError } from './outcome.ts'
import type { RetryLimits, WorkQueue } from './work-queue.ts'

export interface ControllerOptions<K extends string> {
  readonly reconciler: Reconciler<K>
  readonly queue: WorkQueue<K>
  /** Keys worked on at a time. One key is never worked on twice at once. */
  readonly concurrency: number
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly signal: AbortSignal
  readonly nextRunId: () => string
  /** Remembers each key's last plan for /debug/state. */
  readonly plans?: LastPlans<K>
  readonly onPlan?: (key: K, plan: LastPlan) => void
  /** Runs `work` in a context that knows the run (an AsyncLocalStorage, say), so that every line of it bears its id. */
  readonly within?: (run: Run, work: () => Promise<Outcome>) => Promise<Outcome>
}

/**
 * Takes keys and reconciles them until the signal aborts; then resolves as soon as the running ones have ended.
 * Waiting on time (`requeueAfterMs`) and backing off from errors (a throw) are two things, and never both.
 */
export async function runController<K extends string>(options: ControllerOptions<K>): Promise<void> {
  await Promise.all(Array.from({ length: options.concurrency }, () => work(options)))
}

async function work<K extends string>(options: ControllerOptions<K>): Promise<void> {
  const { queue, signal } = options
  for (;;) {
    const key = await queue.take(signal)
    if (key === undefined) return
    try {
      await runOnce(options, key)
    } finally {
      queue.done(key)
    }
  }
}

type Result = 'settled' | 'requeued' | 'conflict' | 'throttled' | 'failed' | 'terminal' | 'aborted'

interface Ended {
  readonly result: Result
  readonly plan: string
  readonly why: string
  readonly gone?: boolean
}

async function runOnce<K extends string>(options: ControllerOptions<K>, key: K): Promise<void> {
  const { reconciler, queue, clock, metrics } = options
  const controller = reconciler.name
  const beganAtMs = clock.now()
  const waitedMs = Math.max(0, beganAtMs - (queue.dueSinceMs(key) ?? beganAtMs))
  metrics.observe('koupleless_queue_wait_seconds', waitedMs / 1_000, { controller })
  const run = newRun(options, key)
  const ended = await reconcileOnce(options, key, run)
  const atMs = clock.now()
  metrics.observe('koupleless_reconcile_seconds', (atMs - beganAtMs) / 1_000, { controller })
  metrics.count('koupleless_reconciles_total', { controller, result: ended.result })
  remember(options, key, ended, { run: run.id, atMs, tookMs: atMs - beganAtMs })
}

/** The child log is made only if the run has something to say: most have not. */
function newRun<K extends string>({ log, nextRunId, reconciler }: ControllerOptions<K>, key: K): Run {
  const id = nextRunId()
  let child: Log | undefined
  return {
    id,
    get log() {
      child ??= log.child({ run: id, controller: reconciler.name, key })
      return child
    },
  }
}

async function reconcileOnce<K extends string>(options: ControllerOptions<K>, key: K, run: Run): Promise<Ended> {
  const { reconciler, queue, signal, within } = options
  try {
    const call = (): Promise<Outcome> => reconciler.reconcile(key, signal, run)
    const outcome = await (within ? within(run, call) : call())
    queue.forget(key)
    if (outcome.requeueAfterMs !== undefined) queue.addAfter(key, outcome.requeueAfterMs)
    return { result: outcome.requeueAfterMs === undefined ? 'settled' : 'requeued', ...outcome }
  } catch (error) {
    return failed(options, key, run, error)
  }
}

function failed<K extends string>(options: ControllerOptions<K>, key: K, run: Run, error: unknown): Ended {
  const { queue, signal } = options
  const verdict = judge(error)
  const why = error instanceof Error ? error.message : String(error)
  // Whatever a run throws while being stopped says nothing of its key.
  if (signal.aborted) return { result: 'aborted', plan: 'none', why }
  run.log[verdict.level](verdict.message, fieldsOf(error, verdict.result))
  if (verdict.result === 'terminal') queue.forget(key)
  else queue.retry(key, verdict.limits)
  return { result: verdict.result, plan: verdict.result === 'terminal' ? 'given up' : 'retry', why }
}

interface Verdict {
  readonly result: Exclude<Result, 'settled' | 'requeued' | 'aborted'>
  readonly level: 'debug' | 'warn' | 'error'
  readonly message: string
  readonly limits?: RetryLimits
}

/** Somebody else wrote first: the cache catches up within moments. */
const CONFLICT_RETRY_MAX_MS = 1_000

function judge(error: unknown): Verdict {
  if (error instanceof TerminalError) {
    return { result: 'terminal', level: 'error', message: 'reconcile given up until something changes' }
  }
  if (!(error instanceof ApiError)) return { result: 'failed', level: 'error', message: 'reconcile failed' }
  const { status, retryAfterMs } = error
  if (status === 409) {
    const limits = { atMostMs: CONFLICT_RETRY_MAX_MS }
    return { result: 'conflict', level: 'debug', message: 'reconcile lost a write race', limits }
  }
  const limits = retryAfterMs > 0 ? { limits: { atLeastMs: retryAfterMs } } : {}
  const throttled = status === 429 || status === 503
  return throttled
    ? { result: 'throttled', level: 'warn', message: 'the API server asks for patience', ...limits }
    : { result: 'failed', level: 'warn', message: 'the API server refused or did not answer', ...limits }
}

function fieldsOf(error: unknown, result: Result): Readonly<Record<string, unknown>> {
  if (error instanceof ApiError) return { error: error.message, status: error.status }
  if (!(error instanceof Error)) return { error: String(error) }
  return result === 'terminal' ? { error: error.message } : { error: error.message, stack: error.stack }
}

type When = Pick<LastPlan, 'run' | 'atMs' | 'tookMs'>

function remember<K extends string>({ plans, onPlan }: ControllerOptions<K>, key: K, ended: Ended, when: When): void {
  if (ended.gone) {
    plans?.forget(key)
    return
  }
  const plan: LastPlan = { plan: ended.plan, why: ended.why, ...when }
  plans?.set(key, plan)
  onPlan?.(key, plan)
}
