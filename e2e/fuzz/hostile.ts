/** What somebody who means ill, or a program gone wrong, would write. */
import fc from 'fast-check'
import type { Bytes } from './door.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Written without its quotes: JSON that no `JSON.stringify` writes. */
const raw = (token: string): string => `§${token}§`
const RAW = /"§([^"§]*)§"/g
export const jsonText = (json: Json): string => JSON.stringify(json).replace(RAW, '$1')

/** As above, where what comes out can be read at all: of an answer that cannot, nothing is known. */
export function readableText(json: Json): string {
  const text = jsonText(json)
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(json)
  }
}

const WORDS: readonly string[] = [
  '',
  ' ',
  'x',
  '-1',
  '0x10',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  'a:b',
  'a:b:c',
  'a/b',
  '*',
  '+',
  '#',
  '$(SELF)',
  '$$',
  '1.0.0\n',
  'a\u0000b',
  '\r\n{"level":"error","message":"forged"}',
  '\u001b[2J\u001b[31m',
  '\u009b2J',
  'a\u007fb',
  '\u2028line\u2029paragraph',
  '\u202egnp.exe',
  '\ufeffbom',
  '\ud800',
  'z\udfff',
  '𝕏'.repeat(130),
  'é'.repeat(127),
  'n'.repeat(64),
  'n'.repeat(254),
  'n'.repeat(600),
  'n'.repeat(70_000),
  'http://user:secret@host/a.jar?token=hidden',
  'oss://bucket/a.jar',
  'http://',
  'file:///dev/zero',
  '2026-01-01T00:00:00Z',
  '+292278994-08-17T07:12:55.807Z',
  '0001-01-01T00:00:00Z',
]

const NUMBERS: readonly Json[] = [0, -0, -1, 0.5, 1e-320, 2 ** 31, 2 ** 53, -(2 ** 53), 1e15, 8.64e15, 8.65e15, 1e308]
const TOKENS = ['1e999', '-1e999', '-0', '1E400', '123456789012345678901234567890', 'NaN', 'undefined', '01', '\\u0000']

const own = (text: string): Json => JSON.parse(text) as Json
const STRUCTURES: readonly Json[] = [
  [],
  {},
  [[]],
  [null],
  [{}],
  own('{"__proto__":{"polluted":true}}'),
  own('{"constructor":{"prototype":{"polluted":true}}}'),
  own('{"length":3}'),
  own('{"then":"x"}'),
  own('{"toJSON":"x","toString":null,"valueOf":1}'),
  own(`${'['.repeat(500)}${']'.repeat(500)}`),
  Array(2_000).fill('n'),
]

export const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 20 }),
)

export const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 2, arbitrary: fc.constantFrom<Json>(null, true, false, ...NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom<Json>(...STRUCTURES) },
  { weight: 1, arbitrary: fc.constantFrom(...TOKENS).map(raw) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
)

interface Edit {
  readonly at: number
  readonly how: 'put' | 'remove' | 'double' | 'rename'
  readonly value: Json
  readonly name: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: 10_000 }),
  how: fc.constantFrom('put', 'put', 'put', 'remove', 'double', 'rename'),
  value,
  name: word,
})

type Place = readonly (string | number)[]

function placesIn(json: Json, path: Place = []): readonly Place[] {
  if (typeof json !== 'object' || json === null) return [path]
  return [path, ...Object.entries(json).flatMap(([key, inner]) => placesIn(inner, [...path, key]))]
}

function edited(json: Json, [key, ...rest]: Place, { how, value: put, name }: Edit): Json {
  if (key === undefined) return put
  const entries = Object.entries(json as object) as [string, Json][]
  const changed = entries.flatMap(([other, inner]): [string, Json][] => {
    if (other !== String(key)) return [[other, inner]]
    if (rest.length > 0) return [[other, edited(inner, rest, { at: 0, how, value: put, name })]]
    if (how === 'remove') return []
    if (how === 'rename') return [[name, inner]]
    return how === 'double'
      ? [
          [other, inner],
          [`${other}2`, inner],
        ]
      : [[other, put]]
  })
  return Array.isArray(json) ? changed.map(([, inner]) => inner) : fromEntries(changed)
}

/** `Object.fromEntries` defines, as `JSON.parse` does: a key named `__proto__` is a key. */
const fromEntries = (entries: readonly (readonly [string, Json])[]): Json => Object.fromEntries(entries)

/** One of the seeds with some of its places changed. */
export const mutated = (seeds: readonly Json[], editsMax = 4): fc.Arbitrary<Json> =>
  fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: editsMax })).map(([seed, edits]) =>
    edits.reduce((json, one) => {
      const places = placesIn(json)
      return edited(json, places[one.at % places.length] ?? [], one)
    }, seed),
  )

const deep = fc.constantFrom('[', '{"a":', '[[', '{"data":', '"', ' ', '\u0000', '1', 'é')
/** Bytes that were not made by writing JSON: cut, garbled, endless, deep. */
const noise: fc.Arbitrary<Bytes> = fc.oneof(
  fc.record({ base64: fc.uint8Array({ maxLength: 64 }).map(bytes => Buffer.from(bytes).toString('base64')) }),
  fc.record({ text: word }),
  fc.record({
    head: fc.constantFrom('', '{"data":', '{"data":[', '{"publishTimestamp":1,"data":{"a":'),
    repeat: deep,
    times: fc.constantFrom(1, 100, 10_000, 200_000, 1_100_000),
    tail: fc.constantFrom('', ']', '}', '],"publishTimestamp":1}'),
  }),
)

const cut: fc.Arbitrary<(text: string) => Bytes> = fc
  .record({ at: fc.nat({ max: 2_000 }), byte: fc.nat({ max: 255 }), how: fc.constantFrom('cut', 'garble') })
  .map(({ at, byte, how }) => text => {
    const bytes = Buffer.from(text)
    if (how === 'cut') return { base64: bytes.subarray(0, at).toString('base64') }
    if (at < bytes.length) bytes[at] = byte
    return { base64: bytes.toString('base64') }
  })

/** Mostly what can be read as JSON: else nothing gets past the first check. */
export const payload = (seeds: readonly Json[]): fc.Arbitrary<Bytes> =>
  fc.oneof(
    { weight: 12, arbitrary: mutated(seeds).map(json => ({ text: jsonText(json) })) },
    { weight: 2, arbitrary: fc.tuple(mutated(seeds, 1), cut).map(([json, damage]) => damage(jsonText(json))) },
    { weight: 1, arbitrary: noise },
  )
