import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bannedCalls, leftovers, testsRun } from './tidy/banned.ts'
import { fileNames } from './tidy/file-names.ts'
import { deadFiles, importCycles } from './tidy/import-graph.ts'
import { machinePaths, readPlainTexts } from './tidy/plain-text.ts'
import { importDirection, packages, purity } from './tidy/rooms.ts'
import { sizes } from './tidy/sizes.ts'
import { type Fault, parse, readSources } from './tidy/source-file.ts'

const ROOT = join(import.meta.dirname, '..')
const RULES = { sizes, importDirection, purity, packages, bannedCalls, leftovers, testsRun, fileNames }
const files = readSources(ROOT, ['operator', 'reconcilers', 'mqtt-bridge', 'e2e'])

/** What people and tools start: tests, and every source that a script or a configuration names. */
const started = ['package.json', 'vitest.config.ts', 'Makefile']
  .map(name => readFileSync(join(ROOT, name), 'utf8'))
  .flatMap(text => text.match(/[\w/-]+\.ts/g) ?? [])
const isEntry = (path: string): boolean =>
  /\.(test|bench)\.ts$/.test(path) || /(^|\/)main\.ts$/.test(path) || started.includes(path)

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
}
/** npm drops the packages of other platforms when it rewrites the file beside installed ones, and then refuses it. */
const missingFromLock = ({ packages }: Lock): readonly string[] =>
  Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      name => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  )

/** One line each, so that a failure reads as a list of what to do. */
const told = (faults: readonly Fault[]): string => faults.map(({ where, what }) => `${where} ${what}`).join('\n')

describe('the house rules', () => {
  test.each(Object.entries(RULES))('%s', (_name, rule) => {
    expect(files.length).toBeGreaterThan(50)
    expect(told(files.flatMap(rule))).toBe('')
  })
  test('no file is dead', () => expect(told(deadFiles(files, isEntry))).toBe(''))
  test('no imports in a circle', () => expect(told(importCycles(files))).toBe(''))
  test('no path of one machine', () => expect(told(readPlainTexts(ROOT).flatMap(machinePaths))).toBe(''))
  test('the lock file names no registry, and all that `npm ci` asks for on any machine', () => {
    const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
    expect(text).not.toContain('"resolved"')
    expect(missingFromLock(JSON.parse(text) as Lock)).toEqual([])
  })
})

const faultsOf = (path: string, text: string): string =>
  told(Object.values(RULES).flatMap(rule => rule(parse(path, text))))

