import { describe, expect, test } from 'vitest'
import { aPod, noLookups } from './a-pod.ts'
import { drainMsOf, replaceModeOf } from './module-annotations.ts'
import { readModules } from './module-spec.ts'

const OURS = 'module-controller.koupleless.io'
const podWith = (name: string, value: string) => aPod({ annotations: { [`${OURS}/${name}`]: value } })

describe('an annotation whose value means nothing is an invalid module, and tells what it takes', () => {
  test.each([
    ['replace', 'sometimes', 'auto, prove-then-switch, uninstall-first'],
    ['replace', '', 'auto, prove-then-switch, uninstall-first'],
    ['drain-seconds', '5s', 'whole seconds from 0 to 3600'],
    ['drain-seconds', '-1', 'whole seconds from 0 to 3600'],
    ['drain-seconds', '3601', 'whole seconds from 0 to 3600'],
    ['env-as-args', 'yes', 'true, false'],
  ])('%s: %j', (name, value, takes) => {
    expect(readModules(podWith(name, value), noLookups.value)).toMatchObject([
      {
        kind: 'invalid',
        field: `metadata.annotations[${OURS}/${name}]`,
        why: `is ${JSON.stringify(value)}: it takes ${takes}`,
      },
    ])
  })
})

test.each([
  ['auto', 'auto'],
  ['prove-then-switch', 'prove-then-switch'],
  ['uninstall-first', 'uninstall-first'],
])('replace: %s', (value, mode) => {
  expect(replaceModeOf(podWith('replace', value))).toBe(mode)
  expect(readModules(podWith('replace', value), noLookups.value)).toMatchObject([{ kind: 'module' }])
})

test('without an annotation it is auto, and nothing is drained', () => {
  expect([replaceModeOf(aPod()), drainMsOf(aPod())]).toEqual(['auto', 0])
  expect(drainMsOf(podWith('drain-seconds', '5'))).toBe(5_000)
})
