/** Whatever went wrong with a request → ApiError, with what the API server said and how much patience it asks for. */
import { ApiError } from '../../reconcilers/ports.ts'
import type { Answer } from './exchange.ts'

const MESSAGE_CHARS_MAX = 512
const RETRY_AFTER_MS_MAX = 300_000

interface Status {
  readonly kind?: unknown
  readonly message?: unknown
  readonly details?: { readonly retryAfterSeconds?: unknown }
}

export function refusalOf({ status, headers, body }: Answer): ApiError {
  const said = parse(body)
  const message = typeof said?.message === 'string' ? said.message : `the API server answered ${status}`
  return new ApiError(status, message.slice(0, MESSAGE_CHARS_MAX), retryAfterMs(headers['retry-after'], said))
}

function parse(body: Buffer): Status | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Status) : undefined
  } catch {
    return undefined // a proxy's page, or nothing
  }
}

/** Seconds only: the API server never sends a date. */
function retryAfterMs(header: string | string[] | undefined, said: Status | undefined): number {
  const seconds = Number((Array.isArray(header) ? header[0] : header) ?? said?.details?.retryAfterSeconds ?? 0)
  return seconds > 0 ? Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX) : 0
}

/** `what`: named in the message, which else would only say "other side closed". */
export function asApiError(error: unknown, what: { readonly verb: string; readonly resource: string }): ApiError {
  if (error instanceof ApiError) return error
  const { message, code } = error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error) }
  const reason = typeof code === 'string' && !message.includes(code) ? `${code} ${message}` : message
  return new ApiError(0, `${what.verb} ${what.resource}: no answer from the API server: ${reason}`)
}
