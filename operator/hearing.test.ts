import type { CoreV1Event } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { baseId, bizKey, type LinkState, type Observation, type Refusal } from '../mqtt-bridge/index.ts'
import { SteppedClock } from '../reconcilers/loop/stepped-clock.ts'
import { nodeNaming } from '../reconcilers/node-identity.ts'
import type { Log } from '../reconcilers/ports.ts'
import { aBase } from '../reconcilers/registry/a-base.ts'
import { claimId, type Flight } from '../reconcilers/registry/base-record.ts'
import type { Admission } from '../reconcilers/registry/base-registry.ts'
import { Hearing } from './hearing.ts'

const down: LinkState = { connected: false, epoch: 0, sinceMs: 0, why: 'refused' }
const up: LinkState = { connected: true, epoch: 1, sinceMs: 0, why: 'connected' }
const heart: Observation = {
  kind: 'heart',
  base: baseId('b1'),
  publishedAtMs: 1,
  metadata: { name: 'base', version: '1', clusterName: '' },
  ip: '10.0.0.1',
  hostName: 'b1',
  port: 0,
  state: 'activated',
}

function aHearing(admission: Admission = { kind: 'ignored' }, { known = ['b1'], acts = true } = {}) {
  const clock = new SteppedClock(3_000)
  const counted: string[] = []
  const lines: string[] = []
  const told: CoreV1Event[] = []
  const edges: boolean[] = []
  let link = down
  const write =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  const hearing = new Hearing({
    registry: {
      get link() {
        return link
      },
      setLink: next => {
        link = next
      },
      observe: () => admission,
      get: id => (known.includes(id) ? aBase({ id }) : undefined),
    },
    ownership: { acts: () => acts },
    nodeNameOf: nodeNaming('virtual-node-{identity}', 'dev'),
    events: { emit: event => void told.push(event) },
    metrics: {
      count: (name, labels = {}) => void counted.push([name, ...Object.values(labels)].join(' ')),
      observe: (name, seconds, labels = {}) => void counted.push([name, ...Object.values(labels), seconds].join(' ')),
    },
    clock,
    log,
    onLink: ({ connected }) => void edges.push(connected),
  })
  return { hearing, counted, lines, told, edges, clock, link: () => link }
}

test('each message is counted by its kind', () => {
  const { hearing, counted, lines } = aHearing()
  hearing.observation(heart)
  expect(counted).toEqual(['koupleless_frames_total heart'])
  expect(lines).toEqual([])
})

describe('what is refused', () => {
  test('at the door: counted by its code, logged without payload and with a short topic', () => {
    const { hearing, counted, lines } = aHearing()
    const topic = `koupleless_dev/${'x'.repeat(5_000)}/base/heart`
    hearing.refusal({ code: 'PAYLOAD_INVALID', topic, path: 'data.masterBizInfo', message: 'expected an object' })
    expect(counted).toEqual(['koupleless_frames_refused_total PAYLOAD_INVALID'])
    expect(lines[0]).toMatch(/^warn message refused .*"path":"data.masterBizInfo"/)
    expect(lines[0]?.length).toBeLessThan(400)
  })

  const tooLarge = (base: string): Refusal => ({
    code: 'PAYLOAD_TOO_LARGE',
    base: baseId(base),
    topic: `koupleless_dev/${base}/base/simpleBiz`,
    path: '',
    message: '1258291 bytes, at most 1048576 are read',
  })
  const levels = (lines: readonly string[]): readonly string[] => lines.map(line => line.split(' ')[0] ?? '')

  test('at the door: its owner reads of it once an hour, in the log and at the Node, with the limit', async () => {
    const { hearing, counted, lines, told, clock } = aHearing()
    for (let times = 0; times < 3; times += 1) hearing.refusal(tooLarge('b1'))
    hearing.refusal({
      ...tooLarge('b1'),
      code: 'PAYLOAD_INVALID',
      path: 'data.localIP',
      message: 'expected an IP address',
    })
    expect(levels(lines)).toEqual(['warn', 'debug', 'debug', 'warn'])
    expect(told.map(({ reason, involvedObject, message }) => [reason, involvedObject.name, message])).toEqual([
      [
        'MessageRefused',
        'virtual-node-b1',
        'A message of base b1 is not taken, PAYLOAD_TOO_LARGE: 1258291 bytes, at most 1048576 are read',
      ],
      [
        'MessageRefused',
        'virtual-node-b1',
        'A message of base b1 is not taken, PAYLOAD_INVALID: data.localIP: expected an IP address',
      ],
    ])
    expect(counted).toHaveLength(4)
    await clock.step(3_600_001)
    hearing.refusal(tooLarge('b1'))
    expect([levels(lines).at(-1), told.length]).toEqual(['warn', 3])
  })

  test('at the door: of invented identities a hundred an hour are told, and all those that are known', () => {
    const { hearing, told } = aHearing({ kind: 'ignored' }, { known: ['b1'] })
    for (let at = 0; at < 500; at += 1) hearing.refusal(tooLarge(`invented-${at}`))
    hearing.refusal(tooLarge('b1'))
    expect(told).toHaveLength(101)
    expect(told.at(-1)?.involvedObject.name).toBe('virtual-node-b1')
  })

  test('at the door: the replica that serves the base writes the Event, and each its log', () => {
    const { hearing, lines, told } = aHearing({ kind: 'ignored' }, { acts: false })
    hearing.refusal(tooLarge('b1'))
    expect([levels(lines), told]).toEqual([['warn'], []])
  })

  test.each(['FRAME_STALE', 'FRAME_RETAINED', 'TOPIC_FOREIGN'] as const)('%s is no news', code => {
    const { hearing, lines, told } = aHearing()
    hearing.refusal({ ...tooLarge('b1'), code })
    expect([levels(lines), told]).toEqual([['debug'], []])
  })

  test('a base too many: told once, though its heart comes every few seconds', () => {
    const { hearing, lines, told } = aHearing({ kind: 'refused', reason: 'full' })
    for (let beat = 0; beat < 3; beat++) hearing.observation(heart)
    expect(lines).toEqual(['warn base refused {"base":"b1","reason":"full"}'])
    expect(told).toEqual([])
  })

  test('a base whose Node name another has: told in an Event, too', () => {
    const { hearing, told } = aHearing({ kind: 'refused', reason: 'nodeNameTaken', by: baseId('B1') })
    hearing.observation(heart)
    expect(told.map(({ reason, involvedObject }) => [reason, involvedObject.name])).toEqual([
      ['NodeNameTaken', 'virtual-node-b1'],
    ])
  })
})

