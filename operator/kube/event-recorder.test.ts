import type { CoreV1Event } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { SteppedClock, settled } from '../../reconcilers/loop/stepped-clock.ts'
import { ApiError } from '../../reconcilers/ports.ts'
import { aWitness } from './a-witness.ts'
import type { ApiRequest } from './api-client.ts'
import { EventRecorder, type EventRecorderOptions } from './event-recorder.ts'

const DROPPED = 'koupleless_events_dropped_total'

const anEvent = ({ name = 'cart', message = 'installing cart:1', namespace = 'shop' } = {}): CoreV1Event => ({
  metadata: { namespace },
  involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid: `uid-${name}` },
  type: 'Normal',
  reason: 'Installing',
  message,
})

interface Sent {
  readonly method: string
  readonly path: string
  readonly low: unknown
  readonly type: unknown
  readonly body: { readonly metadata?: { readonly name: string }; readonly count?: number }
}

/** `fail`: instead of the answer to the nth request. */
function aRecorder(
  fail: (nth: number, request: ApiRequest) => ApiError | 'hang' | undefined = () => undefined,
  extra = {},
) {
  const clock = new SteppedClock(1_700_000_000_000)
  const stop = new AbortController()
  const { log, metrics, counted } = aWitness()
  const sent: Sent[] = []
  let ids = 0
  const options: EventRecorderOptions = {
    api: {
      async send(request: ApiRequest): Promise<Buffer> {
        const { method, path, low, contentType: type, body = '' } = request
        const nth = sent.push({ method, path, low, type, body: JSON.parse(body) })
        const failure = fail(nth, request)
        if (failure === 'hang') await new Promise(resolve => stop.signal.addEventListener('abort', resolve))
        if (failure instanceof ApiError) throw failure
        return Buffer.alloc(0)
      },
    },
    clock,
    metrics,
    log,
    signal: stop.signal,
    nextId: () => `id-${++ids}`,
    instance: 'controller-0',
    brake: { take: async signal => !signal.aborted },
    ...extra,
  }
  return { recorder: new EventRecorder(options), clock, sent, counted, stop }
}

test('an Event that is repeated while its first request is under way is counted, not dropped', async () => {
  const asked: { readonly method: string; readonly answer: () => void; readonly refuse: (why: Error) => void }[] = []
  const send = ({ method }: ApiRequest): Promise<Buffer> =>
    new Promise((resolve, refuse) => asked.push({ method, answer: () => resolve(Buffer.alloc(0)), refuse }))
  const it = aRecorder(undefined, { api: { send } })
  for (const _nth of [1, 2]) {
    it.recorder.emit(anEvent())
    await settled()
  }
  asked[0]?.answer()
  await settled()
  asked[1]?.refuse(new ApiError(409, 'it exists'))
  await it.clock.step(1)
  expect(asked.map(({ method }) => method)).toEqual(['POST', 'POST', 'PATCH'])
  expect(it.counted).toEqual([])
})

describe('an Event', () => {
  test('is written with name, times and source, after all other requests', async () => {
    const it = aRecorder()
    it.recorder.emit(anEvent())
    await settled()
    const at = '2023-11-14T22:13:20.000Z'
    expect(it.sent).toEqual([
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/events',
        low: true,
        type: 'application/json',
        body: {
          apiVersion: 'v1',
          kind: 'Event',
          ...anEvent(),
          metadata: { namespace: 'shop', name: 'cart.id-1' },
          firstTimestamp: at,
          lastTimestamp: at,
          count: 1,
          source: { component: 'koupleless-module-controller' },
          reportingComponent: 'koupleless-module-controller',
          reportingInstance: 'controller-0',
        },
      },
    ])
  })

  test('repeated counts up in the one that is there', async () => {
    const it = aRecorder()
    it.recorder.emit(anEvent())
    await it.clock.step(60_000)
    it.recorder.emit(anEvent())
    await settled()
    expect(it.sent[1]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/shop/events/cart.id-1',
      type: 'application/merge-patch+json',
      body: { count: 2, lastTimestamp: '2023-11-14T22:14:20.000Z' },
    })
  })

  test('in other words, or about another object, is another', async () => {
    const it = aRecorder()
    it.recorder.emit(anEvent())
    it.recorder.emit(anEvent({ message: 'installing cart:2' }))
    it.recorder.emit(anEvent({ name: 'till' }))
    await settled()
    expect(it.sent.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
    expect(new Set(it.sent.map(({ body }) => body.metadata?.name)).size).toBe(3)
  })

  test('has a valid name, however long that of its object is', async () => {
    const it = aRecorder()
    it.recorder.emit(anEvent({ name: `${'a'.repeat(219)}-${'b'.repeat(30)}` }))
    await settled()
    expect(it.sent[0]?.body.metadata?.name).toBe(`${'a'.repeat(219)}.id-1`)
  })
})

