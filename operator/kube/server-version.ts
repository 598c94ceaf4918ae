/** Which version the API server is of: asked once, when it has shown that it answers. */
import type { Clock, Log } from '../../reconcilers/ports.ts'
import type { ApiClient } from './api-client.ts'

export interface ServerVersionOptions {
  readonly api: Pick<ApiClient, 'json'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Log
}

const TRIES = 3
const RETRY_MS = 500
const CHARACTERS_MAX = 128

export class ServerVersion {
  readonly #of: ServerVersionOptions
  #known: string | undefined

  constructor(options: ServerVersionOptions) {
    this.#of = options
  }

  /** Undefined until it was told, and where the server does not tell us. */
  get known(): string | undefined {
    return this.#known
  }

  /** Never throws: nothing depends on it but what a Node calls its kubelet. */
  async ask(stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#of
    for (let tries = 1; tries <= TRIES && !stop.aborted; tries++) {
      try {
        this.#known = await this.#told()
        return
      } catch (error) {
        log.debug('version of the API server not told', { error: String(error), tries })
        if (tries < TRIES) await clock.sleep(RETRY_MS, stop)
      }
    }
  }

  async #told(): Promise<string | undefined> {
    const request = { method: 'GET', path: '/version', verb: 'get', resource: 'version' } as const
    const said = await this.#of.api.json<{ readonly gitVersion?: unknown } | null>(request)
    const version = said?.gitVersion
    return typeof version === 'string' ? version.slice(0, CHARACTERS_MAX) : undefined
  }
}
