import { expect, test } from 'vitest'
import { Latest, WATCH_LAG_MS } from './latest.ts'

const object = (resourceVersion: string, uid = 'a') => ({ metadata: { uid, resourceVersion } })

function wroteVersion(version: string): Latest<string, ReturnType<typeof object>> {
  const latest = new Latest<string, ReturnType<typeof object>>()
  latest.wrote('k', object(version), 0)
  return latest
}

test('our own write counts until the watch has brought it', () => {
  const latest = wroteVersion('9')
  expect(latest.of('k', undefined, 1)?.metadata.resourceVersion).toBe('9')
  expect(latest.of('k', object('8'), 2)?.metadata.resourceVersion).toBe('9')
  expect(latest.of('k', object('10'), 3)?.metadata.resourceVersion).toBe('10')
})

test('once the watch has brought it, its deletion is believed at once', () => {
  const latest = wroteVersion('9')
  latest.of('k', object('9'), 1)
  expect(latest.of('k', undefined, 2)).toBeUndefined()
})

test('an object that never came by the watch was deleted meanwhile', () => {
  expect(wroteVersion('9').of('k', undefined, WATCH_LAG_MS)).toBeUndefined()
})

test('a successor under the same name wins whatever its version', () => {
  expect(wroteVersion('9').of('k', object('3', 'b'), 1)?.metadata.uid).toBe('b')
})
