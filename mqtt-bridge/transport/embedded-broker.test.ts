import { describe, expect, test } from 'vitest'
import { Ear, soon } from './contract.ts'
import { type EmbeddedBrokerOptions, startEmbeddedBroker } from './embedded-broker.ts'
import { type MqttTransportOptions, openMqttTransport } from './mqtt.ts'

let clients = 0
function meet(url: string, options: Partial<MqttTransportOptions> = {}) {
  clients += 1
  return openMqttTransport({ url, clientId: `client-${clients}`, reconnectMinMs: 5, reconnectMaxMs: 20, ...options })
}

async function replayedBy(options: EmbeddedBrokerOptions, left: readonly (readonly [string, string])[]) {
  await using broker = await startEmbeddedBroker(options)
  await using writer = meet(broker.url)
  await using reader = meet(broker.url)
  const [writerEar, readerEar] = [new Ear(), new Ear()]
  writer.start([], writerEar)
  await writerEar.isUp()
  for (const [topic, payload] of left) await writer.publish(topic, payload, { retain: true })
  reader.start(['#'], readerEar)
  await readerEar.isUp()
  await writer.publish('end', 'x')
  await soon(() => expect(readerEar.frames.map(({ topic }) => topic)).toContain('end'))
  return readerEar.frames.filter(({ retained }) => retained).map(({ topic }) => topic)
}

describe('the embedded broker', () => {
  test('listens on loopback, on a free port, and says where', async () => {
    await using broker = await startEmbeddedBroker()
    expect(broker.host).toBe('127.0.0.1')
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`)
    await using client = meet(broker.url)
    const ear = new Ear()
    client.start([], ear)
    await ear.isUp()
    expect(broker.clients).toBe(1)
  })

  test('says plainly that its port is taken', async () => {
    await using broker = await startEmbeddedBroker()
    const second = startEmbeddedBroker({ port: broker.port })
    await expect(second).rejects.toMatchObject({
      code: 'BROKER_CONFIG',
      message: expect.stringContaining('EADDRINUSE'),
    })
  })

  test('lets in those who know the password, and nobody else', async () => {
    const user = { username: 'operator', password: 'secret' }
    await using broker = await startEmbeddedBroker(user)
    for (const wrong of [{}, { ...user, password: 'wrong' }, { ...user, username: 'other' }]) {
      await using stranger = meet(broker.url, wrong)
      const ear = new Ear()
      stranger.start([], ear)
      await ear.isDown()
      expect(ear.downs[0]).toContain('it refuses our user name or password')
      expect(ear.ups).toBe(0)
    }
    await using client = meet(broker.url, user)
    const ear = new Ear()
    client.start([], ear)
    await ear.isUp()
  })

  test('keeps so many retained topics and no more, and takes what is freed', async () => {
    const left = [
      ['a', '1'],
      ['b', '2'],
      ['c', 'one too many'],
      ['a', ''],
      ['d', '3'],
      ['b', 'replaced'],
    ] as const
    expect((await replayedBy({ retainedTopicsMax: 2 }, left)).sort()).toEqual(['b', 'd'])
  })

  test('keeps so many retained bytes and no more', async () => {
    const left = [
      ['a', 'x'.repeat(60)],
      ['b', 'x'.repeat(60)],
      ['c', 'x'.repeat(20)],
    ] as const
    expect((await replayedBy({ retainedBytesMax: 100 }, left)).sort()).toEqual(['a', 'c'])
  })

  test('ends quickly with clients connected', async () => {
    const broker = await startEmbeddedBroker()
    await using client = meet(broker.url)
    const ear = new Ear()
    client.start([], ear)
    await ear.isUp()
    const startedAt = performance.now()
    await broker[Symbol.asyncDispose]()
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    await ear.isDown()
  })
})
