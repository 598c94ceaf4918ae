/** When is an install that was not answered sent again? Pure. */
import type { Flight } from '../registry/base-record.ts'
import { TRACELESS_LOOKS } from '../registry/end-flights.ts'

/** How long a command past its deadline is given before it is sent again. */
export const RESEND_AFTER_MS = 300_000
/** How long one is given of which the base shows no trace; each time twice as long, for it may be downloading. */
export const TRACELESS_AFTER_MS = 12_000

/** Undefined: it runs, as far as anybody can tell. */
export function resendDueAtMs({
  command,
  claim,
  overdue,
  sentAtMs,
  tracelessLooks = 0,
  resent,
}: Flight): number | undefined {
  if (command !== 'installBiz') return undefined
  if (overdue) return sentAtMs + RESEND_AFTER_MS
  // Of somebody else's, of which a conflict told us, nobody knows what trace it would leave.
  if (claim === undefined || tracelessLooks < TRACELESS_LOOKS) return undefined
  return sentAtMs + Math.min(RESEND_AFTER_MS, TRACELESS_AFTER_MS * 2 ** (resent?.times ?? 0))
}
