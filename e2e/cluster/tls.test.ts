import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Mosquitto, type MosquittoOptions } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { type Pair, TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { pod } from './workloads.ts'

const elder = new TestAuthority('elder')
const younger = new TestAuthority('younger')
const folder = mkdtempSync(join(tmpdir(), 'koupleless-tls-'))
afterAll(() => {
  elder[Symbol.dispose]()
  younger[Symbol.dispose]()
  rmSync(folder, { recursive: true, force: true })
})

const both = join(folder, 'both.crt')
writeFileSync(both, readFileSync(elder.caPath, 'utf8') + readFileSync(younger.caPath, 'utf8'))
const USERS = ['first', 'second'].map(word => ({ name: 'operator', password: `the ${word} word` }))
const BASE = { name: 'base', password: 'of the base' }

const brokerOf = (server: Pair, password: string, caPath = both): MosquittoOptions => ({
  users: [{ name: 'operator', password }, BASE],
  tls: { caPath, certPath: server.crt, keyPath: server.key, isClientCertificateNeeded: true },
})

/** Node 20 has it behind the longer name. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

/** Files of the operator, each replaced in one step. */
const put = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  return path
}
const putPair = ({ crt, key }: Pair) => ({
  MQTT_CLIENT_CRT_PATH: put('client.crt', readFileSync(crt, 'utf8')),
  MQTT_CLIENT_KEY_PATH: put('client.key', readFileSync(key, 'utf8')),
})
const putCa = (path: string) => ({ MQTT_CA_PATH: put('ca.crt', readFileSync(path, 'utf8')) })
const putPassword = (password = '') => ({ MQTT_PASSWORD_PATH: put('password', `${password}\n`) })

test('a running operator takes up what is renewed, says what cannot be used, and never shows a password', async () => {
  const [first, second] = USERS.map(({ password }) => password)
  const server = elder.issue('server', 'IP:127.0.0.1')
  await using broker = await Mosquitto.start(brokerOf(server, first ?? ''))
  const theirs = elder.issue('theirs', 'DNS:base')
  const tls = { ca: readFileSync(both), cert: readFileSync(theirs.crt), key: readFileSync(theirs.key) }
  await using journey = await Journey.open('renewing', {
    broker: { embedded: false, port: broker.port, tls, user: BASE },
    extra: {
      MQTT_BROKER: 'mqtts://127.0.0.1',
      MQTT_USERNAME: 'operator',
      ...putCa(elder.caPath),
      ...putPair(elder.issue('client', 'DNS:operator')),
      ...putPassword(first),
    },
    // What a read-only root file system would refuse, and more: no file is written, no program started.
    nodeFlags: [PERMISSION, '--allow-fs-read=*'],
  })
  const { operator } = journey
  const pid = operator.pid
  const base = await journey.base()
  await journey.apply(pod({ name: 'one', namespace: journey.namespace, base: journey.name }))
  await journey.ready('app=one', 1)
  const readyPage = async () => (await fetch(`http://127.0.0.1:${operator.httpPort}/readyz`)).text()
  const says = (what: string | RegExp) =>
    eventually(`/readyz says ${what}`, async () => new RegExp(what).test(await readyPage()), 40_000)

  putCa(younger.caPath)
  await says(/\[\+\] tunnel ok, but: cannot be renewed: .* not signed by a CA that we trust/)
  putCa(both)
  await says(/\[\+\] tunnel ok\n/)
  putPair(younger.issue('client', 'DNS:operator'))
  putPassword(second)
  await says(/cannot be renewed: .*(user name or password|does not authorize us)/)
  await broker.reconfigure(brokerOf(server, second ?? ''))
  await says(/\[\+\] tunnel ok\n/)
  const pods = await journey.pods('app=one')
  expect(pods[0]?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 })
  expect(commandsOf(base, 'installBiz')).toHaveLength(1)

  for (const [bad, why] of [
    [younger.issue('elsewhere', 'DNS:broker.example'), 'its certificate is for another host'],
    [younger.issue('old', 'IP:127.0.0.1', -1), 'its certificate has expired'],
  ] as const) {
    await broker.stop()
    await broker.reconfigure(brokerOf(bad, second ?? ''))
    await broker.resume()
    await says(`\\[-\\] tunnel: .*${why}`)
  }
  await broker.stop()
  await broker.reconfigure(brokerOf(younger.issue('server', 'IP:127.0.0.1'), second ?? ''))
  await broker.resume()
  await says(/\[\+\] tunnel ok\n/)

  const log = await operator.log()
  for (const why of ['not signed by a CA', 'is for another host', 'has expired', 'cannot be renewed'])
    expect(log).toContain(why)
  for (const { password } of USERS) expect(log).not.toContain(password)
  expect(operator.pid).toBe(pid)
})
