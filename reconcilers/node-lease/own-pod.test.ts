import { expect, test } from 'vitest'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { LOOK_AFTER_MS, lookDueInMs, looked, lookupOf, placeToLookAt } from './own-pod.ts'

const now = BUILT_AT_MS
const fresh = aBase({ basePodSettled: false })

test('the base’s own Pod is looked for at once, and for a minute', () => {
  let lookup = lookupOf(undefined, fresh, now)
  for (const after of LOOK_AFTER_MS) {
    expect(lookDueInMs(lookup, now)).toBe(after)
    lookup = looked(lookup, false)
  }
  expect(LOOK_AFTER_MS.at(-1)).toBe(60_000)
  expect(lookup.over).toBe(true)
  expect(lookDueInMs(lookup, now)).toBeUndefined()
})

test('once found it is not looked for again', () => {
  expect(lookDueInMs(looked(lookupOf(undefined, fresh, now), true), now)).toBeUndefined()
})

test('a search that ended before our start is not begun again', () => {
  expect(lookDueInMs(lookupOf(undefined, aBase(), now), now)).toBeUndefined()
})

test.each([
  ['a new address', { address: { ip: '10.0.0.9', hostName: 'b1', port: 0 } }],
  ['a new host name', { address: { ip: '10.0.0.1', hostName: 'b2', port: 0 } }],
  ['a new process', { restarts: 1 }],
])('%s may run in another Pod', (_what, facts) => {
  const found = looked(lookupOf(undefined, fresh, now), true)
  expect(lookDueInMs(lookupOf(found, aBase(facts), now), now)).toBe(0)
})

test('it is looked for by address and host name, while the base answers and may get commands', () => {
  expect(placeToLookAt(aBase())).toEqual({ ip: '10.0.0.1', hostName: 'b1' })
  expect(placeToLookAt(aBase({ address: { unusableIp: 'unknown', hostName: 'b1', port: 0 } }))).toBeUndefined()
  const noCommands = { reason: 'BaseLeaving', sinceMs: 0, message: '' } as const
  expect(placeToLookAt(aBase({ noCommands }))).toBeUndefined()
})
