import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aContainer, aPod } from './a-pod.ts'
import { expand, type RefValue, readField, type ValueLookup } from './container-env.ts'
import { readModules } from './module-spec.ts'

const nothing: ValueLookup = () => ({ kind: 'pending' })
const always =
  (value: RefValue): ValueLookup =>
  () =>
    value

describe('a container read as a module', () => {
  test('name, image and BIZ_VERSION are bizName, bizUrl and bizVersion; args and other env go along', () => {
    const [module] = readModules(aPod({ args: ['--a'], env: [{ name: 'COLOUR', value: 'red' }] }), nothing)
    expect(module).toEqual({
      kind: 'module',
      container: 'biz1',
      bizName: 'biz1',
      tuple: {
        version: '0.0.1',
        url: 'http://jars/biz1-0.0.1.jar',
        args: ['--a'],
        envs: { COLOUR: 'red' },
        restartedAt: '',
      },
    })
  })

  test('BIZ_NAME names what Kubernetes would not let a container be called', () => {
    const [module] = readModules(aPod({ env: [{ name: 'BIZ_NAME', value: 'my.biz_Module' }] }), nothing)
    expect(module).toMatchObject({ container: 'biz1', bizName: 'my.biz_Module' })
  })

  test('env-as-args hands the environment on as arguments', () => {
    const annotations = { 'module-controller.koupleless.io/env-as-args': 'true' }
    const [module] = readModules(aPod({ annotations, env: [{ name: 'A', value: '1' }] }), nothing)
    expect(module).toMatchObject({ tuple: { args: ['--A=1'] } })
  })

  test.each([
    ['oss://bucket/biz.jar', 'is no URL that a base can load'],
    ['/opt/biz.jar', 'is no URL that a base can load'],
    ['nginx:latest', 'is no URL that a base can load'],
    ['', 'is empty'],
  ])('image %j is refused with the field and the fault', (image, why) => {
    const pod = aPod({ containers: [{ ...aContainer(), image }] })
    expect(readModules(pod, nothing)[0]).toMatchObject({
      kind: 'invalid',
      field: 'spec.containers[biz1].image',
      why: expect.stringContaining(why),
    })
  })

  test('an empty version, an init container and a twin are refused', () => {
    expect(readModules(aPod({ version: ' ' }), nothing)[0]).toMatchObject({
      kind: 'invalid',
      field: 'spec.containers[biz1].env[BIZ_VERSION]',
    })
    expect(readModules(aPod({ spec: { initContainers: [aContainer()] } }), nothing)[0]).toMatchObject({
      kind: 'invalid',
      field: 'spec.initContainers',
    })
    const twins = aPod({
      containers: [aContainer(), { ...aContainer({ container: 'b', env: [{ name: 'BIZ_NAME', value: 'biz1' }] }) }],
    })
    expect(readModules(twins, nothing).map(({ kind }) => kind)).toEqual(['module', 'invalid'])
  })

  test('a value from a Secret is waited for, used, or named with the way to allow it', () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
    expect(readModules(aPod({ env }), nothing)[0]).toMatchObject({ kind: 'config', pending: true })
    expect(readModules(aPod({ env }), always({ kind: 'value', value: 'v' }))[0]).toMatchObject({
      tuple: { envs: { KEY: 'v' } },
    })
    expect(readModules(aPod({ env }), always({ kind: 'missing' }))[0]).toMatchObject({
      kind: 'config',
      why: expect.stringContaining('no Secret default/s, key k'),
    })
    expect(readModules(aPod({ env }), always({ kind: 'forbidden' }))[0]).toMatchObject({
      why: expect.stringContaining('ClusterRole module-values-reader'),
    })
  })

  test('an optional value that is missing is left out; the downward API is read from the Pod', () => {
    const env = [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'GREETING', value: 'hello $(POD) $$(POD) $(NOBODY)' },
    ]
    expect(readModules(aPod({ env }), always({ kind: 'missing' }))[0]).toMatchObject({
      tuple: { envs: { POD: 'web', GREETING: 'hello web $(POD) $(NOBODY)' } },
    })
  })

  test('no Pod makes it throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string(), image: fc.string() })),
        fc.string(),
        (containers, version) => {
          const specs = readModules(
            aPod({ containers: containers.map(c => ({ ...c, env: [{ name: 'BIZ_VERSION', value: version }] })) }),
            nothing,
          )
          expect(specs).toHaveLength(containers.length)
        },
      ),
    )
    fc.assert(fc.property(fc.string(), text => typeof expand(text, { A: 'x' }) === 'string'))
  })
})

describe('what no command could carry is told, and not tried for ever', () => {
  test.each([
    ['BIZ_NAME', 'a:b', 'env[BIZ_NAME]', 'holds a colon or a control character'],
    ['BIZ_NAME', 'n'.repeat(513), 'env[BIZ_NAME]', 'Too big: expected string to have <=512 characters'],
    ['BIZ_VERSION', '1.0.0\n', 'env[BIZ_VERSION]', 'holds a control character'],
    ['TEXT', 'x'.repeat(1_100_000), 'args and env', expect.stringContaining('at most 1048576 may be sent')],
  ])('%s', (name, value, field, why) => {
    const [module] = readModules(aPod({ env: [{ name, value }] }), nothing)
    expect(module).toMatchObject({ kind: 'invalid', field: `spec.containers[biz1].${field}`, why })
  })
})

describe('names that every object has are nobody’s values', () => {
  test('as env, in args and as keys', () => {
    const env = [
      { name: '__proto__', value: 'p' },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['constructor']" } } },
    ]
    const [module] = readModules(aPod({ env, args: ['$(constructor)', '$(__proto__)'] }), ({ name }) => ({
      kind: 'value',
      value: readField(aPod({ labels: {} }), name, undefined) ?? '',
    }))
    expect(module).toMatchObject({ kind: 'module', tuple: { args: ['$(constructor)', 'p'], envs: { LABEL: '' } } })
  })
  test('as a path of a field', () => {
    const env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'constructor' } } }]
    expect(readModules(aPod({ env }), nothing)).toMatchObject([{ kind: 'config', pending: false }])
  })
})
