import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { flagOf, OPTIONS, type Option } from '../operator/config/options.ts'
import { GAUGES } from '../operator/http/metrics.ts'
import { COUNTERS, HISTOGRAMS } from '../reconcilers/metric-names.ts'
import { type Document, rowsOf } from './docs/markdown.ts'
import {
  commandsIn,
  linkFaults,
  makeFaults,
  objectFaults,
  outputFaults,
  sampleFaults,
  structureFaults,
  targetsOf,
  unusedSamples,
} from './docs/references.ts'
import { eventFaults, eventsIn, metricFaults, optionFaults } from './docs/tables.ts'
import { readPlainTexts } from './tidy/plain-text.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const documents = readPlainTexts(ROOT).filter(({ path }) => path.endsWith('.md'))
const documentAt = (path: string): Document => ({ path, text: read(path) })
const PAIRS = ['README', 'docs/events', 'docs/guarantees', 'docs/migrating'].map(
  name => [documentAt(`${name}.md`), documentAt(`${name}.zh-CN.md`)] as const,
)
const READMES = [documentAt('README.md'), documentAt('README.zh-CN.md')] as const
const [english, chinese] = READMES

const options = Object.values<Option<unknown>>(OPTIONS).map(option => ({
  env: option.env,
  flag: flagOf(option),
  default: option.default,
  takes: option.kind.takes,
  help: option.help,
}))
const metrics = [
  ['counter', COUNTERS] as const,
  ['histogram', HISTOGRAMS] as const,
  ['gauge', GAUGES] as const,
].flatMap(([kind, table]) =>
  Object.entries<{ readonly labels: readonly string[] }>(table).map(([name, { labels }]) => ({ name, kind, labels })),
)
const eventSource = read('reconcilers/events.ts')
const events = eventsIn(eventSource)
const targets = targetsOf(read('Makefile'))
const samples = readdirSync(join(ROOT, 'samples'))
  .filter(name => name.endsWith('.yaml'))
  .map(name => `samples/${name}`)
const files = {
  exists: (path: string) => existsSync(join(ROOT, path)),
  textOf: (path: string) => documents.find(document => document.path === path)?.text,
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: { readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } } }
}
const objects = new Set(
  samples
    .flatMap(path => parseAllDocuments(read(path)).map(one => one.toJS() as Manifest))
    .flatMap(({ kind, metadata, spec }) => {
      return [`${kind.toLowerCase()}/${metadata.name}`, `app=${spec?.template?.metadata?.labels?.app}`]
    }),
)

describe('the documents tell the truth', () => {
  test('configuration', () => {
    expect(options.length).toBeGreaterThan(30)
    expect(optionFaults(english, options, 'English')).toEqual([])
    expect(optionFaults(chinese, options, 'other')).toEqual([])
  })
  test('metrics', () => {
    expect(metrics.length).toBeGreaterThan(20)
    expect(READMES.flatMap(readme => metricFaults(readme, metrics))).toEqual([])
  })
  test('Events', () => {
    expect(events).toHaveLength(
      eventSource.match(/^export const \w+ = /gm)?.filter(line => !/_/.test(line)).length ?? 0,
    )
    expect(PAIRS[1]?.flatMap(document => eventFaults(document, events))).toEqual([])
  })
  test('make targets', () => {
    expect(targets).toContain('demo')
    expect(makeFaults(documents, targets)).toEqual([])
  })
  test('links', () => expect(documents.flatMap(document => linkFaults(document, files))).toEqual([]))
  test('samples', () => {
    expect(documents.flatMap(document => sampleFaults(document, samples))).toEqual([])
    expect(READMES.flatMap(readme => unusedSamples(readme, samples))).toEqual([])
  })
  test('commands speak of what the samples have', () => {
    expect(commandsIn(english.text).length).toBeGreaterThan(40)
    expect(READMES.flatMap(readme => objectFaults(readme, objects))).toEqual([])
  })
  test('both languages have one structure and one run', () => {
    expect(PAIRS.flatMap(([one, other]) => [...structureFaults(one, other), ...outputFaults(one, other)])).toEqual([])
  })
})

const aDocument = (text: string): Document => ({ path: 'A.md', text })
const without = (document: Document, row: string): Document => ({
  ...document,
  text: document.text.replace(new RegExp(`^\\| \`${row}\` .*\n`, 'm'), ''),
})
const having = (document: Document, from: string | RegExp, to: string): Document => {
  const text = document.text.replace(from, to)
  expect(text).not.toBe(document.text)
  return { ...document, text }
}