describe('no Event harms anyone', () => {
  test('one object that fails for ever is heard 25 times, then now and then', async () => {
    const it = aRecorder()
    for (let count = 0; count < 40; count++) it.recorder.emit(anEvent({ message: `try ${count}` }))
    await settled()
    expect(it.sent).toHaveLength(25)
    expect(it.counted).toEqual(Array(15).fill(`${DROPPED} object`))
    it.recorder.emit(anEvent({ name: 'till' }))
    await it.clock.step(60_000)
    for (let count = 0; count < 40; count++) it.recorder.emit(anEvent({ message: `later ${count}` }))
    await settled()
    expect(it.sent).toHaveLength(25 + 1 + 6)
  })

  test('a full queue drops the newest, and counts them', async () => {
    const it = aRecorder(() => 'hang', { queueMax: 10 })
    for (let count = 0; count < 20; count++) it.recorder.emit(anEvent({ name: `pod-${count}` }))
    await settled()
    expect(it.recorder.waiting).toBeLessThanOrEqual(10)
    expect(it.counted.length).toBeGreaterThanOrEqual(6)
    expect(new Set(it.counted)).toEqual(new Set([`${DROPPED} queue`]))
  })

  test('what is refused is dropped, and a later one is told anew', async () => {
    const it = aRecorder(nth => (nth === 1 ? new ApiError(403, 'namespace is being terminated') : undefined))
    it.recorder.emit(anEvent())
    await settled()
    expect(it.counted).toEqual([`${DROPPED} refused`])
    it.recorder.emit(anEvent())
    await settled()
    expect(it.sent.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })

  test('an API server that is away is asked a few times, then the Event is dropped', async () => {
    const it = aRecorder(() => new ApiError(0, 'no answer'))
    it.recorder.emit(anEvent())
    await it.clock.step(120_000)
    expect(it.sent).toHaveLength(5)
    expect(it.counted).toEqual([`${DROPPED} unanswered`])
    expect(it.recorder.waiting).toBe(0)
  })

  test('one that is throttled waits as long as it is told to', async () => {
    const it = aRecorder(nth => (nth === 1 ? new ApiError(429, 'slow down', 30_000) : undefined))
    it.recorder.emit(anEvent())
    await it.clock.step(29_000)
    expect(it.sent).toHaveLength(1)
    await it.clock.step(2_000)
    expect(it.sent).toHaveLength(2)
    expect(it.counted).toEqual([])
  })

  test('stopping ends the wait, and throws nothing', async () => {
    const it = aRecorder(() => new ApiError(500, 'etcd'))
    it.recorder.emit(anEvent())
    await settled()
    it.stop.abort()
    it.recorder.emit(anEvent({ name: 'till' }))
    await settled()
    expect(it.sent).toHaveLength(1)
  })
})

describe('the count is right although', () => {
  test('the Event ran out meanwhile: it is told anew', async () => {
    const it = aRecorder((_nth, { method }) => (method === 'PATCH' ? new ApiError(404, 'not found') : undefined))
    it.recorder.emit(anEvent())
    await settled()
    it.recorder.emit(anEvent())
    await it.clock.step(1)
    expect(it.sent.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST'])
    expect(it.sent[2]?.body).toMatchObject({ count: 2 })
    expect(it.counted).toEqual([])
  })

  test('the answer to its creation was lost', async () => {
    const failures = [new ApiError(0, 'cut'), new ApiError(409, 'already exists')]
    const it = aRecorder(nth => failures[nth - 1])
    it.recorder.emit(anEvent())
    await it.clock.step(10_000)
    expect(it.sent.map(({ method }) => method)).toEqual(['POST', 'POST', 'PATCH'])
    expect(it.counted).toEqual([])
  })

  test('it is repeated while it is being written', async () => {
    const written = new Set<string>()
    const it = aRecorder((_nth, { method, body = '' }) => {
      if (method !== 'POST') return undefined
      const { name } = JSON.parse(body).metadata as { name: string }
      if (written.has(name)) return new ApiError(409, 'already exists')
      written.add(name)
      return undefined
    })
    for (let count = 0; count < 5; count++) {
      it.recorder.emit(anEvent())
      await Promise.resolve()
    }
    await it.clock.step(1_000)
    expect(it.sent.at(-1)).toMatchObject({ method: 'PATCH', body: { count: 5 } })
    expect(it.counted).toEqual([])
  })
})
