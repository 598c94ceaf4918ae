/** The MQTT transport over a broker that no one here wrote. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ear, type Rig, soon, transportContract } from './contract.ts'
import { Mosquitto, type MosquittoOptions } from './mosquitto-process.ts'
import { type MqttTransportOptions, openMqttTransport } from './mqtt.ts'
import { type Pair, TestAuthority } from './test-certificates.ts'

const QUICK = { reconnectMinMs: 20, reconnectMaxMs: 100 }
let clients = 0
const clientId = (): string => {
  clients += 1
  return `client-${clients}`
}

type Meet = Partial<MqttTransportOptions>

async function rigOf(options: MosquittoOptions, meet: (port: number) => Meet): Promise<Rig> {
  const broker = await Mosquitto.start(options)
  return {
    open: () => openMqttTransport({ url: broker.url, clientId: clientId(), ...QUICK, ...meet(broker.port) }),
    stopBroker: () => broker.stop(),
    startBroker: () => broker.resume(),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  }
}

transportContract('MQTT 3.1.1 over Mosquitto', () => rigOf({}, () => ({ protocolVersion: 4 })))
transportContract('MQTT 5 over Mosquitto', () => rigOf({}, () => ({ protocolVersion: 5 })))

describe('certificates', () => {
  let ours: TestAuthority
  let foreign: TestAuthority
  let server: Pair
  let client: Pair

  beforeAll(() => {
    ours = new TestAuthority('ours')
    foreign = new TestAuthority('foreign')
    server = ours.issue('server', 'IP:127.0.0.1')
    client = ours.issue('client', 'DNS:client')
  })
  afterAll(() => {
    ours[Symbol.dispose]()
    foreign[Symbol.dispose]()
  })

  const tls = (pair: Pair, isClientCertificateNeeded = true): MosquittoOptions => ({
    tls: { caPath: ours.caPath, certPath: pair.crt, keyPath: pair.key, isClientCertificateNeeded },
  })
  const mutual = (port: number, pair = client): Meet => ({
    url: `mqtts://127.0.0.1:${port}`,
    caPath: ours.caPath,
    clientCrtPath: pair.crt,
    clientKeyPath: pair.key,
  })

  for (const protocolVersion of [4, 5] as const) {
    const user = { name: 'operator', password: 'pass word' }
    transportContract(`mutual TLS and a password, MQTT ${protocolVersion}`, () =>
      rigOf({ ...tls(server), user }, port => ({
        ...mutual(port),
        protocolVersion,
        username: user.name,
        password: user.password,
      })),
    )
  }

  /** What a transport says of a broker that it cannot reach. */
  async function whyDown(broker: Mosquitto, meet: Meet): Promise<string> {
    await using transport = openMqttTransport({ url: broker.url, clientId: clientId(), ...QUICK, ...meet })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isDown()
    expect(ear.ups).toBe(0)
    return ear.downs[0] ?? ''
  }

  test('a broker of another CA is not trusted', async () => {
    await using broker = await Mosquitto.start(tls(foreign.issue('server', 'IP:127.0.0.1'), false))
    const why = await whyDown(broker, { url: `mqtts://127.0.0.1:${broker.port}`, caPath: ours.caPath })
    expect(why).toContain(`mqtts://127.0.0.1:${broker.port}: its certificate is not signed by a CA that we trust`)
  })

  test('a broker whose certificate names another host is not trusted', async () => {
    await using broker = await Mosquitto.start(tls(ours.issue('elsewhere', 'DNS:broker.example'), false))
    const why = await whyDown(broker, { url: `mqtts://127.0.0.1:${broker.port}`, caPath: ours.caPath })
    expect(why).toMatch(/its certificate is for another host: .*127\.0\.0\.1/)
  })

  test('a broker whose certificate has expired is not trusted', async () => {
    await using broker = await Mosquitto.start(tls(ours.issue('old', 'IP:127.0.0.1', -1), false))
    const why = await whyDown(broker, { url: `mqtts://127.0.0.1:${broker.port}`, caPath: ours.caPath })
    expect(why).toContain('its certificate has expired')
  })

  test('a broker that demands a client certificate says so', async () => {
    await using broker = await Mosquitto.start(tls(server))
    const why = await whyDown(broker, { url: `mqtts://127.0.0.1:${broker.port}`, caPath: ours.caPath })
    expect(why).toContain('it demands a client certificate, or does not accept ours')
  })

  test('a broker that does not know the CA of our client certificate says so', async () => {
    await using broker = await Mosquitto.start(tls(server))
    const why = await whyDown(broker, mutual(broker.port, foreign.issue('client', 'DNS:client')))
    expect(why).toContain('our client certificate is not signed by a CA that it trusts')
  })

  test('an expired client certificate is named as such', async () => {
    await using broker = await Mosquitto.start(tls(server))
    const why = await whyDown(broker, mutual(broker.port, ours.issue('late', 'DNS:client', -1)))
    expect(why).toContain('our client certificate has expired')
  })

  test('a port without TLS says so', async () => {
    await using broker = await Mosquitto.start()
    const why = await whyDown(broker, { url: `mqtts://127.0.0.1:${broker.port}`, caPath: ours.caPath })
    expect(why).toMatch(/it speaks no TLS on that port|does that port speak TLS\?/)
  })

  test('a port with TLS, spoken to without, says so', async () => {
    await using broker = await Mosquitto.start(tls(server, false))
    expect(await whyDown(broker, {})).toContain('does that port speak MQTT without TLS?')
  })

  test('a renewed certificate is taken up at the next connection', async () => {
    await using broker = await Mosquitto.start(tls(server))
    const used = foreign.issue('used', 'DNS:client')
    await using transport = openMqttTransport({ clientId: clientId(), url: '', ...QUICK, ...mutual(broker.port, used) })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isDown()
    copyFileSync(client.crt, used.crt)
    copyFileSync(client.key, used.key)
    await ear.isUp()
  })
})

