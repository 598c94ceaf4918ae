import { execFile, spawn } from 'node:child_process'
import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { showProgress } from './progress.ts'

const run = promisify(execFile)

/** Kubernetes prints no usable version unless it is stamped, and kubectl then cannot parse it. */
function stamps(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  return packages.flatMap(name => Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`)).join(' ')
}

async function requireGo(): Promise<void> {
  const { stdout } = await run('go', ['env', 'GOVERSION']).catch(() => ({ stdout: '' }))
  const minor = Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0)
  if (minor >= 21) return // from 1.21 on, go fetches the toolchain that the module file asks for
  const got = stdout.trim() || 'none'
  throw new Error(
    `Go 1.26 is needed to build the control plane, found ${got}: install it from https://go.dev/dl, or set KUBEBUILDER_ASSETS`,
  )
}

/** Builds all binaries of one version from the Go module proxy into `target`: about 7 minutes on 2 cores the first time. */
export async function buildBinaries(version: string, target: string): Promise<void> {
  await requireGo()
  const module = join(target, '..', `${version}.module`)
  await mkdir(module, { recursive: true })
  for (const file of ['go.mod', 'go.sum'])
    await copyFile(join(import.meta.dirname, 'go', version, file), join(module, file))
  using progress = showProgress(`building Kubernetes ${version} from its Go modules (about 7 minutes the first time)`)
  await goBuild(module, target, version, line => progress.say(line))
  await rename(join(target, 'server'), join(target, 'etcd'))
}

function goBuild(module: string, target: string, version: string, say: (line: string) => void): Promise<void> {
  const flags = ['build', '-trimpath', '-ldflags', `-s -w ${stamps(version)}`, '-o', `${target}/`, 'tool']
  const child = spawn('go', flags, {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let tail = ''
  child.stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-2_000)
    say(tail.trimEnd().split('\n').at(-1)?.slice(0, 80) ?? '')
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => (code === 0 ? resolve() : reject(new Error(`go build ended with ${code}: ${tail}`))))
  })
}
