import { once } from 'node:events'
import net from 'node:net'
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

/** A client that asks for a session that outlives its connection: what no transport of ours does. */
const CONNECT_TO_STAY = Buffer.from('100d00044d5154540400003c000170', 'hex')
const SUBSCRIBE_A = Buffer.from('8206000100016101', 'hex')

/** The broker's answer to each packet. */
async function converse(port: number, packets: readonly Buffer[]): Promise<string[]> {
  const socket = net.connect(port, '127.0.0.1')
  const answers: string[] = []
  for (const packet of packets) {
    socket.write(packet)
    const [answer] = await once(socket, 'data')
    answers.push(answer.toString('hex'))
  }
  socket.destroy()
  await once(socket, 'close')
  return answers
}

describe('the embedded broker', () => {
  test('keeps no session for one that is away, though it asked for that: it may never come back', async () => {
    await using broker = await startEmbeddedBroker()
    expect(await converse(broker.port, [CONNECT_TO_STAY, SUBSCRIBE_A])).toEqual(['20020000', '9003000101'])
    await soon(() => expect(broker.clients).toBe(0))
    await using writer = meet(broker.url)
    const ear = new Ear()
    writer.start([], ear)
    await ear.isUp()
    await writer.publish('a', 'queued?')
    // The third byte would be 01 if a session had waited.
    expect(await converse(broker.port, [CONNECT_TO_STAY])).toEqual(['20020000'])
  })

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
