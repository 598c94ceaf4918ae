/** Whatever is lost, doubled, late or invented: the next true look makes the facts true again. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BizReport, baseId, bizKey, type CommandOutcome, type Observation } from '../../mqtt-bridge/index.ts'
import { aBase, aContext, aFlight, anObservation, anUninstall, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord } from './base-record.ts'
import { applyNote, type Note } from './notes.ts'
import { observe } from './observe.ts'

const name = fc.constantFrom('biz1', 'biz2')
const version = fc.constantFrom('1', '2')
const biz: fc.Arbitrary<BizReport> = fc.record({
  name,
  version,
  state: fc.constantFrom('resolved', 'activated', 'deactivated', 'broken'),
  changedAtMs: fc.integer({ min: 0, max: 3 }),
  reason: fc.constantFrom('STARTED', 'KILLING'),
})
const bizs = fc.uniqueArray(biz, { maxLength: 4, selector: ({ name, version }) => bizKey(name, version) })

const outcome: fc.Arbitrary<CommandOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('installed' as const), bizs, metaspaceBytes: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ kind: fc.constant('conflict' as const), running: fc.constantFrom('installBiz', 'uninstallBiz', 'odd') }),
  fc.record({
    kind: fc.constant('failed' as const),
    code: fc.string(),
    message: fc.string(),
    cause: fc.string(),
  }),
  fc.constantFrom<CommandOutcome>(
    { kind: 'uninstalled' },
    { kind: 'repeat' },
    { kind: 'absent' },
    { kind: 'accepted' },
  ),
)
/** Within the minute that a clean session allows between what was published and when it comes. */
const publishedAtMs = fc.integer({ min: BUILT_AT_MS, max: BUILT_AT_MS + 50_000 })
const command = fc.constantFrom('installBiz' as const, 'uninstallBiz' as const)

const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ publishedAtMs }).map(facts => anObservation('queryBaseline', facts)),
  fc.record({ publishedAtMs }).map(facts => anObservation('heart', facts)),
  fc
    .record({ publishedAtMs, runTimeMs: fc.integer({ min: 60_000, max: 110_000 }) })
    .map(({ publishedAtMs: at, runTimeMs }) => anObservation('health', { publishedAtMs: at, health: { runTimeMs } })),
  fc.record({ publishedAtMs, bizs }).map(facts => anObservation('snapshot', facts)),
  fc.record({ publishedAtMs, command, name, version, outcome }).map(facts => anObservation('answer', facts)),
)
const note: fc.Arbitrary<Note> = fc
  .record({
    kind: fc.constantFrom('commanded' as const, 'overdue' as const, 'unsent' as const),
    command,
    name,
    version,
  })
  .map(({ kind, command: sort, ...of }) => {
    const key = bizKey(of.name, of.version)
    if (kind === 'unsent') return { kind, key }
    if (kind === 'overdue') return { kind, key, atMs: BUILT_AT_MS }
    return { kind, key, flight: sort === 'installBiz' ? aFlight(of) : anUninstall(of) }
  })

const story = fc.array(fc.oneof({ arbitrary: observation, weight: 3 }, { arbitrary: note, weight: 1 }), {
  maxLength: 30,
})

function told(steps: readonly (Observation | Note)[]): BaseRecord {
  let record = aBase()
  for (const [i, step] of steps.entries()) {
    const context = aContext({ nowMs: BUILT_AT_MS + 100 * i })
    record = 'base' in step ? (observe(record, step, context)?.record ?? record) : applyNote(record, step).record
  }
  return record
}

const look = (record: BaseRecord, truth: readonly BizReport[], afterMs: number): BaseRecord =>
  observe(
    // Two at once are the tunnel's to end; here one base speaks.
    withoutDuplicate(record),
    anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + afterMs, bizs: truth }),
    aContext({ nowMs: BUILT_AT_MS + afterMs }),
  )?.record ?? record

function withoutDuplicate({ duplicateSeenAtMs: _seen, ...record }: BaseRecord): BaseRecord {
  return record
}

test('the next look shows what runs, and leaves nothing in doubt', () => {
  fc.assert(
    fc.property(story, bizs, (steps, truth) => {
      const record = look(told(steps), truth, 60_000)
      expect(new Map(record.bizs)).toEqual(new Map(truth.map(one => [bizKey(one.name, one.version), one])))
      expect(record.doubts.size).toBe(0)
      for (const key of record.provenance.keys()) expect(record.bizs.has(key)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('while a base goes on showing a biz at rest, no command on it that changed it is waited for', () => {
  fc.assert(
    fc.property(story, steps => {
      const ran = { name: 'biz1', version: '1', state: 'activated', changedAtMs: 99, reason: 'STARTED' } as const
      const later = [60_000, 65_000, 80_000].reduce((record, afterMs) => look(record, [ran], afterMs), told(steps))
      expect(later.flights.has(bizKey('biz1', '1'))).toBe(false)
    }),
    { numRuns: 500 },
  )
})

test('what is told twice in a row is told once', () => {
  fc.assert(
    fc.property(story, observation, (steps, last) => {
      const once = observe(told(steps), last, aContext())?.record
      const twice = observe(once, last, aContext())?.record
      expect({ ...twice, life: undefined }).toEqual({ ...once, life: undefined })
    }),
    { numRuns: 500 },
  )
})

test('no story makes the facts grow beyond what it names', () => {
  fc.assert(
    fc.property(story, steps => {
      const record = told(steps)
      for (const size of [record.bizs.size, record.doubts.size, record.flights.size])
        expect(size).toBeLessThanOrEqual(4)
      expect(Object.keys(record.lastPublishedAtMs).length).toBeLessThanOrEqual(7)
      expect(record.id).toBe(baseId('b1'))
    }),
  )
})
