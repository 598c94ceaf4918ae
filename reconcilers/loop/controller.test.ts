import { describe, expect, test } from 'vitest'
import { ApiError, type Log, type LogFields } from '../ports.ts'
import { type ControllerOptions, runController } from './controller.ts'
import { LastPlans } from './last-plans.ts'
import { again, gone, type Outcome, type Run, settled as settledAs, TerminalError } from './outcome.ts'
import { SteppedClock, settled } from './stepped-clock.ts'
import { KeyQueue } from './work-queue.ts'

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

function aLog(lines: Line[], bound: LogFields = {}): Log {
  const at = (level: string) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields: { ...bound, ...fields } })
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => aLog(lines, { ...bound, ...fields }),
  }
}

type Reconcile = (key: string, signal: AbortSignal, run: Run | undefined) => Promise<Outcome>

function aController(reconcile: Reconcile, extra: Partial<ControllerOptions<string>> = {}) {
  const clock = new SteppedClock(1_000)
  const queue = new KeyQueue<string>({ clock, rng: { next: () => 0 } })
  const stop = new AbortController()
  const lines: Line[] = []
  const results: string[] = []
  const observed: string[] = []
  const plans = new LastPlans<string>()
  let runs = 0
  const ended = runController({
    reconciler: { name: 'pods', reconcile },
    queue,
    concurrency: 2,
    clock,
    log: aLog(lines),
    metrics: {
      count: (_name, labels) => results.push(`${labels?.controller} ${labels?.result}`),
      observe: (name, seconds, labels) => observed.push(`${name} ${labels?.controller} ${seconds}`),
    },
    signal: stop.signal,
    nextRunId: () => `run-${++runs}`,
    plans,
    ...extra,
  })
  return { clock, queue, stop, lines, results, observed, plans, ended }
}

describe('a run', () => {
  test('settles: counted, timed, and its plan with the why is remembered', async () => {
    const it = aController(async () => settledAs('patch', 'status differs'))
    it.queue.addAfter('a', 250)
    await it.clock.step(250)
    expect(it.results).toEqual(['pods settled'])
    expect(it.observed).toEqual(['koupleless_queue_wait_seconds pods 0', 'koupleless_reconcile_seconds pods 0'])
    expect(it.plans.get('a')).toEqual({ plan: 'patch', why: 'status differs', run: 'run-1', atMs: 1_250, tookMs: 0 })
    expect(it.queue.size).toBe(0)
  })

  test('asks to be called again: once, after that time', async () => {
    const calls: number[] = []
    const it = aController(async () => {
      calls.push(it.clock.now())
      return calls.length < 2 ? again(700, 'wait', 'answer pending') : settledAs('none', 'done')
    })
    it.queue.add('a')
    await it.clock.step(5_000)
    expect(calls).toEqual([1_000, 1_700])
    expect(it.results).toEqual(['pods requeued', 'pods settled'])
  })

  test('every line that it logs bears its id, its controller and its key', async () => {
    const it = aController(async (_key, _signal, run) => {
      run?.log.info('hello')
      return settledAs('none', '')
    })
    it.queue.add('a')
    await settled()
    expect(it.lines).toEqual([
      { level: 'info', message: 'hello', fields: { run: 'run-1', controller: 'pods', key: 'a' } },
    ])
  })

  test('may be wrapped, so that deeper layers know the run as well', async () => {
    const wrapped: string[] = []
    const it = aController(async () => settledAs('none', ''), {
      within: (run, work) => {
        wrapped.push(run.id)
        return work()
      },
    })
    it.queue.add('a')
    await settled()
    expect(wrapped).toEqual(['run-1'])
    expect(it.results).toEqual(['pods settled'])
  })

  test('on a key whose object is gone leaves nothing behind', async () => {
    let there = true
    const it = aController(async () => (there ? settledAs('none', 'fine') : gone('deleted')))
    it.queue.add('a')
    await settled()
    expect(it.plans.size).toBe(1)
    there = false
    it.queue.add('a')
    await settled()
    expect(it.plans.size).toBe(0)
    expect(it.queue.snapshot()).toEqual([])
  })
})

