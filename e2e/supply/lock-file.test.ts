import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type LockFile,
  listing,
  type PackageFile,
  productionPackages,
  unpinned,
  unsealed,
  withOtherLicense,
} from './lock-file.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const packages = productionPackages(JSON.parse(read('package-lock.json')) as LockFile)

describe('what the operator is built from', () => {
  test('has exact versions, a hash each, and licences that we take', () => {
    expect(packages.length).toBeGreaterThan(50)
    expect(unpinned(JSON.parse(read('package.json')) as PackageFile)).toEqual([])
    expect(unsealed(packages)).toEqual([])
    expect(withOtherLicense(packages)).toEqual([])
  })

  test('is listed as it is: else `make sbom`', () => {
    expect(read('docs/third-party.md')).toBe(listing(packages))
  })

  test('is installed from the lock file alone, also in the image', () => {
    expect(read('Dockerfile')).toContain('RUN npm ci ')
    expect(read('Dockerfile')).not.toMatch(/npm (install|i) /)
  })
})

describe('a planted fault is named:', () => {
  const entry = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' }
  const lock = (more: object): LockFile => ({ packages: { '': {}, 'node_modules/good': entry, ...more } })

  test('a licence that nobody decided on, and none at all; those of tests are not asked', () => {
    const found = productionPackages(
      lock({
        'node_modules/copy': { ...entry, license: 'GPL-3.0-only' },
        'node_modules/good/node_modules/@of/silent': { version: '2.0.0', integrity: 'sha512-y' },
        'node_modules/tool': { ...entry, license: 'GPL-3.0-only', dev: true },
      }),
    )
    expect(withOtherLicense(found)).toEqual(['@of/silent@2.0.0: licence none', 'copy@1.0.0: licence GPL-3.0-only'])
  })

  test('a package without a hash', () => {
    expect(unsealed(productionPackages(lock({ 'node_modules/loose': { version: '3.0.0' } })))).toEqual(['loose@3.0.0'])
  })

  test('a range', () => {
    const dependencies = { exact: '1.2.3', early: '1.0.0-rc.1', caret: '^1.2.3', any: '*', link: 'file:../x' }
    const faults = unpinned({ name: 'ours', dependencies, devDependencies: { tilde: '~6.0.3' } })
    expect(faults).toEqual(['caret: ^1.2.3', 'any: *', 'link: file:../x', 'tilde: ~6.0.3'])
  })
})
