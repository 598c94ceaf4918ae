/**
 * A broker inside the process (aedes, MQTT 3.1.1), for trying the operator and for tests. Not for production: bases lose it with the
 * operator, and it speaks no TLS.
 */
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import type { Aedes, AuthenticateError } from 'aedes'
import { ArkletError } from '../errors.ts'
import { RetainedBudget } from './retained-budget.ts'

export interface EmbeddedBrokerOptions {
  /** Loopback unless said otherwise. */
  readonly host?: string
  /** 0, the default: a free one. */
  readonly port?: number
  /** With `password`: nobody else may connect. */
  readonly username?: string
  readonly password?: string
  readonly retainedTopicsMax?: number
  readonly retainedBytesMax?: number
}

export interface EmbeddedBroker extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `mqtt://host:port`. */
  readonly url: string
  /** Clients connected right now. */
  readonly clients: number
}

/** @throws ArkletError BROKER_CONFIG when it cannot listen there */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  // Loaded only by those who want a broker: it costs 40 ms and some memory.
  const { Aedes } = await import('aedes')
  const aedes = new Aedes({
    // Sessions are clean whatever a client asks: nothing may be queued for one that is away, for it could stay away for ever.
    preConnect: (_client, packet, done) => {
      packet.clean = true
      done(null, true)
    },
    authenticate: (_client, username, password, done) => {
      if (isKnown(options, username, password)) done(null, true)
      else done(refusal(), false)
    },
    authorizePublish: limitRetained(options),
  })
  await aedes.listen()
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  await listen(server, options)
  return asBroker(aedes, server, sockets)
}

async function listen(server: net.Server, { host = '127.0.0.1', port = 0 }: EmbeddedBrokerOptions): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw new ArkletError('BROKER_CONFIG', `embedded broker cannot listen on ${host}:${port}: ${String(error)}`, error)
  }
}

function asBroker(aedes: Aedes, server: net.Server, sockets: ReadonlySet<net.Socket>): EmbeddedBroker {
  const address = server.address() as net.AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    host: address.address,
    port: address.port,
    url: `mqtt://${host}:${address.port}`,
    get clients() {
      return aedes.connectedClients
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      const ended = new Promise<void>(resolve => aedes.close(resolve))
      // A client that never answers must not keep us.
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, ended])
    },
  }
}

function isKnown(options: EmbeddedBrokerOptions, username: string | undefined, password: Buffer | undefined): boolean {
  if (options.username === undefined && options.password === undefined) return true
  const isUser = isSame(Buffer.from(options.username ?? ''), Buffer.from(username ?? ''))
  return isSame(Buffer.from(options.password ?? ''), password ?? Buffer.alloc(0)) && isUser
}

const isSame = (expected: Buffer, given: Uint8Array): boolean =>
  expected.byteLength === given.byteLength && timingSafeEqual(expected, given)

const refusal = (): AuthenticateError => Object.assign(new Error('bad user name or password'), { returnCode: 4 })

/** Past the budget a message goes out as any other, but is not kept. */
function limitRetained(options: EmbeddedBrokerOptions): Aedes['authorizePublish'] {
  const budget = new RetainedBudget(options.retainedTopicsMax ?? 1_000, options.retainedBytesMax ?? 8 * 1024 * 1024)
  return (_client, packet, done) => {
    if (packet.retain && !budget.take(packet.topic, packet.payload.length)) packet.retain = false
    done(null)
  }
}
