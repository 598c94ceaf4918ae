/**
 * The Lease of a base remembers which of its modules may be trials (ADR 0013). It is the lock of the base, so whoever serves
 * the base next has read what its predecessor wrote before it sent a trial; a Pod may be deleted, and its cache may lag. Pure.
 */
import type { V1Lease } from '@kubernetes/client-node'
import type { BizKey } from '../../mqtt-bridge/index.ts'
import { ANNOTATION } from '../names.ts'
import type { BaseRecord, ProofEntry } from '../registry/base-record.ts'

type Proofs = BaseRecord['proofs']
/** The time of the trial's start by the base's clock, as far as it is known. */
export type WrittenProofs = ReadonlyMap<BizKey, number | undefined>

/** Empty where the Lease tells nothing that we understand. */
export function writtenProofs(lease: V1Lease | undefined): WrittenProofs {
  const text = lease?.metadata?.annotations?.[ANNOTATION.proofs]
  if (text === undefined) return new Map()
  try {
    const entries: unknown = JSON.parse(text)
    if (typeof entries !== 'object' || entries === null) return new Map()
    return new Map(
      Object.entries(entries).map(([key, at]) => [key as BizKey, typeof at === 'number' ? at : undefined] as const),
    )
  } catch {
    return new Map()
  }
}

/** What goes into the annotation; undefined where there is nothing to tell. */
export function proofsText(proofs: Proofs): string | undefined {
  if (proofs.size === 0) return undefined
  const entries = [...proofs].map(([key, { changedAtMs }]) => [key, changedAtMs ?? null] as const)
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** One that is over may stay until the next renewal: it is news only that must not wait. */
export function tellsProofs(lease: V1Lease, proofs: Proofs): boolean {
  const written = writtenProofs(lease)
  return [...proofs].every(([key, { changedAtMs }]) => written.has(key) && written.get(key) === changedAtMs)
}

/** What a Lease tells to who takes the base up. */
export function proofsOf(lease: V1Lease | undefined, nowMs: number): Proofs {
  return new Map(
    [...writtenProofs(lease)].map(([key, changedAtMs]): readonly [BizKey, ProofEntry] => [
      key,
      { atMs: nowMs, isWritten: true, ...(changedAtMs !== undefined && { changedAtMs }) },
    ]),
  )
}
