import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseId } from '../mqtt-bridge/index.ts'
import {
  isLabelValue,
  isNodeName,
  labelValue,
  NODE_NAME_FORMAT_DEFAULT,
  nodeNameFormatFault,
  nodeNaming,
} from './node-identity.ts'

const named = (identity: string, format = NODE_NAME_FORMAT_DEFAULT, env = 'dev') =>
  nodeNaming(format, env)(baseId(identity))

/** Identities of every kind: spelled as names, nearly so, and hostile. */
const identities = fc.oneof(
  fc.string({ minLength: 1, maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '.', '-', '_', ' ', 'é', '/'), minLength: 1, maxLength: 300 }),
  fc.ipV4(),
  fc.uuid(),
)
const formats = fc.constantFrom(NODE_NAME_FORMAT_DEFAULT, 'vnode.{identity}.{env}', '{identity}', '{env}-{identity}')

test('an identity that is a DNS-1123 name stands in the Node name as it is', () => {
  expect(named('base-1')).toBe('virtual-node-base-1')
  expect(named('10.0.0.1')).toBe('virtual-node-10.0.0.1')
  expect(named('b1', 'vnode.{identity}.{env}', 'prod')).toBe('vnode.b1.prod')
})

test('any other is lower-cased, freed of foreign characters and told apart by 8 hex digits of its SHA-256', () => {
  expect(named('My_Base')).toMatch(/^virtual-node-my-base-[0-9a-f]{8}$/)
  expect(named('My_Base')).not.toBe(named('My-Base'))
  expect(named('ü')).toMatch(/^virtual-node-[0-9a-f]{8}$/)
  expect(named('a..b')).toMatch(/^virtual-node-a\.b-[0-9a-f]{8}$/)
})

test('an env that no name may hold is made fit as well', () => {
  expect(isNodeName(named('b1', 'vnode.{identity}.{env}', 'My Env'))).toBe(true)
})

test('an identity cannot smuggle in a placeholder', () => {
  expect(named('{env}', '{env}-{identity}', 'prod')).toMatch(/^prod-env-[0-9a-f]{8}$/)
})

test('whatever the identity, the Node name is valid, and the same each time', () => {
  fc.assert(
    fc.property(identities, formats, fc.string({ minLength: 1, maxLength: 100 }), (identity, format, env) => {
      expect(named(identity, format, env)).toSatisfy(isNodeName)
      expect(named(identity, format, env)).toBe(named(identity, format, env))
    }),
  )
})

test('two identities never share a Node name, however alike they look after mangling', () => {
  fc.assert(
    fc.property(identities, identities, formats, (a, b, format) => {
      fc.pre(a !== b)
      expect(named(a, format)).not.toBe(named(b, format))
    }),
  )
})

test('a label holds what it may as it is, and the rest mangled', () => {
  expect(labelValue('1.0.0_RC')).toBe('1.0.0_RC')
  expect(labelValue('')).toBe('')
  expect(labelValue('1.0.0+build')).toMatch(/^1\.0\.0-build-[0-9a-f]{8}$/)
  expect(labelValue('x'.repeat(64))).toMatch(/^x{54}-[0-9a-f]{8}$/)
})

test('whatever the text, its label value is valid, and different texts that need mangling differ', () => {
  const texts = fc.oneof(fc.string({ maxLength: 200 }), identities)
  fc.assert(fc.property(texts, text => isLabelValue(labelValue(text))))
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      fc.pre(a !== b)
      expect(labelValue(a)).not.toBe(labelValue(b))
    }),
  )
})

test.each([
  ['virtual-node', 'must contain {identity} once'],
  ['{identity}-{identity}', 'must contain {identity} once'],
  ['{identity}.{zone}', 'has the unknown placeholder {zone}: {identity} and {env} are known'],
  ['Node_{identity}', 'does not make a DNS-1123 name (lower-case letters, digits, - and .)'],
  [`${'x'.repeat(63)}{identity}`, 'leaves too little room: at most 63 characters'],
])('the format %s is refused', (format, fault) => {
  expect(nodeNameFormatFault(format)).toBe(fault)
  expect(() => nodeNaming(format, 'dev')).toThrow(RangeError)
})

test('the default and the peer’s format are fine', () => {
  expect(nodeNameFormatFault(NODE_NAME_FORMAT_DEFAULT)).toBeUndefined()
  expect(nodeNameFormatFault('vnode.{identity}.{env}')).toBeUndefined()
})
