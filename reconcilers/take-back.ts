/** A command that surely never left is taken back: it runs nowhere, and holds its place no longer. */
import { ArkletError, type BaseId, type BizKey } from '../mqtt-bridge/index.ts'
import type { Clock } from './ports.ts'
import type { BaseRegistry } from './registry/base-registry.ts'

/** What refuses it now would refuse it again: planned anew at once, it would be sent and refused without end. */
const TAKEN_BACK_AFTER_MS = 1_000

const NEVER_LEFT = new Set<string>(['NOT_CONNECTED', 'COMMAND_INVALID', 'NOT_OURS'])

/** At the last moment before it left, the base was another replica's, or may have been. */
export class NotOursError extends Error {
  override readonly name = 'NotOursError'
  readonly code = 'NOT_OURS'
}

export const codeOf = (error: unknown): string =>
  error instanceof ArkletError || error instanceof NotOursError ? error.code : 'UNKNOWN'

export interface Refused {
  readonly id: BaseId
  readonly key: BizKey
  /** Of the flight: one that was sent since is another. */
  readonly sentAtMs: number
  readonly error: unknown
}

/** Where it may have left it counts as running, and nothing is done. */
export async function takeBack(
  { registry, clock }: { readonly registry: Pick<BaseRegistry, 'get' | 'note'>; readonly clock: Clock },
  { id, key, sentAtMs, error }: Refused,
): Promise<void> {
  if (!NEVER_LEFT.has(codeOf(error))) return
  await clock.sleep(TAKEN_BACK_AFTER_MS, new AbortController().signal)
  if (registry.get(id)?.flights.get(key)?.sentAtMs === sentAtMs) registry.note(id, { kind: 'unsent', key })
}
