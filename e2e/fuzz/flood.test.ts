/** Floods against the whole operator: they may cost what was said of them, and nothing else. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { encodeObservation } from '../../mqtt-bridge/arklet/base-side.ts'
import { baseId, type Observation } from '../../mqtt-bridge/index.ts'
import type { ApiRequest } from '../../operator/kube/api-client.ts'
import { LINES_BURST, LINES_PER_SECOND } from '../../operator/log/line-budget.ts'
import { newLog } from '../../operator/logger.ts'
import { ApiError, type Metrics } from '../../reconcilers/ports.ts'
import { AnOperator, type Surroundings } from './an-operator.ts'

const MAX_BASES = 1_100
const NEWCOMERS_BURST = 1_000
const NEWCOMERS_PER_SECOND = 100
const MIB = 1024 * 1024

/** A machine that is busy with other things takes its time. */
vi.setConfig({ testTimeout: 120_000 })

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
function heapMib(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed / MIB
}

/** An API server that takes whatever is written. */
function written({ method, body, path }: ApiRequest): string {
  if (method === 'GET') return '{"items":[],"metadata":{"resourceVersion":"1"}}'
  const object = JSON.parse(body ?? '{}') as { metadata?: object }
  const name = path.split('/').at(-1)
  const identity = { name, namespace: 'kube-node-lease', uid: `uid-${name}`, resourceVersion: '2' }
  return JSON.stringify({ ...object, metadata: { ...identity, ...object.metadata } })
}

function aFloodedOperator(surroundings: Partial<Surroundings> = {}) {
  const at: { operator: AnOperator | undefined } = { operator: undefined }
  const counted = new Map<string, number>()
  const lines: string[] = []
  const metrics: Metrics = {
    count: (name, labels = {}) => {
      const key = `${name} ${Object.values(labels).join()}`
      counted.set(key, (counted.get(key) ?? 0) + 1)
    },
    observe: () => undefined,
  }
  const sink = {
    write: (line: string) => Boolean(lines.push(line.slice(0, 200))),
    writableLength: 0,
    on: () => undefined,
  }
  const clock = { now: () => at.operator?.time.now() ?? 0 }
  const log = newLog({ level: 'debug', format: 'json', secrets: [], sink, metrics, clock })
  const operator = new AnOperator({ log, metrics, answer: written, watched: () => [], ...surroundings })
  at.operator = operator
  const say = (observation: Observation): void => {
    const { topic, payload } = encodeObservation('dev', observation)
    operator.hear(topic, payload)
  }
  return { operator, say, counted, lines }
}

const METADATA = { name: 'base', version: '1.0.0', clusterName: 'c' }
const heart = (identity: string, publishedAtMs: number): Observation => ({
  kind: 'heart',
  base: baseId(identity),
  publishedAtMs,
  metadata: METADATA,
  ip: '10.0.0.1',
  hostName: identity,
  port: 1238,
  state: 'activated',
})

/** A base that answers every question at once, as one that runs nothing. */
function anAnsweringBase(surroundings: Partial<Surroundings> = {}) {
  const questions: string[] = []
  const it = aFloodedOperator({
    ...surroundings,
    published: topic => {
      const verb = topic.split('/').at(-1) ?? ''
      questions.push(verb)
      const publishedAtMs = it.operator.time.now()
      const base = baseId('b1')
      if (verb === 'queryAllBiz')
        it.operator.time.after(5, () => it.say({ kind: 'snapshot', base, publishedAtMs: publishedAtMs + 5, bizs: [] }))
      if (verb === 'health')
        it.operator.time.after(5, () => it.say({ kind: 'health', base, publishedAtMs: publishedAtMs + 5, health: {} }))
    },
  })
  const known = async (): Promise<void> => {
    await it.operator.time.advance(1_000)
    for (let beat = 0; beat < 30; beat++) {
      it.say(heart('b1', it.operator.time.now()))
      await it.operator.time.advance(10_000)
    }
  }
  return { ...it, questions, known }
}

