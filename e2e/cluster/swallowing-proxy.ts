import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'

/** A way to the API server on which open watches can fall silent: their connections stand, and nothing comes any more. */
export class SwallowingProxy implements AsyncDisposable {
  readonly kubeconfig: string
  readonly #folder: string
  readonly #server: ReturnType<typeof createServer>
  readonly #watches = new Map<ServerResponse, IncomingMessage>()

  private constructor(folder: string, server: ReturnType<typeof createServer>) {
    this.#folder = folder
    this.kubeconfig = join(folder, 'kubeconfig')
    this.#server = server
  }

  /** @param kubeconfig whose server it stands before, and whose user comes through it */
  static async before(kubeconfig: string): Promise<SwallowingProxy> {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-proxy-'))
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const { server = '', caData = '' } = config.getCurrentCluster() ?? {}
    const ca = Buffer.from(caData, 'base64')
    const listening = createServer((from, to) => proxy.#pass(from, to, { server, ca }))
    const proxy = new SwallowingProxy(folder, listening)
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as AddressInfo
    // client-node takes an address without TLS only from those who say that they mean it.
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
    const view = JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: readonly { name: string }[] }
    const clusters = view.clusters.map(({ name }) => ({ name, cluster }))
    await writeFile(proxy.kubeconfig, JSON.stringify({ ...view, clusters }), { mode: 0o600 })
    return proxy
  }

  get openWatches(): number {
    return this.#watches.size
  }

  /** Watches that are begun later go through. */
  swallow(): void {
    for (const [to, answer] of this.#watches) {
      answer.unpipe(to)
      answer.resume()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #pass(from: IncomingMessage, to: ServerResponse, { server, ca }: { server: string; ca: Buffer }): void {
    const onward = request(new URL(from.url ?? '/', server), { method: from.method, headers: from.headers, ca })
    onward.on('error', () => to.destroy())
    onward.on('response', answer => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      to.flushHeaders()
      answer.on('error', () => to.destroy())
      answer.pipe(to)
      if (from.url?.includes('watch=true')) this.#watches.set(to, answer)
    })
    to.once('close', () => {
      this.#watches.delete(to)
      onward.destroy()
    })
    from.pipe(onward)
  }
}
