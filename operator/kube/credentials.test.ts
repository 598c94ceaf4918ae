import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readCredentials, sameConnection } from './credentials.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function aKubeConfig(user: object, cluster: object = {}): KubeConfig {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: 'https://api.example:6443/k8s/one/', ...cluster }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  })
  return kubeConfig
}

describe('credentials', () => {
  test('of a token: origin, prefix and header', async () => {
    expect(await readCredentials(aKubeConfig({ token: 't1' }))).toMatchObject({
      origin: 'https://api.example:6443',
      pathPrefix: '/k8s/one',
      headers: { authorization: 'Bearer t1' },
    })
  })

  test('of certificates and a CA', async () => {
    const user = { certData: base64('cert'), keyData: base64('key') }
    const { tls } = await readCredentials(aKubeConfig(user, { caData: base64('ca'), tlsServerName: 'kubernetes' }))
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(['ca', 'cert', 'key'])
    expect([tls.servername, tls.rejectUnauthorized]).toEqual(['kubernetes', undefined])
  })

  test('of user and password', async () => {
    const { headers } = await readCredentials(aKubeConfig({ username: 'me', password: 'secret' }))
    expect(headers.authorization).toBe(`Basic ${base64('me:secret')}`)
  })

  test('in files are read anew each time; a new certificate asks for a new connection', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
    await Promise.all([writeFile(certFile, 'cert1'), writeFile(keyFile, 'key1')])
    const kubeConfig = aKubeConfig({ certFile, keyFile })
    const first = await readCredentials(kubeConfig)
    expect(sameConnection(first, await readCredentials(kubeConfig))).toBe(true)
    await writeFile(certFile, 'cert2')
    const second = await readCredentials(kubeConfig)
    expect(String(second.tls.cert)).toBe('cert2')
    expect(sameConnection(first, second)).toBe(false)
  })

  test('of a service account: its token, too, is read anew each time, and none is no token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const tokenFile = join(folder, 'token')
    const kubeConfig = aKubeConfig({ authProvider: { name: 'tokenFile', config: { tokenFile } } })
    const headerOf = async () => (await readCredentials(kubeConfig)).headers.authorization
    await writeFile(tokenFile, 'one\n')
    expect(await headerOf()).toBe('Bearer one')
    await writeFile(tokenFile, 'two\n')
    expect(await headerOf()).toBe('Bearer two')
    await writeFile(tokenFile, '')
    await expect(headerOf()).rejects.toThrow(`the token file ${tokenFile} is empty`)
  })

  test('of another header alone need no new connection', async () => {
    const [one, two] = await Promise.all(['a', 'b'].map(token => readCredentials(aKubeConfig({ token }))))
    expect(one && two && sameConnection(one, two)).toBe(true)
  })

  test('name the proxy of the kubeconfig, and else that of the environment', async () => {
    const proxies = { httpsProxy: 'http://of-all:3128', noProxy: '10.0.0.0/8' }
    const proxyOf = async (cluster: object) =>
      (await readCredentials(aKubeConfig({ token: 't1' }, cluster), proxies)).proxy
    expect(await proxyOf({ proxyUrl: 'http://its-own:3128' })).toBe('http://its-own:3128')
    expect(await proxyOf({})).toBe('http://of-all:3128')
    expect(await proxyOf({ server: 'https://10.96.0.1' })).toBeUndefined()
  })

  test('without a cluster say so', async () => {
    await expect(readCredentials(new KubeConfig())).rejects.toThrow('no current cluster')
  })
})
