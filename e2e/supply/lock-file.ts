/** What the operator is built from, by the lock file: packages that only tests and builds use are left out. */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly isSealed: boolean
}

export interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly license?: string; readonly dev?: boolean; readonly integrity?: string }
    >
  >
}

export interface PackageFile {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Those that ask for nothing but that their notice is kept. Another one is a decision, not an accident. */
const LICENSES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
])

/** By name and version, each once, however often it is installed. */
export function productionPackages({ packages }: LockFile): readonly LockedPackage[] {
  const found = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '', license = 'none', integrity }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
      isSealed: integrity !== undefined,
    }))
  const byKey = new Map(found.map(each => [`${each.name}@${each.version}`, each]))
  return [...byKey.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

const keyOf = ({ name, version }: LockedPackage): string => `${name}@${version}`

export const withOtherLicense = (packages: readonly LockedPackage[]): readonly string[] =>
  packages.filter(({ license }) => !LICENSES.has(license)).map(each => `${keyOf(each)}: licence ${each.license}`)

/** Whose content no hash vouches for. */
export const unsealed = (packages: readonly LockedPackage[]): readonly string[] =>
  packages.filter(({ isSealed }) => !isSealed).map(keyOf)

/** A range is another program tomorrow. */
export const unpinned = ({ dependencies, devDependencies }: PackageFile): readonly string[] =>
  Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name}: ${version}`)

const HEAD = `# Third parties

What the operator is built from: the production packages of \`package-lock.json\`, with the licence that each names. \`make sbom\` writes
this page, and \`dist/sbom.cdx.json\` (CycloneDX, with hashes); a test holds it to the lock file.

`

export function listing(packages: readonly LockedPackage[]): string {
  const rows = [['package', 'version', 'licence'], ...packages.map(each => [each.name, each.version, each.license])]
  const widths = [0, 1, 2].map(at => Math.max(...rows.map(row => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = [], ...others] = rows
  const ruler = `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`
  return `${HEAD}${[line(head), ruler, ...others.map(line)].join('\n')}\n`
}
