/** Hostile input, and the wire in both directions. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ARKLET_ERROR_CODES } from '../errors.ts'
import { readAddress } from './base-address.ts'
import { decodeCommand, encodeObservation } from './base-side.ts'
import { type Decoded, decode, encode, PAYLOAD_BYTES_MAX } from './codec.ts'
import { BASE_VERBS } from './topics.ts'
import {
  BIZ_STATES,
  type BizReport,
  baseId,
  type Command,
  type CommandOutcome,
  type Observation,
} from './vocabulary.ts'

const verb = fc.constantFrom(...BASE_VERBS)
const topicOf = (name: string): string => `koupleless_dev/b1/base/${name}`

function expectTotal(decoded: Decoded): void {
  if (decoded.ok) return
  expect(ARKLET_ERROR_CODES).toContain(decoded.refusal.code)
  expect(decoded.refusal.topic.length).toBeLessThanOrEqual(512)
  expect(decoded.refusal.path.length).toBeLessThanOrEqual(200)
}

test('random bytes are refused or read, never thrown at', () => {
  fc.assert(
    fc.property(verb, fc.uint8Array({ maxLength: 2_000 }), (name, bytes) => {
      expectTotal(decode('dev', topicOf(name), bytes))
      expect(decodeCommand('dev', `koupleless_dev/b1/${name}`, bytes)).toHaveProperty('kind')
    }),
  )
})

test('random topics and identities are refused or read', () => {
  const level = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('koupleless_dev', 'base', 'heart', '+', '#', ''),
  )
  fc.assert(
    fc.property(fc.array(level, { maxLength: 6 }), levels => {
      const topic = levels.join('/')
      expectTotal(decode('dev', topic, Buffer.from('{}')))
      expect(decodeCommand('dev', topic, Buffer.from('{}'))).toHaveProperty('kind')
    }),
  )
})

test('random JSON inside the envelope is refused or read', () => {
  fc.assert(
    fc.property(verb, fc.jsonValue(), (name, data) => {
      const payload = Buffer.from(JSON.stringify({ data, publishTimestamp: 1 }))
      expectTotal(decode('dev', topicOf(name), payload))
    }),
  )
})

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Every place in a message, the message itself included. */
function* placesIn(json: Json, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path
  if (typeof json !== 'object' || json === null) return
  for (const [key, value] of Object.entries(json)) yield* placesIn(value, [...path, key])
}

function put(json: Json, [key, ...rest]: readonly (string | number)[], value: Json): Json {
  if (key === undefined) return value
  if (Array.isArray(json)) return json.map((item, at) => (at === Number(key) ? put(item, rest, value) : item))
  if (typeof json !== 'object' || json === null) return json
  return { ...json, [key]: put(json[key] ?? null, rest, value) }
}

const WRONG: readonly Json[] = [null, true, -1, 1e300, '', 'x', '__proto__', [], [[]], {}, { constructor: 1 }]

test('a wrong type at any place of any real message is refused or read', () => {
  const folder = new URL('./fixtures/', import.meta.url)
  const shapes = new Map<string, { topic: string; payload: string }>()
  for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
    const { received = [] } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    for (const frame of received) {
      const places = [...placesIn(JSON.parse(frame.payload))].map(path => path.join('.')).join()
      shapes.set(`${frame.topic.split('/').at(-1)} ${places}`, frame)
    }
  }
  expect(shapes.size).toBeGreaterThan(15)
  let tried = 0
  for (const { topic, payload } of shapes.values()) {
    const json: Json = JSON.parse(payload)
    for (const path of placesIn(json)) {
      for (const wrong of WRONG) {
        expectTotal(decode('dev', topic, Buffer.from(JSON.stringify(put(json, path, wrong)))))
        tried += 1
      }
    }
  }
  expect(tried).toBeGreaterThan(5_000)
})

test('a mebibyte of anything is dealt with in no time', () => {
  const worst = [
    '['.repeat(PAYLOAD_BYTES_MAX),
    `{"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},"publishTimestamp":1}`,
    JSON.stringify({ data: 'a'.repeat(1_000_000), publishTimestamp: 1 }),
    JSON.stringify({ data: Array(90_000).fill({ name: '' }), publishTimestamp: 1 }),
    ...['\n', 'a', ':', '://', '@', '\nCaused by: ', ' ', 'http://a:'].map(part => failureOf(part)),
  ]
  const startedAt = process.cpuUsage().user
  for (const payload of worst)
    for (const name of BASE_VERBS) expectTotal(decode('dev', topicOf(name), Buffer.from(payload)))
  // Generous: something quadratic would need minutes.
  expect((process.cpuUsage().user - startedAt) / 1_000).toBeLessThan(20_000)
})

function failureOf(part: string): string {
  const message = part.repeat(Math.floor(500_000 / JSON.stringify(part).length))
  const response = { code: 'FAILED', message, data: { code: 'FAILED', message } }
  return JSON.stringify({
    data: { bizName: 'a', bizVersion: '1', command: 'installBiz', response },
    publishTimestamp: 1,
  })
}

