/** Web modules of every kind of workload roll on real bases, and where there are two of these, no user notices. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../cluster/eventually.ts'
import { daemonSet, deployment, service, spreadOverBases, statefulSet } from '../cluster/workloads.ts'
import { ReadyAddresses } from './ready-addresses.ts'
import { ReadyPods } from './ready-pods.ts'
import { during } from './steady-traffic.ts'
import { NEXT, RUNS } from './web-jars.ts'
import { answerOf, ONE_AFTER_THE_OTHER, WebJourney } from './web-journey.ts'

let web: WebJourney
beforeAll(async () => {
  web = await WebJourney.open('web-rollout-kinds')
})
beforeEach(() => web.clear())
afterAll(() => web[Symbol.asyncDispose]())

test.each([
  ['a DaemonSet with maxSurge 1', 'daemonset', () => daemonSet(web.draft({ strategy: ONE_AFTER_THE_OTHER }))],
  ['a DaemonSet as it is by default', 'daemonset', () => daemonSet(web.draft())],
  ['a StatefulSet', 'statefulset', () => statefulSet(web.draft())],
])('%s on one base: one gap', async (what, kind, workload) => {
  await web.apply(workload())
  await using pods = await ReadyPods.in(web.journey.namespace)
  const traffic = await web.during(what, () => web.roll(NEXT, kind))
  expect(traffic.said).toEqual([answerOf(RUNS), answerOf(NEXT)])
  expect(traffic.gaps).toBe(1)
  expect(traffic.saidAfter(await pods.firstMs(NEXT))).toEqual([`200 ${answerOf(NEXT)}`])
})

describe('on two bases behind a Service, with drain-seconds: 5', () => {
  const annotations = { 'module-controller.koupleless.io/drain-seconds': '5' }
  const draft = () => web.draft({ annotations, replicas: 2, spec: spreadOverBases('web') })
  beforeAll(() => web.addBase())

  test.each([
    ['a Deployment', 'deployment', () => deployment({ ...draft(), strategy: ONE_AFTER_THE_OTHER })],
    ['a DaemonSet as it is by default', 'daemonset', () => daemonSet(web.draft({ annotations }))],
    ['a StatefulSet', 'statefulset', () => statefulSet(draft())],
  ])('%s: no request fails', async (what, kind, workload) => {
    const { namespace } = web.journey
    await web.journey.apply(service({ name: 'web', namespace }))
    await web.apply(workload(), 2)
    await using addresses = await ReadyAddresses.of(namespace, 'web')
    await eventually('both bases are behind the Service', () => addresses.all.length === 2)
    // Loopback is no address for an endpoint: bases have others, and we do what kube-proxy does.
    const urls = new Map(web.bases.map(base => [base.ip, web.url(base)]))
    const traffic = await during(
      `${what} on two bases`,
      () => urls.get(addresses.next() ?? ''),
      () => web.roll(NEXT, kind, 2),
    )
    expect(traffic.failed).toBe(0)
    for (const base of web.bases) expect(await web.answer(base)).toBe(`200 ${answerOf(NEXT)}`)
  })
})
