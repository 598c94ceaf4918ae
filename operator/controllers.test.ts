import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { settled } from '../reconcilers/loop/outcome.ts'
import { SteppedClock, settled as turned } from '../reconcilers/loop/stepped-clock.ts'
import { KeyQueue } from '../reconcilers/loop/work-queue.ts'
import type { Log, LogFields } from '../reconcilers/ports.ts'
import { controllerOf } from './controllers.ts'
import { PrometheusMetrics } from './http/metrics.ts'

test('each run bears its id wherever it goes, and nothing is kept of what is no more', async () => {
  const clock = new SteppedClock()
  const queue = new KeyQueue<string>({ clock, rng: { next: () => 0 } })
  const runs = new AsyncLocalStorage<LogFields>()
  const quiet = (): void => {}
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log }
  const seen: unknown[] = []
  let count = 0
  const reconcile = async (key: string) => {
    await Promise.resolve()
    seen.push([key, runs.getStore()])
    return settled('none', 'fine')
  }
  const controller = controllerOf(
    { clock, log, metrics: new PrometheusMetrics(), nextId: () => `run-${count++}`, runs },
    { reconciler: { name: 'pods', reconcile }, queue, concurrency: 1, isKnown: key => key === 'here' },
  )
  const stop = new AbortController()
  const ended = controller.run(stop.signal)
  queue.add('here')
  queue.add('gone')
  await turned()
  stop.abort()
  await ended
  expect(seen).toEqual([
    ['here', { run: 'run-0' }],
    ['gone', { run: 'run-1' }],
  ])
  expect(controller.plans.entries().map(([key]) => key)).toEqual(['here'])
})
