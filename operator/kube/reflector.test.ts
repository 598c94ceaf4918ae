import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { FakeApi } from './a-fake-api.ts'
import { aWitness } from './a-witness.ts'
import { ApiClient } from './api-client.ts'
import type { KubeObject } from './kube-object.ts'
import { Reflector, type ReflectorOptions } from './reflector.ts'

const PATH = '/api/v1/pods'
const WATCH_MS = 45_000
const OVERDUE_MS = 3_000

const aPod = (name: string, version: number, uid = `uid-${name}`): KubeObject => ({
  metadata: { name, namespace: 'shop', uid, resourceVersion: String(version) },
})

const unbraked = { tryTake: () => true, take: async () => true, takeLow: async () => true }

async function reflecting(objects: readonly KubeObject[], extra: Partial<ReflectorOptions<KubeObject>> = {}) {
  const fake = await FakeApi.start()
  fake.objects = objects
  const clock = new SteppedClock(1_000)
  const stop = new AbortController()
  const witness = aWitness()
  const { log, metrics } = witness
  const api = new ApiClient({
    credentials: async () => fake.credentials,
    brake: unbraked,
    metrics,
    clock,
    log,
    signal: stop.signal,
  })
  const changes: string[] = []
  const reflector = new Reflector<KubeObject>(
    {
      resource: 'pods',
      path: PATH,
      apiVersion: 'v1',
      kind: 'Pod',
      trim: object => object,
      onChange: ({ type, object }) =>
        changes.push(`${type} ${object.metadata?.name} ${object.metadata?.uid} ${object.metadata?.resourceVersion}`),
      ...extra,
    },
    { api, clock, rng: { next: () => 0 }, metrics, log },
  )
  let over = false
  const ended = reflector.run(stop.signal).then(() => {
    over = true
  })
  onTestFinished(async () => {
    stop.abort()
    await ended
    await api[Symbol.asyncDispose]()
    await fake[Symbol.asyncDispose]()
  })
  /** The nth watch, as soon as it is open; time goes on meanwhile, so that pauses pass. */
  const watch = (nth: number) =>
    vi.waitFor(async () => {
      const found = fake.watches[nth]
      if (!found) await clock.step(100)
      if (!found) throw new Error(`no watch ${nth}`)
      return found
    })
  const restarts = (): readonly string[] =>
    witness.counted.filter(line => line.startsWith('koupleless_watch_restarts_total'))
  return { fake, clock, stop, ended, isOver: () => over, changes, reflector, watch, restarts, ...witness }
}

const changed = (it: { changes: readonly string[] }, ...expected: readonly string[]): Promise<void> =>
  vi.waitFor(() => expect(it.changes).toEqual(expected))

describe('a list', () => {
  test('is read page by page, and nothing is synced before its last', async () => {
    const it = await reflecting(
      Array.from({ length: 5 }, (_, index) => aPod(`p${index}`, index)),
      { pageSize: 2, labelSelector: 'a=b,c=d', fieldSelector: 'status.phase=Running' },
    )
    expect([it.reflector.synced, it.reflector.freshAtMs]).toEqual([false, 0])
    const { query } = await it.watch(0)
    expect(it.reflector.synced).toBe(true)
    expect(it.reflector.freshAtMs).toBe(1_000)
    expect(it.changes).toHaveLength(5)
    expect(it.fake.lists.map(list => list.query.get('continue'))).toEqual([null, '2', '4'])
    expect(it.fake.lists[0]?.query.get('labelSelector')).toBe('a=b,c=d')
    expect(query.get('fieldSelector')).toBe('status.phase=Running')
    expect(query.get('resourceVersion')).toBe('100')
    expect(query.get('allowWatchBookmarks')).toBe('true')
    expect(query.get('timeoutSeconds')).toBe('45')
  })

  test('whose place expires between two pages is begun anew', async () => {
    const it = await reflecting([aPod('a', 1)])
    it.fake.next.push(
      { status: 200, body: { items: [aPod('a', 1)], metadata: { continue: 'x', resourceVersion: '100' } } },
      { status: 410 },
    )
    await it.watch(0)
    expect(it.reflector.synced).toBe(true)
    expect(it.restarts()).toEqual(['koupleless_watch_restarts_total pods,expired'])
  })

  test('that is refused leaves everyone waiting, and is tried again', async () => {
    const it = await reflecting([])
    it.fake.next.push({ status: 403, body: { message: 'pods is forbidden' } })
    await vi.waitFor(() => expect(it.reflector.fault).toContain('pods is forbidden'))
    await it.watch(0)
    expect(it.reflector.fault).toBeUndefined()
    expect(it.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ status: 403 }) }),
    )
  })

  test('of metadata only is asked for as such', async () => {
    const it = await reflecting([], { metadataOnly: true })
    await it.watch(0)
    const accepts = it.fake.requests.map(({ headers }) => headers.accept)
    expect(accepts).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ])
  })
})

