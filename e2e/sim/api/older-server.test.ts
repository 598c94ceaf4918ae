import { expect, test } from 'vitest'
import { SimApiServer } from './sim-api-server.ts'

const PODS = '/api/v1/namespaces/default/pods'

/** As 1.24.17 was seen to do: what came later is not known to it. */
function anOldServer(): SimApiServer {
  let uids = 0
  const server = new SimApiServer({ now: () => 0, nextUid: () => `uid-${++uids}`, kubernetesMinor: 24 })
  const spec = { nodeName: 'a-node', containers: [{ name: 'main', image: 'one.jar' }] }
  server.call({ method: 'POST', path: PODS, body: JSON.stringify({ metadata: { name: 'one' }, spec }) })
  return server
}

interface Told {
  readonly metadata: { readonly generation?: number; readonly resourceVersion: string }
  readonly status: Readonly<Record<string, unknown>>
}

test('its Pods count no changes, and what names a generation or several host addresses is dropped', () => {
  const server = anOldServer()
  const status = { observedGeneration: 1, hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }], phase: 'Running' }
  const contentType = 'application/merge-patch+json'
  server.call({ method: 'PATCH', path: `${PODS}/one/status`, contentType, body: JSON.stringify({ status }) })
  const pod = server.get<Told>('pods', 'default', 'one')
  expect(pod?.metadata.generation).toBeUndefined()
  expect(pod?.status).toEqual({ phase: 'Running', hostIP: '10.0.0.1', qosClass: 'BestEffort' })
})

test('its image may be changed all the same', () => {
  const server = anOldServer()
  const contentType = 'application/strategic-merge-patch+json'
  const body = JSON.stringify({ spec: { containers: [{ name: 'main', image: 'two.jar' }] } })
  expect(server.call({ method: 'PATCH', path: `${PODS}/one`, contentType, body }).status).toBe(200)
  expect(server.get<Told>('pods', 'default', 'one')?.metadata.generation).toBeUndefined()
})

test('commits are told in order, also where a listener writes itself', () => {
  const server = anOldServer()
  const versions: number[] = []
  const lines: number[] = []
  const line = (text: string) =>
    lines.push(Number((JSON.parse(text) as { object: Told }).object.metadata.resourceVersion))
  server.watch(`${PODS}?watch=true`, undefined, { line, end: () => {} })
  server.onCommit(({ object, type }) => {
    versions.push(Number((object as Told).metadata.resourceVersion))
    const contentType = 'application/merge-patch+json'
    const body = JSON.stringify({ metadata: { labels: { a: 'b' } } })
    if (type === 'MODIFIED') server.call({ method: 'PATCH', path: `${PODS}/one`, contentType, body })
  })
  const body = JSON.stringify({ metadata: { annotations: { a: 'b' } } })
  server.call({ method: 'PATCH', path: `${PODS}/one`, contentType: 'application/merge-patch+json', body })
  expect(versions).toEqual([...versions].sort((a, b) => a - b))
  expect([versions.length, lines.slice(1)]).toEqual([2, versions])
})

test('what is no longer remembered is refused after so many changes, without anybody asking for it', () => {
  const server = anOldServer()
  for (let count = 0; count < 3_000; count += 1) {
    const body = JSON.stringify({ metadata: { labels: { count: String(count) } } })
    server.call({ method: 'PATCH', path: `${PODS}/one`, contentType: 'application/merge-patch+json', body })
  }
  const lines: string[] = []
  server.watch(`${PODS}?watch=true&resourceVersion=10`, undefined, {
    line: text => lines.push(text),
    end: () => lines.push('end'),
  })
  expect(lines).toEqual([expect.stringContaining('too old resource version: 10'), 'end'])
})
