import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { showProgress } from './progress.ts'
import { BINARIES, ETCD_RELEASE } from './versions.ts'

const run = promisify(execFile)
const ARCH = process.arch === 'x64' ? 'amd64' : process.arch
const REACHED_WITHIN_MS = 4_000

const releaseUrl = (version: string, binary: string): string =>
  `https://dl.k8s.io/release/${version}/bin/${process.platform}/${ARCH}/${binary}`
const etcdFile = `etcd-${ETCD_RELEASE}-${process.platform}-${ARCH}`
const etcdUrl = (file: string): string => `https://github.com/etcd-io/etcd/releases/download/${ETCD_RELEASE}/${file}`

async function bytes(url: string): Promise<Buffer> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return Buffer.from(await answer.arrayBuffer())
}

function check(file: string, content: Buffer, expected: string): void {
  const actual = createHash('sha256').update(content).digest('hex')
  if (actual !== expected) throw new Error(`${file}: SHA-256 is ${actual}, the release says ${expected}`)
}

/** False where the release server is out of reach: the caller builds instead. A wrong checksum throws. */
export async function downloadBinaries(version: string, target: string): Promise<boolean> {
  const probe = releaseUrl(version, 'kubectl.sha256')
  const reached = await fetch(probe, { signal: AbortSignal.timeout(REACHED_WITHIN_MS) }).catch(() => undefined)
  if (!reached?.ok || process.platform !== 'linux') return false
  using progress = showProgress(`downloading Kubernetes ${version}`)
  for (const binary of BINARIES.filter(name => name !== 'etcd')) {
    progress.say(binary)
    const content = await bytes(releaseUrl(version, binary))
    check(binary, content, (await bytes(releaseUrl(version, `${binary}.sha256`))).toString().trim())
    await writeFile(join(target, binary), content)
    await chmod(join(target, binary), 0o755)
  }
  await downloadEtcd(target)
  return true
}

async function downloadEtcd(target: string): Promise<void> {
  const archive = `${etcdFile}.tar.gz`
  const content = await bytes(etcdUrl(archive))
  const sums = (await bytes(etcdUrl('SHA256SUMS'))).toString()
  check(
    archive,
    content,
    sums
      .split('\n')
      .find(line => line.endsWith(archive))
      ?.split(/\s+/)[0] ?? 'nothing',
  )
  await writeFile(join(target, archive), content)
  await run('tar', ['-xzf', archive], { cwd: target })
  await rename(join(target, etcdFile, 'etcd'), join(target, 'etcd'))
  await rm(join(target, etcdFile), { recursive: true })
  await rm(join(target, archive))
}