describe('a hundred thousand identities that nobody knows', () => {
  test('become no more Nodes than allowed, no faster, and nothing of them is kept', async () => {
    const it = aFloodedOperator({ config: { maxBases: MAX_BASES } })
    await using operator = it.operator
    await operator.time.advance(1_000)
    const { registry, controllers } = operator.composition
    const flood = async (from: number, count: number): Promise<void> => {
      for (let at = from; at < from + count; at++) {
        it.say(heart(`stranger-${at}`, operator.time.now()))
        // Heard twice, and so taken for alive; of those that come later none is let in.
        if (at < 5_000) it.say(heart(`stranger-${at}`, operator.time.now() + 1))
        if (at % 2_000 === 0) await operator.time.advance(80)
      }
    }
    await flood(0, 2_000)
    expect(registry.size).toBeLessThanOrEqual(NEWCOMERS_BURST + 2 * NEWCOMERS_PER_SECOND)
    await flood(2_000, 28_000)
    const [heapBefore, alarmsBefore] = [heapMib(), operator.alarms]
    await flood(30_000, 70_000)
    const heapAfter = heapMib()
    await operator.time.advance(1_000)

    const nodes = operator.requests.filter(({ method, path }) => method === 'POST' && path === '/api/v1/nodes')
    expect(nodes.length).toBeGreaterThanOrEqual(NEWCOMERS_BURST)
    expect(nodes.length).toBeLessThanOrEqual(MAX_BASES)
    expect(registry.size).toBeLessThanOrEqual(MAX_BASES)
    const keys = controllers.reduce((sum, { queue }) => sum + queue.snapshot().length, 0)
    expect(keys).toBeLessThanOrEqual(controllers.length * MAX_BASES)
    expect(operator.alarms).toBeLessThanOrEqual(alarmsBefore + 100)
    // The requests that this test itself remembers are in it.
    expect(heapAfter - heapBefore).toBeLessThan(40)
    const seconds = (operator.time.now() - 1_795_461_305_000) / 1_000
    const refused = it.lines.filter(line => line.includes('"base refused"')).length
    expect(refused).toBeLessThanOrEqual(LINES_BURST + (seconds + 1) * LINES_PER_SECOND)
    expect(it.lines.some(line => line.includes('"log lines dropped"') && line.includes('"base refused"'))).toBe(true)
    expect(operator.failure).toBeUndefined()
  }, 300_000)
})

describe('a payload that claims to be another base', () => {
  test('is refused, counted, and changes nothing of either', async () => {
    const it = anAnsweringBase()
    await using operator = it.operator
    await it.known()
    const before = operator.composition.registry.get(baseId('b1'))
    const { payload } = encodeObservation('dev', { ...heart('b1', operator.time.now()), ip: '6.6.6.6' } as Observation)
    operator.hear('koupleless_dev/intruder/base/heart', payload)
    expect(it.counted.get('koupleless_frames_refused_total IDENTITY_MISMATCH')).toBe(1)
    expect(operator.composition.registry.get(baseId('b1'))).toBe(before)
    expect(operator.composition.registry.get(baseId('intruder'))).toBeUndefined()
  })
})

const answer = (name: string, publishedAtMs: number): Observation => ({
  kind: 'answer',
  base: baseId('b1'),
  publishedAtMs,
  command: 'uninstallBiz',
  name,
  version: name && '1',
  outcome: { kind: 'absent' },
})
const batch = (publishedAtMs: number): Observation => ({
  kind: 'batchAnswer',
  base: baseId('b1'),
  publishedAtMs,
  code: 'SUCCESS',
  message: '',
  results: [{ url: 'http://jars/a.jar', code: 'SUCCESS', message: '', bizs: [] }],
})

