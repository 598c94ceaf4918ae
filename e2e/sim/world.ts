/** Everything there is: a cluster, a broker, bases, and an operator among them, all on one clock and from one seed. */
import { type Config, readConfig } from '../../operator/config.ts'
import type { SimulatedBase } from '../base-simulator/index.ts'
import { SimApiServer } from './api/sim-api-server.ts'
import { HostedBase, type HostedBaseOptions } from './bases/hosted-base.ts'
import { startControllers } from './controllers/index.ts'
import { Faults } from './faults/faults.ts'
import type { FaultMix } from './faults/mix.ts'
import { linksOn } from './network/base-links.ts'
import { SimBroker } from './network/broker.ts'
import { SeededRng } from './rng.ts'
import { Trace } from './trace.ts'
import { VirtualTime } from './virtual-time.ts'
import { SimJars } from './workload/sim-jars.ts'

export interface WorldOptions {
  readonly seed: number
  readonly mix: FaultMix
  readonly trace?: (line: string) => void
  readonly kubernetesMinor?: number
  /** Bases lend their web servers, and some modules are web modules or take what a JVM has only once. */
  readonly web?: boolean
}

export const ENV = 'dev'

/** Of the clients of the broker. */
const CLIENT_PREFIX = 'module-controller'

export class World {
  readonly time = new VirtualTime()
  readonly rng: SeededRng
  readonly faults: Faults
  readonly trace: Trace
  readonly server: SimApiServer
  readonly broker: SimBroker
  readonly jars: SimJars
  readonly isWeb: boolean
  readonly bases: HostedBase[] = []
  /** Second processes of an identity: nothing is expected of them. */
  readonly twins: SimulatedBase[] = []
  isApiOut = false
  readonly #controllers: { stop(): void }

  constructor({ seed, mix, trace, kubernetesMinor, web = false }: WorldOptions) {
    const { time } = this
    this.rng = new SeededRng(`seed ${seed}`)
    this.isWeb = web
    this.jars = new SimJars(web ? this.rng.fork('jars') : undefined)
    this.faults = new Faults(mix, this.rng.fork('faults'))
    this.trace = new Trace(() => time.now(), trace)
    let uids = 0
    this.server = new SimApiServer({
      now: () => time.now(),
      nextUid: () => `uid-${(uids++).toString(36)}`,
      ...(kubernetesMinor !== undefined && { kubernetesMinor }),
    })
    this.broker = new SimBroker({
      time,
      rng: this.rng.fork('network'),
      faults: this.faults,
      onFault: (kind, { topic }, client) => this.trace.say('F', client, `${kind} ${topic}`),
    })
    const rng = this.rng.fork('controllers')
    this.#controllers = startControllers({ server: this.server, time, rng })
  }

  addBase(
    options: Pick<
      HostedBaseOptions,
      'identity' | 'ip' | 'staticModules' | 'extra' | 'began' | 'bareRecords' | 'isWatched'
    >,
  ): HostedBase {
    const { time, trace } = this
    const base = new HostedBase({
      ...options,
      env: ENV,
      time,
      rng: this.rng.fork(`base ${options.identity} ${this.bases.length}`),
      openLink: linksOn(this.broker, () => {}),
      told: (who, what) => trace.say('B', who, what),
    })
    this.bases.push(base)
    return base
  }

  baseOf(identity: string): HostedBase | undefined {
    return this.bases.find(base => base.identity === identity)
  }

  /** Bases that are gone: nothing is expected of them, and nothing kept. */
  forget(gone: readonly HostedBase[]): void {
    for (const base of gone) this.bases.splice(this.bases.indexOf(base), 1)
  }

  close(): void {
    this.#controllers.stop()
    for (const base of [...this.twins, ...this.bases.map(({ base: each }) => each)]) base.close()
  }
}

/** Read once: a run has many operators. */
const CONFIG = readSimConfig()

function readSimConfig(): Config {
  const reading = readConfig([], { ENV, MQTT_CLIENT_PREFIX: CLIENT_PREFIX, CLIENT_ID: 'sim', PEER_REPLICAS: 'false' })
  if (reading.kind !== 'config') throw new Error(reading.output)
  return reading.config
}

/** `peerReplicas`: one of several. */
export const configOf = (clientId: string, peerReplicas = false): Config => ({
  ...CONFIG,
  clientId,
  mqttClientId: `${CLIENT_PREFIX}@@@${clientId}`,
  peerReplicas,
})