describe('what is renewed on disk under a running connection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'renewed-'))
  const elder = new TestAuthority('elder')
  const younger = new TestAuthority('younger')
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    elder[Symbol.dispose]()
    younger[Symbol.dispose]()
  })
  const server = elder.issue('server', 'IP:127.0.0.1')
  const both = join(folder, 'both.crt')
  writeFileSync(both, `${readFileSync(elder.caPath, 'utf8')}${readFileSync(younger.caPath, 'utf8')}`)

  const brokerOf = (ca: string, pair: Pair): MosquittoOptions => ({
    tls: {
      caPath: ca,
      certPath: pair.crt,
      keyPath: pair.key,
      isClientCertificateNeeded: true,
      isCertificateUser: true,
    },
  })

  /** As the kubelet does it: files are links through `..data`, which is swapped in one step. */
  class SecretVolume {
    readonly folder = mkdtempSync(join(folder, 'volume-'))
    #generation = 0

    constructor(files: Readonly<Record<string, string>>) {
      this.put(files)
      for (const name of Object.keys(files)) symlinkSync(join('..data', name), this.path(name))
    }

    path(name: string): string {
      return join(this.folder, name)
    }

    put(files: Readonly<Record<string, string>>): void {
      this.#generation += 1
      const data = `..${this.#generation}`
      mkdirSync(this.path(data))
      for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path(data), name), text)
      symlinkSync(data, this.path('..data_tmp'))
      renameSync(this.path('..data_tmp'), this.path('..data'))
    }
  }

  const filesOf = (ca: string, { crt, key }: Pair): Readonly<Record<string, string>> => ({
    'ca.crt': readFileSync(ca, 'utf8'),
    'client.crt': readFileSync(crt, 'utf8'),
    'client.key': readFileSync(key, 'utf8'),
  })
  const from = (volume: SecretVolume, port: number): MqttTransportOptions => ({
    url: `mqtts://127.0.0.1:${port}`,
    clientId: clientId(),
    caPath: volume.path('ca.crt'),
    clientCrtPath: volume.path('client.crt'),
    clientKeyPath: volume.path('client.key'),
    renewalCheckEveryMs: 20,
    ...QUICK,
  })
  /** Who the broker says has come, by the common name. */
  const visitors = (broker: Mosquitto): string[] =>
    [...broker.log.matchAll(/New client connected .* u'([^']+)'/g)].map(([, name = '']) => name)

  test('CA, client certificate and the certificate of the broker, one after the other: nothing is missed', async () => {
    await using broker = await Mosquitto.start(brokerOf(both, server))
    const volume = new SecretVolume(filesOf(elder.caPath, elder.issue('first', 'DNS:client')))
    await using transport = openMqttTransport(from(volume, broker.port))
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isUp()
    let said = 0
    const say = async (): Promise<void> => transport.publish('a', String(said++))
    await say()

    volume.put(filesOf(both, younger.issue('second', 'DNS:client')))
    await soon(async () => {
      await say()
      expect(ear.renewals).toEqual([undefined])
    })
    expect(visitors(broker)).toEqual(['first', 'second'])
    expect([ear.ups, ear.downs]).toEqual([1, []])
    await soon(() => expect([...new Set(ear.texts)]).toHaveLength(said))

    await broker.stop()
    await broker.reconfigure(brokerOf(younger.caPath, younger.issue('server', 'IP:127.0.0.1')))
    await broker.resume()
    await ear.isUp(2)
    volume.put(filesOf(younger.caPath, younger.issue('third', 'DNS:client')))
    await soon(() => expect(visitors(broker)).toEqual(['first', 'second', 'second', 'third']))
    await soon(say)
  })

  test('what cannot work leaves the connection as it is, says why, and is taken up when it can', async () => {
    await using broker = await Mosquitto.start(brokerOf(elder.caPath, server))
    const good = elder.issue('good', 'DNS:client')
    const volume = new SecretVolume(filesOf(elder.caPath, good))
    await using transport = openMqttTransport(from(volume, broker.port))
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isUp()
    const told = (why: string): Promise<void> => soon(() => expect(ear.renewals.at(-1)).toContain(why))

    const next = elder.issue('next', 'DNS:client')
    volume.put({ ...filesOf(elder.caPath, next), 'client.key': readFileSync(good.key, 'utf8') })
    await told('client certificate and key do not belong together')
    volume.put({ ...filesOf(elder.caPath, next), 'client.crt': readFileSync(next.crt, 'utf8').slice(0, 300) })
    await told('half written')
    volume.put(filesOf(younger.caPath, next))
    await told('its certificate is not signed by a CA that we trust')
    volume.put(filesOf(elder.caPath, younger.issue('stranger', 'DNS:client')))
    await told('our client certificate is not signed by a CA that it trusts')
    await transport.publish('a', 'still here')
    await soon(() => expect(ear.texts).toEqual(['still here']))
    expect([ear.ups, ear.downs, visitors(broker)]).toEqual([1, [], ['good']])

    volume.put(filesOf(elder.caPath, next))
    await soon(() => expect(ear.renewals.at(-1)).toBeUndefined())
    expect(visitors(broker)).toEqual(['good', 'next'])
    expect(ear.renewals).toHaveLength(5)
    await transport.publish('a', 'and renewed')
  })

  test('a password: before the broker knows it, and after the broker has dropped the former', async () => {
    const withPassword = (password: string): MosquittoOptions => ({ user: { name: 'operator', password } })
    await using broker = await Mosquitto.start(withPassword('first one'))
    const volume = new SecretVolume({ username: 'operator\n', password: 'first one\n' })
    const passwords: string[] = []
    await using transport = openMqttTransport({
      url: broker.url,
      clientId: clientId(),
      usernamePath: volume.path('username'),
      passwordPath: volume.path('password'),
      renewalCheckEveryMs: 20,
      onPassword: password => passwords.push(password),
      ...QUICK,
    })
    const ear = new Ear()
    transport.start(['a'], ear)
    await ear.isUp()

    volume.put({ username: 'operator', password: 'second one' })
    await soon(() => expect(ear.renewals.at(-1)).toMatch(/user name or password|does not authorize us/))
    await transport.publish('a', 'still here')
    // A broker that ends those whose password is gone makes us connect anew; one that does not lets us renew.
    const logins = (): number => ear.renewals.filter(fault => fault === undefined).length + ear.ups
    await broker.reconfigure(withPassword('second one'))
    await soon(() => expect(logins()).toBe(2))
    await soon(() => transport.publish('a', 'by the second'))

    await broker.reconfigure(withPassword('third one'))
    volume.put({ username: 'operator', password: 'third one' })
    await soon(() => expect(logins()).toBe(3))
    await soon(() => transport.publish('a', 'by the third'))
    expect([...new Set(passwords)]).toEqual(['first one', 'second one', 'third one'])
    expect(JSON.stringify([ear.downs, ear.renewals])).not.toMatch(/(first|second|third) one/)
  })
})

