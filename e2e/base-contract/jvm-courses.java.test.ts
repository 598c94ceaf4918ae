import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { eventually } from '../cluster/eventually.ts'
import { Ear } from '../java-base/ear.ts'
import { JarYard } from '../java-base/jar-yard.ts'
import { JavaBase, type JavaBaseOptions } from '../java-base/java-base.ts'
import { Wire } from '../java-base/wire.ts'
import { buildSamples, type Samples } from '../samples/samples.ts'
import { readCapture } from './capture.ts'
import { meaningOf } from './meaning.ts'

/** What takes its course in time and is no list of commands; outages over beats and twins are journeys of `java-base/`. */
let samples: Samples
let yard: JarYard

beforeAll(async () => {
  samples = await buildSamples()
  yard = await JarYard.open(samples)
})
afterAll(() => yard[Symbol.asyncDispose]())

const start = (options: Pick<JavaBaseOptions, 'brokerPort' | 'properties'>): Promise<JavaBase> =>
  JavaBase.start({ samples, identity: 'b1', version: '1.0.0', ...options })

const slow = (name: string): Promise<string> =>
  yard.jar({
    name,
    version: '0.0.1',
    from: 'slow-0.0.1.jar',
    properties: ['sleep=0', 'stop-sleep=0', 'stop-throws=false'],
  })

const meaningsOf = (ear: Ear, topic: string, what: string): readonly unknown[] =>
  ear.said(topic, what).map(({ topic: full, payload }) => meaningOf(full, payload.toString()))

describe('the base of samples/ in a JVM', () => {
  test('loses an answer that falls into an outage, and has the module all the same (141)', async () => {
    const real = readCapture('141-answer-lost-in-broker-outage')
    await using broker = await Mosquitto.start()
    await using ear = await Ear.open(broker.port, 'dev')
    await using base = await start({ brokerPort: broker.port })
    await eventually('it greets', () => ear.said(base.topic, 'heart').length > 0)
    const jar = `file://${await slow('biz1')}`
    const payload = real.sent[0]?.payload?.replace(/file:[^"]+/, jar) ?? ''
    await ear.publish(`${base.topic}/installBiz`, payload)
    await sleep(500)
    await broker.stop()
    await sleep(10_000)
    await broker.resume()
    await eventually(
      'it answers',
      async () => {
        await ear.publish(`${base.topic}/queryAllBiz`, '{}')
        return ear.said(base.topic, 'simpleBiz').length > 0
      },
      60_000,
    )
    expect(ear.said(base.topic, 'bizOperation')).toEqual([])
    expect(meaningsOf(ear, base.topic, 'simpleBiz')[0]).toEqual(
      real.received.map(({ topic, payload: said }) => meaningOf(topic, said))[0],
    )
  })

  test('connects before the modules that it was shipped with are active (150)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-shipped-'))
    for (const name of ['biz1', 'biz2']) await copyFile(await slow(name), join(folder, `${name}-ark-biz.jar`))
    await using broker = await Mosquitto.start()
    await using ear = await Ear.open(broker.port, 'dev')
    const topic = 'koupleless_dev/b1'
    const stop = ear.onFrame(({ topic: said }) => {
      if (/\/(queryBaseline|simpleBiz)$/.test(said)) void ear.publish(`${topic}/queryAllBiz`, '{}')
    })
    await using base = await start({
      brokerPort: broker.port,
      properties: { 'com.alipay.sofa.ark.static.biz.dir': folder },
    })
    const states = (payload: Buffer): string =>
      [...payload.toString().matchAll(/"state":"([a-z]+)"/g)].map(([, state]) => state).join(' ')
    const all = () => ear.said(base.topic, 'simpleBiz').map(({ payload }) => states(payload))
    await eventually('both are active', () => all().at(-1) === 'activated activated', 60_000)
    stop()
    expect(all()[0]).not.toContain('activated')
    await rm(folder, { recursive: true, force: true })
  })

  test('carries out a retained command again at each reconnect (155)', async () => {
    const real = readCapture('155-retained-replay-on-reconnect')
    await using broker = await Mosquitto.start()
    await using ear = await Ear.open(broker.port, 'dev')
    await using wire = await Wire.to(broker.port)
    await using base = await start({ brokerPort: wire.port })
    await eventually('it greets', () => ear.said(base.topic, 'heart').length > 0)
    await ear.publish(`${base.topic}/queryAllBiz`, '{}', { retain: true })
    for (let answers = 1; answers <= real.received.length; answers += 1) {
      await eventually('it answers', () => ear.said(base.topic, 'simpleBiz').length === answers)
      wire.cut()
      wire.mend()
    }
    await ear.publish(`${base.topic}/queryAllBiz`, '', { retain: true })
  })
})
