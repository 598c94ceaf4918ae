import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesQuantity, quantityBytes } from './quantity.ts'

test.each([
  [0, '0'],
  [1_000, '1000'],
  [1_024, '1Ki'],
  [160 * 1024 ** 2, '160Mi'],
  [1_536 * 1024 ** 2, '1536Mi'],
  [1024 ** 3, '1Gi'],
  [-5, '0'],
])('%i bytes are spelled %s, as the API server does', (bytes, text) => {
  expect(bytesQuantity(bytes)).toBe(text)
})

test('what is written is read back', () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 50 }), bytes => quantityBytes(bytesQuantity(bytes)) === bytes))
})

test.each(['', '1.5Gi', '500m', 'x', undefined])('the spelling %s is none that we write', text => {
  expect(quantityBytes(text)).toBeUndefined()
})