test('the link: kept always, passed on at its edges only', () => {
  const { hearing, edges, link, lines } = aHearing()
  hearing.link({ ...down, why: 'still refused' })
  expect(link().why).toBe('still refused')
  hearing.link(up)
  hearing.link({ ...down, why: 'cut' })
  expect(edges).toEqual([true, false])
  expect(lines.map(line => line.split(' ')[0])).toEqual(['warn', 'info', 'warn'])
})

test('a link that could not be renewed is told, and is no edge', () => {
  const { hearing, edges, lines } = aHearing()
  hearing.link(up)
  hearing.link({ ...up, renewalFault: 'half written' })
  hearing.link({ ...up, why: 'connected, renewed' })
  expect(edges).toEqual([true])
  expect(lines.slice(1)).toEqual([
    'warn the connection to the broker is kept, but cannot be renewed {"epoch":1,"why":"half written"}',
    'info connected to the broker {"epoch":1,"why":"connected, renewed"}',
  ])
})

describe('a command that ended', () => {
  const claim = claimId('uid-web', 'biz1')
  const flight: Flight = { command: 'installBiz', name: 'biz1', version: '1', claim, sentAtMs: 2_700, overdue: false }
  const { claim: _nobodys, ...foreign } = flight
  const uninstall: Flight = { ...foreign, command: 'uninstallBiz' }
  const key = bizKey('biz1', '1')
  const countedOf = (ended: Flight, outcome: 'installed' | 'failed' | 'seen' | 'lost' | 'uninstalled') => {
    const { hearing, counted } = aHearing()
    hearing.flightEnded(baseId('b1'), { key, flight: ended, outcome })
    return counted
  }

  test('is counted as an answer and timed by its outcome', () => {
    expect(countedOf(flight, 'failed')).toEqual([
      'koupleless_command_answers_total installBiz failed',
      'koupleless_install_seconds failed 0.3',
    ])
  })

  test('without an answer is no answer', () => {
    expect(countedOf(flight, 'seen')).toEqual(['koupleless_install_seconds seen 0.3'])
    expect(countedOf(uninstall, 'lost')).toEqual([])
  })

  test('an uninstall is timed when the module is gone', () => {
    expect(countedOf(uninstall, 'uninstalled')).toEqual([
      'koupleless_command_answers_total uninstallBiz uninstalled',
      'koupleless_uninstall_seconds 0.3',
    ])
  })

  test('begun by somebody else is not timed: we do not know when', () => {
    expect(countedOf(foreign, 'installed')).toEqual(['koupleless_command_answers_total installBiz installed'])
  })
})
