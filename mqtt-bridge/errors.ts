import type { BaseId } from './arklet/vocabulary.ts'

/** Codes are matched by callers, counted in metrics and documented in `README.md`. Never reused. */
export const ARKLET_ERROR_CODES = [
  'TOPIC_FOREIGN', // not one of ours: other env, other shape
  'IDENTITY_INVALID', // an identity no base may bear (empty, too long, control characters, wildcard)
  'IDENTITY_MISMATCH', // the payload claims another base than its topic
  'PAYLOAD_TOO_LARGE',
  'PAYLOAD_NOT_JSON',
  'PAYLOAD_INVALID', // JSON of the wrong shape; `path` says where
  'FRAME_RETAINED', // replayed by the broker: proves no life
  'FRAME_STALE', // older than what the same base said before, of the same kind
  'NOT_CONNECTED',
  'PUBLISH_TIMEOUT',
  'PUBLISH_FAILED',
  'COMMAND_INVALID', // cannot be encoded: would not be understood, or would reach another topic
  'BROKER_CONFIG', // certificates, address or env unusable
  'OBSERVER_FAILED', // the message was fine, whoever took it threw: our bug, contained so that other bases go on
] as const
export type ArkletErrorCode = (typeof ARKLET_ERROR_CODES)[number]

export class ArkletError extends Error {
  override readonly name = 'ArkletError'
  readonly code: ArkletErrorCode
  constructor(code: ArkletErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** A frame that was not let in. Never carries the payload itself. */
export interface Refusal {
  readonly code: ArkletErrorCode
  /** Whose topic it came on; absent where that is nobody's. */
  readonly base?: BaseId
  readonly topic: string
  /** Where in the payload the fault is: `data.healthData.jvm`; empty when it is not in the payload. */
  readonly path: string
  readonly message: string
}
