import { describe, expect, test } from 'vitest'
import { type Base, commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { daemonSet, deployment, jarUrl, pod, statefulSet } from './workloads.ts'

const versions = async (base: Base): Promise<string> =>
  (await base.bizs())
    .map(({ version, state }) => `${version} ${state}`)
    .sort()
    .join(', ')
const shows = (base: Base, expected: string) =>
  eventually(`base shows ${expected}`, async () => (await versions(base)) === expected)
const setVersion = (journey: Journey, kind: string, name: string, version: string) =>
  journey.kubectl(
    'patch',
    kind,
    name,
    '--patch',
    JSON.stringify({
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'biz1', image: jarUrl('biz1', version), env: [{ name: 'BIZ_VERSION', value: version }] },
            ],
          },
        },
      },
    }),
  )

describe('replacing', () => {
  test('a Deployment on one base: new version, history, undo, restart', async () => {
    await using journey = await Journey.open('replace-deployment')
    const base = await journey.base()
    await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=web', 1)

    await setVersion(journey, 'deployment', 'web', '0.0.2')
    await journey.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
    await journey.ready('app=web', 1)
    await shows(base, '0.0.2 activated')
    expect(await journey.kubectl('rollout', 'history', 'deployment/web')).toMatch(/1\s.*\n2\s/)
    const [pod] = await journey.pods('app=web')
    expect(pod?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' })
    expect(pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBeUndefined()

    await journey.kubectl('rollout', 'undo', 'deployment/web', '--to-revision=1')
    await journey.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
    await journey.ready('app=web', 1)
    await shows(base, '0.0.1 activated')

    const installs = () => commandsOf(base, 'installBiz').length
    const before = installs()
    await journey.kubectl('rollout', 'restart', 'deployment/web')
    await journey.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
    await journey.ready('app=web', 1)
    expect(installs()).toBe(before + 1)
    await shows(base, '0.0.1 activated')
  })

  test('a broken jar leaves the old module running and says why, also after the base restarted', async () => {
    await using journey = await Journey.open('replace-broken')
    const base = await journey.base()
    const draft = { name: 'web', namespace: journey.namespace, base: journey.name }
    await journey.apply(deployment({ ...draft, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }))
    const [old] = await journey.ready('app=web', 1)
    base.refuse('biz1', 'java.lang.IllegalStateException: planted')
    await setVersion(journey, 'deployment', 'web', '0.0.2')
    const says = () =>
      eventually('the new Pod says why', async () => {
        const pods = await journey.pods('app=web')
        const waiting = pods
          .flatMap(({ status }) => status?.containerStatuses ?? [])
          .find(({ state }) => state?.waiting)?.state?.waiting
        return waiting?.message?.includes('planted') ? waiting.reason : undefined
      })
    expect(await says()).toMatch(/InstallFailed|InstallBackOff/)
    expect(await versions(base)).toBe('0.0.1 activated')
    expect(isReady(await journey.pod(old?.metadata?.name ?? ''))).toBe(true)

    base.accept('biz1')
    base.refuse('biz1:0.0.2', 'java.lang.IllegalStateException: planted')
    await base.restart()
    await shows(base, '0.0.1 activated')
    await eventually('the old Pod is Ready again', async () => isReady(await journey.pod(old?.metadata?.name ?? '')))
    expect(await says()).toMatch(/InstallFailed|InstallBackOff/)
  })

  test('a bare Pod by editing its image, there and back', async () => {
    await using journey = await Journey.open('replace-image')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    const image = (url: string) => journey.kubectl('set', 'image', 'pod/bare', `biz1=${url}`)

    await image('http://mirror.example.com/biz1-0.0.1.jar')
    await eventually('the new image runs', async () => {
      const [status] = (await journey.pod('bare')).status?.containerStatuses ?? []
      return status?.imageID === 'http://mirror.example.com/biz1-0.0.1.jar' && status.ready && status.restartCount === 1
    })
    expect(commandsOf(base, 'installBiz').at(-1)?.url).toContain('mirror')

    base.refuse('http://mirror.example.com/broken.jar', 'java.net.ConnectException: planted')
    await image('http://mirror.example.com/broken.jar')
    expect(await journey.event('bare', 'InstallFailed')).toContain('planted')
    await eventually('the former image is back', async () => {
      const [status] = (await journey.pod('bare')).status?.containerStatuses ?? []
      return status?.imageID === 'http://mirror.example.com/biz1-0.0.1.jar' && status.ready
    })
    await shows(base, '0.0.1 activated')
  })

  test('a DaemonSet, and a StatefulSet of two replicas on one base', async () => {
    await using journey = await Journey.open('replace-sets')
    const base = await journey.base()
    const draft = { namespace: journey.namespace, base: journey.name }
    await journey.apply(daemonSet({ ...draft, name: 'everywhere' }))
    await journey.ready('app=everywhere', 1)
    await setVersion(journey, 'daemonset', 'everywhere', '0.0.2')
    await journey.kubectl('rollout', 'status', 'daemonset/everywhere', '--timeout=60s')
    await shows(base, '0.0.2 activated')
    await journey.kubectl('delete', 'daemonset', 'everywhere')
    await eventually('its module is gone', async () => (await base.bizs()).length === 0)

    await journey.apply(statefulSet({ ...draft, name: 'ordered', replicas: 2 }))
    await journey.ready('app=ordered', 2)
    await setVersion(journey, 'statefulset', 'ordered', '0.0.2')
    await journey.kubectl('rollout', 'status', 'statefulset/ordered', '--timeout=90s')
    await journey.ready('app=ordered', 2)
    await shows(base, '0.0.2 activated')
  })

  test('rollout pause holds, and progressDeadlineSeconds reports', async () => {
    await using journey = await Journey.open('replace-pause')
    const base = await journey.base()
    await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=web', 1)
    await journey.kubectl('rollout', 'pause', 'deployment/web')
    await setVersion(journey, 'deployment', 'web', '0.0.2')
    expect(await journey.pods('app=web')).toHaveLength(1)
    expect(await versions(base)).toBe('0.0.1 activated')
    base.refuse('biz1', 'planted')
    await journey.kubectl('patch', 'deployment', 'web', '--patch', '{"spec":{"progressDeadlineSeconds":5}}')
    await journey.kubectl('rollout', 'resume', 'deployment/web')
    await eventually('the Deployment says that it does not get on', async () => {
      const { status } = await journey.get<{ status: { conditions: { reason: string }[] } }>('deployment', 'web')
      return status.conditions.some(({ reason }) => reason === 'ProgressDeadlineExceeded')
    })
    expect(await versions(base)).toBe('0.0.1 activated')
  })
})
