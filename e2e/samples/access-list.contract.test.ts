/** `samples/mosquitto/acl`, as it stands, on a real Mosquitto: who may say and hear what. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { subscriptionsOf } from '../../mqtt-bridge/arklet/topics.ts'
import {
  baseId,
  type LeftoversTold,
  type MqttTransportOptions,
  type Observation,
  openBridge,
  openMqttTransport,
  type Transport,
} from '../../mqtt-bridge/index.ts'
import { Ear } from '../../mqtt-bridge/transport/contract.ts'
import { Mosquitto, type MosquittoOptions } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { startBase } from '../base-simulator/index.ts'

const ENV = 'prod'
const OPERATOR = 'module-controller'
const accessList = readFileSync(join(import.meta.dirname, '..', '..', 'samples', 'mosquitto', 'acl'), 'utf8').split(
  '\n',
)
const authority = new TestAuthority('ours')
const server = authority.issue('server', 'IP:127.0.0.1')
afterAll(() => authority[Symbol.dispose]())

/** How a broker knows who somebody is. */
interface Knowing {
  readonly broker: MosquittoOptions
  readonly as: (name: string, port: number) => Partial<MqttTransportOptions>
}

const issued = new Map<string, { readonly crt: string; readonly key: string }>()
const certificateOf = (name: string) => {
  const pair = issued.get(name) ?? authority.issue(name, 'DNS:client')
  issued.set(name, pair)
  return pair
}
const users = [OPERATOR, 'b1', 'b2'].map(name => ({ name, password: `word of ${name}` }))
const tls = { caPath: authority.caPath, certPath: server.crt, keyPath: server.key, isClientCertificateNeeded: true }

const byPassword: Knowing = {
  broker: { accessList, users },
  as: name => ({ username: name, password: `word of ${name}` }),
}
const byCertificate: Knowing = {
  broker: { accessList, tls: { ...tls, isCertificateUser: true } },
  as: (name, port) => ({
    url: `mqtts://127.0.0.1:${port}`,
    caPath: authority.caPath,
    clientCrtPath: certificateOf(name).crt,
    clientKeyPath: certificateOf(name).key,
  }),
}

const opened: AsyncDisposable[] = []
const owned = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})
const soon = (assertion: () => void): Promise<void> => vi.waitFor(assertion, { timeout: 10_000, interval: 10 })