const word = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/)
const sentence = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9 .,()-]{0,60}[a-zA-Z0-9]$/)
const base = word.map(baseId)
const publishedAtMs = fc.integer({ min: 0, max: 2 ** 45 })
const bytes = fc.integer({ min: 0, max: 2 ** 40 })
const optional = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { requiredKeys: [] })
const state = fc.constantFrom(...BIZ_STATES)

const biz: fc.Arbitrary<BizReport> = fc
  .tuple(
    fc.record({ name: word, version: word, state }),
    optional({ changedAtMs: publishedAtMs, message: sentence, reason: fc.constantFrom('STARTED', 'KILLING') }),
  )
  .map(([required, more]) => ({ ...required, ...more }))
const bizs = fc.array(biz, { maxLength: 5 })

const installOutcome: fc.Arbitrary<CommandOutcome> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('installed' as const),
      bizs: fc.array(biz, { minLength: 1, maxLength: 3 }),
      metaspaceBytes: bytes,
    },
    { requiredKeys: ['kind', 'bizs'] },
  ),
  fc.constantFrom({ kind: 'repeat' as const }, { kind: 'accepted' as const }),
  fc.record({ kind: fc.constant('conflict' as const), running: fc.constantFrom('installBiz', 'uninstallBiz') }),
  fc.record({ kind: fc.constant('failed' as const), code: fc.constant('FAILED'), message: sentence, cause: sentence }),
)
const uninstallOutcome: fc.Arbitrary<CommandOutcome> = fc.oneof(
  fc.constantFrom({ kind: 'uninstalled' as const }, { kind: 'absent' as const }, { kind: 'accepted' as const }),
  fc.record({ kind: fc.constant('failed' as const), code: fc.constant('FAILED'), message: sentence, cause: sentence }),
)

const metadata = fc.record({ name: word, version: word, clusterName: word })
const heard = { base, publishedAtMs }
const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ ...heard, kind: fc.constant('queryBaseline' as const), metadata }),
  fc
    .record({
      ...heard,
      kind: fc.constant('heart' as const),
      metadata,
      told: fc.oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::7', 'unknown', '')),
      hostName: word,
      port: fc.integer({ min: 0, max: 65_535 }),
      state,
    })
    .map(({ told, ...heart }) => ({ ...heart, ...readAddress(told) })),
  fc.record({
    ...heard,
    kind: fc.constant('health' as const),
    health: optional({
      runTimeMs: fc.integer({ min: 0, max: 2 ** 40 }),
      javaVersion: word,
      processors: fc.integer({ min: 1, max: 512 }),
      metaspaceUsedBytes: bytes,
      metaspaceCommittedBytes: bytes,
      metaspaceMaxBytes: bytes,
      masterState: state,
    }),
  }),
  fc.record({ ...heard, kind: fc.constant('snapshot' as const), bizs }),
  fc.record({
    ...heard,
    kind: fc.constant('answer' as const),
    command: fc.constant('installBiz' as const),
    name: word,
    version: word,
    outcome: installOutcome,
  }),
  fc.record({
    ...heard,
    kind: fc.constant('answer' as const),
    command: fc.constant('uninstallBiz' as const),
    name: word,
    version: word,
    outcome: uninstallOutcome,
  }),
  fc.record({
    ...heard,
    kind: fc.constant('batchAnswer' as const),
    code: fc.constantFrom('SUCCESS', 'FAILED'),
    message: sentence,
    results: fc.uniqueArray(
      fc.record({ url: fc.webUrl(), code: fc.constantFrom('SUCCESS', 'REPEAT_BIZ'), message: sentence, bizs }),
      { selector: ({ url }) => url, maxLength: 3 },
    ),
  }),
)

test('what a base says is heard as it was meant', () => {
  fc.assert(
    fc.property(observation, said => {
      const { topic, payload } = encodeObservation('dev', said)
      expect(decode('dev', topic, Buffer.from(payload))).toEqual({ ok: true, observation: said })
    }),
    { numRuns: 500 },
  )
})

/** The reader of commands in these tests drops it, where a base does not. */
const variable = word.filter(name => name !== '__proto__')
const install = fc.record(
  {
    name: word,
    version: word,
    url: fc.webUrl(),
    args: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    envs: fc.dictionary(variable, fc.string(), { minKeys: 1, maxKeys: 3 }),
    strategy: fc.constantFrom('installOnly' as const, 'uninstallThenInstall' as const),
  },
  { requiredKeys: ['name', 'version', 'url'] },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  install.map(words => ({ kind: 'installBiz' as const, ...words })),
  fc.record({ kind: fc.constant('uninstallBiz' as const), name: word, version: word }),
  fc.constantFrom({ kind: 'health' as const }, { kind: 'queryAllBiz' as const }),
  fc.record({ kind: fc.constant('baseline' as const), bizs: fc.array(install, { maxLength: 3 }) }),
)

test('what we command is understood as it was meant', () => {
  fc.assert(
    fc.property(base, command, (to, words) => {
      const { topic, payload } = encode('dev', to, words)
      expect(decodeCommand('dev', topic, Buffer.from(payload))).toEqual({ kind: 'command', base: to, command: words })
    }),
    { numRuns: 500 },
  )
})
