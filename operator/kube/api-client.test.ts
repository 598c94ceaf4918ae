import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { TokenBucket } from '../../reconcilers/loop/token-bucket.ts'
import { ApiError } from '../../reconcilers/ports.ts'
import { FakeApi } from './a-fake-api.ts'
import { aWitness } from './a-witness.ts'
import { ApiClient, type ApiClientOptions, type ApiRequest } from './api-client.ts'
import type { Credentials } from './credentials.ts'

const GET: ApiRequest = { method: 'GET', path: '/api/v1/nodes/a', verb: 'get', resource: 'nodes' }

async function aClient(extra: Partial<ApiClientOptions> = {}) {
  const fake = await FakeApi.start()
  const clock = new SteppedClock(1_000_000)
  const stop = new AbortController()
  const witness = aWitness()
  const { log, metrics } = witness
  const world = { credentials: fake.credentials as Credentials | Error, reads: 0 }
  const brake = new TokenBucket({ ratePerSecond: 1, burst: 100, clock })
  const credentials = async (): Promise<Credentials> => {
    world.reads += 1
    if (world.credentials instanceof Error) throw world.credentials
    return world.credentials
  }
  const api = new ApiClient({ credentials, brake, metrics, clock, log, signal: stop.signal, ...extra })
  onTestFinished(async () => {
    stop.abort()
    await api[Symbol.asyncDispose]()
    await fake[Symbol.asyncDispose]()
  })
  return { fake, clock, stop, api, world, brake, ...witness }
}

