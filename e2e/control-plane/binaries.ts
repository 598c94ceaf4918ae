import { access, mkdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildBinaries } from './build.ts'
import { downloadBinaries } from './download.ts'
import { showProgress } from './progress.ts'
import { BINARIES, type Binaries, type Binary } from './versions.ts'

const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'koupleless-module-controller', 'control-plane')

async function complete(folder: string): Promise<Binaries | undefined> {
  const paths = BINARIES.map(name => [name, join(folder, name)] as const)
  const found = await Promise.all(
    paths.map(([, path]) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.every(Boolean) ? (Object.fromEntries(paths) as Record<Binary, string>) : undefined
}

/**
 * Where the control plane's binaries are: the folder that the environment names, our cache, the official release, or built
 * from source, in this order. The first run may take minutes and says so; a second takes milliseconds.
 */
export async function resolveBinaries(version: string): Promise<Binaries> {
  for (const variable of ['KOUPLELESS_E2E_BIN', 'KUBEBUILDER_ASSETS']) {
    const folder = process.env[variable]
    if (!folder) continue
    const found = await complete(folder)
    if (found) return found
    // envtest's folder has no scheduler and no controller manager: then ours is needed all the same.
    if (variable === 'KOUPLELESS_E2E_BIN')
      throw new Error(`${variable}=${folder}: takes a folder with ${BINARIES.join(', ')}`)
  }
  const folder = join(cacheFolder(), version)
  return (await complete(folder)) ?? (await provide(version, folder))
}

/** Built aside and renamed into place: a run cut off leaves nothing half-made behind. */
async function provide(version: string, folder: string): Promise<Binaries> {
  await mkdir(cacheFolder(), { recursive: true })
  await using _lock = await lock(`${folder}.lock`)
  const meanwhile = await complete(folder)
  if (meanwhile) return meanwhile
  const making = `${folder}.making`
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { recursive: true })
  if (!(await downloadBinaries(version, making))) await buildBinaries(version, making)
  await rm(folder, { recursive: true, force: true })
  await rename(making, folder)
  const made = await complete(folder)
  if (!made) throw new Error(`${folder}: a binary is missing after the build`)
  return made
}

const LOCK_STALE_AFTER_MS = 30 * 60_000

/** Two suites on one machine must not build the same thing at once. */
async function lock(path: string): Promise<AsyncDisposable> {
  using progress = showProgress('waiting for another build of the control plane')
  while (
    !(await mkdir(path).then(
      () => true,
      () => false,
    ))
  ) {
    progress.say(path)
    const held = await stat(path).catch(() => undefined)
    if (held && Date.now() - held.mtimeMs > LOCK_STALE_AFTER_MS) await rm(path, { recursive: true, force: true })
    await sleep(500)
  }
  return { [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
