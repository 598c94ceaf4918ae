/** Text from outside, fit for a terminal and for one line: what would steer either is spelled out. */

/** Control characters, line and paragraph separators, what turns the direction of reading, halves of characters. */
const STEERS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu
const STEERS_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu
const PLAIN = /^[^\s"=\p{Cc}\p{Cf}\p{Cs}]+$/u

const spelledOut = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')

export const printable = (text: string): string => text.replace(STEERS, spelledOut)

/** Of several lines: a stack. */
export const printableLines = (text: string): string => text.replace(STEERS_BUT_LINES, spelledOut)

/** A value as it stands behind `name=`: bare where that cannot be misread, else quoted. */
export function asWord(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return PLAIN.test(text) ? text : printable(JSON.stringify(value))
}
