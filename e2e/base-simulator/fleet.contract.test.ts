import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { startEmbeddedBroker } from '../../mqtt-bridge/transport/embedded-broker.ts'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { type Fleet, fleetIp, startBase, startFleet } from './fleet.ts'
import type { SimulatedBase } from './simulated-base.ts'

const opened: AsyncDisposable[] = []
const owned = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 1_500) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** The operator's side of the wire, in a dozen lines: tells bases, and keeps what they say. */
class Observer implements AsyncDisposable {
  readonly said: { topic: string; data: unknown; retain: boolean; qos: number }[] = []
  readonly #client: mqtt.MqttClient

  constructor(port: number) {
    this.#client = mqtt.connect({ host: '127.0.0.1', port, protocol: 'mqtt', reconnectPeriod: 100 })
    this.#client.on('message', (topic, payload, { retain, qos }) => {
      this.said.push({ topic, data: JSON.parse(String(payload)).data, retain, qos })
    })
  }

  async ready(): Promise<this> {
    await this.#client.subscribeAsync('koupleless_dev/+/base/+', { qos: 1 })
    return this
  }

  tell(identity: string, verb: string, payload: object = {}): void {
    this.#client.publish(`koupleless_dev/${identity}/${verb}`, JSON.stringify(payload), { qos: 1 })
  }

  of(what: string) {
    return this.said.filter(({ topic }) => topic.endsWith(`/base/${what}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.end(true)
  }
}

const brokers = {
  Mosquitto: async () => owned(await Mosquitto.start()).port,
  'embedded broker': async () => owned(await startEmbeddedBroker()).port,
}

describe.each(Object.entries(brokers))('%s', (_, start) => {
  test('a base greets, installs and answers, at QoS 1 and never retained', async () => {
    const port = await start()
    const observer = owned(await new Observer(port).ready())
    const base = owned(await startBase({ broker: { host: '127.0.0.1', port }, identity: 'b1', installMs: 20 }))
    await until('a heart', () => observer.of('heart').length === 1)
    expect(observer.said.map(({ topic }) => topic)).toEqual([
      'koupleless_dev/b1/base/queryBaseline',
      'koupleless_dev/b1/base/heart',
    ])
    observer.tell('b1', 'installBiz', { bizName: 'biz1', bizVersion: '1', bizUrl: 'http://jars.example/x.jar' })
    await until('an answer', () => observer.of('bizOperation').length === 1)
    expect(base.bizs()).toEqual([{ name: 'biz1', version: '1', state: 'activated' }])
    expect(observer.said.every(({ retain, qos }) => !retain && qos === 1)).toBe(true)
  })

  test('a base whose identity another one takes is thrown off and comes back', async () => {
    const port = await start()
    const broker = { host: '127.0.0.1', port }
    const first = owned(await startBase({ broker, identity: 'b1' }))
    const second = owned(await startBase({ broker, identity: 'b1', name: 'twin' }))
    await until('the first is off', () => !first.connected)
    await until('the first is back', () => first.connected)
    await until('the second is off', () => !second.connected)
  })

  test.each([0, 2])('a fleet over %i shared connections: each base gets its own commands only', async shared => {
    const port = await start()
    const observer = owned(await new Observer(port).ready())
    const fleet = owned(
      await startFleet(20, {
        broker: { host: '127.0.0.1', port },
        installMs: 5,
        sharedConnections: shared,
        each: index => (index === 20 ? { identity: 'last', version: '2.0' } : {}),
      }),
    )
    expect(fleet.get('b2')?.ip).toBe(fleetIp(2))
    await until('all beat', () => observer.of('heart').length === 20)
    for (const { identity } of fleet.bases) observer.tell(identity, 'queryAllBiz')
    await until('all answer', () => observer.of('simpleBiz').length === 20)
    expect(fleet.bases.map(base => base.questionsReceived.queryAllBiz)).toEqual(Array(20).fill(1))
    fleet.get('last')?.kill()
    observer.tell('last', 'queryAllBiz')
    observer.tell('b1', 'queryAllBiz')
    await until('b1 answers', () => observer.of('simpleBiz').length === 21)
    expect(fleet.get('last')?.questionsReceived.queryAllBiz).toBe(1)
  })
})

test.each([0, 1])('bases come back by themselves after the broker did (%i shared connections)', async shared => {
  const mosquitto = owned(await Mosquitto.start())
  const fleet: Fleet = owned(
    await startFleet(3, { broker: { host: '127.0.0.1', port: mosquitto.port }, sharedConnections: shared }),
  )
  const all = (isSo: (base: SimulatedBase) => boolean) => () => fleet.bases.every(isSo)
  await mosquitto.stop()
  await until(
    'all are off',
    all(base => !base.connected),
  )
  await mosquitto.resume()
  await until(
    'all are back',
    all(base => base.connected),
  )
})

test('without a broker a base is a zombie, and whoever starts it is told', async () => {
  const mosquitto = await Mosquitto.start()
  await mosquitto[Symbol.asyncDispose]()
  const broker = { host: '127.0.0.1', port: mosquitto.port }
  await expect(startBase({ broker, identity: 'b1' })).rejects.toThrow('b1 found no broker')
  await expect(startFleet(2, { broker })).rejects.toThrow('found no broker')
  await expect(startFleet(2, { broker, sharedConnections: 1 })).rejects.toThrow('found no broker')
})

test('a broker that wants a password gets it', async () => {
  const user = { name: 'base', password: 'secret' }
  const mosquitto = owned(await Mosquitto.start({ user }))
  const at = { host: '127.0.0.1', port: mosquitto.port }
  owned(await startBase({ broker: { ...at, username: user.name, password: user.password }, identity: 'b1' }))
  await expect(startBase({ broker: at, identity: 'b2' })).rejects.toThrow('b2 found no broker')
})

test('mutual TLS: a base with the right certificate gets in, one without does not', async () => {
  using authority = new TestAuthority('simulated')
  const server = authority.issue('server', 'IP:127.0.0.1')
  const client = authority.issue('client', 'DNS:base')
  const mosquitto = owned(
    await Mosquitto.start({
      tls: { caPath: authority.caPath, certPath: server.crt, keyPath: server.key, isClientCertificateNeeded: true },
    }),
  )
  const at = { host: '127.0.0.1', port: mosquitto.port }
  const ca = readFileSync(authority.caPath)
  const own = { cert: readFileSync(client.crt), key: readFileSync(client.key) }
  const base = owned(await startBase({ broker: { ...at, tls: { ca, ...own } }, identity: 'b1' }))
  expect(base.connected).toBe(true)
  await expect(startBase({ broker: { ...at, tls: { ca } }, identity: 'b2' })).rejects.toThrow('b2 found no broker')
})
