/** A record → one line: for machines, or for people. */
import { asWord, printable, printableLines } from './printable.ts'

export interface LogRecord {
  readonly level: string
  readonly message: string
  readonly atMs: number
  readonly fields: Readonly<Record<string, unknown>>
}

/** Not `winston.format.json`: that costs twice as much, for cases which the mask has settled already. */
export const jsonLine = ({ level, message, atMs, fields }: LogRecord): string =>
  printable(JSON.stringify({ time: new Date(atMs).toISOString(), level, message, ...fields }))

const COLOUR: Readonly<Record<string, string>> = { error: '\u001b[31m', warn: '\u001b[33m', info: '\u001b[32m' }
const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'

/** `12:00:01.250 INFO  command sent  base=b1 biz=biz1:1.0.0`; a stack goes below. */
export function prettyLine({ level, message, atMs, fields }: LogRecord): string {
  const { stack, ...rest } = fields
  const time = new Date(atMs).toISOString().slice(11, 23)
  const told = Object.entries(rest).map(([name, value]) => `${DIM}${name}=${PLAIN}${asWord(value)}`)
  const head = `${DIM}${time}${PLAIN} ${COLOUR[level] ?? DIM}${level.toUpperCase().padEnd(5)}${PLAIN} ${message}`
  const line = told.length > 0 ? `${head}  ${told.join(' ')}` : head
  return stack === undefined ? line : `${line}\n${printableLines(String(stack))}`
}
