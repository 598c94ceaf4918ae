/**
 * What may be shown of a text that came from outside. Credentials travel in URLs (user info, query, fragment), and URLs stand
 * in failure messages, stack traces and image names. Logs, Events, metrics and Pod status all show texts through here.
 */
const MASK = '***'
// Starts at "://", not at the scheme: a pattern that begins with a run of letters needs quadratic time on a long run of letters.
const AFTER_SCHEME = /:\/\/([^\s"'<>`\\]+)/g
/** Ends a line, steers a terminal, turns the direction of reading, or is half a character. */
const STEERS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]+/gu
const READ_CHARS_MAX = 16_384

/** Masks user info, query and fragment of every URL in a text; the rest stays. Linear in the text's length. */
export function redact(text: string): string {
  return text.includes('://') ? text.replace(AFTER_SCHEME, (_, rest: string) => `://${maskAfterScheme(rest)}`) : text
}

/** One line of at most `charsMax`, credentials masked: fit for a Pod's status or an Event. */
export function excerpt(text: string, charsMax = 512): string {
  const line = redact(head(text)).replace(STEERS, ' ').trim()
  if (line.length <= charsMax) return line
  const cut = line.slice(0, charsMax - 1)
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** Never ends inside a word: half a URL would hide the "@" that says that what stands before it is a password. */
function head(text: string): string {
  if (text.length <= READ_CHARS_MAX) return text
  const cut = text.slice(0, READ_CHARS_MAX)
  return cut.slice(0, cut.search(/\s\S*$/) + 1)
}

function maskAfterScheme(rest: string): string {
  const queryAt = rest.search(/[?#]/)
  const shown = queryAt < 0 ? rest : `${rest.slice(0, queryAt + 1)}${MASK}`
  const userEndsAt = endOfUserInfo(queryAt < 0 ? rest : rest.slice(0, queryAt))
  return userEndsAt < 0 ? shown : `${MASK}${shown.slice(userEndsAt)}`
}

/** Index of the "@" after user and password; -1 when there are none. An "@" in a path is not one. */
function endOfUserInfo(beforeQuery: string): number {
  const slashAt = beforeQuery.indexOf('/')
  const authority = slashAt < 0 ? beforeQuery : beforeQuery.slice(0, slashAt)
  const at = authority.lastIndexOf('@')
  if (at >= 0) return at
  if (/^(\[[^\]]*\]|[^:]*)(:\d*)?$/.test(authority)) return -1
  // `user:pass/word@host`, `user:pass?word@host`: what stands where a port would is none, but part of an unescaped password.
  const lateAt = beforeQuery.lastIndexOf('@')
  return lateAt >= 0 ? lateAt : beforeQuery.length
}
