import { expect, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { commandsOf } from './base.ts'
import { always } from './eventually.ts'
import { Journey } from './journey.ts'
import { deployment } from './workloads.ts'

test('the broker away for 90 s, and bases that never beat again: no Node, Pod or module is touched', async () => {
  await using broker = await Mosquitto.start()
  await using journey = await Journey.open('broker-down', {
    broker: { embedded: false, port: broker.port },
    extra: { BASE_DEAD_AFTER: '100s' },
  })
  const bases = [await journey.base(), await journey.base()]
  await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name, replicas: 2 }))
  const uids = (await journey.ready('app=web', 2)).map(({ metadata }) => metadata?.uid).sort()
  const nodes = await Promise.all(bases.map(async ({ identity }) => (await journey.node(identity))?.metadata?.uid))
  const same = async () => {
    const now = await Promise.all(bases.map(async ({ identity }) => (await journey.node(identity))?.metadata?.uid))
    const pods = (await journey.pods('app=web')).map(({ metadata }) => metadata?.uid).sort()
    return now.join() === nodes.join() && pods.join() === uids.join()
  }

  await broker.stop()
  await always('nothing is touched while the broker is away', same, 90_000)
  await broker.resume()
  await always('nor while its bases come back, one after the other', same, 60_000)
  await journey.ready('app=web', 2, 90_000)
  for (const { identity } of bases) await journey.nodeReady(identity, 'True', 90_000)
  expect(bases.some(({ beating }) => beating)).toBe(false) // the heart of a real base died with its failed publish
  expect(bases.flatMap(base => commandsOf(base, 'uninstallBiz'))).toEqual([])
}, 240_000)
