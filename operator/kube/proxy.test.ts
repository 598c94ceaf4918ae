import { expect, test } from 'vitest'
import { proxyFor, proxyUrl } from './proxy.ts'

const PROXY = 'http://proxy.example.com:3128'
const uses = (server: string, noProxy?: string): boolean => proxyFor(server, { httpsProxy: PROXY, noProxy }) === PROXY

test.each(['https://api.example.com:6443', 'https://10.96.0.1', 'https://[fd00::1]:6443'])(
  '%s is reached by the proxy',
  server => expect(uses(server)).toBe(true),
)

test.each(['https://localhost:6443', 'https://127.0.0.1:6443', 'https://[::1]:6443', 'http://api.example.com'])(
  '%s needs none',
  server => expect(uses(server)).toBe(false),
)

test('without a proxy there is none', () => expect(proxyFor('https://api.example.com', {})).toBeUndefined())

test.each([
  ['https://api.example.com:6443', 'example.com'],
  ['https://example.com', 'other, example.com'],
  ['https://api.example.com', '.example.com'],
  ['https://api.example.com', '*.Example.com'],
  ['https://api.example.com:6443', 'api.example.com:6443'],
  ['https://10.96.0.1', '10.0.0.0/8'],
  ['https://10.96.0.1', '10.96.0.1'],
  ['https://10.96.0.1', '10.96.0.1:443'],
  ['https://[fd00::1]', 'fd00::1'],
  ['https://[fd00::1]', 'fd00::/8'],
  ['https://api.example.com', '*'],
])('%s is exempt by %s', (server, noProxy) => expect(uses(server, noProxy)).toBe(false))

test.each([
  ['https://api.example.com', 'ample.com'],
  ['https://example.com', '.example.com'],
  ['https://api.example.com:6443', 'api.example.com:443'],
  ['https://10.96.0.1', '10.97.0.0/16'],
  ['https://10.96.0.1', 'fd00::/8'],
  ['https://10.96.0.1', '10.96.0.0/999'],
  ['https://api.example.com', ' , ,'],
])('%s is not exempt by %s', (server, noProxy) => expect(uses(server, noProxy)).toBe(true))

test('a proxy is an http or https address, whose scheme may be left out', () => {
  expect(['proxy:3128', 'http://p', 'https://me:pw@p:1'].map(proxyUrl)).toEqual([
    'http://proxy:3128',
    'http://p',
    'https://me:pw@p:1',
  ])
  expect(['socks5://p:1080', 'http://', 'a b'].map(proxyUrl)).toEqual([undefined, undefined, undefined])
})
