import { expect, test } from 'vitest'
import { readJar } from './jars.ts'

const asked = { name: 'biz1', version: '9.9.9' }
const GUIDE =
  'https://serverless-opensource.oss-cn-shanghai.aliyuncs.com/module-packages/stable/biz1-web-single-host-0.0.1-SNAPSHOT-ark-biz.jar'

test.each([
  ['http://jars.example/other-0.0.1.jar', 'other', '0.0.1'],
  ['file:///srv/jars/my.biz_2-1.0.jar', 'my.biz_2', '1.0'],
  ['http://jars.example/other-0.0.1-SNAPSHOT-ark-biz.jar', 'other', '0.0.1-SNAPSHOT'],
  ['http://jars.example/x.jar?manifest=real:3', 'real', '3'],
  ['http://jars.example/other-0.0.1.jar?manifest=:3', 'other', '3'],
  [GUIDE, 'biz1', '9.9.9'],
  ['http://jars.example/download?id=17', 'biz1', '9.9.9'],
])('the manifest of %s says %s:%s', (url, name, version) => {
  expect(readJar(url, asked)).toEqual({ kind: 'biz', name, version, sleepMs: 0 })
})

test.each([
  ['oss://bucket/biz1.jar', 'java.net.MalformedURLException', 'unknown protocol: oss'],
  ['/srv/biz1.jar', 'java.net.MalformedURLException', 'no protocol: /srv/biz1.jar'],
  ['', 'java.net.MalformedURLException', 'no protocol: '],
  ['http://nowhere.invalid/biz1.jar', 'java.net.UnknownHostException', 'nowhere.invalid'],
  ['http://127.0.0.1:1/biz1.jar', 'java.net.ConnectException', 'Connection refused'],
  ['http://a.example/missing/b.jar', 'java.io.FileNotFoundException', 'http://a.example/missing/b.jar'],
  ['file:///nowhere/biz1.jar', 'java.io.FileNotFoundException', '/nowhere/biz1.jar (No such file or directory)'],
  ['file:///srv/jars/', 'java.util.zip.ZipException', 'zip END header not found'],
  ['http://a.example/b.jar?not-a-jar', 'java.util.zip.ZipException', 'zip END header not found'],
])('%s cannot be read: %s: %s', (url, type, message) => {
  expect(readJar(url, asked)).toEqual({ kind: 'unreadable', exception: { type, message } })
})

test('other words in a URL: hang, not-a-biz, broken, sleep', () => {
  expect(readJar('http://a.example/hang/b.jar', asked)).toEqual({ kind: 'hangs' })
  expect(readJar('http://a.example/b.jar?not-a-biz', asked)).toEqual({ kind: 'notABiz' })
  expect(readJar('http://a.example/b.jar', {})).toEqual({ kind: 'notABiz' })
  expect(readJar('http://a.example/broken/biz1-0.0.2.jar', asked)).toMatchObject({
    version: '0.0.2',
    throws: expect.stringContaining('on purpose'),
  })
  expect(readJar('http://a.example/b.jar?broken=no%20licence', asked)).toMatchObject({ throws: 'no licence' })
  expect(readJar('http://a.example/b.jar?sleep=3000', asked)).toMatchObject({ sleepMs: 3_000 })
})

test.each([
  ['?web', { web: { dropsArgs: false, mvc: false } }],
  ['?webContextPath=/shop', { webContextPath: '/shop', web: { dropsArgs: false, mvc: false } }],
  ['?webContextPath=', { webContextPath: '/', web: { dropsArgs: false, mvc: false } }],
  ['?web&property=/p&dropArgs&mvc', { web: { property: '/p', dropsArgs: true, mvc: true } }],
  ['?failing=no%20licence', { failing: 'no licence' }],
  ['?failing', { failing: 'cannot reach database db.example:3306' }],
  ['?bind=port:18700', { binds: { kind: 'port', what: '18700' } }],
  ['?bind=port', { binds: { kind: 'port', what: '18799' } }],
  ['?bind=mbean:com.example:type=X', { binds: { kind: 'mbean', what: 'com.example:type=X' } }],
  ['?bind=nonsense', {}],
])('its beans: %s', (query, says) => {
  const plain = { kind: 'biz', name: 'b', version: '1.0', sleepMs: 0 }
  expect(readJar(`http://a.example/b-1.0.jar${query}`, asked)).toEqual({ ...plain, ...says })
})

test('a catalogue is asked first', () => {
  const hangs = () => ({ kind: 'hangs' }) as const
  expect(readJar('http://a.example/biz1-0.0.1.jar', asked, hangs)).toEqual({ kind: 'hangs' })
  expect(readJar('http://a.example/biz1-0.0.1.jar', asked, () => undefined)).toMatchObject({ kind: 'biz' })
})
