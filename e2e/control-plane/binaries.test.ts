import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cacheFolder, type Provider, resolveBinaries } from './binaries.ts'
import { isOlder, versionStamps } from './build.ts'
import { buildLock } from './build-lock.ts'
import { freePorts } from './free-port.ts'
import { BINARIES, DEFAULT_VERSION, OLDEST_VERSION, pinned, VERSIONS, versionFromEnvironment } from './versions.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'koupleless-binaries-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
  vi.stubEnv('KOUPLELESS_E2E_BIN', '')
  vi.stubEnv('KUBEBUILDER_ASSETS', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** Stand-ins that know their version. */
async function putBinaries(target: string, version: string, names: readonly string[] = BINARIES): Promise<void> {
  await mkdir(target, { recursive: true })
  for (const name of names)
    await writeFile(join(target, name), `#!/bin/sh\necho Kubernetes ${version}\n`, { mode: 0o755 })
}
function aProvider(isOpen = true) {
  const made: string[] = []
  const provider: Provider = async (version, target) => {
    made.push(version)
    if (isOpen) await putBinaries(target, version)
    return isOpen
  }
  return { provider, made }
}
const never: Provider = () => Promise.reject(new Error('not to be asked'))

test('the folder that the environment names comes first, with the version that is in it', async () => {
  vi.stubEnv('KOUPLELESS_E2E_BIN', join(folder, 'own'))
  await putBinaries(join(folder, 'own'), 'v1.30.1')
  const found = await resolveBinaries(undefined, [never])
  expect(found).toMatchObject({ version: 'v1.30.1', paths: { etcd: join(folder, 'own', 'etcd') } })
})

test('our own variable must be right: what is missing is named', async () => {
  vi.stubEnv('KOUPLELESS_E2E_BIN', join(folder, 'own'))
  await putBinaries(join(folder, 'own'), 'v1.30.1', ['etcd', 'kubectl'])
  await expect(resolveBinaries(undefined, [never])).rejects.toThrow(/has no kube-apiserver, kube-controller-manager, /)
})

test("envtest's folder lacks half, and another version is not the one asked for: both are passed over", async () => {
  const { provider, made } = aProvider()
  vi.stubEnv('KUBEBUILDER_ASSETS', join(folder, 'envtest'))
  await putBinaries(join(folder, 'envtest'), DEFAULT_VERSION, ['etcd', 'kube-apiserver', 'kubectl'])
  vi.stubEnv('KOUPLELESS_E2E_BIN', join(folder, 'own'))
  await putBinaries(join(folder, 'own'), DEFAULT_VERSION)
  const found = await resolveBinaries(OLDEST_VERSION, [provider])
  expect(found.version).toBe(OLDEST_VERSION)
  expect(made).toEqual([OLDEST_VERSION])
})

test('what was made once is found by every later run', async () => {
  const { provider, made } = aProvider()
  const first = await resolveBinaries(DEFAULT_VERSION, [provider])
  expect(await resolveBinaries(DEFAULT_VERSION, [never])).toEqual(first)
  expect(first.paths.kubectl).toBe(join(cacheFolder(), DEFAULT_VERSION, 'kubectl'))
  expect(made).toEqual([DEFAULT_VERSION])
})

test('two runs at once make it once', async () => {
  const { provider, made } = aProvider()
  await Promise.all([resolveBinaries(DEFAULT_VERSION, [provider]), resolveBinaries(DEFAULT_VERSION, [provider])])
  expect(made).toEqual([DEFAULT_VERSION])
  expect(await readdir(cacheFolder())).toEqual([DEFAULT_VERSION])
})

test('a way that is not open leads to the next, and a failure leaves nothing half-made', async () => {
  const closed = aProvider(false)
  const failing: Provider = async (version, target) => {
    await putBinaries(target, version, ['etcd'])
    throw new Error('the build broke')
  }
  await expect(resolveBinaries(DEFAULT_VERSION, [closed.provider, failing])).rejects.toThrow('the build broke')
  expect(closed.made).toEqual([DEFAULT_VERSION])
  expect(await readdir(cacheFolder())).toEqual([])
  await expect(resolveBinaries(DEFAULT_VERSION, [closed.provider])).rejects.toThrow(/no way to get/)
})

test('what a killed run left is swept, and its lock does not hold for ever', async () => {
  const [lock, making] = [join(cacheFolder(), 'v1.lock'), join(cacheFolder(), 'v1.36.3.making-x')]
  const longAgo = new Date(Date.now() - 2 * 3_600_000)
  for (const path of [lock, making]) {
    await mkdir(path, { recursive: true })
    await utimes(path, longAgo, longAgo)
  }
  await (await buildLock(lock))[Symbol.asyncDispose]()
  await resolveBinaries(DEFAULT_VERSION, [aProvider().provider])
  expect([lock, making].filter(existsSync)).toEqual([])
})

test('a holder that lives keeps its lock, however long it takes', async () => {
  const path = join(folder, 'lock')
  const times = { beatEveryMs: 10, staleAfterMs: 200 }
  const first = await buildLock(path, times)
  let isFree = false
  const second = buildLock(path, times).then(lock => {
    expect(isFree).toBe(true)
    return lock
  })
  const until = Date.now() + 500
  while (Date.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
  isFree = true
  await first[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
})

test('every version has its pinned module file, and the environment may choose one', async () => {
  for (const version of VERSIONS) expect((await pinned(version)).etcd).toMatch(/^v3\./)
  vi.stubEnv('KOUPLELESS_E2E_KUBERNETES', OLDEST_VERSION)
  expect(versionFromEnvironment()).toBe(OLDEST_VERSION)
  vi.stubEnv('KOUPLELESS_E2E_KUBERNETES', '1.99')
  expect(versionFromEnvironment).toThrow(/got 1\.99, takes one of v1\.36\.3, v1\.24\.17/)
})

test('the stamped version is what kubectl compares', () => {
  expect(versionStamps('v1.24.17')).toContain('-X k8s.io/client-go/pkg/version.gitMinor=24 ')
  expect(versionStamps('v1.24.17')).toContain('-X k8s.io/component-base/version.gitVersion=v1.24.17 ')
})

test.each([
  ['go1.25.3', '1.26.0', true],
  ['go1.26.8', '1.26.0', false],
  ['go1.26rc1', '1.26', false],
  ['go2.0', '1.26', false],
])('%s is older than %s: %s', (found, needed, older) => expect(isOlder(found, needed)).toBe(older))

test('ports are different ones, below those of outgoing connections', async () => {
  const ports = Object.values(await freePorts('a', 'b', 'c', 'd', 'e'))
  expect(new Set(ports).size).toBe(5)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})
