/** For tests: what was logged and counted. */
import type { Log, LogFields, Metrics } from '../../reconcilers/ports.ts'

export interface Witness {
  readonly log: Log
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[]
  readonly metrics: Metrics
  /** `name label,label`, in turn. */
  readonly counted: string[]
  readonly observed: string[]
}

export function aWitness(): Witness {
  const lines: Witness['lines'] = []
  const counted: string[] = []
  const observed: string[] = []
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields })
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  }
  const metrics: Metrics = {
    count: (name, labels = {}) => void counted.push(`${name} ${Object.values(labels).join(',')}`),
    observe: (name, _seconds, labels = {}) => void observed.push(`${name} ${Object.values(labels).join(',')}`),
  }
  return { log, lines, metrics, counted, observed }
}
