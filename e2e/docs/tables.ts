/** Tables of the documents against what they tell of. Each returns one line per fault; none is the truth. */
import { codeOf, type Document, rowsNamed } from './markdown.ts'

export interface DocumentedOption {
  readonly env: string
  readonly flag: string | undefined
  readonly default: string | undefined
  readonly takes: string
  readonly help: string
}

export interface DocumentedMetric {
  readonly name: string
  readonly kind: string
  readonly labels: readonly string[]
}

export interface DocumentedEvent {
  readonly on: 'Pod' | 'Node'
  readonly reason: string
  readonly type: string
}

const missing = (known: Iterable<string>, told: ReadonlySet<string>): readonly string[] =>
  [...known].filter(name => !told.has(name))

/** What one side alone has. */
function difference(path: string, known: ReadonlySet<string>, told: ReadonlySet<string>): readonly string[] {
  const untold = missing(known, told).map(name => `${path}: says nothing of ${name}`)
  return [...untold, ...missing(told, known).map(name => `${path}: there is no ${name}`)]
}

/** What a row says wrongly. Meaning and values are compared in English only: a translation says them in its own words. */
function rowFaults(row: readonly string[], option: DocumentedOption, isTranslated: boolean): readonly string[] {
  const [, flag, preset, takes, help] = row
  const own = [
    codeOf(flag) === option.flag ? '' : `flag is ${option.flag ?? 'none'}`,
    codeOf(preset) === (option.default || undefined) ? '' : `default is ${option.default || 'unset'}`,
  ]
  const words = [
    takes === option.takes ? '' : `values are: ${option.takes}`,
    help === option.help ? '' : `meaning is: ${option.help}`,
  ]
  return (isTranslated ? own : [...own, ...words]).filter(Boolean)
}

export function optionFaults(
  { path, text }: Document,
  options: readonly DocumentedOption[],
  language: 'English' | 'other',
): readonly string[] {
  const rows = rowsNamed(text, /^[A-Z][A-Z_]+$/)
  const wrong = options.flatMap(option => {
    const row = rows.get(option.env)
    if (!row) return []
    return rowFaults(row, option, language === 'other').map(fault => `${path}: ${option.env}: its ${fault}`)
  })
  return [...difference(path, new Set(options.map(({ env }) => env)), new Set(rows.keys())), ...wrong]
}

export function metricFaults({ path, text }: Document, metrics: readonly DocumentedMetric[]): readonly string[] {
  const rows = rowsNamed(text, /^koupleless_/)
  const wrong = metrics.flatMap(({ name, kind, labels }) => {
    const [, toldKind, toldLabels = ''] = rows.get(name) ?? []
    if (!rows.has(name)) return []
    const told = (toldLabels.match(/`\w+`/g) ?? []).map(label => label.slice(1, -1))
    const same = toldKind === kind && told.join() === labels.join()
    return same ? [] : [`${path}: ${name}: is a ${kind} with labels (${labels.join(', ')})`]
  })
  return [...difference(path, new Set(metrics.map(({ name }) => name)), new Set(rows.keys())), ...wrong]
}

/** The first section of the document is about Pods, the second about Nodes. */
export function eventFaults({ path, text }: Document, events: readonly DocumentedEvent[]): readonly string[] {
  const [, ofPods = '', ofNodes = ''] = text.split(/^## /m)
  const told = [['Pod', ofPods] as const, ['Node', ofNodes] as const].flatMap(([on, section]) =>
    [...rowsNamed(section, /^[A-Z][A-Za-z]+$/)].map(([reason, [, type = '']]) => `${type} Event ${reason} on a ${on}`),
  )
  const known = events.map(({ on, reason, type }) => `${type} Event ${reason} on a ${on}`)
  return difference(path, new Set(known), new Set(told))
}

/** Read from the source: what a constructor says stands there as text. */
export const eventsIn = (source: string): readonly DocumentedEvent[] =>
  [...source.matchAll(/(pod|node)Event\(\s*'(\w+)',.*?reason: '(\w+)'/gs)].map(([, on, type = '', reason = '']) => ({
    on: on === 'pod' ? 'Pod' : 'Node',
    type,
    reason,
  }))
