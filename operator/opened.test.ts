import { expect, test } from 'vitest'
import type { Log } from '../reconcilers/ports.ts'
import { Opened } from './opened.ts'

function aLog(warned: string[]): Log {
  const quiet = (): void => {}
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: (message, fields) => void warned.push(`${message} ${fields?.part}`),
    error: quiet,
    child: () => log,
  }
  return log
}

test('what was opened last is closed first, each after the one before has closed', async () => {
  const closed: string[] = []
  const opened = new Opened(aLog([]))
  for (const name of ['http', 'watches', 'bridge']) {
    opened.add(name, {
      async [Symbol.asyncDispose]() {
        await Promise.resolve()
        closed.push(name)
      },
    })
  }
  await opened[Symbol.asyncDispose]()
  expect(closed).toEqual(['bridge', 'watches', 'http'])
})

test('one that fails to close is told of and keeps nobody open', async () => {
  const warned: string[] = []
  const closed: string[] = []
  const opened = new Opened(aLog(warned))
  opened.onClose('http', () => closed.push('http'))
  opened.onClose('bridge', () => Promise.reject(new Error('stuck')))
  await opened[Symbol.asyncDispose]()
  expect([closed, warned]).toEqual([['http'], ['not closed cleanly bridge']])
})

test('closing twice closes once', async () => {
  let closed = 0
  const opened = new Opened(aLog([]))
  opened.onClose('http', () => closed++)
  await opened[Symbol.asyncDispose]()
  await opened[Symbol.asyncDispose]()
  expect(closed).toBe(1)
})
