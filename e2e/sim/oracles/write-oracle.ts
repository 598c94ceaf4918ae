/** A write that is refused since we ourselves have written since: it was planned from what was there before. */
import type { V1Pod } from '@kubernetes/client-node'
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import type { SimAnswer } from '../api/sim-api-server.ts'
import type { Verdicts } from './verdicts.ts'

const STATUS_OF = /\/pods\/([^/?]+)\/status/

export class WriteOracle {
  readonly #verdicts: Verdicts
  readonly #seesWrites: boolean
  /** Of Pods, by name: the version that somebody else wrote last. */
  readonly #versionOfOthers = new Map<string, number>()

  #writesStatus = false

  /** `seesWrites`: it hears of each write of its own, and at once. */
  constructor(verdicts: Verdicts, seesWrites: boolean) {
    this.#verdicts = verdicts
    this.#seesWrites = seesWrites
  }

  /** Who marks a Pod before a command is another controller of ours, and as good as somebody else. */
  writes({ path }: ApiRequest): void {
    this.#writesStatus = STATUS_OF.test(path)
  }

  committed({ metadata, spec }: V1Pod): void {
    const { name = '', resourceVersion } = metadata ?? {}
    if (!this.#writesStatus && spec?.containers) this.#versionOfOthers.set(name, Number(resourceVersion))
  }

  wrote({ path, verb, body = '{}' }: ApiRequest, { status }: SimAnswer): void {
    const [, name = ''] = STATUS_OF.exec(path) ?? []
    this.#writesStatus = false
    if (!this.#seesWrites || verb !== 'patch' || status !== 409) return
    const { metadata } = JSON.parse(body) as V1Pod
    if (Number(metadata?.resourceVersion) >= (this.#versionOfOthers.get(name) ?? Number.POSITIVE_INFINITY))
      this.#verdicts.object('own-conflict', `the status of ${name} is written as if our last write had not been`)
  }
}
