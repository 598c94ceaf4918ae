import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { excerpt, redact } from './redact.ts'

describe('redact', () => {
  test.each([
    ['http://me:secret@repo.example/x.jar', 'http://***@repo.example/x.jar'],
    ['https://repo/x.jar?token=abc&y=1', 'https://repo/x.jar?***'],
    ['https://repo/x.jar#access_token=abc', 'https://repo/x.jar#***'],
    ['jdbc:mysql://me:secret@db:3306/x?password=y', 'jdbc:mysql://***@db:3306/x?***'],
    ['a http://u:p@h/1 b "https://u:p@h/2"', 'a http://***@h/1 b "https://***@h/2"'],
    ['http://me:se/cret@repo/x', 'http://***@repo/x'],
    ['http://me:se?cret@repo/x', 'http://***?***'],
    ['http://me:a@b@repo/x', 'http://***@repo/x'],
  ])('%s becomes %s', (text, shown) => {
    expect(redact(text)).toBe(shown)
  })

  test.each([
    'http://repo.example:8081/x.jar',
    'http://[::1]:8081/x.jar',
    'file:///srv/jars/biz1-0.0.1.jar',
    'https://registry/@scope/pkg/x.jar',
    'mail me@example.org',
    'no URL at all',
  ])('%s stays', text => {
    expect(redact(text)).toBe(text)
  })

  test('no password or query of a URL survives, wherever it stands', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{12}$/)
    fc.assert(
      fc.property(fc.string(), secret, secret, fc.string(), (before, password, token, after) => {
        const shown = excerpt(`${before} https://user:${password}@host/x.jar?t=${token} ${after}`, 10_000)
        expect(shown).not.toContain(password)
        expect(shown).not.toContain(token)
      }),
    )
  })

  test('masking twice is masking once', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), url => {
        expect(redact(redact(url))).toBe(redact(url))
      }),
    )
  })
})

describe('excerpt', () => {
  test('is one bounded line', () => {
    expect(excerpt('a\n\tb\u0000c')).toBe('a b c')
    expect(excerpt('x y '.repeat(1_000), 10)).toBe('x y x y x…')
  })

  test('never shows half a URL, whose password would no longer look like one', () => {
    const cutInside = `${'x'.repeat(16_360)} http://user:${'7'.repeat(100)}@host/`
    expect(excerpt(cutInside, 100_000)).not.toContain('7')
  })
})

test('an excerpt is one line that steers no terminal and reads in one direction, and is cut between characters', () => {
  expect(excerpt('a\u001b[2Jb\u0085c\u2028d\u2029e\u202ef\u2066g\ud800h')).toBe('a [2Jb c d e f g h')
  expect(excerpt('\u{1d54f}'.repeat(10), 6)).toBe('\u{1d54f}\u{1d54f}…')
})
