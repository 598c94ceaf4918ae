/** What to show of a failure that a base tells of: one line out of a Java stack trace. Pure. */
import { excerpt } from '../redact.ts'

const CAUSED_BY = '\nCaused by: '

export const isStackTrace = (text: string): boolean => text.includes('\n\tat ') || text.includes('\n    at ')

/**
 * The innermost cause of a stack trace, else the text's first line; bounded, credentials masked. The last "Caused by" counts: those
 * before it only say who passed the failure on.
 */
export function causeOf(text: string): string {
  const at = text.lastIndexOf(CAUSED_BY)
  const from = at < 0 ? text : text.slice(at + CAUSED_BY.length)
  return excerpt(firstLine(from.trimStart()))
}

/** A chain longer than this tells nothing more. */
const CAUSES_MAX = 32

/** The first line of a text and of each cause in it, outermost first; the innermost where there are too many. */
export function causesOf(text: string): string[] {
  return text.split(CAUSED_BY).slice(-CAUSES_MAX).map(firstLine)
}

export const hasInnerCause = (text: string): boolean => text.includes(CAUSED_BY)

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
