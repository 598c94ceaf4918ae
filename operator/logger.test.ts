import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Log } from '../reconcilers/ports.ts'
import { WAITING_BYTES_MAX } from './log/bounded-lines.ts'
import { LINES_BURST, LINES_PER_SECOND } from './log/line-budget.ts'
import { type LoggerOptions, newLog } from './logger.ts'

class Reader {
  readonly isTTY = false
  writableLength = 0
  text = ''
  fail: (error: Error) => void = () => undefined
  write(line: string): boolean {
    this.text += line
    return true
  }
  on(_event: 'error', listener: (error: Error) => void): void {
    this.fail = listener
  }
  get lines(): readonly Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Record<string, unknown>)
  }
}

function aLog(options: Partial<LoggerOptions> = {}): { readonly log: Log; readonly reader: Reader; dropped: number } {
  const reader = new Reader()
  const at = { log: undefined as unknown as Log, reader, dropped: 0 }
  const metrics = {
    count(): void {
      at.dropped += 1
    },
  }
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) }
  at.log = newLog({ level: 'info', format: 'json', secrets: [], sink: reader, metrics, clock, ...options })
  return at
}

test('one JSON object per line: time, level, constant message, fields', () => {
  const { log, reader } = aLog()
  log.info('command sent', { base: 'b1', biz: 'biz1:1.0.0' })
  expect(reader.lines).toEqual([
    { time: '2026-01-02T03:04:05.000Z', level: 'info', message: 'command sent', base: 'b1', biz: 'biz1:1.0.0' },
  ])
})

test('a child bears its own fields in every line, and those of its parents', () => {
  const { log, reader } = aLog()
  log.child({ controller: 'pods' }).child({ run: 'x-1' }).warn('late', { ms: 5 })
  expect(reader.lines[0]).toMatchObject({ controller: 'pods', run: 'x-1', ms: 5, level: 'warn' })
})

test('lines below the level never come into being', () => {
  const { log, reader } = aLog({ level: 'warn' })
  const fields = new Proxy({}, { ownKeys: () => expect.unreachable('nobody may read these') })
  log.debug('not wanted', fields)
  log.info('not wanted', fields)
  log.warn('wanted')
  expect(reader.lines.map(({ message }) => message)).toEqual(['wanted'])
})

test('no credential in any message or field, however deep', () => {
  const { log, reader } = aLog({ secrets: ['hunter2!'] })
  log.error('failed at mqtt://root:hunter2!@broker', {
    url: 'https://me:pw12@host/a.jar?token=abc',
    nested: { list: [{ authorization: 'Bearer abcdefghijk', password: 'p' }] },
    error: new Error('Authorization: Bearer abcdefghijk for https://me:pw12@host/'),
    said: 'the password is hunter2!',
    map: new Map([['apiToken', 'xyz']]),
  })
  for (const secret of ['hunter2', 'pw12', 'abcdefghijk', 'xyz', 'token=abc']) expect(reader.text).not.toContain(secret)
  expect(reader.text).toContain('host/a.jar')
})

test('a secret that is learnt later, as one from a file, is masked from then on', () => {
  const secrets = new Set(['hunter2!'])
  const { log, reader } = aLog({ secrets })
  secrets.add('hunter3!')
  log.warn('refused', { said: 'hunter2! and hunter3! are wrong' })
  expect(reader.text).toContain('*** and *** are wrong')
})

test('a long text is cut, and never inside a password', () => {
  const { log, reader } = aLog()
  log.info(`${'x '.repeat(4_090)}https://user:12345678901234567890@host/${'y'.repeat(9_000)}`)
  expect(reader.text).not.toContain('12345')
  expect(reader.text.length).toBeLessThan(9_000)
})

test('whatever is handed in, a line comes out', () => {
  const { log, reader } = aLog()
  const circle: Record<string, unknown> = {}
  circle.self = circle
  log.info('odd', {
    circle,
    big: 10n,
    fn: () => 1,
    bytes: Buffer.alloc(3),
    date: new Date(Number.NaN),
    none: undefined,
  })
  expect(reader.lines[0]).toMatchObject({ message: 'odd', big: '10', bytes: '[3 bytes]' })
})

