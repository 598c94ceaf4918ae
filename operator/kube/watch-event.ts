/** One line of a watch → what it tells. */
import { ApiError } from '../../reconcilers/ports.ts'

export interface WatchEvent {
  readonly type: string
  readonly object: { readonly metadata?: { readonly resourceVersion?: unknown } | null }
}

/** The watch says something that nobody can act on, and from the same place would say it again. */
export class WatchFault extends ApiError {}

const GONE = 410

/** @throws WatchFault; ApiError 410 where the place from which the watch began is forgotten */
export function eventOf(line: string): WatchEvent {
  const event = parse(line)
  if (!isRecord(event) || typeof event.type !== 'string' || !isRecord(event.object))
    throw new WatchFault(0, 'a line of the watch is no event')
  const { type, object } = event
  if (type === 'ERROR') throw errorOf(object)
  return { type, object }
}

function errorOf({ code, message }: Readonly<Record<string, unknown>>): ApiError {
  const text = typeof message === 'string' ? message.slice(0, 512) : 'the watch ended in an error'
  return code === GONE ? new ApiError(GONE, text) : new WatchFault(typeof code === 'number' ? code : 0, text)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
