import { execFile, spawn } from 'node:child_process'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onPath } from '../tools/find-tool.ts'
import { NotToBeHad } from './not-to-be-had.ts'
import { type Progress, showProgress } from './progress.ts'
import { moduleFolder, pinned } from './versions.ts'

const run = promisify(execFile)

/** The module files decide alone: no flags, workspace or C compiler of this machine. */
const goEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly',
  GOWORK: 'off',
})

/** Kubernetes prints no usable version unless it is stamped, and kubectl then cannot parse it. */
export function versionStamps(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  return packages.flatMap(name => Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`)).join(' ')
}

const numbers = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).slice(0, 2).map(Number)

export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = numbers(version)
  const [thanMajor = 0, thanMinor = 0] = numbers(than)
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}

async function goVersion(go: string | undefined, version: string): Promise<string> {
  if (!go) return 'none on the path'
  return run(go, ['env', 'GOVERSION'], { cwd: moduleFolder(version), env: goEnvironment() }).then(
    ({ stdout }) => stdout.trim(),
    (error: Error & { stderr?: string }) => `one that says: ${error.stderr?.trim() || error.message}`,
  )
}

/** From 1.21 on, `go` itself fetches the toolchain that a module file asks for, unless GOTOOLCHAIN forbids it. */
async function requireGo(version: string): Promise<string> {
  const needed = (await pinned(version)).go
  const go = await onPath('go')
  const found = await goVersion(go, version)
  if (go && found.startsWith('go1.') && !isOlder(found, needed)) return go
  throw new NotToBeHad(
    `Go ${needed} or newer is needed to build Kubernetes ${version}, found ${found}. ` +
      'Get it from https://go.dev/dl, or set KOUPLELESS_E2E_BIN to a folder with the binaries.',
  )
}

/** Builds all binaries of one version from the Go module proxy into `target`: 4 to 7 minutes on 2 cores at first. */
export async function buildBinaries(version: string, target: string): Promise<void> {
  const go = await requireGo(version)
  using progress = showProgress(`building Kubernetes ${version} from its Go modules (once, 4 to 7 minutes on 2 cores)`)
  await goBuild(go, version, target, progress)
  await rename(join(target, 'server'), join(target, 'etcd'))
}

function goBuild(go: string, version: string, target: string, progress: Progress): Promise<void> {
  const flags = ['build', '-v', '-trimpath', '-ldflags', `-s -w ${versionStamps(version)}`, '-o', `${target}/`, 'tool']
  const child = spawn(go, flags, {
    cwd: moduleFolder(version),
    env: goEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let tail = ''
  let lines = 0
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-2_000)
    lines += chunk.split('\n').length - 1
    progress.say(`${lines} packages, ${tail.trimEnd().split('\n').at(-1)?.slice(0, 80) ?? ''}`)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => (code === 0 ? resolve() : reject(new Error(`go build ended with ${code}: ${tail}`))))
  })
}
