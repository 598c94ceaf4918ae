/** Connections to the API server, straight or through a proxy: some for calls, any number for watches. */
import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { Credentials } from './credentials.ts'

export interface Pools {
  readonly pool: Dispatcher
  /** A watch holds its connection for long: it must never starve the calls. */
  readonly watchPool: Dispatcher
}

export interface PoolLimits {
  readonly connectionsMax: number
  readonly timeoutMs: number
}

const SOCKET = { timeout: 5_000, keepAlive: true, keepAliveInitialDelay: 30_000 } as const

export function openPools(credentials: Credentials, { connectionsMax, timeoutMs }: PoolLimits): Pools {
  const common = { headersTimeout: timeoutMs, keepAliveTimeout: 60_000 }
  return {
    pool: openOne(credentials, { ...common, connections: connectionsMax, bodyTimeout: timeoutMs }),
    watchPool: openOne(credentials, { ...common, bodyTimeout: 0 }),
  }
}

function openOne({ origin, tls, proxy }: Credentials, options: Pool.Options): Dispatcher {
  if (proxy === undefined) return new Pool(origin, { ...options, connect: { ...SOCKET, ...tls } })
  return new ProxyAgent({
    ...options,
    uri: proxy,
    requestTls: { ...SOCKET, ...tls },
    proxyTls: SOCKET,
    // One that takes the connection and opens no way through is no better than one that is not there.
    clientFactory: (uri, given) => new Pool(uri, { ...given, headersTimeout: SOCKET.timeout }),
  })
}
