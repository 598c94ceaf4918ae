/** The way from the operator's client to a simulated server, with nothing in between that could go wrong. */
import type { Api, ApiRequest } from '../../../../operator/kube/api-client.ts'
import { refusalOf } from '../../../../operator/kube/api-error.ts'
import type { SimAnswer, SimApiServer } from '../sim-api-server.ts'

export class SimClient implements Api {
  readonly #server: SimApiServer

  constructor(server: SimApiServer) {
    this.#server = server
  }

  async send(request: ApiRequest): Promise<Buffer> {
    const answer = this.#server.call(request)
    if (answer.status >= 300) throw refused(answer)
    return Buffer.from(answer.body)
  }

  async json<T>(request: ApiRequest): Promise<T> {
    return JSON.parse((await this.send(request)).toString('utf8')) as T
  }

  stream({ path, accept, signal }: ApiRequest, onChunk: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = (text: string): void => onChunk(Buffer.from(`${text}\n`))
      const watch = this.#server.watch(path, accept, { line, end: resolve })
      if ('status' in watch) {
        reject(refused(watch))
        return
      }
      signal?.addEventListener('abort', () => {
        watch.cancel()
        reject(signal.reason)
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const refused = (answer: SimAnswer): Error => refusalOf({ ...answer, body: Buffer.from(answer.body) })
