import type { BaseOptions } from './base-options.ts'
import { realClock } from './clock.ts'
import type { OpenLink } from './link.ts'
import { type BrokerAddress, mqttLinks } from './link-mqtt.ts'
import { SharedLinks } from './link-shared.ts'
import { SimulatedBase } from './simulated-base.ts'

export interface StartOptions extends BaseOptions {
  readonly broker: BrokerAddress
}

export interface FleetOptions extends Omit<StartOptions, 'identity' | 'ip'> {
  /** What is particular to the i-th base; its identity is `b<i>` (from 1) and its address 10.*.*.* where this says nothing. */
  readonly each?: (index: number) => Partial<BaseOptions>
  /** 0 (default): a connection for each base, as in truth. More: all bases over that many. */
  readonly sharedConnections?: number
  /** How many connect at once. */
  readonly startConcurrency?: number
}

const surroundings = (openLink: OpenLink) => ({ clock: realClock, openLink, random: Math.random })

/** @throws where no broker listens: such a base would be a zombie. */
export const startBase = ({ broker, ...options }: StartOptions): Promise<SimulatedBase> =>
  new SimulatedBase(options, surroundings(mqttLinks(broker))).start()

export class Fleet implements AsyncDisposable {
  readonly bases: SimulatedBase[] = []
  readonly #openLink: OpenLink
  readonly #shared: SharedLinks | undefined

  constructor(broker: BrokerAddress, sharedConnections = 0) {
    this.#shared = sharedConnections > 0 ? new SharedLinks(broker, sharedConnections) : undefined
    this.#openLink = this.#shared?.open ?? mqttLinks(broker)
  }

  get(identity: string): SimulatedBase | undefined {
    return this.bases.find(base => base.identity === identity)
  }

  /** An address that no base of this fleet was given by it. */
  nextIp(): string {
    return fleetIp(this.bases.length + 1)
  }

  async start(options: BaseOptions): Promise<SimulatedBase> {
    if (this.get(options.identity)) throw new Error(`there is a base ${options.identity} already`)
    const base = new SimulatedBase(options, surroundings(this.#openLink))
    this.bases.push(base)
    return base.start()
  }

  async close(): Promise<void> {
    for (const base of this.bases) base.close()
    await this.#shared?.[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** 10.1.0.1, 10.1.0.2, …: distinct and valid, so that Pods can be found by the address of their base. */
export const fleetIp = (index: number): string => `10.${(1 + (index >> 16)) & 255}.${(index >> 8) & 255}.${index & 255}`

export async function startFleet(count: number, options: FleetOptions): Promise<Fleet> {
  const { broker, each, sharedConnections = 0, startConcurrency = 50, ...common } = options
  const fleet = new Fleet(broker, sharedConnections)
  let next = 1
  const startMore = async () => {
    while (next <= count) {
      const index = next++
      await fleet.start({ ...common, identity: `b${index}`, ip: fleetIp(index), ...each?.(index) })
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(startConcurrency, count) }, startMore))
  } catch (error) {
    await fleet.close()
    throw error
  }
  return fleet
}
