import diagnostics from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeCommand, encodeObservation } from '../arklet/base-side.ts'
import { baseId, type Observation } from '../arklet/vocabulary.ts'
import type { Refusal } from '../errors.ts'
import { MemoryHub, type MemoryTransport } from '../transport/memory.ts'
import type { Frame, Transport, TransportEvents } from '../transport/transport.ts'
import { openBridge } from './bridge.ts'
import type { Bridge, LinkState } from './bridge-ports.ts'
import { FRAME_CHANNEL } from './frame-channel.ts'

const b1 = baseId('b1')
const TOPIC = 'koupleless_dev/b1'
const snapshot = (publishedAtMs: number): Observation => ({ kind: 'snapshot', base: b1, publishedAtMs, bizs: [] })
const settle = () => new Promise(resolve => setImmediate(resolve))

const silentTransport: Transport = {
  start: () => undefined,
  publish: async () => undefined,
  findRetained: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
}

describe('the bridge', () => {
  let nowMs: number
  let hub: MemoryHub
  let link: MemoryTransport
  let bridge: Bridge
  let base: MemoryTransport
  let observed: Observation[]
  let refused: Refusal[]
  let heardByBase: Frame[]
  let onObservation: (observation: Observation) => void

  beforeEach(async () => {
    nowMs = 1_000
    hub = new MemoryHub()
    link = hub.transport()
    base = hub.transport()
    observed = []
    refused = []
    heardByBase = []
    onObservation = observation => observed.push(observation)
    base.start([`${TOPIC}/+`, `${TOPIC}/base/baseline`], {
      onFrame: frame => heardByBase.push(frame),
      onUp: () => undefined,
      onDown: () => undefined,
    })
    await settle()
    bridge = openBridge({
      env: 'DEV',
      transport: link,
      now: () => nowMs,
      onObservation: observation => onObservation(observation),
      onRefused: refusal => refused.push(refusal),
      onLink: () => undefined,
    })
  })
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]()
  })

  const say = async (observation: Observation, retain = false): Promise<void> => {
    const { topic, payload } = encodeObservation('dev', observation)
    await base.publish(topic, payload, { retain })
    await settle()
  }

  test('hands on what bases say', async () => {
    await settle()
    await say(snapshot(1))
    expect(observed).toEqual([snapshot(1)])
    expect(refused).toEqual([])
  })

  test('brings commands to the base that they are for', async () => {
    await settle()
    const command = { kind: 'installBiz', name: 'biz1', version: '1', url: 'file:///x.jar' } as const
    await bridge.send(b1, command)
    await bridge.send(b1, { kind: 'baseline', bizs: [] })
    await settle()
    const received = heardByBase.map(({ topic, payload }) => decodeCommand('dev', topic, payload))
    expect(received).toMatchObject([{ command }, { command: { kind: 'baseline', bizs: [] } }])
  })

  test('never leaves a command retained', async () => {
    await settle()
    await bridge.send(b1, { kind: 'queryAllBiz' })
    const later = hub.transport()
    const replayed: Frame[] = []
    later.start(['#'], { onFrame: frame => replayed.push(frame), onUp: () => undefined, onDown: () => undefined })
    await settle()
    expect(replayed).toEqual([])
  })

  test('a command that cannot be understood is not sent', async () => {
    await settle()
    const send = bridge.send(b1, { kind: 'uninstallBiz', name: '', version: '1' })
    await expect(send).rejects.toMatchObject({ code: 'COMMAND_INVALID' })
    await settle()
    expect(heardByBase).toEqual([])
  })

  test('counts each connection as an epoch and tells every edge', async () => {
    const transport = hub.transport()
    const own: LinkState[] = []
    const opened = openBridge({
      env: 'dev',
      transport,
      now: () => nowMs,
      onObservation,
      onRefused: () => undefined,
      onLink: state => own.push(state),
    })
    expect(opened.link).toEqual({ connected: false, epoch: 0, sinceMs: 1_000, why: 'not connected yet' })
    nowMs = 2_000
    await settle()
    nowMs = 3_000
    transport.cut('cable pulled')
    nowMs = 4_000
    transport.restore()
    expect(own).toEqual([
      { connected: true, epoch: 1, sinceMs: 2_000, why: 'connected' },
      { connected: false, epoch: 1, sinceMs: 3_000, why: 'cable pulled' },
      { connected: true, epoch: 2, sinceMs: 4_000, why: 'connected' },
    ])
    expect(opened.link).toEqual(own.at(-1))
    await opened[Symbol.asyncDispose]()
  })

  test('a link that is renewed, or cannot be, is the same link: epoch and age stay', () => {
    let events: TransportEvents | undefined
    const transport: Transport = {
      ...silentTransport,
      start: (_topics, its) => {
        events = its
      },
    }
    const own: LinkState[] = []
    const onLink = (state: LinkState) => own.push(state)
    openBridge({ env: 'dev', transport, now: () => nowMs, onObservation, onRefused: () => undefined, onLink })
    events?.onRenewal?.('told while down, when it means nothing')
    events?.onUp()
    nowMs = 9_000
    events?.onRenewal?.('half written')
    events?.onRenewal?.(undefined)
    const link = { connected: true, epoch: 1, sinceMs: 1_000 }
    expect(own).toEqual([
      { ...link, why: 'connected' },
      { ...link, why: 'connected', renewalFault: 'half written' },
      { ...link, why: 'connected, renewed' },
    ])
  })

  test('while down, a new reason is told and the state keeps its age', () => {
    const told: LinkState[] = []
    let onDown = (_why: string): void => undefined
    const opened = openBridge({
      env: 'dev',
      transport: {
        ...silentTransport,
        start: (_topics, events) => {
          onDown = why => events.onDown(why)
        },
      },
      now: () => nowMs,
      onObservation,
      onRefused: () => undefined,
      onLink: state => told.push(state),
    })
    for (const why of ['refused', 'refused', 'wrong CA']) {
      nowMs += 1_000
      onDown(why)
    }
    expect(told.map(({ why, sinceMs }) => [why, sinceMs])).toEqual([
      ['refused', 1_000],
      ['wrong CA', 1_000],
    ])
    expect(opened.link.epoch).toBe(0)
  })

  test('a publish while down is refused at once', async () => {
    await settle()
    link.cut()
    await expect(bridge.send(b1, { kind: 'health' })).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
  })

  test('a replayed frame proves no life', async () => {
    const { topic, payload } = encodeObservation('dev', snapshot(1))
    link.cut()
    await base.publish(topic, payload, { retain: true })
    link.restore()
    await settle()
    expect(observed).toEqual([])
    expect(refused).toMatchObject([{ code: 'FRAME_RETAINED', topic: `${TOPIC}/base/simpleBiz` }])
  })

  test('a frame older than what its base said before is refused', async () => {
    await settle()
    await say(snapshot(500))
    await say(snapshot(400))
    expect(observed).toEqual([snapshot(500)])
    expect(refused).toMatchObject([{ code: 'FRAME_STALE', path: 'publishTimestamp' }])
  })

  test('what cannot be read is refused with a code and the path of its fault, and the next is heard', async () => {
    await settle()
    await base.publish(`${TOPIC}/base/heart`, 'x{')
    await base.publish(`${TOPIC}/base/simpleBiz`, '{"data":[{"name":1}],"publishTimestamp":1}')
    await say(snapshot(1))
    expect(refused.map(({ code, path }) => [code, path])).toEqual([
      ['PAYLOAD_NOT_JSON', ''],
      ['PAYLOAD_INVALID', 'data[0].name'],
    ])
    expect(observed).toEqual([snapshot(1)])
  })

  test('a listener that throws is our bug and costs one message, not the process', async () => {
    await settle()
    onObservation = () => {
      throw new Error('bug')
    }
    await say(snapshot(1))
    expect(refused).toMatchObject([{ code: 'OBSERVER_FAILED', message: 'Error: bug' }])
    onObservation = observation => observed.push(observation)
    await say(snapshot(2))
    expect(observed).toEqual([snapshot(2)])
  })

  test('shows each frame, in and out, to whoever listens on the diagnostics channel', async () => {
    await settle()
    const onFrame = vi.fn()
    diagnostics.subscribe(FRAME_CHANNEL, onFrame)
    await bridge.send(b1, { kind: 'health' })
    await say(snapshot(1))
    diagnostics.unsubscribe(FRAME_CHANNEL, onFrame)
    await say(snapshot(2))
    expect(onFrame.mock.calls.map(([frame]) => [frame.direction, frame.topic])).toEqual([
      ['out', `${TOPIC}/health`],
      ['in', `${TOPIC}/base/simpleBiz`],
    ])
  })

  test.each(['', 'a/b', '#'])('env %j is refused before anything is opened', env => {
    const transport = hub.transport()
    const start = vi.spyOn(transport, 'start')
    const open = () =>
      openBridge({ env, transport, now: () => 0, onObservation, onRefused: () => undefined, onLink: () => undefined })
    expect(open).toThrow(expect.objectContaining({ code: 'BROKER_CONFIG' }))
    expect(start).not.toHaveBeenCalled()
  })
})
