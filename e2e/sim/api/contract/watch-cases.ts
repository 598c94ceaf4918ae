import { boundPod, lease, pod } from './drafts.ts'
import { type ContractCase, METADATA, type Recorder } from './recorder.ts'

const e = encodeURIComponent

async function watchFromNow(api: Recorder, selector = '', accept?: string) {
  const { object } = await api.get(api.pods)
  return api.watch(`${api.pods}?watch=true&resourceVersion=${object.metadata.resourceVersion}${selector}`, accept)
}

export const WATCH_CASES: readonly ContractCase[] = [
  {
    name: 'tells what happens after the version of a list, in order',
    run: async api => {
      await api.post(api.pods, boundPod('zero'))
      const watch = await watchFromNow(api)
      await api.post(api.pods, boundPod('one'))
      await api.merge(`${api.pods}/one`, { metadata: { labels: { a: 'b' } } })
      await api.merge(`${api.pods}/one`, { metadata: { labels: { a: 'b' } } })
      await api.delete(`${api.pods}/one`)
      await api.delete(`${api.pods}/one`, { gracePeriodSeconds: 0 })
      const events = await watch.take(5)
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
      if (versions.some((version, at) => version <= (versions[at - 1] ?? 0))) throw new Error(`versions ${versions}`)
      watch.cancel()
    },
  },
  {
    name: 'shows a Pod deleted without grace twice: marked, then gone',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      await api.post(api.pods, pod('two'))
      const watch = await watchFromNow(api)
      await api.delete(`${api.pods}/one`, { gracePeriodSeconds: 0 })
      await api.delete(`${api.pods}/two`)
      await watch.take(4)
      watch.cancel()
    },
  },
  {
    name: 'tells what comes into a selection as added and what leaves it as deleted',
    run: async api => {
      await api.post(api.pods, boundPod('one', {}, { labels: { app: 'web' } }))
      const watch = await watchFromNow(api, `&labelSelector=${e('app=web')}`)
      await api.merge(`${api.pods}/one`, { metadata: { labels: { app: 'db' } } })
      await api.merge(`${api.pods}/one`, { metadata: { labels: { other: 'x' } } })
      await api.merge(`${api.pods}/one`, { metadata: { labels: { app: 'web' } } })
      await api.delete(`${api.pods}/one`, { gracePeriodSeconds: 0 })
      await watch.take(4)
      watch.cancel()
    },
  },
  {
    name: 'of a phase, metadata only: what no longer runs is deleted',
    run: async api => {
      await api.post(api.pods, boundPod('one'))
      const watch = await watchFromNow(api, `&fieldSelector=${e('status.phase=Running')}`, METADATA)
      await api.merge(`${api.pods}/one/status`, { status: { phase: 'Running' } })
      await api.merge(`${api.pods}/one/status`, { status: { reason: 'x' } })
      await api.merge(`${api.pods}/one/status`, { status: { phase: 'Failed' } })
      await watch.take(3)
      watch.cancel()
    },
  },
  {
    name: 'resumed from a version that it has seen misses nothing',
    run: async api => {
      const { object } = await api.post(api.leases, lease('one'))
      const { object: second } = await api.put(`${api.leases}/one`, { ...object, spec: { holderIdentity: 'two' } })
      await api.put(`${api.leases}/one`, { ...second, spec: { holderIdentity: 'three' } })
      const watch = await api.watch(`${api.leases}?watch=true&resourceVersion=${object.metadata.resourceVersion}`)
      await watch.take(2)
      watch.cancel()
    },
  },
  {
    name: 'of no version, or of any, begins with all there is',
    run: async api => {
      await api.post(api.leases, lease('one'))
      await api.post(api.leases, lease('two'))
      for (const version of ['', '&resourceVersion=0']) {
        const watch = await api.watch(`${api.leases}?watch=true${version}`)
        await watch.take(2)
        watch.cancel()
      }
    },
  },
  {
    name: 'marks how far it has got where nothing happens',
    run: async api => {
      const { object } = await api.get(api.leases)
      const version = object.metadata.resourceVersion
      // A real server marks two seconds before the time is up, and not in the first seconds.
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=20&resourceVersion=${version}`
      const watch = await api.watch(`${api.leases}?${query}`)
      await watch.take(1)
      watch.cancel()
    },
  },
  {
    name: 'of a selector that is none is refused',
    run: async api => {
      await api.raw({ method: 'GET', path: `${api.pods}?watch=true&labelSelector=${e('a in b')}` })
      await api.raw({ method: 'GET', path: `${api.pods}?watch=true&resourceVersion=abc` })
      await api.raw({ method: 'GET', path: `${api.pods}?watch=true&fieldSelector=${e('spec.color=red')}` })
    },
  },
  {
    name: 'from a version that is forgotten says so and ends',
    run: async api => {
      const { object } = await api.post(api.leases, lease('one'))
      await api.put(`${api.leases}/one`, { ...object, spec: { holderIdentity: 'two' } })
      await api.forget()
      const watch = await api.watch(`${api.leases}?watch=true&resourceVersion=${object.metadata.resourceVersion}`)
      await watch.take(1)
      await watch.end()
    },
  },
]
