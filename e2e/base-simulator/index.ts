/** The door of the simulator: bases for tests, benches and the demo. */
export type { ArkFlags } from './ark.ts'
export type { BaseOptions } from './base-options.ts'
export { FIRST_HEART_AFTER_MS } from './base-process.ts'
export type { Pace } from './behaviour.ts'
export { Fleet, type FleetOptions, fleetIp, type StartOptions, startBase, startFleet } from './fleet.ts'
export type { Jar, JarCatalogue } from './jars.ts'
export type { BrokerAddress } from './link-mqtt.ts'
export {
  type GivenAnswer,
  type ListedBiz,
  type ReceivedCommand,
  type RestartOptions,
  SimulatedBase,
} from './simulated-base.ts'
