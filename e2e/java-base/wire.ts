import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A cable between a base and its broker that a test may cut. It passes bytes on, so TLS goes through it too. */
export class Wire implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(brokerPort: number) {
    this.#server = createServer(near => this.#join(near, brokerPort))
  }

  static async to(brokerPort: number): Promise<Wire> {
    const wire = new Wire(brokerPort)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What is connected is thrown off; what tries to connect is refused at once. */
  cut(): void {
    this.#isCut = true
    this.#throwOff()
  }

  mend(): void {
    this.#isCut = false
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

  #join(near: Socket, brokerPort: number): void {
    if (this.#isCut) {
      near.destroy()
      return
    }
    const far = connect(brokerPort, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.pipe(to)
      from.on('error', () => undefined)
      from.once('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}
