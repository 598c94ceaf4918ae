import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { note, type Progress, showProgress } from './progress.ts'
import { BINARIES, pinned } from './versions.ts'

const run = promisify(execFile)
const ARCH = process.arch === 'x64' ? 'amd64' : process.arch

/** Where the projects publish their releases, and how long we wait for them. */
export interface ReleaseServers {
  readonly kubernetes: string
  readonly etcd: string
  /** The first answer: a machine without the internet must not wait. */
  readonly reachedWithinMs: number
  /** Between two pieces of a file. */
  readonly stalledAfterMs: number
}
const OFFICIAL: ReleaseServers = {
  kubernetes: 'https://dl.k8s.io/release',
  etcd: 'https://github.com/etcd-io/etcd/releases/download',
  reachedWithinMs: 4_000,
  stalledAfterMs: 30_000,
}

async function text(url: string, withinMs: number): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(withinMs) })
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.text()
}

/** Passes bytes on, and gives up where none have come for a while. */
function stallGuard(stalledAfterMs: number, abort: AbortController, say: (bytes: number) => void): Transform {
  const giveUp = (): void => abort.abort(new Error(`nothing came for ${stalledAfterMs} ms`))
  const timer = setTimeout(giveUp, stalledAfterMs)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.refresh()
      say(chunk.length)
      done(null, chunk)
    },
    destroy(error, done) {
      clearTimeout(timer)
      done(error)
    },
  })
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

interface Wanted {
  readonly url: string
  readonly path: string
  readonly sha256: string
}

async function save(wanted: Wanted, servers: ReleaseServers, say: (bytes: number) => void): Promise<void> {
  const abort = new AbortController()
  const answer = await fetch(wanted.url, { signal: abort.signal })
  if (!answer.ok || !answer.body) throw new Error(`${wanted.url}: ${answer.status}`)
  const guard = stallGuard(servers.stalledAfterMs, abort, say)
  await pipeline(Readable.fromWeb(answer.body), guard, createWriteStream(wanted.path))
  const actual = await sha256(wanted.path)
  if (actual !== wanted.sha256) throw new Error(`${wanted.url}: SHA-256 is ${actual}, not ${wanted.sha256}`)
}

/**
 * False where the release cannot be had from here: no internet, not Linux (servers are published for no other system), a
 * transfer that broke or a checksum that does not match. The caller builds instead.
 */
export async function downloadBinaries(version: string, target: string, servers = OFFICIAL): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const base = `${servers.kubernetes}/${version}/bin/linux/${ARCH}`
  try {
    await text(`${base}/kubectl.sha256`, servers.reachedWithinMs)
  } catch {
    return false
  }
  using progress = showProgress(`downloading Kubernetes ${version}`)
  const say = megabytes(progress)
  try {
    for (const name of BINARIES.filter(name => name !== 'etcd')) {
      const expected = (await text(`${base}/${name}.sha256`, servers.stalledAfterMs)).trim()
      await save({ url: `${base}/${name}`, path: join(target, name), sha256: expected }, servers, say)
      await chmod(join(target, name), 0o755)
    }
    await downloadEtcd((await pinned(version)).etcd, target, servers)
    return true
  } catch (error) {
    note(`the download failed: ${String(error)}`)
    return false
  }
}

function megabytes(progress: Progress): (bytes: number) => void {
  let total = 0
  return bytes => {
    total += bytes
    progress.say(`${Math.round(total / 1e6)} MB`)
  }
}

async function downloadEtcd(version: string, target: string, servers: ReleaseServers): Promise<void> {
  const name = `etcd-${version}-linux-${ARCH}`
  const archive = `${name}.tar.gz`
  const sums = await text(`${servers.etcd}/${version}/SHA256SUMS`, servers.stalledAfterMs)
  const expected = sums.split('\n').find(line => line.endsWith(` ${archive}`))
  const path = join(target, archive)
  const url = `${servers.etcd}/${version}/${archive}`
  await save({ url, path, sha256: expected?.split(/\s+/)[0] ?? 'listed' }, servers, () => undefined)
  await run('tar', ['-xzf', archive, `${name}/etcd`], { cwd: target })
  await rename(join(target, name, 'etcd'), join(target, 'etcd'))
  await rm(join(target, name), { recursive: true })
  await rm(path)
}
