import { expect, test } from 'vitest'
import { SeededRng } from '../rng.ts'
import { jarUrl } from './module-pods.ts'
import { bizJarAt, pathOf, SimJars } from './sim-jars.ts'

test('jars are plain in a world without web modules', () => {
  const wish = { biz: 'cart', version: '1.0.0' }
  expect(new SimJars().dressed(wish)).toBe(wish)
})

test('a biz is made alike in all its versions and builds, and its URL says how', () => {
  const jars = new SimJars(new SeededRng('three'))
  const words = (version: string, build?: string) =>
    jars.dressed({ biz: 'pay', version, ...(build && { build }) }).words
  expect(new Set([words('1.0.0'), words('1.0.0', 'a'), words('2.0.0')]).size).toBe(1)
  const url = jarUrl({ biz: 'cart', version: '1.0.0', build: 'b', words: 'webContextPath=%2Fshop;dropArgs' })
  expect(url).toBe('http://jars.example/~webContextPath=%2Fshop;dropArgs/b/cart-1.0.0.jar')
  expect(bizJarAt(url)).toMatchObject({
    name: 'cart',
    version: '1.0.0',
    webContextPath: '/shop',
    web: { dropsArgs: true },
  })
})

test('where a module answers depends on the base and on its args', () => {
  const url = 'http://jars.example/~webContextPath=cart;property=%2Fcart-real/cart-1.0.0.jar'
  const args = ['--server.servlet.context-path=/cart-proof']
  expect(pathOf({ url, args: [] }, 'servlet')).toBe('/cart-real')
  expect(pathOf({ url, args }, 'servlet')).toBe('/cart-proof')
  expect(pathOf({ url, args }, 'reactive')).toBe('/cart')
  expect(pathOf({ url, args }, 'none')).toBeUndefined()
  expect(pathOf({ url: 'http://jars.example/cart-1.0.0.jar', args }, 'servlet')).toBeUndefined()
})
