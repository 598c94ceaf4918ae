import { describe, expect, test } from 'vitest'
import { baseId, type Observation } from '../../mqtt-bridge/index.ts'
import { aBase, aContext, aFlight, aHeartSaying, anObservation, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord, Life } from './base-record.ts'
import { observe } from './observe.ts'

const NOW = BUILT_AT_MS + 5_000

function lifeAfter(record: BaseRecord | undefined, observation: Observation, epoch = 1): Life | undefined {
  const link = { connected: true, epoch, sinceMs: 0, why: '' }
  return observe(record, observation, aContext({ nowMs: NOW, link }))?.record.life
}

const asked = (record: BaseRecord): BaseRecord => ({
  ...record,
  life: { ...record.life, askedSinceMs: NOW - 300, askedAtMs: NOW - 100 },
})

describe('proof of life', () => {
  test('any message on a connection that has carried one of this base before', () => {
    expect(lifeAfter(aBase(), anObservation('heart'))).toMatchObject({ aliveAtMs: NOW, heardAtMs: NOW, heartAtMs: NOW })
  })

  test('not the first message after our reconnect: it may have been on its way before the base died', () => {
    const life = lifeAfter(aBase(), anObservation('heart'), 2)
    expect(life).toMatchObject({ epoch: 2, messagesInEpoch: 1, aliveAtMs: BUILT_AT_MS, heardAtMs: NOW })
  })

  test('the second message after our reconnect', () => {
    const record = observe(
      aBase(),
      anObservation('heart'),
      aContext({ link: { connected: true, epoch: 2, sinceMs: 0, why: '' } }),
    )
    const life = lifeAfter(record?.record, anObservation('health', { publishedAtMs: BUILT_AT_MS + 9 }), 2)
    expect(life).toMatchObject({ messagesInEpoch: 2, aliveAtMs: NOW })
  })

  test.each(['health', 'snapshot'] as const)('a %s after our reconnect, where we had asked', kind => {
    expect(lifeAfter(asked(aBase()), anObservation(kind), 2)).toMatchObject({ aliveAtMs: NOW, answeredAtMs: NOW })
  })

  test.each(['health', 'snapshot'] as const)('not a %s that somebody else had asked for', kind => {
    expect(lifeAfter(aBase(), anObservation(kind), 2)).toMatchObject({ aliveAtMs: BUILT_AT_MS })
  })

  test('an answer while a command of ours is out', () => {
    expect(lifeAfter(aBase({ flights: [aFlight()] }), anObservation('answer'), 2)).toMatchObject({ aliveAtMs: NOW })
    expect(lifeAfter(aBase(), anObservation('answer'), 2)).toMatchObject({ aliveAtMs: BUILT_AT_MS })
  })

  test('not the same message delivered twice', () => {
    const link = { connected: true, epoch: 2, sinceMs: 0, why: '' }
    const once = observe(aBase(), anObservation('heart'), aContext({ link }))
    expect(lifeAfter(once?.record, anObservation('heart'), 2)).toMatchObject({
      messagesInEpoch: 1,
      aliveAtMs: BUILT_AT_MS,
    })
  })

  test('has nothing to do with the clock of the base', () => {
    const wayBehind = anObservation('heart', { publishedAtMs: 12 })
    expect(lifeAfter(aBase(), wayBehind)).toMatchObject({ aliveAtMs: NOW })
  })
})

describe('open questions', () => {
  test('are answered by a health or a snapshot', () => {
    for (const kind of ['health', 'snapshot'] as const) {
      expect(lifeAfter(asked(aBase()), anObservation(kind))).not.toHaveProperty('askedSinceMs')
    }
  })

  test('stay open while a deaf base only beats', () => {
    const life = lifeAfter(asked(aBase()), anObservation('heart'))
    expect(life).toMatchObject({ askedSinceMs: NOW - 300, aliveAtMs: NOW })
  })
})

