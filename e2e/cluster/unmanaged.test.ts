import { expect, test } from 'vitest'
import { commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'

test('a DaemonSet that tolerates everything is told the affinity to add, and its Pods can be deleted', async () => {
  await using journey = await Journey.open('unmanaged')
  const base = await journey.base()
  const labels = { app: 'agent' }
  await journey.apply({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: journey.namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'agent', image: 'agent:1' }],
          tolerations: [{ operator: 'Exists' }],
          nodeSelector: { 'base.koupleless.io/name': journey.name },
        },
      },
    },
  })
  const [lost] = await eventually('its Pod lands on the virtual Node', async () => {
    const pods = await journey.pods('app=agent')
    return pods.length === 1 ? pods : undefined
  })
  expect(await journey.event(lost?.metadata?.name ?? '', 'UnmanagedModule', 100_000)).toContain('NotIn')
  expect(commandsOf(base, 'installBiz')).toEqual([])
  await journey.kubectl('delete', 'daemonset', 'agent', '--wait=false')
  await eventually('its Pod is gone', async () => (await journey.pods('app=agent')).length === 0, 100_000)
})