describe.each<[string, Knowing]>([
  ['user name', byPassword],
  ['certificate', byCertificate],
])('bases known by their %s', (_how, knowing) => {
  const startBroker = async (): Promise<Mosquitto> => owned(await Mosquitto.start(knowing.broker))
  // MQTT 5 tells a client that what it published was refused; 3.1.1 acknowledges it and drops it.
  const transportOf = (broker: Mosquitto, name: string): Transport =>
    openMqttTransport({ url: broker.url, clientId: `of-${name}`, protocolVersion: 5, ...knowing.as(name, broker.port) })

  async function join(broker: Mosquitto, name: string, topics: readonly string[]) {
    const transport = owned(transportOf(broker, name))
    const ear = new Ear()
    transport.start(topics, ear)
    await ear.isUp()
    return { transport, ear }
  }

  async function operatorOn(broker: Mosquitto) {
    const observed: Observation[] = []
    const leftovers: LeftoversTold[] = []
    const bridge = owned(
      openBridge({
        env: ENV,
        transport: transportOf(broker, OPERATOR),
        now: () => Date.now(),
        onObservation: observation => observed.push(observation),
        onRefused: () => undefined,
        onLink: () => undefined,
        onLeftovers: told => leftovers.push(told),
      }),
    )
    await soon(() => expect(bridge.link.connected).toBe(true))
    return { bridge, observed, leftovers }
  }

  test('operator and base do all that they have to', async () => {
    const broker = await startBroker()
    const { bridge, observed } = await operatorOn(broker)
    const { username, password, caPath, clientCrtPath, clientKeyPath } = knowing.as('b1', broker.port)
    const base = await startBase({
      identity: 'b1',
      env: ENV,
      installMs: 1,
      broker: {
        host: '127.0.0.1',
        port: broker.port,
        ...(username && password && { username, password }),
        ...(caPath &&
          clientCrtPath &&
          clientKeyPath && {
            tls: { ca: readFileSync(caPath), cert: readFileSync(clientCrtPath), key: readFileSync(clientKeyPath) },
          }),
      },
    })
    opened.push({ [Symbol.asyncDispose]: async () => base.close() })
    const b1 = baseId('b1')
    const biz = { name: 'biz1', version: '1' }
    await bridge.send(b1, { kind: 'installBiz', ...biz, url: 'http://jars.example.com/biz1-1.jar' })
    const answers = () => observed.filter(({ kind }) => kind === 'answer').length
    await soon(() => expect(answers()).toBe(1))
    await bridge.send(b1, { kind: 'queryAllBiz' })
    await bridge.send(b1, { kind: 'health' })
    await bridge.send(b1, { kind: 'uninstallBiz', ...biz })
    await bridge.send(b1, { kind: 'baseline', bizs: [] })
    await soon(() => expect(answers()).toBe(2))
    const all = ['answer', 'batchAnswer', 'health', 'heart', 'queryBaseline', 'snapshot']
    await soon(() => expect([...new Set(observed.map(({ kind }) => kind))].sort()).toEqual(all))
  })

  test('the operator finds and clears what an older controller left', async () => {
    const broker = await startBroker()
    const { transport } = await join(broker, OPERATOR, [])
    const left = ['b1/installBiz', 'away/uninstallBiz', 'b1/baseline', 'b1/batchInstallBiz', 'away/base/baseline']
    for (const topic of left) await transport.publish(`koupleless_prod/${topic}`, '{}', { retain: true })
    const { leftovers } = await operatorOn(broker)
    await soon(() => expect(leftovers).toEqual([{ cleared: left.length }]))
  })

  test('a base can neither speak as another nor command anybody; the operator hears nothing of it', async () => {
    const broker = await startBroker()
    const ofOperator = await join(broker, OPERATOR, subscriptionsOf(ENV))
    const { transport } = await join(broker, 'b1', [])
    const asAnother = ['b2/base/heart', 'b2/base/simpleBiz', 'b2/base/bizOperation', 'unknown/base/heart']
    const asOperator = ['b2/installBiz', 'b2/uninstallBiz', 'b1/installBiz', 'b1/base/baseline']
    const topics = [...asAnother, ...asOperator].map(topic => `koupleless_prod/${topic}`)
    for (const topic of [...topics, 'koupleless_dev/b1/base/heart'])
      await expect(transport.publish(topic, '{}'), topic).rejects.toMatchObject({ code: 'PUBLISH_FAILED' })
    await transport.publish('koupleless_prod/b1/base/heart', '{}')
    await soon(() => expect(ofOperator.ear.frames.map(({ topic }) => topic)).toEqual(['koupleless_prod/b1/base/heart']))
  })

  test('a base hears its own commands and none of another, whatever it subscribes to', async () => {
    const broker = await startBroker()
    const { transport } = await join(broker, OPERATOR, [])
    const nosy = await join(broker, 'b1', ['#', 'koupleless_prod/+/+', 'koupleless_prod/b2/#'])
    const other = await join(broker, 'b2', ['koupleless_prod/b2/+'])
    await transport.publish('koupleless_prod/b2/installBiz', 'for b2', { retain: true })
    await transport.publish('koupleless_prod/b1/installBiz', 'for b1')
    await soon(() => expect(nosy.ear.texts).toContain('for b1'))
    await soon(() => expect(other.ear.texts).toEqual(['for b2']))
    const late = await join(broker, 'b1', ['#'])
    await transport.publish('koupleless_prod/b1/health', 'at last')
    await soon(() => expect(late.ear.texts).toContain('at last'))
    expect([...nosy.ear.texts, ...late.ear.texts]).not.toContain('for b2')
  })
})

test('nobody comes in without a name', async () => {
  const broker = owned(await Mosquitto.start(byPassword.broker))
  const transport = owned(openMqttTransport({ url: broker.url, clientId: 'stranger' }))
  const ear = new Ear()
  transport.start([], ear)
  await ear.isDown()
  expect(ear.ups).toBe(0)
})
