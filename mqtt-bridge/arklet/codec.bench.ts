/** `npx vitest bench mqtt-bridge`: what reading a frame costs, against JSON.parse alone. */
import { readFileSync } from 'node:fs'
import { bench, describe } from 'vitest'
import { encodeObservation } from './base-side.ts'
import { decode, encode } from './codec.ts'
import { baseId } from './vocabulary.ts'

interface BenchFrame {
  readonly topic: string
  readonly payload: string
}

function captured(scenario: string, at = 0): BenchFrame {
  const { received } = JSON.parse(readFileSync(new URL(`fixtures/${scenario}.json`, import.meta.url), 'utf8'))
  return received[at]
}

const base = baseId('b1')
const tenModules = encodeObservation('dev', {
  kind: 'snapshot',
  base,
  publishedAtMs: 1_795_461_326_842,
  bizs: Array.from({ length: 10 }, (_, at) => ({
    name: `biz${at}`,
    version: '0.0.1',
    state: 'activated',
    changedAtMs: 1_795_461_326_842,
    reason: 'STARTED',
  })),
})

const frames: Readonly<Record<string, BenchFrame>> = {
  heart: captured('01-first-connect', 1),
  'snapshot of 10 modules': tenModules,
  'install answer': captured('04-install-file-url'),
  'failed install (3 kB stack)': captured('23-install-broken'),
  health: captured('09-health-two'),
}

for (const [name, { topic, payload }] of Object.entries(frames)) {
  const bytes = Buffer.from(payload)
  describe(`${name}, ${bytes.byteLength} bytes`, () => {
    bench('decode', () => {
      decode('dev', topic, bytes)
    })
    bench('JSON.parse', () => {
      JSON.parse(bytes.toString())
    })
  })
}

describe('a refusal', () => {
  const bytes = Buffer.from('{"data":[{"name":1}],"publishTimestamp":1}')
  bench('decode', () => {
    decode('dev', 'koupleless_dev/b1/base/simpleBiz', bytes)
  })
})

describe('installBiz', () => {
  bench('encode', () => {
    encode('dev', base, { kind: 'installBiz', name: 'biz1', version: '0.0.1', url: 'file:///srv/biz1-0.0.1.jar' })
  })
})
