/** winston behind the port `Log`: one JSON object per line, or words for people on a terminal. */
import winston from 'winston'
import type { Clock, Log, LogFields, Metrics } from '../reconcilers/ports.ts'
import { BoundedLines, type LineSink } from './log/bounded-lines.ts'
import { jsonLine, type LogRecord, prettyLine } from './log/format.ts'
import { LineBudget } from './log/line-budget.ts'
import { Mask } from './log/mask.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
const RANK: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty' | 'auto'
  /** Texts never to be shown, wherever they turn up: passwords from the configuration, and from files as they are read. */
  readonly secrets: Iterable<string>
  readonly sink: LineSink & { readonly isTTY?: boolean | undefined }
  readonly metrics: Pick<Metrics, 'count'>
  readonly clock: Pick<Clock, 'now'>
  /** Fields of whatever is going on when a line is written: the id of a reconcile run. */
  readonly context?: () => LogFields | undefined
}

/** What all children of one logger share. */
interface Core {
  readonly rank: number
  readonly mask: Mask
  readonly budget: LineBudget
  readonly dropped: () => void
  readonly winston: winston.Logger
  readonly now: () => number
  readonly context: () => LogFields | undefined
}

export function newLog(options: LoggerOptions): Log {
  const { format, sink, level, metrics, clock, context = () => undefined } = options
  const isPretty = format === 'pretty' || (format === 'auto' && sink.isTTY === true)
  const lines = new BoundedLines(sink, () => metrics.count('koupleless_log_lines_dropped_total', { reason: 'reader' }))
  const logger = winston.createLogger({
    levels: RANK,
    level: 'debug',
    format: asFormat(isPretty ? prettyLine : jsonLine),
    transports: [new winston.transports.Stream({ stream: lines, eol: '\n' })],
  })
  const mask = new Mask(options.secrets)
  const dropped = (): void => metrics.count('koupleless_log_lines_dropped_total', { reason: 'flood' })
  const budget = new LineBudget()
  const core = { rank: RANK[level], mask, budget, dropped, winston: logger, now: () => clock.now(), context }
  return new WinstonLog(core, {})
}

/** Where winston's formats leave the finished line for its transports. */
const LINE = Symbol.for('message')

const asFormat = (toLine: (record: LogRecord) => string): winston.Logform.Format =>
  winston.format(info => {
    info[LINE] = toLine(info as unknown as LogRecord)
    return info
  })()

class WinstonLog implements Log {
  readonly #core: Core
  readonly #bound: LogFields

  constructor(core: Core, bound: LogFields) {
    this.#core = core
    this.#bound = bound
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  child(fields: LogFields): Log {
    return new WinstonLog(this.#core, { ...this.#bound, ...fields })
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { rank, budget, dropped, now, context } = this.#core
    // Before winston sees it: a line that is not wanted costs there a hundred times what it costs here.
    if (RANK[level] > rank) return
    const atMs = now()
    if (!budget.take(message, atMs)) dropped()
    else this.#put(level, message, { ...context(), ...this.#bound, ...fields }, atMs)
    for (const told of budget.toTell(atMs)) this.#put('warn', 'log lines dropped', { ...told }, atMs)
  }

  #put(level: LogLevel, message: string, fields: LogFields, atMs: number): void {
    const { mask, winston: logger } = this.#core
    logger.write({ level, message: mask.text(message), atMs, fields: mask.fields(fields) })
  }
}
