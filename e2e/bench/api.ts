import { readFile } from 'node:fs/promises'
import { Pool } from 'undici'

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ]
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ]
}
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: T
}

const decoded = (text: string): string => Buffer.from(text, 'base64').toString()

/** The administrator's hands: cheap enough not to disturb what is measured. */
export class Api implements AsyncDisposable {
  readonly #pool: Pool
  readonly #stop = new AbortController()

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  static async open(path: string): Promise<Api> {
    const { clusters, users } = JSON.parse(await readFile(path, 'utf8')) as Kubeconfig
    const [{ cluster }, { user }] = [clusters[0], users[0]]
    const connect = {
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    }
    return new Api(new Pool(cluster.server, { connections: 12, connect, bodyTimeout: 0 }))
  }

  async call<T>(method: 'GET' | 'POST' | 'DELETE' | 'PATCH', path: string, body?: object): Promise<T> {
    const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json'
    const headers = { accept: 'application/json', 'content-type': type }
    const answer = await this.#pool.request({ method, path, headers, body: body ? JSON.stringify(body) : null })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`)
    return JSON.parse(text) as T
  }

  /** Calls `onEvent` for each change until disposed. Resolves once the watch stands. */
  async watch<T>(path: string, onEvent: (event: WatchEvent<T>) => void): Promise<void> {
    const watched = `${path}${path.includes('?') ? '&' : '?'}watch=true`
    const answer = await this.#pool.request({ method: 'GET', path: watched, signal: this.#stop.signal })
    void this.#read(answer.body, onEvent)
  }

  async #read<T>(body: AsyncIterable<Buffer>, onEvent: (event: WatchEvent<T>) => void): Promise<void> {
    let rest = ''
    try {
      for await (const chunk of body) {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onEvent(JSON.parse(line) as WatchEvent<T>)
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#pool.destroy()
  }
}
