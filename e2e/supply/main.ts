/** `make sbom`: the list of third parties, and a bill of materials for whoever scans. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LockedPackage, type LockFile, listing, type PackageFile, productionPackages } from './lock-file.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T

interface Bill {
  readonly metadata: { readonly component: object }
  readonly components: readonly { readonly 'bom-ref': string; readonly name: string; readonly version: string }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/**
 * npm's own, of all packages, from which those of tests and builds are taken: with `--omit dev` npm leaves out what these use too,
 * though the operator needs it. The name is ours: npm takes that of the folder.
 */
function bill(name: string, packages: readonly LockedPackage[]): Bill {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx']
  const written = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const whole = JSON.parse(written) as Bill
  const ours = new Set(packages.map(each => `${each.name}@${each.version}`))
  const components = whole.components.filter(each => ours.has(`${each.name}@${each.version}`))
  const refs = new Set(components.map(each => each['bom-ref']))
  const root = whole.dependencies.filter(({ ref }) => !whole.components.some(each => each['bom-ref'] === ref))
  const dependencies = [...root, ...whole.dependencies.filter(({ ref }) => refs.has(ref))].map(each => ({
    ...each,
    dependsOn: each.dependsOn.filter(ref => refs.has(ref)),
  }))
  const metadata = { ...whole.metadata, component: { ...whole.metadata.component, name } }
  return { ...whole, metadata, components, dependencies }
}

const packages = productionPackages(read<LockFile>('package-lock.json'))
const materials = bill(read<PackageFile>('package.json').name, packages)
mkdirSync(join(ROOT, 'dist'), { recursive: true })
writeFileSync(join(ROOT, 'dist', 'sbom.cdx.json'), `${JSON.stringify(materials, undefined, 2)}\n`)
writeFileSync(join(ROOT, 'docs', 'third-party.md'), listing(packages))
process.stdout.write(
  `dist/sbom.cdx.json: ${materials.components.length} components; docs/third-party.md: ${packages.length} packages\n`,
)
