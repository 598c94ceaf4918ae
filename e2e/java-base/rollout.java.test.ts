import { expect, test } from 'vitest'
import { eventually } from '../cluster/eventually.ts'
import { Journey } from '../cluster/journey.ts'
import type { JourneyJvm } from '../cluster/journey-jvm.ts'
import { container, deployment, pod, service } from '../cluster/workloads.ts'
import { measured } from './measured.ts'
import { Traffic } from './traffic.ts'

const jvm = async (journey: Journey, properties: Readonly<Record<string, string>> = {}): Promise<JourneyJvm> =>
  (await journey.base({ properties, isFromJar: true })) as JourneyJvm

/** Ready addresses behind a Service, as kube-proxy would have them. */
async function readyAddresses(journey: Journey, name: string): Promise<readonly string[]> {
  const { items } = await journey.get<{
    items: { endpoints?: { addresses: string[]; conditions: { ready?: boolean } }[] | null }[]
  }>('endpointslices', '--selector', `kubernetes.io/service-name=${name}`)
  const endpoints = items.flatMap(({ endpoints: found }) => found ?? [])
  return endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses)
}

const setVersion = (journey: Journey, version: string): Promise<string> =>
  journey.kubectl(
    'patch',
    'deployment',
    'web',
    '--patch',
    JSON.stringify({ spec: { template: { spec: { containers: [container({ version })] } } } }),
  )

test('a Service leads to modules that answer, in the version that was rolled out, until they are gone', async () => {
  await using journey = await Journey.open('java-service')
  const bases = [await jvm(journey), await jvm(journey)]
  // Loopback is no address for an endpoint: bases have others, and we do what kube-proxy does.
  const throughService = async (): Promise<string> => {
    const addresses = await readyAddresses(journey, 'web')
    const asked = bases.filter(({ ip }) => addresses.includes(ip)).map(({ jvm: base }) => base.ask('biz1'))
    return (await Promise.all(asked)).map(({ status, text }) => `${status} ${text}`).join()
  }
  await journey.apply(service({ name: 'web', namespace: journey.namespace }))
  await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name, replicas: 2 }))
  await journey.ready('app=web', 2, 60_000)
  await eventually('each Pod is reached', async () => /^(200 biz1:0.0.1,?)+$/.test(await throughService()))

  await setVersion(journey, '0.0.2')
  await journey.kubectl('rollout', 'status', 'deployment/web', '--timeout=120s')
  await eventually('each Pod answers as the new version', async () =>
    /^(200 biz1:0.0.2,?)+$/.test(await throughService()),
  )

  await journey.kubectl('delete', 'deployment', 'web')
  await eventually('the Service leads nowhere', async () => (await readyAddresses(journey, 'web')).length === 0)
  await eventually('no base runs it', async () => {
    const all = await Promise.all(bases.map(({ jvm: base }) => base.ask('biz1')))
    return all.every(({ status }) => status === 503)
  })
})

test.each([
  ['with activate.new.module no request fails', 'true'],
  ['without it, requests fail for the switch alone', 'false'],
])('a rolling update on one base: %s', async (_what, activates) => {
  await using journey = await Journey.open(`java-rolling-${activates}`)
  const base = await jvm(journey, { 'activate.new.module': activates })
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name, strategy }))
  await journey.ready('app=web', 1, 60_000)

  await using traffic = new Traffic(`${base.jvm.origin}/biz1`)
  await setVersion(journey, '0.0.2')
  await journey.kubectl('rollout', 'status', 'deployment/web', '--timeout=120s')
  await journey.ready('app=web', 1, 60_000)
  await traffic.stop()
  expect(traffic.said).toEqual(['biz1:0.0.1', 'biz1:0.0.2'])
  measured(
    `rolling update, activate.new.module=${activates}`,
    `${traffic.failed} of ${traffic.sent} requests failed, gaps in ms: ${traffic.gapsMs.join(' ') || 'none'}`,
  )
  expect(traffic.gapsMs).toHaveLength(activates === 'true' ? 0 : 1)
  expect(traffic.failed === 0).toBe(activates === 'true')
})

test('a new version whose main throws, or whose URL leads nowhere, leaves the running one answering throughout', async () => {
  await using journey = await Journey.open('java-broken')
  const base = await jvm(journey, { 'activate.new.module': 'false' })
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name, strategy }))
  await journey.ready('app=web', 1, 60_000)
  base.refuse('biz1:0.0.2', 'planted')

  await using traffic = new Traffic(`${base.jvm.origin}/biz1`)
  const says = (word: RegExp) =>
    eventually('a Pod says why', async () => {
      const statuses = (await journey.pods('app=web')).flatMap(({ status }) => status?.containerStatuses ?? [])
      return statuses.some(({ state }) => word.test(state?.waiting?.message ?? ''))
    })
  await setVersion(journey, '0.0.2')
  await says(/planted/)
  const image = 'http://127.0.0.1:1/biz1-0.0.3.jar'
  const nowhere = { spec: { template: { spec: { containers: [container({ version: '0.0.3', image })] } } } }
  await journey.kubectl('patch', 'deployment', 'web', '--patch', JSON.stringify(nowhere))
  await says(/Connection refused/)
  await traffic.stop()
  expect(traffic.said).toEqual(['biz1:0.0.1'])
  expect(traffic.failed).toBe(0)
})

test('the same version under a URL that leads nowhere is put back from where it came', async () => {
  await using journey = await Journey.open('java-put-back')
  const base = await jvm(journey)
  await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
  await journey.ready('app=bare', 1, 60_000)

  await using traffic = new Traffic(`${base.jvm.origin}/biz1`)
  await journey.kubectl('set', 'image', 'pod/bare', 'biz1=http://127.0.0.1:1/biz1-0.0.1.jar')
  await journey.event('bare', 'InstallFailed')
  await eventually('the former one is back', async () => {
    const [status] = (await journey.pod('bare')).status?.containerStatuses ?? []
    return status?.ready && status.imageID?.endsWith('jars.example.com/biz1-0.0.1.jar')
  })
  await eventually('it answers', async () => (await base.jvm.ask('biz1')).status === 200)
  await traffic.stop()
  expect(traffic.said).toEqual(['biz1:0.0.1'])
  expect(traffic.gapsMs).toHaveLength(1)
  measured(
    'the same version under a bad URL',
    `${traffic.failed} of ${traffic.sent} requests failed, gaps in ms: ${traffic.gapsMs.join(' ')}`,
  )
})
