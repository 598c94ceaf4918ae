/** What anybody may say to the pages for health, metrics and debugging: requests cut, endless, forged, or no requests at all. */
import net from 'node:net'
import fc from 'fast-check'
import { debugPage } from '../../../operator/http/debug-state.ts'
import { healthPage, readyPage } from '../../../operator/http/health.ts'
import { PrometheusMetrics } from '../../../operator/http/metrics.ts'
import { type HttpServer, serve } from '../../../operator/http/server.ts'
import { aBase } from '../../../reconcilers/registry/a-base.ts'
import { type Door, must, type OpenDoor } from '../door.ts'
import { word } from '../hostile.ts'
import { Notes } from '../notes.ts'

interface Input {
  /** As it goes over the wire, each character a byte. */
  readonly text: string
  /** Cut off after so many characters, and then no more is said. */
  readonly cutAt: number
}

const PATHS = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/debug/state',
  '/debug/state?match=',
  '/debug/state?format=json&match=',
]
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'CONNECT', 'OPTIONS', 'PRI', 'get', '']
const HEADERS = [
  'host: h',
  'connection: close',
  'content-length: 5',
  'content-length: 99999999999999999999',
  'content-length: -1',
  'transfer-encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 3',
  'expect: 100-continue',
  'upgrade: websocket\r\nconnection: upgrade',
  'range: bytes=0-',
  `x: ${'y'.repeat(40_000)}`,
  'x',
  ': x',
  'x\u0000: y',
]
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', '']
const BODIES = ['', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', '\u0000\u00ff']

/** Halves of characters cannot be encoded. */
const encodeSafely = (text: string): string => encodeURIComponent(Buffer.from(text).toString('utf8'))
/** One character, one byte. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...PATHS), word).map(([path, tail]) => bytes(`${path}${tail}`)) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...PATHS), word).map(([path, tail]) => path + encodeSafely(tail)) },
  { weight: 1, arbitrary: fc.constantFrom('*', '//', 'http://other/healthz', '/../healthz', '/%', '/__proto__') },
)

/** Else nothing gets past the first line. */
const mostly = <T>(good: T, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: odd })

const inputs: fc.Arbitrary<Input> = fc
  .record({
    method: mostly('GET', fc.constantFrom(...METHODS)),
    target,
    version: mostly('HTTP/1.1', fc.constantFrom(...VERSIONS)),
    headers: mostly([], fc.array(fc.oneof(fc.constantFrom(...HEADERS), word.map(bytes)), { maxLength: 3 })),
    body: mostly('', fc.constantFrom(...BODIES)),
    isWhole: fc.integer({ min: 0, max: 3 }).map(chance => chance > 0),
    cutAt: fc.nat({ max: 200 }),
  })
  .map(({ method, target: path, version, headers, body, isWhole, cutAt }) => {
    const text = `${[`${method} ${path} ${version}`, 'host: h', ...headers].join('\r\n')}\r\n\r\n${body}`
    return { text, cutAt: isWhole ? text.length : cutAt }
  })

/** It is closed as soon as all is said: whoever waits for more would wait for ever. */
const ANSWERED_WITHIN_MS = 5_000

class Knocked implements OpenDoor<Input> {
  readonly #server: HttpServer
  readonly #notes: Notes

  constructor(server: HttpServer, notes: Notes) {
    this.#server = server
    this.#notes = notes
  }

  async knock({ text, cutAt }: Input): Promise<readonly string[]> {
    const reply = await said(this.#server.port, Buffer.from(text.slice(0, cutAt), 'latin1'))
    const statuses = [...reply.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status = '']) => status)
    must(!statuses.includes('500'), 'no page fails', reply.slice(0, 300))
    for (const fault of this.#notes.faults()) must(false, fault)
    const good = await said(this.#server.port, Buffer.from('GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n'))
    must(good.startsWith('HTTP/1.1 200 ') && good.endsWith('ok\n'), 'the next good request is answered', good)
    return statuses.length > 0 ? statuses.map(status => (status === '200' ? 'accepted' : status)) : ['closed']
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}

/** Everything that comes back until the connection ends. @throws Broken where it does not end */
function said(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = net.connect({ host: '127.0.0.1', port })
    socket.setEncoding('latin1')
    socket.setTimeout(ANSWERED_WITHIN_MS, () => socket.destroy(new Error('it keeps one waiting')))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    // Who is refused in the middle of a sentence may be reset.
    socket.on('error', error => (/ECONNRESET|EPIPE/.test(error.message) ? resolve(text) : reject(error)))
    socket.on('close', () => resolve(text))
    socket.end(request)
  })
}

async function open(): Promise<Knocked> {
  const notes = new Notes()
  const link = { connected: true, epoch: 1, sinceMs: 0, why: 'connected' }
  const pages = {
    '/healthz': healthPage,
    '/readyz': readyPage(() => ({ synced: true, started: true, link })),
    '/metrics': new PrometheusMetrics().page,
    '/debug/state': debugPage({
      now: () => 1_000,
      bases: () => [aBase()],
      link: () => link,
      store: { synced: true, freshAtMs: 0 },
      controllers: [],
    }),
  }
  return new Knocked(await serve({ host: '127.0.0.1', port: 0, pages, log: notes.ports.log }), notes)
}

export const HTTP: Door<Input> = {
  name: 'http',
  what: 'requests to the pages for health, metrics and debugging',
  runsInTest: 300,
  cpuMsMax: 1_000,
  inputs,
  open,
}
