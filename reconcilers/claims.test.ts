import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byNewest, claimedBizs, claimsOfPod, claimsOn, tiedPods, workloadOf } from './claims.ts'
import { aBiz, aContainer, aPod, noLookups } from './pod-lifecycle/a-pod.ts'

const winnerOf = (...pods: Parameters<typeof claimsOn>[0]) =>
  claimsOn(pods, noLookups).get('biz1')?.groups[0]?.[0].podUid

describe('claims of one base', () => {
  test('the newest Pod wins', () => {
    const old = aPod({ name: 'old', version: '1', createdAt: '2026-01-01T00:00:00Z' })
    const young = aPod({ name: 'young', version: '2', createdAt: '2026-01-01T00:00:01Z' })
    expect(winnerOf(old, young)).toBe('uid-young')
    expect(winnerOf(young, old)).toBe('uid-young')
  })

  test('within one second the revision of the owner decides, however the uids fall', () => {
    const first = aPod({ name: 'z', version: '1' })
    const undone = aPod({ name: 'a', version: '2' })
    const revision = (uid: string) => (uid === 'uid-a' ? 3 : 2)
    const groups = claimsOn([first, undone], { ...noLookups, revision }).get('biz1')?.groups
    expect(groups?.[0]?.[0].podUid).toBe('uid-a')
  })

  test('only Pods that tie and want different things need their revision', () => {
    const a = aPod({ name: 'a', version: '1' })
    const twin = aPod({ name: 'twin', version: '1' })
    const rival = aPod({ name: 'rival', version: '2' })
    const later = aPod({ name: 'later', version: '3', createdAt: '2026-01-01T00:00:09Z' })
    expect(tiedPods([a, twin], noLookups)).toEqual([])
    expect(tiedPods([a, rival, later], noLookups).map(pod => pod.metadata?.name)).toEqual(['a', 'rival'])
  })

  test('the same tuple is shared, another argument is not', () => {
    const pods = [aPod({ name: 'a' }), aPod({ name: 'b' }), aPod({ name: 'c', args: ['--x'] })]
    const sizes = claimsOn(pods, noLookups)
      .get('biz1')
      ?.groups.map(group => group.length)
    expect(sizes?.sort()).toEqual([1, 2])
  })

  test('a restart asked for by kubectl makes another tuple', () => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' }
    expect(claimsOn([aPod(), aPod({ name: 'b', annotations })], noLookups).get('biz1')?.groups).toHaveLength(2)
  })

  test('a Pod being deleted claims nothing but is waited for; an ended one is not seen', () => {
    const claims = claimsOn(
      [aPod({ deleting: true }), aPod({ name: 'b', status: { phase: 'Failed' } })],
      noLookups,
    ).get('biz1')
    expect(claims?.groups).toEqual([])
    expect(claims?.leaving.map(({ podUid }) => podUid)).toEqual(['uid-web'])
  })

  test('what a deleting Pod names is still claimed: the sweep leaves it to the Pod', () => {
    expect([...claimedBizs([aPod({ deleting: true })], noLookups, [])]).toEqual(['biz1:0.0.1'])
  })

  test('a Pod that cannot be read any more goes on holding what runs under its name', () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
    const edited = aPod({ name: 'edited', container: 'biz2', image: 'nginx:latest' })
    const running = [aBiz('biz1:0.0.1'), aBiz('biz2:7'), aBiz('other:1')]
    expect([...claimedBizs([aPod({ env }), edited], noLookups, running)]).toEqual(['biz1:0.0.1', 'biz2:7'])
    expect(claimsOn([aPod({ env })], noLookups).get('biz1')).toMatchObject({ groups: [], held: true })
  })

  test('each container of a Pod is a claim of its own', () => {
    const pod = aPod({ containers: [aContainer(), aContainer({ container: 'biz2' })] })
    expect(claimsOfPod(pod, noLookups).map(({ bizName }) => bizName)).toEqual(['biz1', 'biz2'])
  })

  test('Pods of two revisions of one Deployment are one workload', () => {
    const before = aPod({ owner: 'web-abc', labels: { 'pod-template-hash': 'abc' } })
    const after = aPod({ owner: 'web-def', labels: { 'pod-template-hash': 'def' } })
    expect(workloadOf(before)).toBe(workloadOf(after))
    expect(workloadOf(aPod({ owner: 'web-abc' }))).not.toBe(workloadOf(before))
  })

  test('the order is total: it does not depend on the order of arrival', () => {
    const draft = fc.record({ second: fc.integer({ min: 0, max: 2 }), uid: fc.string({ minLength: 1, maxLength: 3 }) })
    fc.assert(
      fc.property(fc.uniqueArray(draft, { selector: ({ uid }) => uid, maxLength: 6 }), drafts => {
        const claims = drafts.flatMap(({ second, uid }) =>
          claimsOfPod(aPod({ uid, createdAt: `2026-01-01T00:00:0${second}Z` }), noLookups),
        )
        const forward = [...claims].sort(byNewest).map(({ podUid }) => podUid)
        const backward = [...claims]
          .reverse()
          .sort(byNewest)
          .map(({ podUid }) => podUid)
        expect(backward).toEqual(forward)
      }),
    )
  })
})
