import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Base, commandsOf, runs } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { daemonSet, deployment, jarUrl, pod } from './workloads.ts'

const ROLE = join(import.meta.dirname, '..', '..', 'samples', 'module-values-role.yaml')
const SECRET = 'correct-horse-battery'

const wait = async (journey: Journey, name: string): Promise<string | undefined> =>
  (await journey.pod(name)).status?.containerStatuses?.[0]?.state?.waiting?.reason

test('values of a ConfigMap and a Secret reach the module once a user has bound the role, and are shown nowhere', async () => {
  await using journey = await Journey.open('values')
  const { namespace, name } = journey
  const base = await journey.base()
  await journey.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace }, data: { greeting: 'hello' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hidden', namespace }, stringData: { word: SECRET } },
  )
  const env = [
    { name: 'BIZ_VERSION', value: '0.0.1' },
    { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } },
    { name: 'WORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'word' } } },
  ]
  const containers = [{ name: 'biz1', image: jarUrl('biz1', '0.0.1'), env }]
  const annotations = { 'module-controller.koupleless.io/env-as-args': 'true' }
  await journey.apply(pod({ name: 'asking', namespace, base: name, containers, annotations }))
  await eventually('it waits', async () => (await wait(journey, 'asking')) === 'CreateContainerConfigError')
  expect(commandsOf(base, 'installBiz')).toEqual([])

  await journey.kubectl('apply', '--filename', ROLE)
  await journey.ready('app=asking', 1)
  expect(commandsOf(base, 'installBiz').at(-1)?.args).toEqual(['--GREETING=hello', `--WORD=${SECRET}`])
  const told = [
    await journey.operator.log(),
    await journey.operator.debugState(),
    await journey.kubectl('get', 'events,pods,nodes,leases', '--output', 'json'),
    await journey.kubectl('get', 'leases', '--namespace', 'kube-node-lease', '--output', 'json'),
  ]
  for (const text of told) expect(text).not.toContain(SECRET)
})

// The revision is asked for in a tie alone, which by chance is rare: both kinds of it are sought here.
test.each([
  ['DaemonSets', 'one-second-ds', daemonSet],
  ['Deployments', 'one-second-rs', deployment],
] as const)(
  'of two %s whose Pods were made in one second, that of the higher revision runs',
  async (_kinds, env, of) => {
    await using journey = await Journey.open(env)
    const { namespace, name } = journey
    const base: Base = await journey.base()
    const common = { namespace, base: name, bizName: 'biz1' }
    const settled = (version: string) =>
      eventually(`the base runs ${version}`, async () => (await runs(base)).join() === `biz1:${version} activated`)
    await journey.apply(of({ ...common, name: 'younger', version: '0.0.2' }))
    await settled('0.0.2')
    await journey.apply(of({ ...common, name: 'younger', version: '0.0.3' }))
    await settled('0.0.3')
    await journey.apply(of({ ...common, name: 'elder', version: '0.0.1' }))
    await eventually('its Pod is there', async () => (await journey.pods('app=elder')).length === 1)

    const pods = async () => [...(await journey.pods('app=elder')), ...(await journey.pods('app=younger'))]
    const tie = async (): Promise<boolean> => {
      const before = new Set((await pods()).map(({ metadata }) => metadata?.uid))
      await journey.kubectl('delete', 'pods', '--selector', 'app in (elder, younger)')
      const made = await eventually('both are made anew', async () => {
        const anew = (await pods()).filter(({ metadata }) => !before.has(metadata?.uid))
        return anew.length === 2 ? anew : undefined
      })
      const [one, other] = made.map(({ metadata }) => String(metadata?.creationTimestamp))
      return one === other
    }
    await eventually('both are made in one second', tie, 90_000)
    await settled('0.0.3')
  },
)
