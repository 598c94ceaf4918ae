/** What an older controller left retained, on brokers that no one here wrote: those that keep it, and those that forbid to. */
import { afterEach, describe, expect, test } from 'vitest'
import { Ear, soon } from '../transport/contract.ts'
import { Mosquitto, type MosquittoOptions } from '../transport/mosquitto-process.ts'
import { type MqttTransportOptions, openMqttTransport } from '../transport/mqtt.ts'
import { openBridge } from './bridge.ts'
import type { LeftoversTold, LinkState } from './bridge-ports.ts'

const ROOT = 'koupleless_dev'
const LEFT = [`${ROOT}/b1/installBiz`, `${ROOT}/away/uninstallBiz`, `${ROOT}/b1/base/baseline`]

const opened: AsyncDisposable[] = []
const owned = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})

let clients = 0
const open = (broker: Mosquitto, options: Partial<MqttTransportOptions> = {}) => {
  clients += 1
  const quick = { reconnectMinMs: 20, reconnectMaxMs: 100, retainedQuietMs: 100 }
  return openMqttTransport({ url: broker.url, clientId: `client-${clients}`, ...quick, ...options })
}

async function join(broker: Mosquitto, topics: readonly string[], options: Partial<MqttTransportOptions> = {}) {
  const transport = owned(open(broker, options))
  const ear = new Ear()
  transport.start(topics, ear)
  await ear.isUp()
  return { transport, ear }
}

/** The operator's end, and all that it was told. */
function operatorOn(broker: Mosquitto, options: Partial<MqttTransportOptions>) {
  const told: LeftoversTold[] = []
  const links: LinkState[] = []
  const refused: string[] = []
  const bridge = owned(
    openBridge({
      env: 'dev',
      transport: open(broker, options),
      now: () => 0,
      onObservation: () => undefined,
      onRefused: ({ code, topic }) => refused.push(`${code} ${topic}`),
      onLink: link => links.push(link),
      onLeftovers: leftovers => told.push(leftovers),
    }),
  )
  return { bridge, told, links, refused, edges: () => links.map(({ connected }) => connected) }
}

/** Topics on which the broker keeps something, as one sees who subscribes to all of them. */
async function keptBy(broker: Mosquitto): Promise<readonly string[]> {
  const { transport, ear } = await join(broker, ['#'])
  await transport.publish('end', 'x')
  await soon(() => expect(ear.frames.map(({ topic }) => topic)).toContain('end'))
  return ear.frames.filter(({ retained }) => retained).map(({ topic }) => topic)
}

const lookedFor = (broker: Mosquitto): Promise<void> =>
  soon(() => expect(broker.log).toMatch(/Received UNSUBSCRIBE from/))

describe.each([4, 5] as const)('leftovers, MQTT %i', protocolVersion => {
  const start = async (options: MosquittoOptions = {}): Promise<Mosquitto> =>
    owned(await Mosquitto.start({ ...options, settings: ['log_type all', ...(options.settings ?? [])] }))

  test('of bases that are there, away or unknown are cleared at once, and nothing else is', async () => {
    const broker = await start()
    const { transport, ear } = await join(broker, [`${ROOT}/b1/+`])
    const others = [`${ROOT}/b1/base/heart`, 'koupleless_test/b1/installBiz', `${ROOT}/b1/more/installBiz`]
    for (const topic of [...LEFT, ...others]) await transport.publish(topic, '{}', { retain: true })
    const { told, refused } = operatorOn(broker, { protocolVersion })
    await soon(() => expect(told).toEqual([{ cleared: LEFT.length }]))
    expect([...(await keptBy(broker))].sort()).toEqual([...others].sort())
    expect(refused).toEqual([`FRAME_RETAINED ${ROOT}/b1/base/heart`])
    expect(ear.texts.filter(text => text === '')).toHaveLength(1)
  })

  test('are found though the broker brings a thousand at a time', async () => {
    const broker = await start({ settings: ['max_queued_messages 20', 'max_inflight_messages 5'] })
    const { transport } = await join(broker, [])
    for (let at = 0; at < 200; at += 1) await transport.publish(`${ROOT}/b${at}/installBiz`, '{}', { retain: true })
    const { told } = operatorOn(broker, { protocolVersion })
    await soon(() => expect(told).toEqual([{ cleared: 200 }]))
    expect(await keptBy(broker)).toEqual([])
  })

  test('are looked for on a broker that keeps none, and the connection stands', async () => {
    const broker = await start({ settings: ['retain_available false'] })
    const { bridge, told, edges } = operatorOn(broker, { protocolVersion, keepaliveSeconds: 1 })
    await soon(() => expect(bridge.link.connected).toBe(true))
    // Two keepalives later: no cut came of what was sent at first.
    await soon(() => expect([...broker.log.matchAll(/Sending PINGRESP/g)].length).toBeGreaterThan(1))
    expect(edges()).toEqual([true])
    expect(told).toEqual([])
    expect(broker.log).not.toMatch(/Received PUBLISH/)
  })

  test('that we may not see or clear leave the connection as it is', async () => {
    const bases = ['heart', 'queryBaseline', 'health', 'simpleBiz', 'bizOperation', 'batchInstallBizResponse']
    const accessList = bases.map(verb => `topic read ${ROOT}/+/base/${verb}`)
    const broker = await start({ accessList })
    const { bridge, edges } = operatorOn(broker, { protocolVersion })
    await soon(() => expect(bridge.link.connected).toBe(true))
    await lookedFor(broker)
    expect(edges()).toEqual([true])
  })
})
