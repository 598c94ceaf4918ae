/** What an operator in the simulation logs and counts. */
import type { Log, LogFields, Metrics } from '../../../reconcilers/ports.ts'
import type { Trace } from '../trace.ts'

export const quietMetrics: Metrics = { count: () => undefined, observe: () => undefined }

export function tracedLog(trace: Trace, who: string, isError: (message: string, fields: LogFields) => void): Log {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      if (trace.on) trace.say('L', who, `${level} ${message} ${shown(fields)}`)
      if (level === 'error') isError(message, fields)
    }
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  }
  return log
}

const shown = (fields: LogFields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`)
    .join(' ')