const failureOf = async (attempt: Promise<unknown>): Promise<ApiError> => {
  const error = await attempt.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${String(error)}`)
  return error
}

describe('a request', () => {
  test('goes with the credentials, and is counted and timed', async () => {
    const it = await aClient()
    it.fake.next.push({ status: 200, body: { kind: 'Node' } })
    expect(await it.api.json(GET)).toEqual({ kind: 'Node' })
    expect(it.fake.requests[0]).toMatchObject({ method: 'GET', path: '/api/v1/nodes/a' })
    expect(it.fake.requests[0]?.headers).toMatchObject({ authorization: 'Bearer one', accept: 'application/json' })
    expect(it.counted).toEqual(['koupleless_api_requests_total get,nodes,200'])
    expect(it.observed).toEqual(['koupleless_api_request_seconds get,nodes'])
  })

  test('carries its body under its content type', async () => {
    const it = await aClient()
    const contentType = 'application/merge-patch+json'
    await it.api.send({ ...GET, method: 'PATCH', verb: 'patch', body: '{"é":1}', contentType })
    expect(it.fake.requests[0]).toMatchObject({ method: 'PATCH', body: '{"é":1}' })
    expect(it.fake.requests[0]?.headers['content-type']).toBe(contentType)
  })

  test('of an API server behind another server goes under its prefix', async () => {
    const it = await aClient()
    it.world.credentials = { ...it.fake.credentials, pathPrefix: '/k8s/clusters/one' }
    await it.api.send(GET)
    expect(it.fake.requests[0]?.path).toBe('/k8s/clusters/one/api/v1/nodes/a')
  })

  test('reuses connections', async () => {
    const it = await aClient()
    for (let count = 0; count < 20; count++) await it.api.send(GET)
    // The next request may begin before undici has seen the end of the last.
    expect(it.fake.connections).toBeLessThanOrEqual(2)
  })
})

describe('what goes wrong becomes an ApiError', () => {
  test.each([
    [{ status: 409, body: { message: 'the object has been modified' } }, 'the object has been modified', 0],
    [{ status: 429, body: { message: 'slow down' }, headers: { 'retry-after': '7' } }, 'slow down', 7_000],
    [{ status: 503, body: { message: 'busy', details: { retryAfterSeconds: 3 } } }, 'busy', 3_000],
    [{ status: 502, body: '<html>bad gateway</html>' }, 'the API server answered 502', 0],
    [{ status: 429, headers: { 'retry-after': '999999' } }, 'the API server answered 429', 300_000],
  ])('%o, with what the server says of it', async (answer, message, retryAfterMs) => {
    const { status } = answer
    const it = await aClient()
    it.fake.next.push(answer)
    expect(await failureOf(it.api.json(GET))).toMatchObject({ status, message, retryAfterMs })
    expect(it.counted).toEqual([`koupleless_api_requests_total get,nodes,${status}`])
  })

  test('a connection that is cut: no answer, status 0, and the next request has a new one', async () => {
    const it = await aClient()
    it.fake.next.push('cut')
    const error = await failureOf(it.api.json(GET))
    expect([error.status, error.message]).toEqual([0, expect.stringMatching(/get nodes: no answer .+/)])
    expect(it.counted).toEqual(['koupleless_api_requests_total get,nodes,0'])
    await it.api.send(GET)
  })

  test('a server that takes a request and never answers', async () => {
    const it = await aClient({ timeoutMs: 100 })
    it.fake.next.push('hang')
    expect((await failureOf(it.api.json(GET))).status).toBe(0)
  })

  test('nobody there', async () => {
    const it = await aClient()
    it.world.credentials = { ...it.fake.credentials, origin: 'http://127.0.0.1:1' }
    const error = await failureOf(it.api.json(GET))
    expect([error.status, error.message]).toEqual([0, expect.stringContaining('ECONNREFUSED')])
  })

  test('an answer that is no JSON', async () => {
    const it = await aClient()
    it.fake.next.push({ status: 200, body: 'ok' })
    expect((await failureOf(it.api.json(GET))).message).toContain('no JSON')
  })

  test('a caller that gave up', async () => {
    const it = await aClient()
    const giveUp = new AbortController()
    it.fake.next.push('hang')
    const attempt = failureOf(it.api.json({ ...GET, signal: giveUp.signal }))
    await vi.waitFor(() => expect(it.fake.requests).toHaveLength(1))
    giveUp.abort(new Error('no longer wanted'))
    expect((await attempt).message).toContain('no longer wanted')
  })
})

describe('the brake', () => {
  test('is taken before each request; low ones leave a reserve to all others', async () => {
    const it = await aClient()
    for (let count = 0; count < 76; count++) it.brake.tryTake()
    const low = it.api.send({ ...GET, low: true })
    await it.api.send(GET)
    expect(it.fake.requests).toHaveLength(1)
    await it.clock.step(5_000)
    await low
    expect(it.fake.requests).toHaveLength(2)
  })

  test('does not hold up our own membership, and neither does a server that is slow with all else', async () => {
    const it = await aClient({ connectionsMax: 1 })
    it.fake.next.push('hang')
    const slow = failureOf(it.api.send(GET))
    await vi.waitFor(() => expect(it.fake.requests).toHaveLength(1))
    while (it.brake.tryTake());
    await it.api.send({ ...GET, urgent: true })
    expect(it.fake.requests).toHaveLength(2)
    await it.api[Symbol.asyncDispose]()
    await slow
  })

  test('lets those that still wait go when we stop', async () => {
    const it = await aClient()
    while (it.brake.tryTake());
    const attempt = failureOf(it.api.send(GET))
    it.stop.abort()
    expect((await attempt).status).toBe(0)
    expect(it.fake.requests).toEqual([])
  })
})

describe('credentials', () => {
  test('are read once for many requests, and again after half a minute', async () => {
    const it = await aClient()
    await Promise.all([it.api.send(GET), it.api.send(GET)])
    await it.clock.step(29_999)
    await it.api.send(GET)
    expect(it.world.reads).toBe(1)
    it.world.credentials = { ...it.fake.credentials, headers: { authorization: 'Bearer two' } }
    await it.clock.step(1)
    await it.api.send(GET)
    expect(it.fake.requests.at(-1)?.headers.authorization).toBe('Bearer two')
    expect(it.fake.connections).toBeLessThanOrEqual(2)
  })

  test('that the server refuses are read at once', async () => {
    const it = await aClient()
    it.fake.next.push({ status: 401 })
    expect((await failureOf(it.api.send(GET))).status).toBe(401)
    await it.api.send(GET)
    expect(it.world.reads).toBe(2)
  })

  test('that cannot be read now: the former go on', async () => {
    const it = await aClient()
    await it.api.send(GET)
    it.world.credentials = new Error('half written')
    await it.clock.step(30_000)
    await it.api.send(GET)
    expect(it.lines).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })

  test('that never could be read: no answer, and the next request tries again', async () => {
    const it = await aClient()
    it.world.credentials = new Error('no such file')
    expect(await failureOf(it.api.send(GET))).toMatchObject({
      status: 0,
      message: expect.stringContaining('no such file'),
    })
    it.world.credentials = it.fake.credentials
    await it.api.send(GET)
  })

  test('of another server or certificate take a new connection, and what runs on the former may end there', async () => {
    const it = await aClient()
    const chunks: string[] = []
    const watching = it.api.stream({ ...GET, path: '/api/v1/nodes?watch=true', verb: 'watch' }, chunk => {
      chunks.push(String(chunk))
    })
    await vi.waitFor(() => expect(it.fake.watches).toHaveLength(1))
    await using second = await FakeApi.start()
    it.world.credentials = second.credentials
    await it.clock.step(30_000)
    await it.api.send(GET)
    expect(second.requests).toHaveLength(1)
    it.fake.watches[0]?.write('still here')
    it.fake.watches[0]?.end()
    await watching
    expect(chunks).toEqual(['still here'])
  })
})

describe('a stream', () => {
  test('is never counted as slow, and never starves the calls', async () => {
    const it = await aClient({ connectionsMax: 1 })
    const giveUp = new AbortController()
    const request = { ...GET, path: '/api/v1/nodes?watch=true', verb: 'watch', signal: giveUp.signal } as const
    const streams = [1, 2, 3].map(() => failureOf(it.api.stream(request, () => undefined)))
    await vi.waitFor(() => expect(it.fake.watches).toHaveLength(3))
    await it.api.send(GET)
    expect(it.observed).toEqual(['koupleless_api_request_seconds get,nodes'])
    giveUp.abort()
    expect((await Promise.all(streams)).map(({ status }) => status)).toEqual([0, 0, 0])
  })

  test('that is refused tells why', async () => {
    const it = await aClient()
    it.fake.next.push({ status: 403, body: { message: 'forbidden' } })
    expect(await failureOf(it.api.stream(GET, () => undefined))).toMatchObject({ status: 403, message: 'forbidden' })
  })
})