describe('a watch', () => {
  test('tells what changes, trimmed, with the kind that lists leave out', async () => {
    const kinds: unknown[] = []
    const it = await reflecting([aPod('a', 1)], {
      trim: ({ metadata }) => ({ metadata: { ...metadata, uid: 'trimmed' } }),
      onChange: ({ object }) => kinds.push([object.apiVersion, object.kind, object.metadata?.uid]),
    })
    const watch = await it.watch(0)
    watch.send('ADDED', aPod('b', 2))
    watch.send('DELETED', aPod('b', 3))
    await vi.waitFor(() => expect(kinds).toHaveLength(3))
    expect(new Set(kinds.map(String))).toEqual(new Set(['v1,Pod,trimmed']))
  })

  test('goes on where it was cut, and loses and doubles nothing', async () => {
    const it = await reflecting([aPod('a', 1)])
    const first = await it.watch(0)
    first.send('MODIFIED', aPod('a', 101))
    first.send('BOOKMARK', { metadata: { resourceVersion: '140' } })
    first.write('{"type":"MODIF')
    await changed(it, 'ADDED a uid-a 1', 'MODIFIED a uid-a 101')
    first.cut()
    const second = await it.watch(1)
    expect(second.query.get('resourceVersion')).toBe('140')
    second.send('MODIFIED', aPod('a', 101))
    second.send('DELETED', aPod('a', 150))
    await changed(it, 'ADDED a uid-a 1', 'MODIFIED a uid-a 101', 'DELETED a uid-a 150')
    expect(it.fake.lists).toHaveLength(1)
    expect(it.restarts()).toEqual(['koupleless_watch_restarts_total pods,error'])
  })

  test('that the server ends as agreed is no fault', async () => {
    const it = await reflecting([])
    ;(await it.watch(0)).end()
    await it.watch(1)
    expect(it.restarts()).toEqual(['koupleless_watch_restarts_total pods,ended'])
    expect(it.lines.filter(({ level }) => level !== 'debug')).toEqual([])
  })

  test.each([undefined, 10])(
    'that does not end when it was told to (%s s) is dead, and is begun anew where it was',
    async watchSeconds => {
      const it = await reflecting([], watchSeconds === undefined ? {} : { watchSeconds })
      const first = await it.watch(0)
      const watchMs = watchSeconds === undefined ? WATCH_MS : watchSeconds * 1_000
      first.send('BOOKMARK', { metadata: { resourceVersion: '120' } })
      await vi.waitFor(() => expect(it.reflector.freshAtMs).toBe(it.clock.now()))
      await it.clock.step(watchMs + OVERDUE_MS - 1_000)
      expect(first.isOpen).toBe(true)
      await it.clock.step(1_000)
      const second = await it.watch(1)
      expect(second.query.get('resourceVersion')).toBe('120')
      expect(it.fake.lists).toHaveLength(1)
      expect(it.restarts()).toEqual(['koupleless_watch_restarts_total pods,stalled'])
      expect(it.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'watch is dead: begun anew' }))
      await vi.waitFor(() => expect(first.isOpen).toBe(false))
    },
  )

  test('that is past its end and still brings something is not cut short', async () => {
    const it = await reflecting([])
    const first = await it.watch(0)
    for (let nth = 0; nth < 3; nth++) {
      await it.clock.step(nth === 0 ? WATCH_MS + OVERDUE_MS - 1_000 : OVERDUE_MS - 10)
      first.send('BOOKMARK', { metadata: { resourceVersion: String(120 + nth) } })
      await vi.waitFor(() => expect(it.reflector.freshAtMs).toBe(it.clock.now()))
    }
    expect(first.isOpen).toBe(true)
    await it.clock.step(OVERDUE_MS)
    expect((await it.watch(1)).query.get('resourceVersion')).toBe('122')
  })

  test.each([
    [
      'an event',
      (it: Awaited<ReturnType<typeof reflecting>>) =>
        it.fake.watches[0]?.send('ERROR', { code: 410, message: 'too old resource version' }),
    ],
    [
      'an answer',
      (it: Awaited<ReturnType<typeof reflecting>>) => {
        it.fake.next.push({ status: 410 })
        it.fake.watches[0]?.end()
      },
    ],
  ])('too old (told by %s): the list shows what was deleted and re-created meanwhile', async (_how, expire) => {
    const it = await reflecting([aPod('deleted', 1), aPod('same', 2), aPod('again', 3)])
    await it.watch(0)
    it.changes.length = 0
    it.fake.objects = [aPod('same', 2), aPod('again', 50, 'uid-second')]
    it.fake.resourceVersion = 500
    expire(it)
    const second = await it.watch(1)
    expect(it.changes).toEqual([
      'DELETED again uid-again 3',
      'ADDED again uid-second 50',
      'DELETED deleted uid-deleted 1',
    ])
    expect(second.query.get('resourceVersion')).toBe('500')
    expect(it.restarts()).toContain('koupleless_watch_restarts_total pods,expired')
  })

  test('is not asked for again before the time that the server asked for', async () => {
    const it = await reflecting([])
    const first = await it.watch(0)
    it.fake.next.push({ status: 429, headers: { 'retry-after': '20' }, body: { message: 'slow down' } })
    await it.clock.step(6_000)
    first.end()
    await vi.waitFor(() => expect(it.restarts()).toHaveLength(2))
    const asked = it.fake.requests.length
    await it.clock.step(19_000)
    expect(it.fake.requests).toHaveLength(asked)
    await it.watch(1)
    expect(it.fake.requests).toHaveLength(asked + 1)
  })

  test('that is cut at once, again and again, is begun ever more rarely, yet soon enough when all is well again', async () => {
    const it = await reflecting([])
    await it.watch(0)
    for (let count = 0; count < 200; count++) it.fake.next.push('cut')
    it.fake.watches[0]?.cut()
    const halfway = async (): Promise<number> => {
      for (let second = 0; second < 30; second++) {
        await it.clock.step(1_000)
        await vi.waitFor(() => expect(it.clock.sleeping).toBe(1))
      }
      return it.fake.requests.length
    }
    const first = await halfway()
    const later = (await halfway()) - first
    expect(later).toBeLessThan(first)
    // No longer than five seconds between two.
    expect(later).toBeGreaterThanOrEqual(6)
    expect(later).toBeLessThanOrEqual(13)
  })

  test('that is cut time and again, but brings something each time, is begun at once', async () => {
    const it = await reflecting([])
    const fromMs = it.clock.now()
    for (let nth = 0; nth < 12; nth++) {
      await vi.waitFor(() => expect(it.fake.watches).toHaveLength(nth + 1))
      it.fake.watches[nth]?.send('ADDED', aPod('a', 200 + nth))
      await vi.waitFor(() => expect(it.changes).toHaveLength(nth + 1))
      it.fake.watches[nth]?.cut()
    }
    expect(it.clock.now()).toBe(fromMs)
  })

  test('lives on though a listener throws', async () => {
    let calls = 0
    const it = await reflecting([], {
      onChange: () => {
        calls += 1
        throw new Error('a fault of ours')
      },
    })
    const watch = await it.watch(0)
    watch.send('ADDED', aPod('a', 101))
    watch.send('ADDED', aPod('b', 102))
    await vi.waitFor(() => expect(calls).toBe(2))
    expect(watch.isOpen).toBe(true)
  })

  test('ends when told to, with its connection and its timer', async () => {
    const it = await reflecting([])
    const watch = await it.watch(0)
    it.stop.abort()
    await it.ended
    expect(it.isOver()).toBe(true)
    expect(it.clock.sleeping).toBe(0)
    await vi.waitFor(() => expect(watch.isOpen).toBe(false))
  })
})

