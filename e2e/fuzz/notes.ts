/** What the operator counts, logs and tells in Events while something knocks, and whether it may. */
import type { CoreV1Event } from '@kubernetes/client-node'
import { newLog } from '../../operator/logger.ts'
import type { Events, Log, Metrics } from '../../reconcilers/ports.ts'

const PRINTABLE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u
/** Those that the log itself writes. */
const COLOURS = [2, 31, 32, 33, 0].map(code => `\u001b[${code}m`)
const withoutColours = (line: string): string => COLOURS.reduce((text, colour) => text.replaceAll(colour, ''), line)
const MESSAGE_CHARS_MAX = 1_024
const LINE_CHARS_MAX = 128 * 1_024

export class Notes {
  /** `name label,label`, in turn. */
  readonly counted: string[] = []
  readonly events: CoreV1Event[] = []
  lastRefusal: unknown
  #lines = 0
  #text = ''
  readonly #errors: unknown[] = []
  readonly ports: { readonly log: Log; readonly metrics: Metrics; readonly events: Events }

  constructor() {
    const metrics: Metrics = {
      count: (name, labels = {}) => void this.counted.push(`${name} ${Object.values(labels).join(',')}`),
      observe: () => undefined,
    }
    const sink = { write: (line: string) => this.#wrote(line), writableLength: 0, on: () => undefined }
    const clock = { now: () => 0 }
    // As on a terminal, where control characters do the most harm.
    const log = newLog({ level: 'debug', format: 'pretty', secrets: [], metrics: { count: () => {} }, clock, sink })
    this.ports = { log: this.#watched(log), metrics, events: { emit: event => void this.events.push(event) } }
  }

  /** What no input may cause. */
  faults(): readonly string[] {
    const lines = this.#text.split('\n').slice(0, -1)
    const forged = lines.find(line => !PRINTABLE_LINE.test(withoutColours(line)))
    const event = this.events.find(({ message = '' }) => message.length > MESSAGE_CHARS_MAX)
    return [
      ...(this.#errors.length > 0 ? [`an error is logged: ${JSON.stringify(this.#errors[0])}`] : []),
      ...(lines.length !== this.#lines ? [`${this.#lines} lines of the log are ${lines.length}`] : []),
      ...(forged ? [`a line of the log holds control characters: ${JSON.stringify(forged).slice(0, 300)}`] : []),
      ...(lines.some(line => line.length > LINE_CHARS_MAX) ? ['a line of the log has no end'] : []),
      ...(event ? [`an Event of ${event.message?.length} characters`] : []),
    ]
  }

  #wrote(line: string): boolean {
    this.#text += line
    return true
  }

  #watched(log: Log): Log {
    const at =
      (level: 'debug' | 'info' | 'warn' | 'error'): Log['debug'] =>
      (message, fields) => {
        this.#lines += 1
        if (level === 'error') this.#errors.push({ message, ...fields })
        if (message === 'message refused') this.lastRefusal = fields
        log[level](message, fields)
      }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: fields => this.#watched(log.child(fields)),
    }
  }
}
