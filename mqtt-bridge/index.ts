/** The door of the bridge: reconcilers take only types and ids from here; `operator/compose.ts` opens it. */

export { readAddress, type ToldAddress } from './arklet/base-address.ts'
export type { Clash } from './arklet/clash.ts'
export { faultOfCommand } from './arklet/codec.ts'
export {
  type BaseId,
  type BaseMetadata,
  type BatchResult,
  type BizKey,
  type BizReport,
  type BizState,
  baseId,
  bizKey,
  type Command,
  type CommandOutcome,
  type HealthReport,
  type InstallBiz,
  type InstallStrategy,
  type Observation,
  type Question,
  type UninstallBiz,
  type WebModule,
  type WebServer,
} from './arklet/vocabulary.ts'
export { argsOfProof, contextPathOf, isRootPath, normalPath, type Proof } from './arklet/web-path.ts'
export { ARKLET_ERROR_CODES, ArkletError, type ArkletErrorCode, type Refusal } from './errors.ts'
export { excerpt, redact } from './redact.ts'
export { openBridge } from './session/bridge.ts'
export type { Bridge, BridgeOptions, LeftoversTold, LinkState } from './session/bridge-ports.ts'
export { FRAME_CHANNEL, type FramePassed } from './session/frame-channel.ts'
export { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from './transport/embedded-broker.ts'
export { MemoryHub, type MemoryHubOptions, type MemoryTransport } from './transport/memory.ts'
export { type MqttTransportOptions, openMqttTransport } from './transport/mqtt.ts'
export type { Frame, Transport, TransportEvents } from './transport/transport.ts'