describe('a planted fault is caught:', () => {
  test.each([
    ['an option left out', without(english, 'MAX_BASES'), 'README.md: says nothing of MAX_BASES'],
    ['an option that is not there', aDocument('| `MQTT_TOPIC` | `--mqtt-topic` |'), 'A.md: there is no MQTT_TOPIC'],
    ['a wrong flag', having(english, '`--max-bases`', '`--bases`'), 'README.md: MAX_BASES: its flag is --max-bases'],
    ['a flag for a secret', having(english, 'none: secret', '`--mqtt-password`'), 'MQTT_PASSWORD: its flag is none'],
    ['a wrong default', having(english, '`5000`', '`500`'), 'README.md: MAX_BASES: its default is 5000'],
    [
      'a wrong meaning',
      having(english, 'Bases served at most', 'Bases'),
      'MAX_BASES: its meaning is: Bases served at most',
    ],
  ])('%s', (_what, document, fault) => {
    expect(optionFaults(document, options, 'English').join('\n')).toContain(fault)
  })
  test('a wrong default in Chinese', () => {
    const wrong = having(chinese, '`200s` ', '`100s` ')
    expect(optionFaults(wrong, options, 'other')).toEqual(['README.zh-CN.md: BASE_DEAD_AFTER: its default is 200s'])
  })

  test.each([
    ['a metric left out', without(chinese, 'koupleless_flights'), 'says nothing of koupleless_flights'],
    ['a metric that is not there', aDocument('| `koupleless_moods` | gauge | – |'), 'there is no koupleless_moods'],
    ['a wrong label', having(english, '`verb`, `resource`, `code`', '`verb`'), 'labels (verb, resource, code)'],
    ['a wrong kind', having(english, /gauge( +\| `reason`)/, 'counter$1'), 'koupleless_bases_no_commands: is a gauge'],
  ])('%s', (_what, document, fault) => {
    expect(metricFaults(document, metrics).join('\n')).toContain(fault)
  })

  const eventsDocument = documentAt('docs/events.md')
  test.each([
    ['an Event left out', without(eventsDocument, 'RolledBack'), 'says nothing of Warning Event RolledBack on a Pod'],
    ['an Event renamed', having(eventsDocument, '`BaseHeard`', '`BaseBack`'), 'no Normal Event BaseBack on a Node'],
    [
      'a wrong type',
      having(eventsDocument, /Warning( +\| the base refused;)/, 'Normal$1'),
      'Normal Event InstallFailed',
    ],
  ])('%s', (_what, document, fault) => {
    expect(eventFaults(document, events).join('\n')).toContain(fault)
  })
  test('an Event that nobody wrote about', () => {
    const source = `export const rested = () => podEvent(\n  'Normal', pod, { reason: 'Rested' })`
    expect(eventFaults(eventsDocument, [...events, ...eventsIn(source)])).toEqual([
      'docs/events.md: says nothing of Normal Event Rested on a Pod',
    ])
  })

  test('a make target that is not there, and one that nobody tells of', () => {
    const faults = makeFaults([aDocument('`make coffee` makes do')], targetsOf('demo: ## a demo\nother:\n'))
    expect(faults).toEqual(['A.md: there is no make coffee', 'nothing says what make demo is'])
  })
  test.each([
    ['[a](docs/nowhere.md)', 'A.md: docs/nowhere.md: there is no such file'],
    ['[a](README.md#nowhere)', 'A.md: README.md#nowhere: there is no such heading'],
    ['# Here\n[a](#there)', 'A.md: #there: there is no such heading'],
  ])('a dead link: %s', (text, fault) => {
    expect(linkFaults(aDocument(text), files)).toEqual([fault])
  })
  test('a sample that is not there, or not told of', () => {
    const text = 'kubectl apply -f samples/nothing.yaml'
    expect(sampleFaults(aDocument(text), samples)).toEqual(['A.md: there is no samples/nothing.yaml'])
    expect(unusedSamples(aDocument(text), ['samples/a.yaml'])).toEqual(['A.md: says nothing of samples/a.yaml'])
  })
  test.each([
    'scale deployment/other --replicas=2',
    'delete pod other',
    'get pods -l app=other',
    'rollout status statefulset/other',
  ])('a command about what no sample has: kubectl %s', command => {
    const document = aDocument(`\`\`\`console\n$ kubectl ${command}\n\`\`\`\n`)
    expect(objectFaults(document, objects).join('\n')).toContain('other')
  })
  test('an output changed in one language, a heading left out', () => {
    expect(outputFaults(english, having(chinese, '10.1.0.1', '10.9.9.9'))).toHaveLength(1)
    expect(structureFaults(english, having(chinese, '### 下线\n', ''))).toHaveLength(1)
  })
  test('a bar within a cell parts no cells', () => {
    expect(rowsOf('| `A` | a \\| b |')).toEqual([['`A`', 'a | b']])
  })
})
