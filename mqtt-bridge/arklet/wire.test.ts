/**
 * What a real base said, as captured, and what it means. `fixtures/meaning.txt` was first printed by this decoder, then compared with
 * what a separate reader in another language made of the raw payloads: the two were equal. It guards against change from there on.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeCommand } from './base-side.ts'
import { decode, encode } from './codec.ts'
import { meaningOf } from './meaning.ts'

interface WireFrame {
  readonly topic: string
  readonly payload: string | null
}
interface Capture {
  readonly scenario: string
  readonly sent: readonly WireFrame[]
  readonly received: readonly WireFrame[]
}

const folder = new URL('./fixtures/', import.meta.url)
const captures = readdirSync(folder)
  .filter(file => file.endsWith('.json'))
  .map(file => readCapture(file))
const expected = readMeanings()

/** Some captures tell of the base's log only: they have no frames. */
function readCapture(file: string): Capture {
  const json = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Partial<Capture>
  return { scenario: file.replace('.json', ''), sent: json.sent ?? [], received: json.received ?? [] }
}

function readMeanings(): ReadonlyMap<string, readonly string[]> {
  const meanings = new Map<string, string[]>()
  let current: string[] = []
  for (const line of readFileSync(new URL('meaning.txt', folder), 'utf8').split('\n')) {
    if (line.startsWith(' ')) current.push(line.trim())
    else if (line !== '') {
      current = []
      meanings.set(line, current)
    }
  }
  return meanings
}

const envOf = (topic: string): string => topic.split('/', 1)[0]?.replace('koupleless_', '') ?? ''

function whatItSays({ topic, payload }: WireFrame): string {
  const decoded = decode(envOf(topic), topic, Buffer.from(payload ?? ''))
  return decoded.ok ? meaningOf(decoded.observation) : `refused ${decoded.refusal.code} at ${decoded.refusal.path}`
}

function runs(lines: readonly string[]): string[] {
  const counted: { line: string; times: number }[] = []
  for (const line of lines) {
    const last = counted.at(-1)
    if (last?.line === line) last.times += 1
    else counted.push({ line, times: 1 })
  }
  return counted.map(({ line, times }) => (times > 1 ? `${times} x ${line}` : line))
}

describe('every captured frame of a base', () => {
  test('the table names the captures, all of them and no other', () => {
    expect(captures.length).toBeGreaterThan(120)
    expect([...expected.keys()].sort()).toEqual(captures.map(({ scenario }) => scenario).sort())
  })

  test.each(captures)('$scenario', ({ scenario, received }) => {
    expect(runs(received.map(whatItSays))).toEqual(expected.get(scenario))
  })
})

/** Sent to see what a base makes of it: we have no way to say these. */
const NOT_OURS = new Set([
  '29-install-unknown-strategy',
  '55-no-name-no-version',
  '56-name-only',
  '57-no-url',
  '58-empty-object',
  '59-uninstall-empty-object',
  '60-malformed',
  '61-empty-payload',
  '62-array',
  '63-args-wrong-type',
  '64-args-string',
  '65-extra-fields',
  '66-unknown-command',
  '67-switchBiz',
  '68-health-malformed',
  '69-health-empty-payload',
  '70-health-bad-type',
  '71-health-type-biz',
  '72-queryAllBiz-empty-payload',
  '73-queryAllBiz-malformed',
  '74-async',
  '76-async-again',
  '77-async-no-id',
  '79-uninstall-no-version',
  '107-baseline-object',
  '108-baseline-malformed',
  '109-baseline-zero-length',
  '110-baseline-no-url',
  '117-baseline-on-T-baseline',
  '122-retained-clear',
])

describe('every captured command', () => {
  const sent = captures.flatMap(({ scenario, sent }) => sent.map(frame => ({ scenario, frame })))

  test.each(sent.filter(({ scenario }) => !NOT_OURS.has(scenario)))('is what we send: $scenario', ({ frame }) => {
    const received = decodeCommand(envOf(frame.topic), frame.topic, Buffer.from(frame.payload ?? ''))
    if (received.kind !== 'command') throw new Error(received.kind)
    const encoded = encode(envOf(frame.topic), received.base, received.command)
    expect(encoded.topic).toBe(frame.topic)
    expect(JSON.parse(encoded.payload)).toEqual(JSON.parse(frame.payload ?? ''))
  })

  test.each([
    ['55-no-name-no-version', 'command'],
    ['56-name-only', 'bizName and bizVersion should be both blank or both not blank.'],
    ['57-no-url', 'bizUrl should not be blank'],
    ['58-empty-object', 'bizUrl should not be blank'],
    ['59-uninstall-empty-object', 'bizName should not be blank'],
    ['60-malformed', 'silence'],
    ['61-empty-payload', 'silence'],
    ['62-array', 'silence'],
    ['66-unknown-command', 'silence'],
    ['67-switchBiz', 'silence'],
    ['68-health-malformed', 'silence'],
    ['69-health-empty-payload', 'command'],
    ['70-health-bad-type', 'silence'],
    ['72-queryAllBiz-empty-payload', 'command'],
    ['79-uninstall-no-version', 'bizVersion should not be blank'],
    ['107-baseline-object', 'silence'],
    ['108-baseline-malformed', 'silence'],
    ['109-baseline-zero-length', 'bizList is null'],
    ['110-baseline-no-url', 'bizUrl should not be blank'],
    ['117-baseline-on-T-baseline', 'command'],
    ['122-retained-clear', 'silence'],
  ])('a base understands %s as a real one does: %s', (scenario, outcome) => {
    const frame = captures.find(capture => capture.scenario === scenario)?.sent[0]
    const received = decodeCommand('dev', frame?.topic ?? '', Buffer.from(frame?.payload ?? ''))
    expect(received.kind === 'refused' ? received.message : received.kind).toBe(outcome)
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'a base is silent to %s, which is no command',
    verb => {
      expect(decodeCommand('dev', `koupleless_dev/b1/${verb}`, Buffer.from('{}'))).toMatchObject({ kind: 'silence' })
    },
  )
})
