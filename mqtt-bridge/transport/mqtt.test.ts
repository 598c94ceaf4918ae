/** What a broker may do to us, played by a few bytes on a socket. */
import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { Ear } from './contract.ts'
import { type MqttTransportOptions, openMqttTransport } from './mqtt.ts'

const [CONNECT, PUBLISH, SUBSCRIBE] = [1, 3, 8]
const CONNACK = Buffer.from([0x20, 2, 0, 0])
const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0])
const DISCONNECT_TAKEN_OVER = Buffer.from([0xe0, 2, 142, 0])

/** What the stub answers to a packet; nothing where it has no word for it. It never acknowledges a PUBLISH by itself. */
type Manners = Readonly<Record<number, (packet: Buffer) => Buffer | 'close' | undefined>>

const suback =
  (granted: number) =>
  (packet: Buffer): Buffer =>
    Buffer.from([0x90, 3, packet[2] ?? 0, packet[3] ?? 0, granted])
const POLITE: Manners = { [CONNECT]: () => CONNACK, [SUBSCRIBE]: suback(1) }

/** Packets here are small: each comes in a chunk of its own. */
async function startStub(manners: Manners) {
  const sockets = new Set<net.Socket>()
  const publishes: string[] = []
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', packet => {
      const kind = (packet[0] ?? 0) >> 4
      if (kind === PUBLISH) publishes.push(packet.toString('latin1'))
      const answer = manners[kind]?.(packet)
      if (answer === 'close') socket.destroy()
      else if (answer) socket.write(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    url: `mqtt://127.0.0.1:${port}`,
    publishes,
    get connections() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const open = (url: string, options: Partial<MqttTransportOptions> = {}) =>
  openMqttTransport({ url, clientId: 'us', reconnectMinMs: 5, reconnectMaxMs: 20, ...options })

describe('the MQTT transport', () => {
  test('is not up when its subscription is refused, and says so', async () => {
    await using stub = await startStub({ ...POLITE, [SUBSCRIBE]: suback(128) })
    await using transport = open(stub.url)
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isDown()
    expect(ear.downs[0]).toContain('it refuses our subscription')
    await expect(transport.publish('a', 'b')).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
    expect(ear.ups).toBe(0)
  })

  test.each<[string, Manners, string]>([
    ['CONNECT', {}, 'no answer to CONNECT'],
    ['SUBSCRIBE', { [CONNECT]: () => CONNACK }, 'no answer to SUBSCRIBE'],
  ])('does not wait for ever for an answer to %s, and tries again', async (_, manners, why) => {
    await using stub = await startStub(manners)
    await using transport = open(stub.url, { connectTimeoutMs: 50 })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isDown()
    expect(ear.downs[0]).toContain(why)
    await expect.poll(() => stub.connections).toBeGreaterThan(1)
  })

  test('gives up on a publish that nobody acknowledges, and ends all the same', async () => {
    await using stub = await startStub(POLITE)
    const transport = open(stub.url, { publishTimeoutMs: 50 })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isUp()
    await expect(transport.publish('a', 'b')).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' })
    const pending = expect(transport.publish('a', 'c')).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' })
    const startedAt = performance.now()
    await transport[Symbol.asyncDispose]()
    await pending
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  test('never sends again what was in flight when the link broke: its sender was told', async () => {
    await using stub = await startStub({ ...POLITE, [PUBLISH]: () => 'close' })
    await using transport = open(stub.url)
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isUp()
    await expect(transport.publish('a', 'install')).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' })
    await ear.isUp(2)
    await expect(transport.publish('a', 'again')).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' })
    await ear.isUp(3)
    expect(stub.publishes.filter(packet => packet.includes('install'))).toHaveLength(1)
    expect(stub.publishes).toHaveLength(2)
  })

  test('says what a broker of MQTT 5 gives as its reason to part', async () => {
    const farewell = Buffer.concat([CONNACK_5, DISCONNECT_TAKEN_OVER])
    await using stub = await startStub({ [CONNECT]: () => farewell, [SUBSCRIBE]: () => 'close' })
    await using transport = open(stub.url, { protocolVersion: 5 })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isDown()
    expect(ear.downs[0]).toContain('another client took over our client id')
  })

  test('names what is unreachable', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    server.close()
    await once(server, 'close')
    await using transport = open(`mqtt://127.0.0.1:${port}`)
    const ear = new Ear()
    transport.start([], ear)
    await ear.isDown()
    expect(ear.downs[0]).toBe(`mqtt://127.0.0.1:${port}: nothing listens there (connection refused) [ECONNREFUSED]`)
  })
})
