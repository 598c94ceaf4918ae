import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WatchFault } from './watch-event.ts'
import { LineSplitter } from './watch-lines.ts'

const split = (chunks: readonly Buffer[], lineBytesMax?: number): readonly string[] => {
  const lines: string[] = []
  const splitter = new LineSplitter(lineBytesMax)
  for (const chunk of chunks) splitter.push(chunk, line => lines.push(line))
  return lines
}

describe('lines of a watch', () => {
  test('come out whole wherever the network cut them, also within a character', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', '')))
    const cuts = fc.array(fc.nat())
    fc.assert(
      fc.property(lines, cuts, (texts, at) => {
        const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''))
        const places = [...new Set(at.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
        const chunks = [0, ...places].map((from, index) => bytes.subarray(from, places[index]))
        expect(split(chunks)).toEqual(texts.filter(text => text !== ''))
      }),
    )
  })

  test('a line that has not ended is kept back', () => {
    expect(split([Buffer.from('{"a":1}\n{"b"')])).toEqual(['{"a":1}'])
  })

  test('a line that never ends is refused before it fills the memory', () => {
    expect(() => split([Buffer.alloc(600, 'x'), Buffer.alloc(600, 'x')], 1_000)).toThrow(WatchFault)
    expect(split([Buffer.alloc(600, 'x'), Buffer.from('\n'), Buffer.alloc(600, 'x')], 1_000)).toHaveLength(1)
  })
})