describe('a failing run', () => {
  const failing = (error: unknown) => {
    let calls = 0
    const it = aController(async () => {
      calls++
      throw error
    })
    it.queue.add('a')
    return { ...it, calls: () => calls }
  }

  test('is tried again with growing delays, and told in the log', async () => {
    const it = failing(new Error('boom'))
    await it.clock.step(349)
    expect(it.calls()).toBe(3)
    await it.clock.step(1)
    expect(it.calls()).toBe(4)
    expect(it.lines[0]).toMatchObject({ level: 'error', message: 'reconcile failed', fields: { error: 'boom' } })
    expect(it.plans.get('a')).toMatchObject({ plan: 'retry', why: 'boom' })
  })

  test('a lost write race is no error, and its retries stay quick', async () => {
    const it = failing(new ApiError(409, 'the object has been modified'))
    await it.clock.step(20_000)
    expect(it.calls()).toBeGreaterThan(20)
    expect(new Set(it.lines.map(({ level }) => level))).toEqual(new Set(['debug']))
    expect(it.results[0]).toBe('pods conflict')
  })

  test.each([429, 503])('status %i: the patience that the server asks for is kept', async status => {
    const it = failing(new ApiError(status, 'too many requests', 8_000))
    await it.clock.step(7_999)
    expect(it.calls()).toBe(1)
    await it.clock.step(1)
    expect(it.calls()).toBe(2)
    expect(it.results[0]).toBe('pods throttled')
  })

  test('that no retry can mend is logged, counted and left until something changes', async () => {
    const it = failing(new TerminalError('name is taken'))
    await it.clock.step(600_000)
    expect(it.calls()).toBe(1)
    expect(it.results).toEqual(['pods terminal'])
    expect(it.lines).toMatchObject([{ level: 'error', fields: { error: 'name is taken' } }])
    it.queue.add('a')
    await settled()
    expect(it.calls()).toBe(2)
  })

  test('a success in between makes the next failure a first one', async () => {
    const outcomes = ['fail', 'fail', 'fail', 'ok', 'fail']
    const it = aController(async () => {
      if (outcomes.shift() === 'fail') throw new Error('boom')
      return settledAs('none', '')
    })
    it.queue.add('a')
    await it.clock.step(350)
    expect(outcomes).toEqual(['fail'])
    it.queue.add('a')
    await settled()
    expect(it.queue.snapshot()).toMatchObject([{ key: 'a', failures: 1, dueAtMs: it.clock.now() + 50 }])
  })

  test('does not keep the others waiting', async () => {
    const done: string[] = []
    const it = aController(async key => {
      if (key === 'bad') throw new Error('boom')
      done.push(key)
      return settledAs('none', '')
    })
    for (const key of ['bad', 'a', 'b', 'c']) it.queue.add(key)
    await settled()
    expect(done).toEqual(['a', 'b', 'c'])
  })
})

describe('many keys', () => {
  test('never more at a time than allowed, never one key twice at a time', async () => {
    const running = new Set<string>()
    let most = 0
    const it = aController(
      async (key, signal) => {
        expect(running.has(key)).toBe(false)
        running.add(key)
        most = Math.max(most, running.size)
        await it.clock.sleep(10, signal)
        running.delete(key)
        return settledAs('none', '')
      },
      { concurrency: 3 },
    )
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) it.queue.add(`key-${i}`)
      await it.clock.step(15)
    }
    await it.clock.step(1_000)
    expect(most).toBe(3)
    expect(new Set(it.results)).toEqual(new Set(['pods settled']))
    expect(it.results.length).toBeGreaterThanOrEqual(10)
  })

  test('five hundred that come at once are all begun in one turn of the event loop', async () => {
    const begun = new Set<string>()
    const it = aController(async key => {
      begun.add(key)
      return settledAs('none', '')
    })
    for (let i = 0; i < 500; i++) it.queue.add(`key-${i}`)
    await settled()
    expect(begun.size).toBe(500)
  })
})

describe('shutdown', () => {
  test('takes no more, waits for what runs, and then ends', async () => {
    let release: () => void = () => {}
    const begun: string[] = []
    const it = aController(
      async key => {
        begun.push(key)
        await new Promise<void>(resolve => {
          release = resolve
        })
        return settledAs('none', '')
      },
      { concurrency: 1 },
    )
    it.queue.add('a')
    it.queue.add('b')
    await settled()
    let over = false
    void it.ended.then(() => {
      over = true
    })
    it.stop.abort()
    await settled()
    expect([begun, over]).toEqual([['a'], false])
    release()
    await it.ended
    expect([begun, it.clock.sleeping]).toEqual([['a'], 0])
  })

  test('what a run throws while it is being stopped is neither logged nor retried', async () => {
    const it = aController(async (_key, signal) => {
      await it.clock.sleep(10_000, signal)
      throw new Error('aborted')
    })
    it.queue.add('a')
    await settled()
    it.stop.abort()
    await it.ended
    expect(it.results).toEqual(['pods aborted'])
    expect([it.lines, it.queue.snapshot()]).toEqual([[], []])
  })
})

test('of very many keys only those looked at last are remembered', () => {
  const plans = new LastPlans<string>(3)
  for (const key of ['a', 'b', 'c', 'd']) plans.set(key, { plan: 'none', why: key, run: 'r', atMs: 0, tookMs: 0 })
  expect(plans.entries().map(([key]) => key)).toEqual(['d', 'c', 'b'])
  plans.forget('c')
  expect(plans.get('c')).toBeUndefined()
})
