/** A few read-only pages over HTTP. */
import { type EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../reconcilers/ports.ts'

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export type Page = (query: URLSearchParams) => Reply | Promise<Reply>

export interface HttpServerOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** By path. */
  readonly pages: Readonly<Record<string, Page>>
  readonly log: Log
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

const REQUEST_TIMEOUT_MS = 10_000
const CONNECTIONS_MAX = 64
/** Only path and query count. */
const ANY_ORIGIN = 'http://operator'

export const plainText = (status: number, body: string): Reply => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
})
export const asJson = (status: number, value: unknown): Reply => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value, undefined, 2)}\n`,
})

/** @throws Error naming the address when it cannot listen there */
export async function serve({ host, port, pages, log }: HttpServerOptions): Promise<HttpServer> {
  const server = http.createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(request, pages, log).then(reply => send(request, response, reply))
  })
  server.maxConnections = CONNECTIONS_MAX
  await listen(server, host, port)
  const address = server.address() as AddressInfo
  return {
    host: address.address,
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      // A reader that keeps its connection must not keep us.
      server.closeAllConnections()
      await closed
    },
  }
}

const ALL = '::'
const ALL_OF_IPV4 = '0.0.0.0'
/** Of a host whose kernel has no IPv6, or that has it switched off. */
const NO_IPV6: readonly unknown[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

type Listener = EventEmitter & { listen(port: number, host: string): unknown }

/** `::` is all addresses of both families, and those of IPv4 where there is no other. @throws Error that names the address */
export async function listen(server: Listener, host: string, port: number): Promise<void> {
  try {
    await begin(server, host, port)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (host === ALL && NO_IPV6.includes(code)) return listen(server, ALL_OF_IPV4, port)
    throw new Error(`cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

async function begin(server: Listener, host: string, port: number): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}

async function answer(request: http.IncomingMessage, pages: HttpServerOptions['pages'], log: Log): Promise<Reply> {
  const url = urlOf(request)
  const page = url && Object.hasOwn(pages, url.pathname) ? pages[url.pathname] : undefined
  if (!url || !page) return plainText(404, `there is: ${Object.keys(pages).join(' ')}\n`)
  if (request.method !== 'GET' && request.method !== 'HEAD') return plainText(405, 'GET only\n')
  try {
    return await page(url.searchParams)
  } catch (error) {
    log.error('page failed', { path: url.pathname, error })
    return plainText(500, 'failed: see the log\n')
  }
}

function urlOf({ url = '' }: http.IncomingMessage): URL | undefined {
  return URL.canParse(url, ANY_ORIGIN) ? new URL(url, ANY_ORIGIN) : undefined
}

function send(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, contentType, body }: Reply,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
