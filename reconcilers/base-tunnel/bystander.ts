/** A base that another replica serves is neither asked nor judged here; what is plain to see is noted all the same. Pure. */
import type { V1Lease } from '@kubernetes/client-node'
import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { Note } from '../registry/notes.ts'

export interface BystanderFacts {
  readonly record: BaseRecord
  readonly hasNode: boolean
  readonly lease: V1Lease | undefined
  /** What its Lease says is not ours to uninstall; undefined: nothing. */
  readonly foreign: ReadonlySet<BizKey> | undefined
  /** The name in which we hold Leases. */
  readonly us: string
  readonly nowMs: number
}

export interface BystanderDecision {
  readonly notes: readonly Note[]
  readonly forget?: true
  readonly wakeAfterMs: number
  readonly why: string
}

/** Whoever serves it has removed its Node and Lease, and it says nothing: six hearts were missed. */
const DEAD_AFTER_MS = 60_000
/** Who serves it remembers it for longer. */
const FORGOTTEN_AFTER_MS = 600_000
const LOOK_EVERY_MS = 30_000

export function decideBystander(facts: BystanderFacts): BystanderDecision {
  const { record, hasNode, lease, nowMs } = facts
  const { reach, life, firstHeardAtMs } = record
  const shown = hasNode || lease !== undefined
  if (shown) return { notes: notesOf(facts), wakeAfterMs: LOOK_EVERY_MS * 2, why: 'another replica serves it' }
  if (reach.state === 'dead') {
    const leftMs = reach.sinceMs + FORGOTTEN_AFTER_MS - nowMs
    const why = 'dead, for all that we see'
    return leftMs > 0 ? { notes: [], wakeAfterMs: leftMs, why } : { notes: [], forget: true, wakeAfterMs: 1, why }
  }
  const leftMs = Math.max(life.heardAtMs, firstHeardAtMs, reach.sinceMs) + DEAD_AFTER_MS - nowMs
  if (leftMs > 0) return { notes: [], wakeAfterMs: leftMs, why: 'nobody shows it yet' }
  const why = 'no replica shows it, and it is not heard'
  return { notes: [{ kind: 'reach', reach: { state: 'dead', sinceMs: nowMs, why } }], wakeAfterMs: LOOK_EVERY_MS, why }
}

function notesOf({ record, lease, foreign, us, nowMs }: BystanderFacts): readonly Note[] {
  const { reach } = record
  const why = 'another replica serves it'
  // One that names us tells what we ourselves told, and a cache that is behind shows an older word of ours.
  const known = lease?.spec?.holderIdentity === us || (foreign && record.foreign && same(foreign, record.foreign))
  return [
    ...(reach.state === 'dead' ? [{ kind: 'reach', reach: { state: 'unproven', sinceMs: nowMs, why } } as const] : []),
    ...(foreign && !known ? [{ kind: 'foreign', keys: foreign } as const] : []),
  ]
}

const same = (a: ReadonlySet<BizKey>, b: ReadonlySet<BizKey>): boolean =>
  a.size === b.size && [...a].every(key => b.has(key))
