/** The door of the bridge: reconcilers take only types and ids from here; `operator/compose.ts` opens it. */
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
} from './arklet/vocabulary.ts'
export { ARKLET_ERROR_CODES, ArkletError, type ArkletErrorCode, type Refusal } from './errors.ts'
export type { Bridge, BridgeOptions, LinkState } from './session/bridge-ports.ts'
