import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deadFiles, importCycles, RULES } from './tidy/rules.ts'
import { parse, readSources } from './tidy/source-file.ts'

const ROOT = join(import.meta.dirname, '..')
const files = readSources(ROOT, ['operator', 'reconcilers', 'mqtt-bridge', 'e2e'])
const ENTRIES = [/\.test\.ts$/, /^operator\/main\.ts$/, /^e2e\/.*\/(main|dev|test|kind|matrix|global-setup)\.ts$/]

const faultsOf = (path: string, text: string): readonly string[] =>
  RULES.flatMap(rule => rule(parse(path, text))).map(({ what }) => what)

describe('the house rules', () => {
  test('hold for every file', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(files.flatMap(file => RULES.flatMap(rule => rule(file)))).toEqual([])
  })

  test('no file is dead', () => {
    expect(deadFiles(files, ENTRIES)).toEqual([])
  })

  test('no imports in a circle', () => {
    expect(importCycles(files)).toEqual([])
  })
})

describe('the rules catch planted faults', () => {
  test.each([
    ['a long function', 'operator/a.ts', `export function f() {\n${'  g()\n'.repeat(80)}}`, 'function of'],
    ['a long file', 'operator/a.ts', 'const a = 1\n'.repeat(401), 'split it'],
    ['five parameters', 'operator/a.ts', 'const f = (a, b, c, d, e) => { return a }', '5 parameters'],
    ['an import upwards', 'reconcilers/a.ts', "import { x } from '../operator/x.ts'", 'rooms look down only'],
    [
      'an import sideways',
      'reconcilers/node-lease/a.ts',
      "import { x } from '../base-tunnel/x.ts'",
      'not in each other',
    ],
    ['a side door', 'reconcilers/a.ts', "import { x } from '../mqtt-bridge/session/bridge.ts'", 'use the door'],
    [
      'a plan that does',
      'reconcilers/pod-lifecycle/pod-plan.ts',
      "import { ApiError } from '../ports.ts'",
      'this file decides',
    ],
    ['a package everywhere', 'reconcilers/a.ts', "import winston from 'winston'", 'imports winston'],
    ['a forgetful registry', 'reconcilers/registry/a.ts', "import { LRUCache } from 'lru-cache'", 'may not forget'],
    ['the wall clock', 'reconcilers/a.ts', 'const t = Date.now()', 'a Clock handed in'],
    ['a timer', 'reconcilers/a.ts', 'setTimeout(f, 1)', 'clock.sleep'],
    ['the environment', 'reconcilers/a.ts', 'const e = process.env.HOME', 'Config'],
    ['an exit', 'reconcilers/a.ts', 'process.exit(1)', 'a thrown error'],
    ['a leftover', 'reconcilers/a.ts', '// TODO: later', 'doing it'],
    ['a skipped test', 'reconcilers/a.test.ts', "test.skip('x', () => {})", 'a test that runs'],
    ['a vague name', 'reconcilers/utils.ts', '', 'names no concept'],
    ['a camel', 'reconcilers/someThing.ts', '', 'kebab-case'],
  ])('%s', (_what, path, text, fault) => {
    expect(faultsOf(path, text).join('\n')).toContain(fault)
  })

  test('words in strings are not calls', () => {
    expect(faultsOf('reconcilers/a.ts', "const text = 'Date.now setTimeout('")).toEqual([])
  })

  test('a dead file and a circle', () => {
    const a = parse('operator/a.ts', "import { b } from './b.ts'")
    const b = parse('operator/b.ts', "import { a } from './a.ts'")
    expect(deadFiles([parse('operator/alone.ts', '')], ENTRIES)).toHaveLength(1)
    expect(importCycles([a, b])).not.toEqual([])
  })
})
