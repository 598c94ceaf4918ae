/** Web modules on web bases: they roll, roll back, and never lose the running version to a bad jar. */
import { describe, expect, test } from 'vitest'
import { commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { Visitor } from './visitor.ts'
import { type WebBase, webDeployment, webJar, webPatch } from './web-workloads.ts'
import { service } from './workloads.ts'

const AT = '/shop'

async function open(name: string, annotations: Readonly<Record<string, string>> = {}, bases = 1) {
  const journey = await Journey.open(name)
  const started: WebBase[] = []
  for (let nth = 0; nth < bases; nth++)
    started.push((await journey.base({ webServer: 'servlet', installMs: 200 })) as WebBase)
  await journey.apply(webDeployment({ journey, replicas: bases, annotations }))
  await journey.ready('app=shop', bases)
  return { journey, base: started[0] as WebBase, bases: started }
}

const roll = (journey: Journey, version: string, query = ''): Promise<string> =>
  journey.kubectl('patch', 'deployment', 'shop', '--patch', webPatch(version, query))
const rolled = (journey: Journey): Promise<string> =>
  journey.kubectl('rollout', 'status', 'deployment/shop', '--timeout=60s')
const newest = async (journey: Journey) => {
  const pods = await journey.pods('app=shop')
  return [...pods]
    .sort((a, b) => String(a.metadata?.creationTimestamp).localeCompare(String(b.metadata?.creationTimestamp)))
    .at(-1)
}
const waitsFor = (journey: Journey, reasons: RegExp) =>
  eventually(`a Pod waits for ${reasons}`, async () => {
    const statuses = (await journey.pods('app=shop')).flatMap(({ status }) => status?.containerStatuses ?? [])
    return statuses.map(({ state }) => state?.waiting).find(waiting => reasons.test(waiting?.reason ?? ''))
  })

describe('a Deployment of a web module on one base', () => {
  test('rolls, with one gap, and back', async () => {
    const { journey, base } = await open('web-roll')
    await using _journey = journey
    await using visitor = new Visitor(() => base.answersAt(AT))
    await roll(journey, '2')
    await rolled(journey)
    await journey.ready('app=shop', 1)
    expect(base.answersAt(AT)).toBe('shop:2')
    expect(visitor.gaps.length).toBe(1)
    expect(commandsOf(base, 'installBiz').map(({ args }) => args)).toEqual([
      [],
      ['--server.servlet.context-path=/shop-proof'],
      [],
    ])

    await journey.kubectl('rollout', 'undo', 'deployment/shop')
    await rolled(journey)
    await journey.ready('app=shop', 1)
    expect(base.answersAt(AT)).toBe('shop:1')
    expect((await base.bizs()).map(({ version }) => version)).toEqual(['1'])
    expect(journey.answers.filter(({ dataCode }) => dataCode === 'REPEAT_BIZ')).toEqual([])
  })

  test.each([
    ['broken', '2', '?failing=planted', 'planted'],
    ['gone', '404', '', 'FileNotFoundException'],
  ])('a version that is %s shows its true cause, and no request fails', async (what, version, query, cause) => {
    const { journey, base } = await open(`web-${what}`)
    await using _journey = journey
    await using visitor = new Visitor(() => base.answersAt(AT))
    await roll(journey, version, query)
    expect((await waitsFor(journey, /InstallFailed|InstallBackOff/)).message).toContain(cause)
    const pods = await journey.pods('app=shop')
    expect(pods.filter(isReady)).toHaveLength(1)
    expect(visitor.failed).toBe(0)
    await journey.kubectl('rollout', 'undo', 'deployment/shop')
    await rolled(journey)
    expect(visitor.failed).toBe(0)
  })

  test('a main that drops its arguments is switched to unproven, and an Event says so', async () => {
    const { journey, base } = await open('web-deaf')
    await using _journey = journey
    await roll(journey, '2', '?dropArgs')
    await rolled(journey)
    expect(base.answersAt(AT)).toBe('shop:2')
    const pod = await newest(journey)
    expect(await journey.event(pod?.metadata?.name ?? '', 'UnprovenSwitch')).toContain('context path')
  })

  test('a version that wants the path of another module: its owner is named, nothing is stopped', async () => {
    const { journey, base } = await open('web-taken')
    await using _journey = journey
    await journey.apply(webDeployment({ journey, name: 'till', path: '/till' }))
    await journey.ready('app=till', 1)
    await using visitor = new Visitor(
      async () => base.answersAt(AT) === 'shop:1' && base.answersAt('/till') === 'till:1',
    )
    await journey.kubectl('patch', 'deployment', 'shop', '--patch', webPatch('2', '', 'till'))
    expect((await waitsFor(journey, /PathTaken/)).message).toContain('till:1')
    await eventually('its trial is gone', async () => (await base.bizs()).length === 2)
    expect(visitor.failed).toBe(0)
  })

  test('a port of its own cannot be had twice: it is switched to unproven', async () => {
    const { journey, base } = await open('web-port')
    await using _journey = journey
    await journey.apply(webDeployment({ journey, name: 'port', query: '?bind=port:18799' }))
    await journey.ready('app=port', 1)
    const containers = [
      { name: 'port', image: webJar('port', '2', '?bind=port:18799'), env: [{ name: 'BIZ_VERSION', value: '2' }] },
    ]
    await journey.kubectl(
      'patch',
      'deployment',
      'port',
      '--patch',
      JSON.stringify({ spec: { template: { spec: { containers } } } }),
    )
    await journey.kubectl('rollout', 'status', 'deployment/port', '--timeout=60s')
    expect((await base.bizs()).filter(({ name }) => name === 'port').map(({ version }) => version)).toEqual(['2'])
  })
})

test('an operator killed -9 after each command of a rollout ends it all the same, and takes no trial for the module', async () => {
  const { journey, base } = await open('web-crash')
  await using _journey = journey
  const sent = () => commandsOf(base, 'installBiz').length
  for (const [at, version] of ['2', '3', '4', '5'].entries()) {
    const before = sent()
    await roll(journey, version)
    await eventually('a command of it was sent', async () => sent() > before + (at % 2))
    await journey.operator.kill9()
    await journey.operator.start()
    await rolled(journey)
    await journey.ready('app=shop', 1)
    expect(base.answersAt(AT)).toBe(`shop:${version}`)
  }
})

test('a base that restarts while a version is proved runs it at its own path in the end', async () => {
  const { journey, base } = await open('web-restart')
  await using _journey = journey
  await roll(journey, '2')
  await eventually('its trial was sent', async () => commandsOf(base, 'installBiz').length > 1)
  await base.restart()
  await rolled(journey)
  await eventually('it answers', async () => base.answersAt(AT) === 'shop:2')
  await journey.ready('app=shop', 1)
})

test('with two bases, a Service and drain-seconds no base that is in the Service fails to answer', async () => {
  const { journey, bases } = await open('web-drain', { 'module-controller.koupleless.io/drain-seconds': '2' }, 2)
  await using _journey = journey
  await journey.apply(service({ name: 'shop', namespace: journey.namespace }))
  const ready = async (): Promise<readonly string[]> => {
    const { items } = await journey.get<{
      items: { endpoints?: { addresses: string[]; conditions: { ready?: boolean } }[] }[]
    }>('endpointslices')
    return items.flatMap(({ endpoints = [] }) =>
      endpoints.flatMap(({ addresses, conditions }) => (conditions.ready ? addresses : [])),
    )
  }
  await eventually('both are in it', async () => new Set(await ready()).size === 2)
  let checks = 0
  await using visitor = new Visitor(async () => {
    const silent = bases
      .filter(base => base.answersAt(AT) === undefined || base.answersAt(AT) === 'base')
      .map(({ ip }) => ip)
    const listed = await ready()
    checks++
    return (
      listed.length > 0 &&
      !listed.some(ip => silent.includes(ip) && bases.find(base => base.ip === ip)?.answersAt(AT) === 'base')
    )
  })
  await roll(journey, '2')
  await rolled(journey)
  await eventually('both run it', async () => bases.every(base => base.answersAt(AT) === 'shop:2'))
  expect(checks).toBeGreaterThan(10)
  expect(visitor.failed).toBe(0)
})
