import type { V1EnvVar, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../ports.ts'
import { aPod } from './a-pod.ts'
import { ASK_AGAIN_AFTER_MS, ClaimSources } from './claim-sources.ts'
import { readModules } from './module-spec.ts'

/** What stands in the cluster, and how often it was asked for. */
function aWorld() {
  const world = {
    nowMs: 0,
    asked: 0,
    values: new Map<string, string | ApiError>(),
    ip: '10.0.0.1' as string | undefined,
  }
  const read = async (_namespace: string, name: string): Promise<string | undefined> => {
    world.asked++
    const value = world.values.get(name)
    if (value instanceof ApiError) throw value
    return value
  }
  const cluster = { configMapValue: read, secretValue: read, ownerRevision: async () => undefined }
  const sources = new ClaimSources({ cluster, clock: { now: () => world.nowMs }, ipOf: () => world.ip })
  const envsOf = async (pod: V1Pod) => {
    await sources.prepare([pod])
    const [spec] = readModules(pod, sources.lookups.value)
    return spec?.kind === 'module' ? spec.tuple.envs : spec
  }
  return { world, sources, envsOf }
}

const fromField = (name: string, fieldPath: string): V1EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const fromMap = (optional: boolean): V1EnvVar => ({
  name: 'A',
  valueFrom: { configMapKeyRef: { name: 'settings', key: 'a', optional } },
})

describe('a value is read once per Pod:', () => {
  test("the address is the base's from the start, not empty until the status has it", async () => {
    const { envsOf } = aWorld()
    const env = [fromField('IP', 'status.podIP')]
    expect(await envsOf(aPod({ env }))).toEqual({ IP: '10.0.0.1' })
    expect(await envsOf(aPod({ env, status: { podIP: '10.0.0.1' } }))).toEqual({ IP: '10.0.0.1' })
  })

  test('while nobody knows the address the module waits', async () => {
    const { world, envsOf, sources } = aWorld()
    world.ip = undefined
    const pod = aPod({ env: [fromField('IP', 'status.podIP')] })
    expect(await envsOf(pod)).toMatchObject({ kind: 'config', pending: true })
    expect(sources.retryAfterMs([pod])).toBe(ASK_AGAIN_AFTER_MS)
    world.ip = '10.0.0.2'
    expect(await envsOf(pod)).toEqual({ IP: '10.0.0.2' })
  })

  test('an edited label or ConfigMap does not change what the module was started with', async () => {
    const { world, envsOf } = aWorld()
    world.values.set('settings', 'one')
    const env = [fromField('TIER', "metadata.labels['tier']"), fromMap(false)]
    expect(await envsOf(aPod({ env, labels: { tier: 'gold' } }))).toEqual({ TIER: 'gold', A: 'one' })
    world.values.set('settings', 'two')
    world.nowMs += ASK_AGAIN_AFTER_MS
    expect(await envsOf(aPod({ env, labels: { tier: 'tin' } }))).toEqual({ TIER: 'gold', A: 'one' })
  })

  test('nor does an optional one that appears later; one that is needed is asked for again', async () => {
    const { world, envsOf, sources } = aWorld()
    const optional = aPod({ name: 'may', env: [fromMap(true)] })
    const needed = aPod({ name: 'must', env: [fromMap(false)] })
    expect(await envsOf(optional)).toEqual({})
    expect(await envsOf(needed)).toMatchObject({ kind: 'config', pending: false })
    expect([sources.retryAfterMs([optional]), sources.retryAfterMs([needed])]).toEqual([undefined, ASK_AGAIN_AFTER_MS])
    world.values.set('settings', 'late')
    expect(await envsOf(needed)).toMatchObject({ kind: 'config' })
    world.nowMs += ASK_AGAIN_AFTER_MS
    expect(await envsOf(needed)).toEqual({ A: 'late' })
    expect(await envsOf(optional)).toEqual({})
    expect(world.asked).toBe(3)
  })

  test('one that may not be read is told apart from one that is missing, and anything else is thrown', async () => {
    const { world, envsOf } = aWorld()
    world.values.set('settings', new ApiError(403, 'forbidden'))
    expect(await envsOf(aPod({ env: [fromMap(false)] }))).toMatchObject({
      why: expect.stringContaining('may not read'),
    })
    world.values.set('settings', new ApiError(500, 'broken'))
    await expect(envsOf(aPod({ name: 'other', uid: 'other', env: [fromMap(false)] }))).rejects.toThrow('broken')
  })

  test('and let go with the Pod', async () => {
    const { sources, envsOf } = aWorld()
    await envsOf(aPod({ env: [fromField('IP', 'status.podIP')] }))
    sources.forget('uid-web')
    expect(sources.size).toBe(0)
  })
})
