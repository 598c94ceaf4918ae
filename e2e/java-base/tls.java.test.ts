import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { type Pair, TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { runs } from '../cluster/base.ts'
import { eventually } from '../cluster/eventually.ts'
import { Journey } from '../cluster/journey.ts'
import { pod } from '../cluster/workloads.ts'
import { buildSamples } from '../samples/samples.ts'
import { JavaBase } from './java-base.ts'

const authority = new TestAuthority('ours')
afterAll(() => authority[Symbol.dispose]())

const mosquitto = (server: Pair): Promise<Mosquitto> =>
  Mosquitto.start({
    tls: {
      caPath: authority.caPath,
      certPath: server.crt,
      keyPath: server.key,
      isClientCertificateNeeded: true,
      version: 'tlsv1.2',
    },
  })

const ofBase = ({ crt, key }: Pair): Readonly<Record<string, string>> => ({
  'koupleless.arklet.mqtt.ca_path': authority.caPath,
  'koupleless.arklet.mqtt.client_crt_path': crt,
  'koupleless.arklet.mqtt.client_key_path': key,
})

describe('TLS 1.2 with certificates on both sides', () => {
  test('a base with a PKCS#1 key and the operator meet at the broker, and a module goes live', async () => {
    await using broker = await mosquitto(authority.issue('broker', 'IP:127.0.0.1'))
    const ours = authority.issueForBase('operator')
    const tls = { ca: readFileSync(authority.caPath), cert: readFileSync(ours.crt), key: readFileSync(ours.key) }
    await using journey = await Journey.open('java-tls', {
      broker: { embedded: false, port: broker.port, tls },
      extra: {
        MQTT_BROKER: 'mqtts://127.0.0.1',
        MQTT_CA_PATH: authority.caPath,
        MQTT_CLIENT_CRT_PATH: ours.crt,
        MQTT_CLIENT_KEY_PATH: ours.key,
      },
    })
    const theirs = authority.issueForBase('base')
    expect(readFileSync(theirs.key, 'utf8')).toContain('BEGIN RSA PRIVATE KEY')
    const base = await journey.base({ properties: ofBase(theirs) })
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1, 60_000)
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated'])
  })

  test('a base does not trust a broker of another name, and says so', async () => {
    await using broker = await mosquitto(authority.issue('other', 'IP:192.0.2.1'))
    await using base = await JavaBase.start({
      samples: await buildSamples(),
      brokerPort: broker.port,
      identity: 'java-tls-wary',
      isFromJar: true,
      properties: ofBase(authority.issueForBase('wary')),
    })
    await eventually('its log tells why', async () => (await base.log()).includes('No subject alternative names'))
    expect(await base.log()).not.toContain('connected to')
  })
})
