import type { V1ContainerStatus } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { aBiz, aPod, claimsFor, jar } from './a-pod.ts'
import { adopt, parseMarker, tupleHash } from './provenance.ts'

const running = (startedAt: string, image = jar('biz1', '0.0.1')) => ({
  containerStatuses: [
    {
      name: 'biz1',
      image,
      imageID: image,
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: startedAt as unknown as Date } },
    },
  ],
})
const AT = '2026-01-01T00:05:00Z'
const biz = aBiz('biz1:0.0.1', 'activated', Date.parse(AT))
const adoptFrom = (...pods: Parameters<typeof claimsFor>[0]) => adopt(biz, claimsFor(pods), 7)

const NO_TUPLE = { version: '', url: '', args: [], envs: {}, restartedAt: '' }

describe('after a restart of the operator', () => {
  test('the Pod that saw this start is the one whose install it is', () => {
    const before = aPod({ name: 'before', status: running(AT) })
    const after = aPod({ name: 'after', createdAt: '2026-01-01T00:09:00Z', args: ['--new'] })
    expect(adoptFrom(before, after)?.provenance).toMatchObject({ claim: 'uid-before/biz1', tuple: { args: [] } })
  })

  test('a Pod that is being deleted by now may be the one: its successor with another image is not taken for served', () => {
    const leaving = aPod({ name: 'before', status: running(AT), deleting: true })
    const next = aPod({ name: 'after', createdAt: '2026-01-01T00:09:00Z', image: 'http://jars/new.jar' })
    expect(adoptFrom(leaving, next)?.provenance).toMatchObject({
      claim: 'uid-before/biz1',
      tuple: { url: jar('biz1', '0.0.1') },
    })
  })

  test('where the base does not tell when it started, the Pod that shows it running is believed', () => {
    const { changedAtMs: _untold, ...bare } = biz
    const before = aPod({ name: 'before', status: running(AT) })
    const after = aPod({ name: 'after', createdAt: '2026-01-01T00:09:00Z', image: 'http://jars/new.jar' })
    expect(adopt(bare, claimsFor([before, after]), 7)?.provenance.tuple.url).toBe(jar('biz1', '0.0.1'))
  })

  test('an image edited meanwhile is told from what runs', () => {
    const edited = aPod({ image: 'http://jars/new.jar', status: running(AT) })
    expect(adoptFrom(edited)?.provenance.tuple.url).toBe(jar('biz1', '0.0.1'))
  })

  test('so is one whose run the Pod shows as ended, where nothing has come in its place', () => {
    const [status] = running(AT).containerStatuses
    const ended = { terminated: { exitCode: 1, startedAt: AT as unknown as Date } }
    const waiting = { ...status, name: 'biz1', state: { waiting: {} }, lastState: ended } as V1ContainerStatus
    const edited = aPod({ image: 'http://jars/new.jar', status: { containerStatuses: [waiting] } })
    expect(adoptFrom(edited)?.provenance.tuple.url).toBe(jar('biz1', '0.0.1'))
  })

  test('credentials that the status does not show do not make another image', () => {
    const secret = aPod({ image: 'http://me:pw@jars/biz1-0.0.1.jar?token=t', status: running(AT) })
    expect(adoptFrom(secret)?.provenance.tuple.url).toBe('http://me:pw@jars/biz1-0.0.1.jar?token=t')
  })

  test('the marker tells whether a replacement came about', () => {
    const plain = aPod({ args: ['--new'], status: running(AT) })
    const tuple = tupleHash(claimsFor([plain]).groups[0]?.[0].tuple ?? NO_TUPLE)
    const marked = (fromMs: number, failed = false) =>
      aPod({
        args: ['--new'],
        status: running('2026-01-01T00:00:00Z'),
        annotations: {
          'module-controller.koupleless.io/replacing': JSON.stringify({ tuple, fromMs, ...(failed ? { failed } : {}) }),
        },
      })
    const witness = aPod({ name: 'before', createdAt: '2025-01-01T00:00:00Z', status: running(AT) })
    expect(adoptFrom(marked(Date.parse(AT)), witness)?.provenance.claim).toBe('uid-before/biz1')
    expect(adoptFrom(marked(1), witness)?.provenance.claim).toBe('uid-web/biz1')
    expect(adoptFrom(marked(1, true))?.attempt).toMatchObject({ unproven: true })
  })

  test('the marker of a Pod that is being deleted tells it as well', () => {
    const plain = aPod({ name: 'before', args: ['--new'] })
    const tuple = tupleHash(claimsFor([plain]).groups[0]?.[0].tuple ?? NO_TUPLE)
    const annotations = { 'module-controller.koupleless.io/replacing': JSON.stringify({ tuple, fromMs: 1 }) }
    const leaving = aPod({ name: 'before', args: ['--new'], deleting: true, annotations })
    const next = aPod({ name: 'after', createdAt: '2026-01-01T00:09:00Z', args: ['--newer'] })
    expect(adoptFrom(leaving, next)?.provenance).toMatchObject({ claim: 'uid-before/biz1', tuple: { args: ['--new'] } })
  })

  test('what nobody saw start and only one can have asked for is that claim’s', () => {
    const earlier = aPod({ name: 'a', status: running('2026-01-01T00:00:00Z') })
    const newest = aPod({ name: 'b', args: ['--b'], createdAt: '2027-01-01T00:00:00Z' })
    expect(adoptFrom(earlier, newest)?.provenance.claim).toBe('uid-b/biz1')
    expect(adopt(biz, { groups: [], leaving: [] }, 7)).toBeUndefined()
  })

  test.each([false, true])('what may be an older claim’s is not taken for the newest one’s (deleted: %s)', deleting => {
    const older = aPod({ name: 'a', deleting })
    const newest = aPod({ name: 'b', args: ['--b'], createdAt: '2027-01-01T00:00:00Z' })
    expect(adoptFrom(older, newest)?.provenance).toMatchObject({ claim: 'uid-a/biz1', tuple: { args: [] } })
  })

  test('a marker that a user wrote by hand is as none', () => {
    expect(parseMarker('{')).toBeUndefined()
    expect(parseMarker('[1]')).toBeUndefined()
    expect(parseMarker(undefined)).toBeUndefined()
  })
})
