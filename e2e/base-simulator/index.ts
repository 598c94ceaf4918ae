/** The door of the simulator: bases for tests, benches and the demo. */
export type { ArkFlags } from './ark.ts'
export type { BaseOptions } from './base-options.ts'
export type { Pace } from './behaviour.ts'
export { Fleet, type FleetOptions, fleetIp, type StartOptions, startBase, startFleet } from './fleet.ts'
export type { Jar, JarCatalogue } from './jars.ts'
export type { BrokerAddress } from './link-mqtt.ts'
export { type GivenAnswer, givenAnswer, type ReceivedCommand, receivedCommand } from './record.ts'
export { type ListedBiz, type RestartOptions, SimulatedBase } from './simulated-base.ts'
