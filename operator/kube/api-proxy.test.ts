/** Through a proxy to a server whose name nobody but the proxy knows. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { generate } from 'selfsigned'
import { expect, onTestFinished, test } from 'vitest'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { aWitness } from './a-witness.ts'
import { ApiClient, type ApiRequest } from './api-client.ts'

const NAME = 'api.known-to-the-proxy.example'
const GET: ApiRequest = { method: 'GET', path: '/api/v1/nodes/a', verb: 'get', resource: 'nodes' }
const WATCH: ApiRequest = { ...GET, path: '/api/v1/nodes?watch=true', verb: 'watch' }
const unbraked = { tryTake: () => true, take: async () => true, takeLow: async () => true }

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

type Tunnel = (request: IncomingMessage, socket: Duplex) => void

async function behind(tunnel: (toPort: number) => Tunnel, credentials = '') {
  const name = [{ name: 'commonName', value: NAME }]
  const altNames = [{ type: 2 as const, value: NAME }]
  const extensions = [{ name: 'subjectAltName' as const, altNames }]
  const pair = await generate(name, { keyType: 'ec', algorithm: 'sha256', extensions })
  const api = createTlsServer({ cert: pair.cert, key: pair.private }, (_request, response) => response.end('{"ok":1}'))
  const toPort = await listening(api)
  const proxy = createServer()
  const asked: IncomingMessage[] = []
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
    asked.push(request)
    socket.on('error', () => undefined)
    tunnel(toPort)(request, socket)
  })
  const port = await listening(proxy)
  const stop = new AbortController()
  const { log, metrics } = aWitness()
  const client = new ApiClient({
    credentials: async () => ({
      origin: `https://${NAME}:6443`,
      pathPrefix: '',
      headers: { authorization: 'Bearer one' },
      tls: { ca: pair.cert },
      proxy: `http://${credentials}127.0.0.1:${port}`,
    }),
    brake: unbraked,
    metrics,
    clock: new SteppedClock(1_000),
    log,
    signal: stop.signal,
  })
  onTestFinished(() => client[Symbol.asyncDispose]())
  return { client, asked }
}

const opening =
  (port: number): Tunnel =>
  (_request, socket) => {
    const far = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
    far.on('error', () => socket.destroy())
  }

test('calls and watches go through it, and the server is still who its certificate says', async () => {
  const { client, asked } = await behind(opening)
  expect(await client.json(GET)).toEqual({ ok: 1 })
  const chunks: string[] = []
  await client.stream(WATCH, chunk => chunks.push(String(chunk)))
  expect(chunks.join('')).toBe('{"ok":1}')
  expect(asked.map(({ url }) => url)).toEqual([`${NAME}:6443`, `${NAME}:6443`])
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
})

test('it is told user and password where its address holds them', async () => {
  const { client, asked } = await behind(opening, 'me:pass%21@')
  await client.json(GET)
  const basic = `Basic ${Buffer.from('me:pass!').toString('base64')}`
  expect(asked.map(({ headers }) => headers['proxy-authorization'])).toEqual([basic])
})

test('where it refuses, the error says that it was the proxy', async () => {
  const { client } = await behind(() => (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
  await expect(client.json(GET)).rejects.toThrow(/Proxy response \(403\)/)
})

test('where it never answers, the call ends all the same', async () => {
  const { client } = await behind(() => () => undefined)
  await expect(client.json(GET)).rejects.toThrow(/no answer/)
}, 15_000)
