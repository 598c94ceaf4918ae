import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { KubeConfigError, loadKubeConfig } from './kube-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'koupleless-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

function aFile(name: string, currentContext = name, cluster: object = {}): string {
  const path = join(folder, name)
  const config = {
    clusters: [{ name, cluster: { server: `https://${name}.example.com`, ...cluster } }],
    users: [{ name, user: { token: 't' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': currentContext,
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

test('of several files the first names the context', () => {
  const kubeConfig = loadKubeConfig([aFile('one'), aFile('two')].join(delimiter))
  expect(kubeConfig.getCurrentCluster()?.server).toBe('https://one.example.com')
  expect(kubeConfig.getContexts().map(({ name }) => name)).toEqual(['one', 'two'])
})

test.each([
  ['a file that is not there', join(folder, 'missing'), /^KUBECONFIG: ".*missing" cannot be read: ENOENT/],
  ['a context that is not there', aFile('three', 'four'), /^KUBECONFIG: ".*three" has no current context/],
  [
    'a proxy that we cannot go through',
    aFile('five', 'five', { 'proxy-url': 'socks5://me:secret@proxy:1080' }),
    /^KUBECONFIG: proxy-url: got "socks5:\/\/[^s]*proxy:1080"; takes http:/,
  ],
])('%s is told by the name of the variable', (_what, path, message) => {
  expect(() => loadKubeConfig(path)).toThrow(KubeConfigError)
  expect(() => loadKubeConfig(path)).toThrow(message)
})
