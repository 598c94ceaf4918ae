import { expect, test } from 'vitest'
import { aBase } from '../reconcilers/registry/a-base.ts'
import { gaugeReaders } from './gauges.ts'

test('the gauges show what the parts say of themselves', () => {
  const flight = { command: 'installBiz', name: 'biz1', version: '1', sentAtMs: 0, overdue: false } as const
  const deaf = aBase({ id: 'b2', noCommands: { reason: 'BaseDeaf', sinceMs: 0, message: 'answers nothing' } })
  const readers = gaugeReaders({
    registry: {
      reachCounts: { unproven: 0, heard: 2, silent: 0, dead: 0 },
      refusedCounts: { full: 1, rate: 0, nodeNameTaken: 0 },
      list: () => [aBase({ flights: [flight] }), deaf],
      link: { connected: true, epoch: 1, sinceMs: 0, why: 'connected' },
    },
    tunnel: { massSilence: { held: true } },
    shares: { held: () => 1, living: () => 2 },
    store: { freshAtMs: 8_000 },
    controllers: [{ name: 'pods', queue: { due: 4 } }],
    clock: { now: () => 10_000 },
  })
  const shown = Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, read()]))
  expect(shown).toEqual({
    koupleless_bases: { unproven: 0, heard: 2, silent: 0, dead: 0 },
    koupleless_bases_owned: 1,
    koupleless_replicas: 2,
    koupleless_bases_no_commands: { BaseDeaf: 1, BaseLeaving: 0, DuplicateIdentity: 0 },
    koupleless_bases_silence_held: 1,
    koupleless_bases_refused: { full: 1, rate: 0, nodeNameTaken: 0 },
    koupleless_flights: 1,
    koupleless_queue_depth: { pods: 4 },
    koupleless_broker_connected: 1,
    koupleless_cache_age_seconds: 2,
  })
})
