import { describe, expect, test } from 'vitest'
import { type Clash, clashOf } from './clash.ts'

const stack = (...causes: string[]): string =>
  ['x.ArkletRuntimeException: java.lang.reflect.InvocationTargetException', ...causes].join(
    '\n\tat a.B.c(B.java:1)\nCaused by: ',
  )

describe('texts of what one JVM has only once', () => {
  test.each<[string, Clash | undefined]>([
    ['java.lang.IllegalArgumentException: Child name [/biz1] is not unique', { kind: 'contextPath', path: '/biz1' }],
    ["java.lang.IllegalArgumentException: Child name '/app' is not unique", { kind: 'contextPath', path: '/app' }],
    ['java.lang.IllegalArgumentException: Child name [bare] is not unique', { kind: 'contextPath', path: '/bare' }],
    ['java.lang.IllegalArgumentException: Child name [] is not unique', { kind: 'contextPath', path: '/' }],
    ['com.alipay.sofa.ark.exception.ArkRuntimeException: Duplicated context path', { kind: 'reactivePath' }],
    ['java.net.BindException: Address already in use', { kind: 'port' }],
    ['java.net.BindException: Address already in use (Bind failed)', { kind: 'port' }],
    ['java.net.BindException: 地址已在使用', { kind: 'port' }],
    ['org.springframework.boot.web.server.PortInUseException: Port 8081 is already in use', { kind: 'port' }],
    ['io.netty.channel.unix.Errors$NativeIoException: bind(..) failed: Address already in use', { kind: 'port' }],
    ['java.net.BindException: Cannot assign requested address', undefined],
    ['java.net.BindException: Permission denied', undefined],
    ['javax.management.InstanceAlreadyExistsException: com.example:type=Count', { kind: 'mbean' }],
    ['java.nio.channels.OverlappingFileLockException', { kind: 'fileLock' }],
    ['org.apache.lucene.store.LockObtainFailedException: Lock held by this virtual machine: /i', { kind: 'fileLock' }],
    ['java.rmi.server.ExportException: internal error: ObjID already in use', { kind: 'rmiObject' }],
    [
      'java.lang.UnsatisfiedLinkError: Native Library /z.so already loaded in another classloader',
      { kind: 'nativeLibrary' },
    ],
    ['java.lang.IllegalStateException: cannot reach database db.example:3306', undefined],
  ])('%s', (cause, clash) => {
    expect(clashOf(stack('a.B: outer', cause))).toEqual(clash)
    expect(clashOf(cause)).toEqual(clash)
  })

  test('an inner cause that tells nothing does not hide it', () => {
    expect(clashOf(stack('java.net.BindException: Address already in use', 'sun.nio.ch.Net: bind0'))).toEqual({
      kind: 'port',
    })
  })

  test('what stands in the stack but in no cause is no reason', () => {
    expect(clashOf('a.B: it broke\n\tat x.Y (Child name [/a] is not unique)')).toBeUndefined()
  })
})
