import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BASE_VERBS } from './arklet/topics.ts'
import { ARKLET_ERROR_CODES } from './errors.ts'

const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')

test('README and code name the same error codes', () => {
  const section = readme.split('## Error codes')[1]?.split('\n## ')[0] ?? ''
  const documented = [...section.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
  expect(documented.sort()).toEqual([...ARKLET_ERROR_CODES].sort())
})

test('README and code name the same topics of a base', () => {
  const documented = [...readme.matchAll(/^\| `T\/base\/(\w+)` +\| from the base/gm)].map(([, verb]) => verb)
  expect(documented.sort()).toEqual([...BASE_VERBS].sort())
})
