import { EventEmitter } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import type { Log } from '../../reconcilers/ports.ts'
import { asJson, type HttpServer, listen, type Page, plainText, serve } from './server.ts'

const opened: HttpServer[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server[Symbol.asyncDispose]()
})

async function serving(
  pages: Readonly<Record<string, Page>>,
  errors: unknown[] = [],
  host = '127.0.0.1',
): Promise<string> {
  const quiet = (): void => {}
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (_message, fields) => void errors.push(fields?.error),
    child: () => log,
  }
  const server = await serve({ host, port: 0, pages, log })
  opened.push(server)
  return `http://127.0.0.1:${server.port}`
}

describe('pages', () => {
  test('are found by path, and get their query', async () => {
    const url = await serving({
      '/a': query => plainText(200, `b=${query.get('b')}`),
      '/j': () => asJson(503, { c: 1 }),
    })
    const text = await fetch(`${url}/a?b=1`)
    expect([text.status, text.headers.get('content-type'), await text.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'b=1',
    ])
    const json = await fetch(`${url}/j`)
    expect([json.status, await json.json()]).toEqual([503, { c: 1 }])
  })

  test('elsewhere one is told what there is', async () => {
    const url = await serving({ '/healthz': () => plainText(200, 'ok') })
    const answer = await fetch(`${url}/constructor`)
    expect([answer.status, await answer.text()]).toEqual([404, 'there is: /healthz\n'])
  })

  test('are only for reading', async () => {
    const url = await serving({ '/a': () => plainText(200, 'body') })
    expect((await fetch(`${url}/a`, { method: 'POST', body: 'x' })).status).toBe(405)
    const head = await fetch(`${url}/a`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', ''])
  })

  test('one that throws is logged, tells nothing, and the others go on', async () => {
    const errors: unknown[] = []
    const fault = new Error('secret')
    const page = (): never => {
      throw fault
    }
    const url = await serving({ '/bad': page, '/good': () => plainText(200, 'ok') }, errors)
    const answer = await fetch(`${url}/bad`)
    expect([answer.status, await answer.text()]).toEqual([500, 'failed: see the log\n'])
    expect(errors).toEqual([fault])
    expect((await fetch(`${url}/good`)).status).toBe(200)
  })
})

test('a port that is taken is named', async () => {
  const url = new URL(await serving({}))
  const again = serve({ host: '127.0.0.1', port: Number(url.port), pages: {}, log: console as unknown as Log })
  await expect(again).rejects.toThrow(`cannot listen on 127.0.0.1:${url.port}`)
})

test('closing does not wait for readers that keep their connection', async () => {
  const url = await serving({ '/a': () => plainText(200, 'ok') })
  await (await fetch(`${url}/a`)).text()
  const [server] = opened.splice(0)
  await server?.[Symbol.asyncDispose]()
  await expect(fetch(`${url}/a`)).rejects.toThrow()
})

/** The kernel of a machine that has no IPv6, and of one on which all is taken. */
class Kernel extends EventEmitter {
  readonly tried: string[] = []
  readonly #codeOf: (host: string) => string | undefined

  constructor(codeOf: (host: string) => string | undefined) {
    super()
    this.#codeOf = codeOf
  }

  listen(_port: number, host: string): void {
    this.tried.push(host)
    const code = this.#codeOf(host)
    queueMicrotask(() => this.emit(code ? 'error' : 'listening', code && Object.assign(new Error(code), { code })))
  }
}

describe('on all addresses', () => {
  test('both families are answered', async () => {
    const url = await serving({ '/a': () => plainText(200, 'a') }, [], '::')
    expect((await fetch(`${url}/a`)).status).toBe(200)
    expect((await fetch(`${url.replace('127.0.0.1', '[::1]')}/a`)).status).toBe(200)
  })

  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('those of IPv4 where there is no other: %s', async code => {
    const kernel = new Kernel(host => (host === '::' ? code : undefined))
    await listen(kernel, '::', 80)
    expect(kernel.tried).toEqual(['::', '0.0.0.0'])
  })

  test('a port that is taken is told as it was asked for', async () => {
    await expect(listen(new Kernel(() => 'EADDRINUSE'), '::', 80)).rejects.toThrow('cannot listen on :::80')
  })
})
