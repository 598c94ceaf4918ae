import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { downloadBinaries, type ReleaseServers } from './download.ts'
import { BINARIES, DEFAULT_VERSION, pinned } from './versions.ts'

const ARCH = process.arch === 'x64' ? 'amd64' : process.arch
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

let target: string
let server: Server
let files: Map<string, Buffer | 'stalls'>
let servers: ReleaseServers

beforeEach(async () => {
  target = await mkdtemp(join(tmpdir(), 'koupleless-download-'))
  files = await aRelease()
  server = createServer((request, response) => {
    const content = files.get(request.url ?? '')
    if (content === undefined) response.writeHead(404).end()
    else if (content === 'stalls') response.writeHead(200).write('a beginning')
    else response.writeHead(200).end(content)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  servers = { kubernetes: url, etcd: `${url}/etcd`, reachedWithinMs: 2_000, stalledAfterMs: 300 }
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await rm(target, { recursive: true, force: true })
})

/** Laid out as the projects do, with a line of text for each binary. */
async function aRelease(): Promise<Map<string, Buffer | 'stalls'>> {
  const release = new Map<string, Buffer | 'stalls'>()
  for (const name of BINARIES.filter(name => name !== 'etcd')) {
    const path = `/${DEFAULT_VERSION}/bin/linux/${ARCH}/${name}`
    const content = Buffer.from(`this is ${name}`)
    release.set(path, content).set(`${path}.sha256`, Buffer.from(`${sha256(content)}\n`))
  }
  const { etcd } = await pinned(DEFAULT_VERSION)
  const [name, work] = [`etcd-${etcd}-linux-${ARCH}`, join(target, 'work')]
  mkdirSync(join(work, name), { recursive: true })
  await writeFile(join(work, name, 'etcd'), 'this is etcd')
  execFileSync('tar', ['-czf', `${name}.tar.gz`, name], { cwd: work })
  const archive = readFileSync(join(work, `${name}.tar.gz`))
  await rm(work, { recursive: true })
  release.set(`/etcd/${etcd}/${name}.tar.gz`, archive)
  return release.set(`/etcd/${etcd}/SHA256SUMS`, Buffer.from(`aa  other.tar.gz\n${sha256(archive)}  ${name}.tar.gz\n`))
}

describe.runIf(process.platform === 'linux')('the official release', () => {
  const scheduler = `/${DEFAULT_VERSION}/bin/linux/${ARCH}/kube-scheduler`

  test('is taken whole, and can be executed', async () => {
    expect(await downloadBinaries(DEFAULT_VERSION, target, servers)).toBe(true)
    expect((await readdir(target)).sort()).toEqual([...BINARIES].sort())
    for (const name of BINARIES) expect(await readFile(join(target, name), 'utf8')).toBe(`this is ${name}`)
    expect((await stat(join(target, 'kubectl'))).mode & 0o111).not.toBe(0)
  })

  test('is not taken where a checksum does not match', async () => {
    files.set(scheduler, Buffer.from('something else'))
    expect(await downloadBinaries(DEFAULT_VERSION, target, servers)).toBe(false)
  })

  test('is given up where a transfer stalls', async () => {
    files.set(scheduler, 'stalls')
    expect(await downloadBinaries(DEFAULT_VERSION, target, servers)).toBe(false)
  })

  test('is not waited for where there is no way to it', async () => {
    const nowhere = { ...servers, kubernetes: 'http://127.0.0.1:9' }
    expect(await downloadBinaries(DEFAULT_VERSION, target, nowhere)).toBe(false)
    files.set(`/${DEFAULT_VERSION}/bin/linux/${ARCH}/kubectl.sha256`, 'stalls')
    expect(await downloadBinaries(DEFAULT_VERSION, target, { ...servers, reachedWithinMs: 100 })).toBe(false)
    expect(await readdir(target)).toEqual([])
  })
})
