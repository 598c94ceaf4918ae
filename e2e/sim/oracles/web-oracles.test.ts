import type { V1Pod } from '@kubernetes/client-node'
import { beforeEach, describe, expect, test } from 'vitest'
import type { HostedBase } from '../bases/hosted-base.ts'
import { modulePod } from '../workload/module-pods.ts'
import { simJar } from '../workload/sim-jars.ts'
import { World } from '../world.ts'
import { claimsIn } from './claims-seen.ts'
import { Heard } from './heard.ts'
import { OutageOracle } from './outage-oracle.ts'
import { waitingForPath } from './path-claims.ts'
import { ofTraffic } from './settled-traffic.ts'
import { TrafficOracle } from './traffic-oracle.ts'
import { Verdicts } from './verdicts.ts'

const NODE = 'virtual-node-b1'
const PROOF = '--server.servlet.context-path=/cart-proof'
const MINUTE_MS = 60_000

let world: World
let base: HostedBase
let verdicts: Verdicts
let pods: V1Pod[]

beforeEach(async () => {
  world = new World({ seed: 1, mix: {}, web: true })
  const extra = { webServer: 'servlet', jars: simJar, installMs: 100, uninstallMs: 5 } as const
  base = world.addBase({ identity: 'b1', ip: '10.0.0.1', staticModules: [], extra })
  base.start()
  verdicts = new Verdicts(() => world.time.now(), world.trace)
  pods = []
  await world.time.advance(1_000)
})

const urlOf = (biz: string, version: string, words: string): string =>
  `http://jars.example/~${words}/${biz}-${version}.jar`

async function tell(verb: string, key: string, more: object = {}): Promise<void> {
  const [bizName = '', bizVersion = ''] = key.split(':')
  const command = { bizName, bizVersion, bizUrl: urlOf(bizName, bizVersion, 'webContextPath=cart'), ...more }
  world.broker.inject({ topic: `koupleless_dev/b1/${verb}`, payload: Buffer.from(JSON.stringify(command)) }, false)
  await world.time.advance(500)
}

function aPod(biz: string, version: string, words = 'webContextPath=cart', app = 'shop'): V1Pod {
  const name = `${app}-${biz}-${version}`
  const pod = modulePod(name, [{ biz, version, words }], NODE) as V1Pod
  const metadata = { ...pod.metadata, uid: name, labels: { ...pod.metadata?.labels, app } }
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: app, uid: app }
  const conditions = [{ type: 'Ready', status: 'True' }]
  const shown = {
    ...pod,
    metadata: { ...metadata, ownerReferences: [owner] },
    status: { phase: 'Running', conditions },
  }
  pods.push(shown)
  return shown
}

const objections = (): readonly string[] => verdicts.violations.map(({ oracle, what }) => `${oracle}: ${what}`)

