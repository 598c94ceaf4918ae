import { expect, inject, test } from 'vitest'
import { always } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { SwallowingProxy } from './swallowing-proxy.ts'
import { pod } from './workloads.ts'

/** Past the moment at which Kubernetes would call Nodes Unknown whose Leases are not renewed. */
const WATCHED_MS = 75_000

async function metricLines({ operator }: Journey): Promise<(...words: readonly string[]) => readonly string[]> {
  const lines = (await (await fetch(`http://127.0.0.1:${operator.httpPort}/metrics`)).text()).split('\n')
  return (...words) => lines.filter(line => words.every(word => line.includes(word)))
}

test('a network swallows what the open watches would bring: it is noticed within a minute, and no Node loses Ready', async () => {
  await using proxy = await SwallowingProxy.before(inject('operatorKubeconfig'))
  await using journey = await Journey.open('swallowed', { extra: { KUBECONFIG: proxy.kubeconfig } })
  const { identity } = await journey.base()
  await journey.apply(pod({ name: 'before', bizName: 'before', namespace: journey.namespace, base: journey.name }))
  await journey.ready('app=before', 1)
  const since = (await journey.node(identity))?.status?.conditions?.find(({ type }) => type === 'Ready')

  const swallowedAtMs = Date.now()
  proxy.swallow()
  await journey.apply(pod({ name: 'after', bizName: 'after', namespace: journey.namespace, base: journey.name }))
  let readyAfterMs: number | undefined
  await always(
    'the Node is Ready',
    async () => {
      if (readyAfterMs === undefined && isReady(await journey.pod('after'))) readyAfterMs = Date.now() - swallowedAtMs
      const node = await journey.node(identity)
      return node !== undefined && isReady(node)
    },
    WATCHED_MS,
  )
  console.log(`a Pod applied while all watches were dead was Ready after ${readyAfterMs} ms`)
  expect(readyAfterMs).toBeLessThan(60_000)
  const until = (await journey.node(identity))?.status?.conditions?.find(({ type }) => type === 'Ready')
  expect(until?.lastTransitionTime).toEqual(since?.lastTransitionTime)
  const counted = await metricLines(journey)
  console.log([...counted('koupleless_watch_restarts_total', 'stalled'), ...counted('koupleless_api_requests', '409')])
  expect(counted('koupleless_watch_restarts_total', 'stalled')).not.toEqual([])
  expect(counted('koupleless_api_requests_total', '"409"', '"leases"')).toEqual([])
}, 180_000)
