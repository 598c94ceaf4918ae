import { describe, expect, test } from 'vitest'
import { baseId, bizKey } from '../mqtt-bridge/index.ts'
import { SteppedClock } from './loop/stepped-clock.ts'
import { KeyQueue } from './loop/work-queue.ts'
import { nodeName, podKey } from './names.ts'
import { aBase } from './registry/a-base.ts'
import type { BaseRecord, Change } from './registry/base-record.ts'
import { wake, wakesOfChange, wakesOfNodeOrLease, wakesOfPod } from './wake.ts'

const PODS = [podKey('ns', 'a'), podKey('ns', 'b')]

/** The rooms that are woken, in one line. */
function woken(change: Change, record: BaseRecord = aBase()): string {
  const wakes = wakesOfChange(change, record, () => PODS)
  return Object.entries(wakes)
    .filter(([, keys]) => keys.length > 0)
    .map(([room]) => room)
    .join(' ')
}

describe('a change of a base wakes', () => {
  test.each<[Change, string]>([
    ['added', 'nodeLease baseTunnel modules pods'],
    ['seen', ''],
    ['described', 'nodeLease baseTunnel'],
    ['moved', 'nodeLease baseTunnel pods'],
    ['bizs', 'baseTunnel modules pods'],
    ['reach', 'nodeLease baseTunnel modules pods'],
    ['foreign', 'nodeLease baseTunnel modules pods'],
    ['commanded', 'baseTunnel'],
    ['restarted', 'nodeLease baseTunnel modules pods'],
    ['removed', 'nodeLease baseTunnel modules pods'],
  ])('%s: %s', (change, rooms) => {
    expect(woken(change)).toBe(rooms)
  })

  test('by the keys of each room', () => {
    expect(wakesOfChange('added', aBase(), node => (node === 'virtual-node-b1' ? PODS : []))).toEqual({
      nodeLease: ['virtual-node-b1'],
      baseTunnel: ['b1'],
      modules: ['b1'],
      pods: PODS,
    })
  })
})

describe('a mere sign of life', () => {
  test('asks for no Pods', () => {
    wakesOfChange('seen', aBase(), () => {
      throw new Error('asked for Pods')
    })
  })

  const doubts = new Map([[bizKey('biz1', '1'), { sincePublishedAtMs: 0, raisedAtMs: 0 }]])
  test.each<[string, BaseRecord]>([
    ['silent', aBase({ reach: { state: 'silent', sinceMs: 0, why: '' } })],
    ['unproven', aBase({ reach: { state: 'unproven', sinceMs: 0, why: '' } })],
    ['dead', aBase({ reach: { state: 'dead', sinceMs: 0, why: '' } })],
    ['deaf', aBase({ noCommands: { reason: 'BaseDeaf', sinceMs: 0, message: '' } })],
    ['in doubt', aBase({ doubts })],
    ['running unclaimed modules', aBase({ unclaimed: new Map([[bizKey('biz1', '1'), { sinceMs: 0, snapshots: 1 }]]) })],
    ['without a record of foreign modules', aBase({ lacking: ['foreign'] })],
    ['never looked at', aBase({ lacking: ['snapshot'] })],
  ])('is news to the tunnel of a base that is %s', (_which, record) => {
    expect(woken('seen', record)).toBe('baseTunnel')
  })
})

describe('an event of a Pod wakes', () => {
  const key = podKey('ns', 'new')
  const siblings = () => PODS

  test('the Pod, and the commands of its base', () => {
    expect(wakesOfPod({ key, base: baseId('b1'), leaving: false, siblings })).toEqual({
      nodeLease: [],
      baseTunnel: [],
      modules: ['b1'],
      pods: [key],
    })
  })

  test('the others of its base too, when its claim goes', () => {
    expect(wakesOfPod({ key, base: baseId('b1'), leaving: true, siblings }).pods).toEqual([key, ...PODS])
  })

  test('only itself, where it is bound to no base that we know', () => {
    expect(wakesOfPod({ key, leaving: true, siblings })).toMatchObject({ modules: [], pods: [key] })
  })
})

test('an event of a Node or of its Lease wakes that Node', () => {
  const wakes = wakesOfNodeOrLease(nodeName('n'))
  expect(wakes).toEqual({ nodeLease: ['n'], baseTunnel: [], modules: [], pods: [] })
})

test('waking puts each key into its own queue', () => {
  const options = { clock: new SteppedClock(), rng: { next: () => 0 } }
  const queues = {
    nodeLease: new KeyQueue<ReturnType<typeof nodeName>>(options),
    baseTunnel: new KeyQueue<ReturnType<typeof baseId>>(options),
    modules: new KeyQueue<ReturnType<typeof baseId>>(options),
    pods: new KeyQueue<ReturnType<typeof podKey>>(options),
  }
  wake(queues, { nodeLease: [nodeName('n')], baseTunnel: [baseId('b1')], modules: [baseId('b2')], pods: PODS })
  const keysOf = (queue: { snapshot(): readonly { readonly key: string }[] }) => queue.snapshot().map(({ key }) => key)
  expect(Object.values(queues).map(keysOf)).toEqual([['n'], ['b1'], ['b2'], ['ns/a', 'ns/b']])
})
