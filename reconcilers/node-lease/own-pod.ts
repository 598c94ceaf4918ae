/** When to look for the Pod that a base itself runs in: at once, then for a minute, then never again. Pure. */
import type { BaseRecord } from '../registry/base-record.ts'

/** After the first look; a Pod's IP may reach the API server later than the base's first heart reaches us. */
export const LOOK_AFTER_MS = [0, 2_000, 8_000, 20_000, 60_000] as const

export interface Lookup {
  /** Another address or another process may run in another Pod. */
  readonly of: string
  readonly beganAtMs: number
  readonly looks: number
  readonly over: boolean
}

const subject = ({ address, restarts }: BaseRecord): string =>
  `${address?.ip ?? ''} ${address?.hostName ?? ''} ${restarts}`

/** The state of the search now. One that an earlier operator ended is not begun again. */
export function lookupOf(before: Lookup | undefined, record: BaseRecord, nowMs: number): Lookup {
  if (before?.of === subject(record)) return before
  const over = before === undefined && record.basePodSettled
  return { of: subject(record), beganAtMs: nowMs, looks: 0, over }
}

/** 0: now; undefined: never again. */
export function lookDueInMs({ beganAtMs, looks, over }: Lookup, nowMs: number): number | undefined {
  const after = LOOK_AFTER_MS[looks]
  return over || after === undefined ? undefined : Math.max(0, beganAtMs + after - nowMs)
}

export function looked(lookup: Lookup, found: boolean): Lookup {
  const looks = lookup.looks + 1
  return { ...lookup, looks, over: found || looks >= LOOK_AFTER_MS.length }
}

export interface Place {
  readonly ip: string
  readonly hostName: string
}

/** By which a base's own Pod can be told now. */
export function placeToLookAt({ reach, address, noCommands }: BaseRecord): Place | undefined {
  if (reach.state !== 'heard' || noCommands || !address?.ip) return undefined
  return { ip: address.ip, hostName: address.hostName }
}
