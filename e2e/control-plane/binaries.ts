import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildBinaries } from './build.ts'
import { buildLock } from './build-lock.ts'
import { downloadBinaries } from './download.ts'
import { note } from './progress.ts'
import { BINARIES, type Binaries, type Binary, DEFAULT_VERSION } from './versions.ts'

const run = promisify(execFile)

export interface Resolved {
  /** What the binaries are, not what was asked for. */
  readonly version: string
  readonly paths: Binaries
}

/** Makes the binaries of one version in an empty folder; false where this way is not open here. */
export type Provider = (version: string, target: string) => Promise<boolean>

const PROVIDERS: readonly Provider[] = [
  downloadBinaries,
  async (version, target) => {
    await buildBinaries(version, target)
    return true
  },
]

export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(base, 'koupleless-module-controller', 'control-plane')
}

/**
 * Where the control plane's binaries are: a folder that the environment names, our cache, the official release, or built
 * from the Go module proxy, in this order. The first run may take minutes and says so; a second takes milliseconds.
 * @param wanted undefined: whatever the environment's folder holds, else our default
 */
export async function resolveBinaries(wanted?: string, providers = PROVIDERS): Promise<Resolved> {
  const named = (await fromVariable('KOUPLELESS_E2E_BIN', wanted)) ?? (await fromVariable('KUBEBUILDER_ASSETS', wanted))
  if (named) return named
  const version = wanted ?? DEFAULT_VERSION
  const folder = join(cacheFolder(), version)
  const paths = (await complete(folder)) ?? (await provide(version, folder, providers))
  return { version, paths }
}

const pathsIn = (folder: string): Binaries =>
  Object.fromEntries(BINARIES.map(name => [name, join(folder, name)])) as Record<Binary, string>

async function missingIn(folder: string): Promise<readonly Binary[]> {
  const looked = await Promise.all(
    BINARIES.map(name =>
      access(join(folder, name), constants.X_OK).then(
        () => [],
        () => [name],
      ),
    ),
  )
  return looked.flat()
}

async function complete(folder: string): Promise<Binaries | undefined> {
  return (await missingIn(folder)).length === 0 ? pathsIn(folder) : undefined
}

/** Our own variable must be right; envtest's folder has no scheduler and no controller manager, so that one may be. */
async function fromVariable(variable: string, wanted: string | undefined): Promise<Resolved | undefined> {
  const folder = process.env[variable]
  if (!folder) return undefined
  const missing = await missingIn(folder)
  if (missing.length > 0) {
    const fault = `${variable}=${folder} has no ${missing.join(', ')}`
    if (variable === 'KOUPLELESS_E2E_BIN') throw new Error(fault)
    note(`${fault}: looking elsewhere`)
    return undefined
  }
  const paths = pathsIn(folder)
  const { stdout } = await run(paths['kube-apiserver'], ['--version'])
  const version = /v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? DEFAULT_VERSION
  if (!wanted || wanted === version) return { version, paths }
  note(`${variable}=${folder} is Kubernetes ${version}, not ${wanted}: looking elsewhere`)
  return undefined
}

/** Made aside and renamed into place: a run that was cut off leaves nothing half-made behind. */
async function provide(version: string, folder: string, providers: readonly Provider[]): Promise<Binaries> {
  await mkdir(cacheFolder(), { recursive: true })
  await using _lock = await buildLock(`${folder}.lock`)
  const meanwhile = await complete(folder)
  if (meanwhile) return meanwhile
  await sweepAbandoned()
  for (const provider of providers) {
    const making = await mkdtemp(`${folder}.making-`)
    try {
      if (!(await provider(version, making))) continue
      await rm(folder, { recursive: true, force: true })
      await rename(making, folder)
    } finally {
      await rm(making, { recursive: true, force: true })
    }
    const made = await complete(folder)
    if (made) return made
    throw new Error(`${folder} lacks ${(await missingIn(folder)).join(', ')} after it was made`)
  }
  throw new Error(`no way to get Kubernetes ${version} here`)
}

const ABANDONED_AFTER_MS = 60 * 60_000

/** Each holds up to 350 MB of a run that was killed. */
async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    const path = join(cacheFolder(), name)
    if (!name.includes('.making-') || Date.now() - (await stat(path)).mtimeMs < ABANDONED_AFTER_MS) continue
    await rm(path, { recursive: true, force: true })
  }
}