describe('a base that nobody knew', () => {
  test('becomes known by its heart, unproven until it is heard again', () => {
    const first = observe(undefined, anObservation('heart', { base: 'b7', ip: '10.0.0.7' }), aContext())
    expect(first?.changes).toEqual(['added'])
    expect(first?.record).toMatchObject({
      id: baseId('b7'),
      nodeName: 'virtual-node-b7',
      address: { ip: '10.0.0.7' },
      reach: { state: 'unproven' },
      life: { epoch: 1, messagesInEpoch: 1, aliveAtMs: 0 },
      restarts: 0,
      basePodSettled: false,
    })
    expect(first?.record.snapshot).toBeUndefined()
    const second = observe(
      first?.record,
      anObservation('heart', { base: 'b7', publishedAtMs: BUILT_AT_MS + 9 }),
      aContext(),
    )
    expect(second?.record.life.aliveAtMs).toBe(BUILT_AT_MS + 10)
  })

  test('becomes known by its queryBaseline, which carries no address', () => {
    const first = observe(undefined, anObservation('queryBaseline'), aContext())
    expect(first?.record).not.toHaveProperty('address')
    expect(first?.record.restarts).toBe(0)
  })

  test.each(['health', 'snapshot', 'answer', 'batchAnswer'] as const)('stays unknown if all it says is a %s', kind => {
    expect(observe(undefined, anObservation(kind), aContext())).toBeUndefined()
  })
})

describe('what it says of itself', () => {
  test('a base that says another word for no address has moved', () => {
    const first = observe(aBase(), aHeartSaying('unknown'), aContext())
    expect(first?.record.address).toEqual({ unusableIp: 'unknown', hostName: 'b1', port: 0 })
    expect(first?.changes).toContain('moved')
    const again = observe(first?.record, aHeartSaying('127.0.1.1', { publishedAtMs: BUILT_AT_MS + 20 }), aContext())
    expect(again?.changes).toContain('moved')
  })

  test('a new address, name or version is taken over', () => {
    const heart = anObservation('heart', {
      ip: '10.0.0.2',
      metadata: { name: 'base', version: '2.0.0', clusterName: 'base' },
    })
    const heard = observe(aBase(), heart, aContext())
    expect(heard?.record).toMatchObject({ address: { ip: '10.0.0.2' }, metadata: { version: '2.0.0' } })
    expect(heard?.changes).toEqual(['seen', 'described', 'moved'])
  })

  test('the same once more is a sign of life and nothing else', () => {
    expect(observe(aBase(), anObservation('heart'), aContext())?.changes).toEqual(['seen'])
  })

  test('that it goes down is noted, and taken back', () => {
    const leaving = observe(aBase(), anObservation('heart', { state: 'deactivated' }), aContext())
    expect(leaving?.record.deactivated).toBe(true)
    expect(leaving?.changes).toContain('described')
    const back = observe(leaving?.record, anObservation('heart', { publishedAtMs: BUILT_AT_MS + 9 }), aContext())
    expect(back?.record).not.toHaveProperty('deactivated')
  })

  test.each(['resolved', 'broken', 'unresolved'] as const)('a heart that says %s proves nothing', state => {
    expect(observe(aBase(), anObservation('heart', { state }), aContext())?.record).not.toHaveProperty('deactivated')
  })
})

describe('health', () => {
  const healthy = (bytes: { used?: number; committed?: number; processors?: number }) =>
    anObservation('health', {
      health: {
        runTimeMs: 60_100,
        javaVersion: '17.0.15',
        processors: bytes.processors ?? 2,
        metaspaceUsedBytes: bytes.used ?? 36 * 2 ** 20,
        metaspaceCommittedBytes: bytes.committed ?? 37 * 2 ** 20,
        metaspaceMaxBytes: 160 * 2 ** 20,
        masterState: 'activated',
      },
    })

  test('that is as before, to the nearest percent, wakes nobody', () => {
    expect(observe(aBase(), healthy({ used: 36 * 2 ** 20 + 4_096 }), aContext())?.changes).toEqual(['seen'])
  })

  test('that a Node would show otherwise is told', () => {
    expect(observe(aBase(), healthy({ processors: 8 }), aContext())?.changes).toContain('described')
    expect(observe(aBase(), healthy({ used: 150 * 2 ** 20 }), aContext())?.changes).toContain('described')
  })

  test('what the base needs for itself is what it had committed at first contact, or less', () => {
    const first = observe(aBase({ lacking: ['metaspaceOwnBytes', 'health'] }), healthy({ committed: 50 }), aContext())
    expect(first?.record.metaspaceOwnBytes).toBe(50)
    expect(observe(aBase(), healthy({ committed: 90 * 2 ** 20 }), aContext())?.record.metaspaceOwnBytes).toBe(
      37 * 2 ** 20,
    )
    expect(observe(aBase(), healthy({ committed: 20 * 2 ** 20 }), aContext())?.record.metaspaceOwnBytes).toBe(
      20 * 2 ** 20,
    )
  })
})