describe('what would make a controller ask and ask', () => {
  test.each<[string, (atMs: number) => Observation]>([
    ['an answer about a module that nobody knows', atMs => answer('nobody', atMs)],
    ['an answer about a module without a name', atMs => answer('', atMs)],
    ['a batch whose items name no module', batch],
  ])('%s: causes one question at most, and no command', async (_what, said) => {
    const it = anAnsweringBase()
    await using operator = it.operator
    await it.known()
    it.questions.length = 0
    it.say(said(operator.time.now()))
    await operator.time.advance(10_000)
    expect(it.questions.filter(verb => verb !== 'health').length).toBeLessThanOrEqual(1)
    expect(it.questions.filter(verb => !['health', 'queryAllBiz'].includes(verb))).toEqual([])
  })

  test('ten thousand of them in ten seconds cause one look every 50 ms at most', async () => {
    const it = anAnsweringBase()
    await using operator = it.operator
    await it.known()
    it.questions.length = 0
    for (let at = 0; at < 10_000; at++) {
      it.say(answer(`nobody-${at}`, operator.time.now()))
      if (at % 10 === 0) await operator.time.advance(10)
    }
    expect(it.questions.filter(verb => verb === 'queryAllBiz').length).toBeLessThanOrEqual(210)
    expect(it.questions.filter(verb => !['health', 'queryAllBiz'].includes(verb))).toEqual([])
  })
})

describe('a base that tells of ever more modules', () => {
  const said: Readonly<Record<string, (name: string) => Extract<Observation, { kind: 'answer' }>['outcome']>> = {
    conflicts: () => ({ kind: 'conflict', running: 'installBiz' }),
    absences: () => ({ kind: 'absent' }),
    installs: name => ({ kind: 'installed', bizs: [{ name, version: '1', state: 'activated' }], metaspaceBytes: 1 }),
  }
  test.each(Object.entries(said))('%s: what is kept of it has a bound', async (_what, outcomeOf) => {
    const it = aFloodedOperator()
    await using operator = it.operator
    await operator.time.advance(1_000)
    it.say(heart('b1', operator.time.now()))
    it.say(heart('b1', operator.time.now() + 1))
    for (let at = 0; at < 2_500; at++) {
      const name = `module-${at}`
      const publishedAtMs = operator.time.now() + at + 2
      const outcome = outcomeOf(name)
      const command = 'installBiz'
      it.say({ kind: 'answer', base: baseId('b1'), publishedAtMs, command, name, version: '1', outcome })
    }
    const record = operator.composition.registry.get(baseId('b1'))
    const kept = [record?.flights, record?.doubts, record?.bizs, record?.metaspaceByName].map(map => map?.size ?? 0)
    expect(Math.max(...kept)).toBeLessThanOrEqual(2_000)
  })
})

describe('the log', () => {
  const perSecond = (lines: readonly string[], message: string): number => {
    const counts = new Map<string, number>()
    for (const line of lines.filter(text => text.includes(`"message":"${message}"`))) {
      const second = line.slice(9, 28)
      counts.set(second, (counts.get(second) ?? 0) + 1)
    }
    return Math.max(0, ...counts.values())
  }

  test('of bad frames is bounded, even where each is told of', async () => {
    const it = aFloodedOperator()
    await using operator = it.operator
    await operator.time.advance(1_000)
    for (let at = 0; at < 50_000; at++) {
      operator.hear('koupleless_dev/b1/base/heart', 'x{')
      if (at % 2_000 === 0) await operator.time.advance(1_000)
    }
    expect(it.counted.get('koupleless_frames_refused_total PAYLOAD_NOT_JSON')).toBe(50_000)
    expect(it.lines.length).toBeLessThanOrEqual(LINES_BURST + 27 * LINES_PER_SECOND + 100)
    const dropped = it.counted.get('koupleless_log_lines_dropped_total flood') ?? 0
    expect(dropped).toBeGreaterThan(40_000)
  })

  test('of an API server that refuses everything is bounded', async () => {
    const it = aFloodedOperator({
      answer: request => {
        if (request.method !== 'GET') throw new ApiError(403, 'forbidden')
        return written(request)
      },
    })
    await using operator = it.operator
    await operator.time.advance(1_000)
    for (let at = 0; at < 100; at++) {
      it.say(heart(`b${at}`, operator.time.now()))
      it.say(heart(`b${at}`, operator.time.now() + 1))
    }
    await operator.time.advance(10_000)
    const told = perSecond(it.lines, 'the API server refused or did not answer')
    expect(told).toBeGreaterThan(10)
    expect(told).toBeLessThanOrEqual(LINES_BURST + LINES_PER_SECOND)
  })
})
