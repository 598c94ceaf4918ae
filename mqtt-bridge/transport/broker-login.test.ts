import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, describe, expect, test } from 'vitest'
import { isOnDisk, readLogin, sameLogin } from './broker-login.ts'

const folder = mkdtempSync(join(tmpdir(), 'broker-login-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function aFile(text: string): string {
  files += 1
  const path = join(folder, `${files}.file`)
  writeFileSync(path, text)
  return path
}
const refused = (message: string | RegExp) =>
  expect.objectContaining({ code: 'BROKER_CONFIG', message: expect.stringMatching(message) })
const pairOf = (name: string) => generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256' })
const { cert: CERTIFICATE, private: KEY } = await pairOf('ours')
const { private: ANOTHER_KEY } = await pairOf('other')

describe('certificate files', () => {
  test('that are missing are named', () => {
    const caPath = join(folder, 'missing.crt')
    expect(() => readLogin({ caPath })).toThrow(refused(`CA ${caPath} cannot be read`))
  })

  test('that hold something else are named', () => {
    const clientKeyPath = aFile('not a key')
    expect(() => readLogin({ clientKeyPath })).toThrow(refused(`${clientKeyPath} is not valid PEM`))
    expect(() => readLogin({ caPath: aFile('') })).toThrow(refused('it holds no certificate'))
  })

  test('may hold several certificates, and are refused while the last of them is half written', () => {
    const bundle = `# ours\n${CERTIFICATE}\n# theirs\n${CERTIFICATE}`
    expect(readLogin({ caPath: aFile(bundle) }).ca?.toString()).toBe(bundle)
    for (const end of [bundle.length - 200, bundle.length - 20])
      expect(() => readLogin({ caPath: aFile(bundle.slice(0, end)) })).toThrow(refused('half written'))
  })

  test('of two generations do not belong together', () => {
    const clientCrtPath = aFile(CERTIFICATE)
    expect(readLogin({ clientCrtPath, clientKeyPath: aFile(KEY) }).key?.toString()).toBe(KEY)
    const mixed = { clientCrtPath, clientKeyPath: aFile(ANOTHER_KEY) }
    expect(() => readLogin(mixed)).toThrow(refused('client certificate and key do not belong together'))
  })
})

describe('user and password files', () => {
  test('are one line, whose end does not count', () => {
    const login = readLogin({ usernamePath: aFile('operator\n'), passwordPath: aFile('pass word \r\n') })
    expect(login).toEqual({ username: 'operator', password: 'pass word ' })
  })

  test('that are empty or hold more are refused, and what they hold is not shown', () => {
    expect(() => readLogin({ passwordPath: aFile('\n') })).toThrow(refused('password .* is empty'))
    expect(() => readLogin({ passwordPath: aFile('hunter2\nhunter3') })).toThrow(refused(/^password \S+ has more than/))
  })

  test('win over nothing, and are all that can change', () => {
    expect(readLogin({ username: 'me', password: 'x' })).toEqual({ username: 'me', password: 'x' })
    expect([isOnDisk({ username: 'me', password: 'x' }), isOnDisk({ passwordPath: 'p' })]).toEqual([false, true])
  })
})

test('two logins are the same when each part is', () => {
  const whole = { ca: Buffer.from('a'), username: 'me', password: 'x' }
  expect(sameLogin(whole, { ...whole, ca: Buffer.from('a') })).toBe(true)
  const { ca: _none, ...without } = whole
  const others = [
    { ...whole, ca: Buffer.from('b') },
    without,
    { ...whole, password: 'y' },
    { ...whole, username: 'you' },
  ]
  expect(others.map(other => sameLogin(whole, other))).toEqual([false, false, false, false])
})