test('a reader that stalls costs lines, not memory; when it reads again it is told how many', () => {
  const at = aLog()
  at.reader.writableLength = WAITING_BYTES_MAX + 1
  for (let line = 0; line < 1_000; line++) at.log.info('flood')
  expect(at.reader.text).toBe('')
  expect(at.dropped).toBe(1_000)
  at.reader.writableLength = 0
  at.log.info('back')
  expect(at.reader.lines).toMatchObject([{ message: 'log lines dropped', lines: 1_000 }, { message: 'back' }])
})

test('a reader that is gone ends the lines, not the process', () => {
  const at = aLog()
  at.reader.fail(new Error('EPIPE'))
  at.log.info('into the void')
  expect(at.reader.text).toBe('')
  expect(at.dropped).toBe(1)
})

test('on a terminal, words for people', () => {
  const { log, reader } = aLog({ format: 'pretty' })
  log.warn('base refused', { base: 'b1', why: 'too many of them', stack: 'Error\n  at x' })
  const plain = stripVTControlCharacters(reader.text)
  expect(plain).toBe('03:04:05.000 WARN  base refused  base=b1 why="too many of them"\nError\n  at x\n')
})

test.each([
  [true, false],
  [false, true],
])('auto is words on a terminal (%s), else JSON', (isTTY, isJson) => {
  const reader = Object.assign(new Reader(), { isTTY })
  const { log } = aLog({ format: 'auto', sink: reader })
  log.info('hello')
  expect(reader.text.startsWith('{')).toBe(isJson)
})

describe('what comes from outside cannot forge a line, nor steer a terminal:', () => {
  const HOSTILE = 'b1\r\n{"level":"error"}\u001b[2J\u009b2J\u007f\u2028\u2029\u202e\ud800'
  test.each(['json', 'pretty'] as const)('%s', format => {
    const { log, reader } = aLog({ format })
    log.warn('base refused', { base: HOSTILE, plain: 'a\u0007b', nested: [HOSTILE] })
    const text = ['\u001b[2m', '\u001b[33m', '\u001b[0m'].reduce(
      (t, c) => t.replaceAll(c, ''),
      reader.text.slice(0, -1),
    )
    expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/u)
    expect(text).toContain('\\u001b[2J\\u009b2J\\u007f\\u2028\\u2029\\u202e\\ud800')
  })
  test('a stack', () => {
    const { log, reader } = aLog({ format: 'pretty' })
    log.warn('reconcile failed', { stack: 'Error: \u001b[2J\u009b\n\tat x' })
    expect(reader.text).toContain('Error: \\u001b[2J\\u009b\n\tat x\n')
  })
})

describe('a flood', () => {
  function flooded(messages: readonly string[], forSeconds: number, perSecond: number) {
    let nowMs = 1_000_000
    const at = aLog({ clock: { now: () => nowMs } })
    for (let line = 0; line < forSeconds * perSecond; line++) {
      for (const message of messages) at.log.warn(message, { line })
      nowMs += 1_000 / perSecond
    }
    nowMs += 1_000
    at.log.info('quiet again')
    return at
  }

  test('of one message is a thousand lines, and then a hundred a second', () => {
    const { reader } = flooded(['base refused'], 60, 1_000)
    const lines = reader.lines.filter(({ message }) => message === 'base refused')
    expect(lines.length).toBeLessThanOrEqual(LINES_BURST + 60 * LINES_PER_SECOND + 1)
    expect(lines.length).toBeGreaterThan(5_000)
  })

  test('tells once a second how many were dropped, and all are counted', () => {
    const at = flooded(['base refused', 'watch failed'], 20, 1_000)
    const told = at.reader.lines.filter(({ message }) => message === 'log lines dropped')
    expect(told.length).toBeLessThanOrEqual(2 * 22)
    const written = at.reader.lines.filter(({ level }) => level === 'warn').length - told.length
    const dropped = told.reduce((sum, { lines }) => sum + Number(lines), 0)
    expect(written + dropped).toBe(2 * 20_000)
    expect(at.dropped).toBe(dropped)
    expect(new Set(told.map(({ of }) => of))).toEqual(new Set(['base refused', 'watch failed']))
  })

  test('hides no other message', () => {
    const { reader } = flooded(['base refused'], 20, 1_000)
    expect(reader.lines.at(-2)).toMatchObject({ message: 'quiet again' })
  })
})
