/** The real API server as the contract speaks to it: by the production client's own way of reaching it. */
import { KubeConfig } from '@kubernetes/client-node'
import { type Dispatcher, Pool } from 'undici'
import { readCredentials } from '../../../operator/kube/credentials.ts'
import { exchange } from '../../../operator/kube/exchange.ts'
import { LineSplitter } from '../../../operator/kube/watch-lines.ts'
import type { ControlPlane } from '../../control-plane/control-plane.ts'
import type { ContractServer, ContractWatch } from './contract/recorder.ts'
import type { SimAnswer, SimRequest } from './sim-api-server.ts'

export class RealApi implements ContractServer, AsyncDisposable {
  readonly #pool: Pool
  readonly #headers: Readonly<Record<string, string>>

  readonly #restart: () => Promise<void>

  private constructor(pool: Pool, headers: Readonly<Record<string, string>>, restart: () => Promise<void>) {
    this.#pool = pool
    this.#headers = headers
    this.#restart = restart
  }

  static async open(plane: ControlPlane): Promise<RealApi> {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromFile(plane.kubeconfig)
    const { origin, headers, tls } = await readCredentials(kubeConfig)
    return new RealApi(new Pool(origin, { connect: tls, bodyTimeout: 0 }), headers, async () => {
      await plane.stopApiServer()
      await plane.startApiServer()
    })
  }

  /** A server that begins anew has in its cache only what changes from then on. */
  forget(): Promise<void> {
    return this.#restart()
  }

  async send({ method, path, body, contentType, accept }: SimRequest): Promise<SimAnswer> {
    const type = contentType === undefined ? {} : { 'content-type': contentType }
    const headers = { accept: accept ?? 'application/json', ...this.#headers, ...type }
    const answer = await exchange(this.#pool, { method, path, headers, body: body ?? null })
    return { status: answer.status, body: answer.body.toString('utf8'), headers: {} }
  }

  async watch(path: string, accept = 'application/json'): Promise<ContractWatch> {
    const stop = new AbortController()
    const headers = { accept, ...this.#headers }
    const { body } = await this.#pool.request({ method: 'GET', path, headers, signal: stop.signal })
    const lines = linesOf(body)
    return {
      next: async () => (await lines.next()).value ?? undefined,
      cancel: () => stop.abort(),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }
}

async function* linesOf(body: Dispatcher.ResponseData['body']): AsyncGenerator<string, undefined> {
  const splitter = new LineSplitter()
  for await (const chunk of body) {
    const lines: string[] = []
    splitter.push(chunk as Buffer, line => lines.push(line))
    yield* lines
  }
  return undefined
}
