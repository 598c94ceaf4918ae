import { describe, expect, test } from 'vitest'
import { argsOfProof, contextPathOf, isRootPath, normalPath } from './web-path.ts'

describe('slashes do not make another path', () => {
  test.each([
    ['biz1', '/biz1'],
    ['/biz1', '/biz1'],
    ['/biz1/', '/biz1'],
    ['//a//b', '/a/b'],
    ['', '/'],
    ['/', '/'],
  ])('%s is %s', (written, path) => {
    expect(normalPath(written)).toBe(path)
    expect(isRootPath(written)).toBe(path === '/')
  })
})

describe('the context path that arguments set', () => {
  test.each<[string[], string | undefined]>([
    [[], undefined],
    [['--server.port=1'], undefined],
    [['server.servlet.context-path=/no'], undefined],
    [['--server.servlet.context-path=/a'], '/a'],
    [['--server.servlet.contextPath=/b'], '/b'],
    [['--server.servlet.context_path=/c'], '/c'],
    [['--server.servlet.context-path=/a', '--server.servlet.context-path=/z'], '/z'],
    [['--server.servlet.context-path'], ''],
  ])('%j', (args, path) => {
    expect(contextPathOf(args)).toBe(path)
  })
})

describe('the arguments of a trial', () => {
  test('a path of its own, behind what the user gives', () => {
    expect(argsOfProof(['--a=1'], { kind: 'contextPath', path: '/biz1-proof' })).toEqual([
      '--a=1',
      '--server.servlet.context-path=/biz1-proof',
    ])
  })
  test('the user’s own path gives way, for Spring reads a value given twice as a list', () => {
    const args = ['--server.servlet.contextPath=/mine', 'x']
    expect(argsOfProof(args, { kind: 'contextPath', path: '/mine-proof' })).toEqual([
      'x',
      '--server.servlet.context-path=/mine-proof',
    ])
  })
  test('no web server', () => {
    expect(argsOfProof(['--spring.main.webApplicationType=reactive'], { kind: 'noWebServer' })).toEqual([
      '--spring.main.web-application-type=none',
    ])
  })
})
