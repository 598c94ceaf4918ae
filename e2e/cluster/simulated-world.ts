import { type BrokerAddress, type GivenAnswer, type SimulatedBase, startBase } from '../base-simulator/index.ts'
import type { Base } from './base.ts'
import type { OperatorSettings } from './operator-process.ts'
import type { FullDraft, World } from './world.ts'

const INSTALL_MS = 50

export class SimulatedWorld implements World {
  readonly broker: OperatorSettings['broker']
  readonly #bases: SimulatedBase[] = []
  #onAnswer: (answer: GivenAnswer) => void = () => undefined

  constructor(broker: OperatorSettings['broker'] = { embedded: true }) {
    this.broker = broker
  }

  #login(): Pick<BrokerAddress, 'tls' | 'username' | 'password'> {
    if (this.broker.embedded) return {}
    const { tls, user } = this.broker
    return { ...(tls && { tls }), ...(user && { username: user.name, password: user.password }) }
  }

  /** It goes by the name in the URL. */
  withJarsInReach(manifest: string): string {
    return manifest
  }

  async start({ properties: _ofJvms, isFromJar: _too, isWeb: _as, ...draft }: FullDraft, port: number): Promise<Base> {
    const base = await startBase({
      hostName: draft.identity,
      ...draft,
      broker: { host: '127.0.0.1', port, ...this.#login() },
      installMs: draft.installMs ?? INSTALL_MS,
    })
    this.#bases.push(base)
    base.onAnswer(answer => this.#onAnswer(answer))
    return base
  }

  onAnswer(listener: (answer: GivenAnswer) => void): void {
    this.#onAnswer = listener
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const base of this.#bases) base.close()
  }
}
