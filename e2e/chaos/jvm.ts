/** One base that is a real JVM: what it runs is its own word, from where it came it does not tell. */
import { readFileSync } from 'node:fs'
import type { ListedBiz } from '../base-simulator/index.ts'
import { JavaWorld } from '../cluster/java-world.ts'
import type { JourneyJvm } from '../cluster/journey-jvm.ts'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { buildSamples } from '../samples/samples.ts'
import type { TrueBase } from '../sim/oracles/settled.ts'
import { type ChaosWorld, ENV, JVM_NAME } from './world.ts'

const IP = '10.9.9.9'

const keyOf = ({ name, version }: ListedBiz): string => `${name}:${version}`

export class ChaosJvm implements AsyncDisposable {
  readonly #java: JavaWorld
  readonly #jvm: JourneyJvm

  private constructor(java: JavaWorld, jvm: JourneyJvm) {
    this.#java = java
    this.#jvm = jvm
  }

  /** Undefined where there is no JDK or no Maven, with a line that says so. */
  static async start(world: ChaosWorld, told: (what: string) => void): Promise<ChaosJvm | undefined> {
    try {
      await buildSamples()
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error
      told(`without a JVM: ${error.message}`)
      return undefined
    }
    return ChaosJvm.#open(world)
  }

  static async #open({ authority, rackOf }: Pick<ChaosWorld, 'authority' | 'rackOf'>): Promise<ChaosJvm> {
    const { port } = rackOf(0)
    const own = authority.issueForBase(JVM_NAME)
    const tls = { ca: readFileSync(authority.caPath), cert: readFileSync(own.crt), key: readFileSync(own.key) }
    const java = await JavaWorld.open(ENV, { embedded: false, port, tls })
    try {
      const jvm = await java.start(
        {
          identity: JVM_NAME,
          env: ENV,
          name: JVM_NAME,
          version: '1.0.0',
          clusterName: JVM_NAME,
          ip: IP,
          properties: {
            'koupleless.arklet.mqtt.ca_path': authority.caPath,
            'koupleless.arklet.mqtt.client_crt_path': own.crt,
            'koupleless.arklet.mqtt.client_key_path': own.key,
          },
        },
        port,
      )
      return new ChaosJvm(java, jvm)
    } catch (error) {
      await java[Symbol.asyncDispose]()
      throw error
    }
  }

  /** As it is now. */
  async look(): Promise<TrueBase> {
    const bizs = await this.#jvm.bizs()
    return {
      identity: JVM_NAME,
      alive: true,
      base: { ip: IP, bizs: () => bizs },
      ledger: { foreign: new Set(), originOf: () => undefined, untold: new Set(bizs.map(keyOf)) },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#java[Symbol.asyncDispose]()
  }
}