describe('what is not understood', () => {
  const odd: readonly unknown[] = [null, 1, 'x', [], {}, { metadata: null }, { metadata: { name: 'odd' } }]
  const refused = (it: { counted: readonly string[] }): readonly string[] =>
    it.counted.filter(line => line.startsWith('koupleless_objects_refused_total'))

  test('of a list is counted and left out, and all else is synced', async () => {
    const it = await reflecting([...odd, aPod('a', 1)] as readonly KubeObject[])
    await it.watch(0)
    expect(it.changes).toEqual(['ADDED a uid-a 1'])
    expect(refused(it)).toEqual(odd.map(() => 'koupleless_objects_refused_total pods,NO_IDENTITY'))
  })

  test('of an object that was understood before does not make it gone', async () => {
    const shape = z.looseObject({ spec: z.looseObject({}).optional() })
    const it = await reflecting([aPod('a', 1)], { shape })
    const first = await it.watch(0)
    first.send('MODIFIED', { ...aPod('a', 101), spec: 'none' })
    first.send('ERROR', { code: 410 })
    it.fake.objects = [{ ...aPod('a', 101), spec: 'none' } as KubeObject]
    await it.watch(1)
    expect(it.changes).toEqual(['ADDED a uid-a 1'])
    expect(refused(it)).toEqual(Array(2).fill('koupleless_objects_refused_total pods,WRONG_TYPE'))
  })

  test.each(['{}', '{"items":{},"metadata":{"resourceVersion":"1"}}', 'null', '{"metadata":{"resourceVersion":"1"}}'])(
    'a list that is none says not that all is gone: %s',
    async body => {
      const it = await reflecting([aPod('a', 1)])
      ;(await it.watch(0)).send('ERROR', { code: 410 })
      it.fake.next.push({ status: 200, body })
      await it.watch(1)
      expect(it.changes).toEqual(['ADDED a uid-a 1'])
    },
  )

  test('an event is passed over, and the next is heard', async () => {
    const it = await reflecting([])
    const watch = await it.watch(0)
    watch.send('ADDED', { metadata: { name: 'odd', resourceVersion: '110' } })
    watch.send('ADDED', aPod('b', 111))
    await changed(it, 'ADDED b uid-b 111')
    expect(it.fake.watches).toHaveLength(1)
  })

  test.each([
    'garbled',
    'null',
    '{"type":1}',
    '{"type":"ADDED","object":[]}',
    '{"type":"ERROR","object":{"code":"410"}}',
  ])('a line that is no event is asked for once more, and then all is listed anew: %s', async line => {
    const it = await reflecting([])
    ;(await it.watch(0)).write(`${line}\n`)
    const second = await it.watch(1)
    expect(it.fake.lists).toHaveLength(1)
    second.send('ADDED', aPod('b', 101))
    await changed(it, 'ADDED b uid-b 101')
    second.write(`${line}\n`)
    const third = await it.watch(2)
    third.write(`${line}\n`)
    await it.watch(3)
    expect(it.fake.lists).toHaveLength(2)
  })
})