describe('a broker that limits us', () => {
  const user = { name: 'operator', password: 'secret' }

  test.each([4, 5] as const)('a wrong password is named, and not shown (MQTT %i)', async protocolVersion => {
    await using broker = await Mosquitto.start({ user })
    const login = { username: user.name, password: 'wrong-one', protocolVersion }
    await using transport = openMqttTransport({ url: broker.url, clientId: clientId(), ...QUICK, ...login })
    const ear = new Ear()
    transport.start([], ear)
    await ear.isDown()
    expect(ear.downs[0]).toMatch(/refuses our user name or password|does not authorize us/)
    expect(ear.downs[0]).not.toContain('wrong-one')
  })

  test('MQTT 5 tells that a publish was refused', async () => {
    await using broker = await Mosquitto.start({ accessList: ['topic readwrite open/#'] })
    await using transport = openMqttTransport({ url: broker.url, clientId: clientId(), protocolVersion: 5, ...QUICK })
    const ear = new Ear()
    transport.start([], ear)
    await ear.isUp()
    await expect(transport.publish('closed/a', 'b')).rejects.toMatchObject({ code: 'PUBLISH_FAILED' })
    await transport.publish('open/a', 'b')
  })

  test.each([4, 5] as const)(
    'two with one id throw each other off, and the one that stays is up (MQTT %i)',
    async version => {
      await using broker = await Mosquitto.start()
      const open = () => openMqttTransport({ url: broker.url, clientId: 'same', protocolVersion: version, ...QUICK })
      await using first = open()
      const ear = new Ear()
      first.start(['a'], ear)
      await ear.isUp()
      const second = open()
      second.start([], new Ear())
      await ear.isDown()
      await second[Symbol.asyncDispose]()
      await ear.isUp(2)
      await soon(async () => first.publish('a', 'still here'))
      await soon(() => expect(ear.texts).toContain('still here'))
    },
  )
})

/** A Mosquitto of another process of ours, which can be killed. */
async function mosquittoOfAnother(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const program = `
    const { Mosquitto } = await import(${JSON.stringify(join(import.meta.dirname, 'mosquitto-process.ts'))})
    console.log((await Mosquitto.start()).port)
    setInterval(() => undefined, 60_000)
  `
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, port: Number(line.toString()) }
}

const isListening = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })

test('a test that is killed leaves no Mosquitto behind', async () => {
  const { child, port } = await mosquittoOfAnother()
  expect(await isListening(port)).toBe(true)
  child.kill('SIGKILL')
  await soon(async () => expect(await isListening(port)).toBe(false))
})
