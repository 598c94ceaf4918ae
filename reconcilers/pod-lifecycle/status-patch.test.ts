import { expect, test } from 'vitest'
import { aPod } from './a-pod.ts'
import { statusPatch } from './status-patch.ts'

const status = { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], hostIPs: [{ ip: '10.0.0.1' }] }
const ready = { type: 'Ready', status: 'True' }
const action = { kind: 'patchStatus' as const, superseded: [], status: { ...status, conditions: [ready] } }

test('a condition that has no reason any more takes back the one it had: a strategic patch merges by type', () => {
  const patch = statusPatch(aPod(), { ...action, ipsChanged: false })
  expect(patch).toMatchObject({
    type: 'strategic',
    body: { status: { conditions: [{ ...ready, reason: null, message: null }] } },
  })
  expect(JSON.stringify(patch.body)).not.toContain('podIPs')
})

test('addresses go as whole lists, under the version they were planned from', () => {
  const patch = statusPatch(aPod(), { ...action, ipsChanged: true })
  expect(patch).toMatchObject({ type: 'merge', body: { metadata: { resourceVersion: '1' }, status } })
})

test('an address that the base has no longer is taken away: what a patch leaves out would stay', () => {
  const { podIP: _ip, podIPs: _ips, hostIPs: _hosts, ...without } = status
  const patch = statusPatch(aPod(), { ...action, status: { ...without, conditions: [] }, ipsChanged: true })
  expect(patch.body).toMatchObject({ status: { podIP: null, podIPs: null, hostIP: null, hostIPs: null } })
})