describe('a planted fault is caught:', () => {
  test.each([
    ['a long function', 'operator/a.ts', `export function f() {\n${'  g()\n'.repeat(80)}}`, '82 lines: 70 at most'],
    ['a long file', 'operator/a.ts', 'const a = 1\n'.repeat(401), 'split it by concept'],
    ['a wide line', 'operator/a.ts', `const a = '${'x'.repeat(140)}'`, 'break the line'],
    ['five parameters', 'operator/a.ts', 'const f = (a, b, c, d, e) => a', '5 parameters'],
    ['deep nesting', 'operator/a.ts', 'function f() { if (a) { for (;;) { try { if (b) c() } catch {} } } }', '4 deep'],
    ['an import upwards', 'reconcilers/a.ts', "import { x } from '../operator/x.ts'", 'rooms look down only'],
    ['even of a type', 'mqtt-bridge/a.ts', "import type { x } from '../reconcilers/x.ts'", 'rooms look down only'],
    ['even at run time', 'operator/a.ts', "await import('../e2e/x.ts')", 'rooms look down only'],
    ['an import sideways', 'reconcilers/node-lease/a.ts', "import { x } from '../base-tunnel/x.ts'", 'in the registry'],
    ['a shared part', 'reconcilers/loop/a.ts', "import { x } from '../base-tunnel/x.ts'", 'knows none of them'],
    ['a side door', 'reconcilers/a.ts', "export { x } from '../mqtt-bridge/session/bridge.ts'", 'use the door'],
    ['a plan that does', 'reconcilers/pod-lifecycle/pod-plan.ts', "import { C } from '../ports.ts'", 'a shell does'],
    ['a codec that reads', 'mqtt-bridge/arklet/codec.ts', "import { x } from 'node:fs/promises'", 'a shell does'],
    ['a package everywhere', 'reconcilers/a.ts', "import winston from 'winston'", 'imports winston'],
    ['a second client', 'operator/a.ts', "import mqtt from 'async-mqtt'", 'imports async-mqtt'],
    ['a forgetful registry', 'reconcilers/registry/a.ts', "import { LRUCache } from 'lru-cache'", 'may not forget'],
    ['a client of values', 'reconcilers/a.ts', "import { V1Pod } from '@kubernetes/client-node'", '`import type`'],
    ['the wall clock', 'reconcilers/a.ts', 'const t = Date.now()', 'Date.now: use the Clock'],
    ['the wall clock, asked otherwise', 'reconcilers/a.ts', 'const t = new Date()', 'new Date(): use the Clock'],
    ['a timer', 'reconcilers/a.ts', 'setTimeout(f, 1)', 'setTimeout: use the Clock'],
    ['a timer by a detour', 'reconcilers/a.ts', 'globalThis.setTimeout(f, 1)', 'setTimeout: use the Clock'],
    ['a timer under another name', 'reconcilers/a.ts', "import { x } from 'node:timers/promises'", 'use the Clock'],
    ['chance', 'reconcilers/a.ts', 'const r = Math.random()', 'the Rng'],
    ['a chance id', 'reconcilers/a.ts', "import { randomUUID as id } from 'node:crypto'", 'randomUUID: use the Rng'],
    ['the environment', 'reconcilers/a.ts', "const e = process.env['HOME']", 'process.env: use Config'],
    ['an exit', 'operator/compose.ts', 'process.exit(1)', 'a thrown error'],
    ['an end by name', 'e2e/a.ts', "spawn('pkill', ['-f', 'etcd'])", 'pkill: use the process id'],
    ['a leftover', 'reconcilers/a.ts', 'f() // TODO: later', 'TODO: do it'],
    ['an excuse', 'reconcilers/a.ts', '// @ts-ignore\nf()', '@ts-ignore'],
    ['a test that does not run', 'reconcilers/a.test.ts', "test.skip('x', () => {})", '.skip'],
    ['a test alone', 'reconcilers/a.test.ts', "describe.each([1]).only('x', () => {})", '.only'],
    ['a vague name', 'reconcilers/utils.ts', '', 'utils names no concept'],
    ['a vague folder', 'reconcilers/common/clock.ts', '', 'common names no concept'],
    ['a camel', 'reconcilers/someThing.ts', '', 'kebab-case'],
  ])('%s', (_what, path, text, fault) => {
    expect(faultsOf(path, text)).toContain(fault)
  })

  test('a dead file, also one that only its own test uses', () => {
    const alone = parse('operator/alone.ts', '')
    const own = parse('operator/alone.property.test.ts', "import { a } from './alone.ts'")
    const other = parse('operator/other.test.ts', "import { a } from './alone.ts'")
    expect(deadFiles([alone, own], isEntry).map(({ where }) => where)).toEqual(['operator/alone.ts:1'])
    expect(deadFiles([alone, own, other], isEntry)).toEqual([])
  })

  test('a circle of values, and not one of types', () => {
    const a = parse('operator/a.ts', "import { b } from './b.ts'")
    const b = parse('operator/b.ts', "import { a } from './a.ts'")
    const types = parse('operator/b.ts', "import type { a } from './a.ts'")
    expect(told(importCycles([a, b]))).toContain('operator/a.ts → operator/b.ts → operator/a.ts')
    expect(importCycles([a, types])).toEqual([])
  })

  test('a path of one machine', () => {
    const text = ['cd ', 'home', 'ann', 'code'].join('/')
    expect(told(machinePaths({ path: 'Makefile', text }))).toContain('a path of one machine')
    expect(machinePaths({ path: 'a.md', text: 'https://example.com/home/ann and ~/tmp/x' })).toEqual([])
  })
})

test('what only looks like a fault is none', () => {
  const text = `
    // Date.now is for clocks, setTimeout( too
    const words = 'Date.now setTimeout( process.env // TODO'
    clock.setTimeout = { setInterval: 1 }
    const then = new Date(nowMs)
  `
  expect(faultsOf('reconcilers/a.ts', text)).toBe('')
})
