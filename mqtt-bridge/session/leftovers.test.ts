import { expect, test } from 'vitest'
import { ArkletError } from '../errors.ts'
import { MemoryHub } from '../transport/memory.ts'
import type { Transport, TransportEvents } from '../transport/transport.ts'
import { openBridge } from './bridge.ts'
import type { Bridge, LeftoversTold } from './bridge-ports.ts'

const settle = () => new Promise(resolve => setImmediate(resolve))
const LEFT = ['koupleless_dev/b1/installBiz', 'koupleless_dev/b2/base/baseline']

/** A broker with manners of its own: `forbids` what cuts the connection, and comes back at once. */
class Manners implements Transport {
  forbids: 'look' | 'clear' | undefined
  /** Left without an acknowledgement, for so long. */
  swallowsMs: number | undefined
  nowMs = 0
  looks = 0
  readonly cleared: string[] = []
  #events: TransportEvents | undefined

  start(_topics: readonly string[], events: TransportEvents): void {
    this.#events = events
    queueMicrotask(() => events.onUp())
  }

  async publish(topic: string, _payload: string | Uint8Array, options?: { readonly retain?: boolean }): Promise<void> {
    if (this.swallowsMs !== undefined || this.forbids === 'clear') this.#cut(this.swallowsMs ?? 1)
    if (options?.retain) this.cleared.push(topic)
  }

  async findRetained(_filters: readonly string[], onTopic: (topic: string) => void): Promise<void> {
    this.looks += 1
    if (this.forbids === 'look') this.#cut(1)
    const left = LEFT.filter(topic => !this.cleared.includes(topic))
    for (const topic of left) onTopic(topic)
  }

  again(): void {
    this.#events?.onUp()
  }

  #cut(afterMs: number): never {
    this.nowMs += afterMs
    this.#events?.onDown('cut')
    throw new ArkletError('PUBLISH_TIMEOUT', 'the link was cut before the broker acknowledged')
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function bridgeOn(transport: Transport, now = () => 0): { bridge: Bridge; told: LeftoversTold[] } {
  const told: LeftoversTold[] = []
  const bridge = openBridge({
    env: 'dev',
    transport,
    now,
    onObservation: () => undefined,
    onRefused: () => undefined,
    onLink: () => undefined,
    onLeftovers: leftovers => told.push(leftovers),
  })
  return { bridge, told }
}

test('what an older controller left for any base of ours is cleared on each connection, and nothing else', async () => {
  const hub = new MemoryHub()
  const peer = hub.transport()
  peer.start([], { onFrame: () => undefined, onUp: () => undefined, onDown: () => undefined })
  await settle()
  const left = ['installBiz', 'uninstallBiz', 'health', 'queryAllBiz', 'base/baseline', 'baseline', 'batchInstallBiz']
  const leave = async (): Promise<void> => {
    for (const verb of left) await peer.publish(`koupleless_dev/b1/${verb}`, '{}', { retain: true })
  }
  await leave()
  const others = ['koupleless_test/b1/installBiz', 'koupleless_dev/b1/base/heart', 'koupleless_dev/b1/other']
  for (const topic of others) await peer.publish(topic, '{}', { retain: true })
  const kept = async (): Promise<string[]> => {
    const topics: string[] = []
    await peer.findRetained(['#'], topic => topics.push(topic))
    return topics.sort()
  }
  const link = hub.transport()
  const { told } = bridgeOn(link)
  await settle()
  expect(await kept()).toEqual([...others].sort())
  await leave()
  link.cut()
  link.restore()
  await settle()
  expect(await kept()).toEqual([...others].sort())
  expect(told).toEqual([{ cleared: left.length }, { cleared: left.length }])
})

test.each(['look', 'clear'] as const)('a broker that cuts us for a %s is not tried again', async forbids => {
  const broker = new Manners()
  broker.forbids = forbids
  const { told } = bridgeOn(broker)
  await settle()
  expect(told).toEqual([{ cleared: 0, fault: expect.stringContaining('the link was cut') }])
  broker.forbids = undefined
  for (let times = 0; times < 3; times += 1) {
    broker.again()
    await settle()
  }
  expect([broker.looks, broker.cleared, told.length]).toEqual([1, [], 1])
})

test('a connection that is lost long after is no such cut: the next one clears', async () => {
  const broker = new Manners()
  broker.swallowsMs = 20_000
  const { told } = bridgeOn(broker, () => broker.nowMs)
  await settle()
  expect(told).toEqual([])
  broker.swallowsMs = undefined
  broker.again()
  await settle()
  expect(broker.cleared).toEqual(LEFT)
  expect(told).toEqual([{ cleared: 2 }])
})

test('where nothing is left, nothing is published and nothing told', async () => {
  const broker = new Manners()
  broker.cleared.push(...LEFT)
  const { told } = bridgeOn(broker)
  await settle()
  expect([broker.looks, broker.cleared.length, told]).toEqual([1, 2, []])
})
