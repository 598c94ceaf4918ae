import { expect, test } from 'vitest'
import { Told } from './told.ts'

const frame = (verb: string, publishTimestamp: number, data: unknown) => ({
  topic: `koupleless_dev/b1/base/${verb}`,
  payload: Buffer.from(JSON.stringify({ data, publishTimestamp })),
})
const look = (atMs: number, ...keys: string[]) =>
  frame(
    'simpleBiz',
    atMs,
    keys.map(key => ({ name: key.split(':')[0], version: key.split(':')[1], state: 'activated' })),
  )
const answer = (atMs: number, command: string, response: unknown) =>
  frame('bizOperation', atMs, { command, bizName: 'cart', bizVersion: '1', response })
const installed = (atMs: number) =>
  answer(atMs, 'installBiz', { code: 'SUCCESS', data: { bizInfos: [{ identity: 'cart:1' }] } })
const known = (...keys: string[]) => new Map(keys.map(key => [key, 'activated']))

function told(...frames: Parameters<Told['hears']>[0][]): Told {
  const account = new Told()
  for (const each of frames) account.hears(each)
  return account
}

test('before the first look nothing is known, and nothing is wrong', () => {
  expect(told().contradicts(known('cart:1'))).toBeUndefined()
})

test('what the newest look says holds, and one that comes late changes nothing', () => {
  const account = told(look(20, 'cart:1'), look(10))
  expect(account.contradicts(known('cart:1'))).toBeUndefined()
  expect(account.contradicts(known())).toContain('cart:1 is held for absent')
})

test('an answer since that look outranks it, until the next one', () => {
  const account = told(look(10), installed(20))
  expect(account.contradicts(known('cart:1'))).toBeUndefined()
  expect(account.contradicts(known())).toContain('has installed it')
  account.hears(look(30))
  expect(account.contradicts(known('cart:1'))).toContain('the newest look says absent')
})

test('an answer from before that look, and one that says that it stood there already, change nothing', () => {
  expect(told(look(20), installed(10)).contradicts(known())).toBeUndefined()
  const repeated = answer(30, 'installBiz', { code: 'FAILED', data: { code: 'REPEAT_BIZ' } })
  expect(told(look(20), repeated).contradicts(known('cart:1'))).toContain('the newest look says absent')
})

test('of a command that failed only a look can tell, for every version of that name', () => {
  const account = told(look(10, 'cart:1', 'cart:2'), answer(20, 'uninstallBiz', { code: 'FAILED' }))
  expect(account.contradicts(known())).toBeUndefined()
  expect(account.contradicts(known('cart:1', 'cart:2'))).toBeUndefined()
})

test('another JVM runs nothing until it says so', () => {
  const account = told(look(10, 'cart:1'))
  account.began(20)
  expect(account.contradicts(known('cart:1'))).toContain('absent')
  expect(account.contradicts(known())).toBeUndefined()
})

test('after what nobody can follow only what is newer counts', () => {
  const account = told(look(20, 'cart:1'))
  account.forget()
  account.hears(look(15))
  expect(account.contradicts(known('cart:1'))).toBeUndefined()
  account.hears(look(25))
  expect(account.contradicts(known('cart:1'))).toContain('absent')
})