describe('a Pod that is Ready is answered for by its module', () => {
  const aTrafficOracle = (): TrafficOracle => {
    const heard = new Heard()
    const listed = { topic: 'koupleless_dev/b1/base/simpleBiz' }
    const oracle = new TrafficOracle({
      verdicts,
      nowMs: () => world.time.now(),
      baseOn: node => (node === NODE ? base : undefined),
      pods: () => pods,
      heardOf: identity => {
        const data = { data: [], publishTimestamp: world.time.now() }
        heard.hears({ ...listed, payload: Buffer.from(JSON.stringify(data)) }, world.time.now())
        return heard.of(identity)
      },
      isSole: () => true,
    })
    base.base.onAnswer(({ name, version }) => oracle.answered(base, name, version))
    return oracle
  }

  test('a trial is not the module, though the base lists it so', async () => {
    const oracle = aTrafficOracle()
    await tell('installBiz', 'cart:1.0.0')
    oracle.becameReady(aPod('cart', '1.0.0'))
    await tell('installBiz', 'cart:2.0.0', { args: [PROOF] })
    expect(objections()).toEqual([])
    oracle.becameReady(aPod('cart', '2.0.0'))
    expect(objections()).toEqual([expect.stringContaining("/cart of b1 is cart:1.0.0's, not cart:2.0.0's")])
  })

  test('one that its own workload has replaced stands as long as any of its versions answers', async () => {
    const oracle = aTrafficOracle()
    await tell('installBiz', 'cart:1.0.0')
    oracle.becameReady(aPod('cart', '1.0.0'))
    await tell('installBiz', 'cart:2.0.0', { installStrategy: 'uninstallThenInstall' })
    oracle.becameReady(aPod('cart', '2.0.0'))
    for (let minutes = 0; minutes < 5; minutes++) {
      oracle.look(true)
      await world.time.advance(MINUTE_MS)
    }
    expect(objections()).toEqual([])
  })

  test('one whose path went with another name of it does not stay Ready (capture 209)', async () => {
    const oracle = aTrafficOracle()
    await tell('installBiz', 'cart:1.0.0')
    await tell('installBiz', 'cart:2.0.0', { bizUrl: urlOf('cart', '2.0.0', 'webContextPath=%2Fcart') })
    oracle.becameReady(aPod('cart', '2.0.0', 'webContextPath=%2Fcart'))
    await tell('uninstallBiz', 'cart:1.0.0')
    for (let minutes = 0; minutes < 4; minutes++) {
      oracle.look(true)
      await world.time.advance(MINUTE_MS)
    }
    expect(objections()).toContainEqual(expect.stringContaining('stays Ready'))
    expect(ofTraffic(base, pods)).toEqual([expect.stringContaining("is Ready, and /cart of b1 is base's")])
  })
})

describe('what serves is not stopped for what could have been tried', () => {
  const sent = (verb: string, key: string, more: object = {}): void => {
    const [bizName = '', bizVersion = ''] = key.split(':')
    const oracle = new OutageOracle({
      verdicts,
      baseOf: () => base,
      claimsOf: (_identity, biz) => pods.flatMap(claimsIn).filter(({ name }) => name === biz),
      isExact: () => true,
    })
    const command = { bizName, bizVersion, ...more }
    oracle.sent({ topic: `koupleless_dev/b1/${verb}`, payload: Buffer.from(JSON.stringify(command)) })
  }
  const replace = (words: string): void => {
    const bizUrl = urlOf('cart', '2.0.0', words)
    sent('installBiz', 'cart:2.0.0', { bizUrl, installStrategy: 'uninstallThenInstall' })
  }
  const WORDS = 'webContextPath=cart'

  test.each([
    ['nothing serves', [], WORDS, 0],
    ['the old version serves', ['cart:1.0.0'], WORDS, 1],
    ['its main drops its args', ['cart:1.0.0'], `${WORDS};dropArgs`, 0],
    ['it binds a port', ['cart:1.0.0'], `${WORDS};bind=port`, 0],
    ['the same version serves', ['cart:2.0.0'], WORDS, 0],
  ])('%s', async (_what, running, words, objected) => {
    for (const key of running) await tell('installBiz', key)
    aPod('cart', '2.0.0')
    replace(words)
    expect(verdicts.violations).toHaveLength(objected)
  })

  test('it was tried', async () => {
    await tell('installBiz', 'cart:1.0.0')
    await tell('installBiz', 'cart:2.0.0', { args: [PROOF] })
    aPod('cart', '2.0.0')
    replace(WORDS)
    expect(verdicts.violations).toEqual([])
  })

  test('a trial that is wanted does not take over by an uninstall of what serves (capture 238)', async () => {
    await tell('installBiz', 'cart:1.0.0')
    await tell('installBiz', 'cart:2.0.0', { args: [PROOF] })
    aPod('cart', '2.0.0')
    sent('uninstallBiz', 'cart:1.0.0')
    expect(objections()).toEqual([expect.stringContaining('needless-outage: b1 gets uninstallBiz cart:1.0.0')])
  })
})

test('modules of two names that want one path quarrel, however it is spelled', () => {
  aPod('cart', '1.0.0', 'webContextPath=cart', 'shop')
  aPod('pay', '1.0.0', 'webContextPath=%2Fcart', 'bank')
  aPod('user', '1.0.0', 'webContextPath=user', 'club')
  expect([...waitingForPath(world, pods)].sort()).toEqual(['bank', 'shop'])
})
