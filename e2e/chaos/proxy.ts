import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What befalls all that passes, in both directions, until it is over. */
export type Trouble =
  /** What is connected is thrown off, what tries to connect too. */
  | { readonly kind: 'cut' }
  /** Nothing passes and nobody is told; what was sent arrives when it is over, as TCP would send it again. */
  | { readonly kind: 'black hole' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** One byte in about so many is another. Over TLS that ends the connection, as it must. */
  | { readonly kind: 'garble'; readonly everyBytes: number }

export interface ProxyOptions {
  readonly toPort: number
  readonly random: () => number
}

const HELD_MAX_BYTES = 1024 * 1024
const THROTTLE_EVERY_MS = 50

/** A cable between two parts of the world that passes bytes on, and may be troubled. Listens on loopback. */
export class TcpProxy implements AsyncDisposable {
  /** When each connection was begun, oldest first: a stampede shows here. */
  readonly connectedAtMs: number[] = []
  bytes = 0
  readonly #server: Server
  readonly #options: ProxyOptions
  readonly #sockets = new Set<Socket>()
  readonly #lanes = new Set<Lane>()
  #trouble: Trouble | undefined

  private constructor(options: ProxyOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true }, near => this.#join(near))
  }

  static async to(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  /** One trouble at a time; undefined ends it. */
  set trouble(trouble: Trouble | undefined) {
    this.#trouble = trouble
    if (trouble?.kind === 'cut') this.#throwOff()
    for (const lane of this.#lanes) lane.pump()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#throwOff()
    await closed
  }

  #throwOff(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: Socket): void {
    this.connectedAtMs.push(Date.now())
    near.on('error', () => undefined)
    if (this.#trouble?.kind === 'cut') {
      near.destroy()
      return
    }
    const far = connect({ port: this.#options.toPort, host: '127.0.0.1', allowHalfOpen: true })
    this.#pass(near, far)
    this.#pass(far, near)
  }

  #pass(from: Socket, to: Socket): void {
    from.setNoDelay(true)
    from.on('error', () => undefined)
    const { random } = this.#options
    const lane = new Lane(from, to, { trouble: () => this.#trouble, random, passed: count => this.#passed(count) })
    this.#sockets.add(from)
    this.#lanes.add(lane)
    from.once('close', () => {
      this.#sockets.delete(from)
      lane.close()
      if (!lane.holds) this.#lanes.delete(lane)
    })
  }

  #passed(count: number): void {
    this.bytes += count
  }
}

interface Surroundings {
  readonly trouble: () => Trouble | undefined
  readonly random: () => number
  readonly passed: (bytes: number) => void
}

/** One direction of one connection: what came and has not been passed on yet. */
class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #around: Surroundings
  readonly #held: { readonly chunk: Buffer; readonly cameAtMs: number }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false
  #isClosed = false

  constructor(from: Socket, to: Socket, around: Surroundings) {
    this.#from = from
    this.#to = to
    this.#around = around
    from.on('data', chunk => this.#take(chunk))
    from.once('end', () => {
      this.#hasEnded = true
      this.pump()
    })
    to.on('drain', () => this.pump())
  }

  get holds(): boolean {
    return this.#held.length > 0
  }

  close(): void {
    this.#isClosed = true
    this.pump()
  }

  pump(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const trouble = this.#around.trouble()
    if (trouble?.kind === 'black hole') return
    if (trouble?.kind === 'throttle') this.#trickle(trouble.bytesPerSecond)
    else this.#flush(trouble?.kind === 'delay' ? trouble.delayMs : 0)
    if (this.#heldBytes < HELD_MAX_BYTES) this.#from.resume()
    if (!this.holds) this.#passEnd()
  }

  #passEnd(): void {
    if (this.#isClosed) this.#to.destroySoon()
    else if (this.#hasEnded) this.#to.end()
  }

  #take(chunk: Buffer): void {
    this.#held.push({ chunk, cameAtMs: Date.now() })
    this.#heldBytes += chunk.length
    if (this.#heldBytes >= HELD_MAX_BYTES) this.#from.pause()
    if (this.#timer === undefined) this.pump()
  }

  #flush(delayMs: number): void {
    for (let next = this.#held[0]; next; next = this.#held[0]) {
      const leftMs = next.cameAtMs + delayMs - Date.now()
      if (leftMs > 0) {
        this.#later(leftMs)
        return
      }
      this.#held.shift()
      this.#give(next.chunk)
    }
  }

  #trickle(bytesPerSecond: number): void {
    let budget = Math.max(1, Math.round((bytesPerSecond * THROTTLE_EVERY_MS) / 1_000))
    for (let next = this.#held.shift(); next; next = this.#held.shift()) {
      this.#give(next.chunk.subarray(0, budget))
      if (next.chunk.length >= budget) {
        const rest = next.chunk.subarray(budget)
        if (rest.length > 0) this.#held.unshift({ ...next, chunk: rest })
        break
      }
      budget -= next.chunk.length
    }
    if (this.holds) this.#later(THROTTLE_EVERY_MS)
  }

  #give(chunk: Buffer): void {
    this.#heldBytes -= chunk.length
    if (!this.#to.writable) return
    this.#around.passed(chunk.length)
    this.#to.write(this.#spoiled(chunk))
  }

  #spoiled(chunk: Buffer): Buffer {
    const trouble = this.#around.trouble()
    if (trouble?.kind !== 'garble' || this.#around.random() > chunk.length / trouble.everyBytes) return chunk
    const spoiled = Buffer.from(chunk)
    const at = Math.min(chunk.length - 1, Math.floor(this.#around.random() * chunk.length))
    spoiled[at] = (spoiled[at] ?? 0) ^ (1 << Math.floor(this.#around.random() * 8))
    return spoiled
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.pump(), ms)
  }
}
