import { describe, expect, test } from 'vitest'
import { decode, encode, PAYLOAD_BYTES_MAX } from './codec.ts'
import { baseId, type Command, type Observation } from './vocabulary.ts'

const b1 = baseId('b1')

function say(verb: string, json: unknown) {
  return decode('dev', `koupleless_dev/b1/base/${verb}`, Buffer.from(JSON.stringify(json)))
}
function hear(verb: string, data: unknown): Observation {
  const decoded = say(verb, { data, publishTimestamp: 7 })
  if (!decoded.ok) throw new Error(`${decoded.refusal.code} ${decoded.refusal.path}`)
  return decoded.observation
}
const refusalOf = (verb: string, data: unknown) => {
  const decoded = say(verb, { data, publishTimestamp: 7 })
  return decoded.ok ? undefined : { code: decoded.refusal.code, path: decoded.refusal.path }
}

const heart = {
  baseMetadata: { clusterName: 'c', identity: 'b1', name: 'base', version: '1.0.0' },
  localHostName: 'h',
  localIP: '10.0.0.7',
  port: 0,
  state: 'activated',
}
const biz = { name: 'biz1', version: '0.0.1', state: 'activated', latestStateRecord: { state: 'ACTIVATED' } }
const answer = (response: object, command = 'installBiz') => ({
  bizName: 'biz1',
  bizVersion: '0.0.1',
  command,
  response,
})

describe('a heart', () => {
  test('tells who beats and from where', () => {
    expect(hear('heart', heart)).toEqual({
      kind: 'heart',
      base: 'b1',
      publishedAtMs: 7,
      metadata: { name: 'base', version: '1.0.0', clusterName: 'c' },
      ip: '10.0.0.7',
      hostName: 'h',
      port: 0,
      state: 'activated',
    })
  })

  test('may leave out what only informs', () => {
    const { localHostName, port, ...rest } = heart
    expect(hear('heart', { ...rest, port: null })).toMatchObject({ hostName: '', port: 0 })
  })

  test('of a state that nobody knows is no sign of death', () => {
    expect(hear('heart', { ...heart, state: 'sleeping' })).toMatchObject({ state: 'unresolved' })
  })

  test.each(['unknown', '127.0.1.1', 'localhost', 'fe80::1%eth0', ''])(
    'from %j is heard: the base lives, though nobody reaches it by that',
    localIP => {
      const heard = hear('heart', { ...heart, localIP })
      expect(heard).toMatchObject({ kind: 'heart', hostName: 'h', unusableIp: localIP })
      expect(heard).not.toHaveProperty('ip')
    },
  )

  test('of a base that tells no address at all is heard', () => {
    const { localIP: _none, ...rest } = heart
    expect(hear('heart', rest)).toMatchObject({ unusableIp: '' })
    expect(hear('heart', { ...rest, localIP: null })).toMatchObject({ unusableIp: '' })
  })

  test.each([[7], ['1'.repeat(65)], ['10.0.0.7\u001b[2J']])('from %j is refused: that is no text to show', localIP => {
    expect(refusalOf('heart', { ...heart, localIP })).toEqual({ code: 'PAYLOAD_INVALID', path: 'data.localIP' })
  })

  test('cannot speak for another base than its topic', () => {
    const forged = { ...heart, baseMetadata: { ...heart.baseMetadata, identity: 'b2' } }
    expect(refusalOf('heart', forged)).toEqual({ code: 'IDENTITY_MISMATCH', path: 'data.baseMetadata.identity' })
    expect(refusalOf('queryBaseline', { identity: 'b2' })).toEqual({ code: 'IDENTITY_MISMATCH', path: 'data.identity' })
  })
})

describe('a snapshot', () => {
  test('keeps a biz of an unknown state, for its absence would have it installed again', () => {
    const bizs = [biz, { ...biz, name: 'biz2', state: 'paused' }]
    expect(hear('simpleBiz', bizs)).toMatchObject({
      bizs: [
        { name: 'biz1', state: 'activated' },
        { name: 'biz2', state: 'unresolved', message: 'the base reports the unknown state "paused"' },
      ],
    })
  })

  test.each([
    ['data[1].name', { version: '1', state: 'activated' }],
    ['data[1].name', { ...biz, name: '' }],
    ['data[1].version', { ...biz, version: 3 }],
    ['data[1].state', { ...biz, state: 3 }],
    ['data[1]', null],
    ['data[1]', 'biz2'],
  ])('with an unreadable entry is refused as a whole, at %s', (path, entry) => {
    expect(refusalOf('simpleBiz', [biz, entry])).toEqual({ code: 'PAYLOAD_INVALID', path })
  })

  test.each([{}, null, undefined, 'x', { changeTime: 'yesterday', reason: 4, message: [] }])(
    'stands with the record %j, which only informs',
    latestStateRecord => {
      const { bizs } = hear('simpleBiz', [{ ...biz, latestStateRecord }]) as Extract<Observation, { kind: 'snapshot' }>
      expect(bizs).toEqual([{ name: 'biz1', version: '0.0.1', state: 'activated' }])
    },
  )

  test('takes the state from the record where the entry has none', () => {
    const { state, ...rest } = biz
    expect(hear('simpleBiz', [rest])).toMatchObject({ bizs: [{ state: 'activated' }] })
  })

  test('shows of a broken biz its cause, not its stack', () => {
    const message =
      'java.lang.Error: outer\n\tat A.b(A.java:1)\nCaused by: java.io.IOException: disk full\n\tat C.d(C.java:2)\n'
    const broken = { ...biz, state: 'broken', latestStateRecord: { message, reason: 'INSTALL_FAILED' } }
    expect(hear('simpleBiz', [broken])).toMatchObject({
      bizs: [{ state: 'broken', reason: 'INSTALL_FAILED', message: 'java.io.IOException: disk full' }],
    })
  })
})

describe('an answer', () => {
  const outcome = (response: object, command?: string) => {
    const observation = hear('bizOperation', answer(response, command))
    return observation.kind === 'answer' ? observation.outcome : undefined
  }

  test('a conflict is told by its text, with data or without', () => {
    const message = 'FAILED:biz1:0.0.1 installBiz conflict, exist unfinished command(uninstallBiz) for this biz'
    expect(outcome({ code: 'FAILED', message })).toEqual({ kind: 'conflict', running: 'uninstallBiz' })
    expect(outcome({ code: 'FAILED', message, data: { code: 'FAILED' } })).toEqual({
      kind: 'conflict',
      running: 'uninstallBiz',
    })
  })

  test('success that names no biz proves nothing yet', () => {
    expect(outcome({ code: 'SUCCESS' })).toEqual({ kind: 'accepted' })
    expect(outcome({ code: 'SUCCESS', data: { code: 'SUCCESS', bizInfos: [] } })).toEqual({ kind: 'accepted' })
  })

  test('success outside and failure inside is a failure', () => {
    expect(outcome({ code: 'SUCCESS', data: { code: 'FAILED', message: 'no' } })).toMatchObject({
      kind: 'failed',
      cause: 'no',
    })
  })

  test('a negative metaspace says nothing about this install', () => {
    const bizInfos = [{ bizName: 'biz1', bizVersion: '0.0.1', bizState: 'ACTIVATED' }]
    const response = { code: 'SUCCESS', data: { code: 'SUCCESS', bizInfos, elapsedSpace: -159448 } }
    expect(outcome(response)).toEqual({
      kind: 'installed',
      bizs: [{ name: 'biz1', version: '0.0.1', state: 'activated' }],
    })
  })

  test('a cause is one bounded line without credentials', () => {
    const stack = `java.lang.Error: x\n\tat A.b(A.java:1)\nCaused by: java.io.IOException: 401 for https://me:secret@repo/x.jar?token=abc ${'y'.repeat(9_000)}\n\tat C.d(C.java:2)\n`
    const failed = outcome({ code: 'FAILED', message: 'x', data: { code: 'FAILED', message: stack } })
    const cause = failed?.kind === 'failed' ? failed.cause : ''
    expect(cause).toContain('401 for https://***@repo/x.jar?***')
    expect(cause).not.toMatch(/secret|token|abc/)
    expect(cause.length).toBeLessThanOrEqual(512)
  })

  test('to a command that we do not know is refused', () => {
    expect(refusalOf('bizOperation', answer({ code: 'SUCCESS' }, 'switchBiz'))).toEqual({
      code: 'PAYLOAD_INVALID',
      path: 'data.command',
    })
  })
})

describe('health', () => {
  const health = (healthData: unknown) => hear('health', { code: 'SUCCESS', data: { healthData } })

  test('a number that nobody can count with is absent: as milliseconds it would be infinite, and no Node could show it', () => {
    const jvm = { 'run time(s)': 1e306, 'java max metaspace': 1e308, 'java used metaspace': 2 ** 53 }
    expect(health({ jvm, cpu: { count: 1e16 } })).toMatchObject({ health: {} })
  })

  test('without a limit of metaspace tells of none', () => {
    expect(health({ jvm: { 'java max metaspace': -1, 'run time(s)': 27.727 } })).toMatchObject({
      health: { runTimeMs: 27_727 },
    })
    expect(health({ jvm: { 'java max metaspace': -1 } })).toMatchObject({ health: {} })
  })

  test('numbers of another type read as absent, a JVM that is none is refused', () => {
    expect(health({ jvm: { 'run time(s)': '27' }, cpu: { count: 2 } })).toMatchObject({ health: { processors: 2 } })
    expect(refusalOf('health', { code: 'SUCCESS', data: { healthData: { jvm: 3 } } })).toEqual({
      code: 'PAYLOAD_INVALID',
      path: 'data.data.healthData.jvm',
    })
  })
})

describe('refusals', () => {
  const topic = 'koupleless_dev/b1/base/heart'

  test('a payload above the limit is not even parsed', () => {
    const decoded = decode('dev', topic, Buffer.alloc(PAYLOAD_BYTES_MAX + 1, 'x'))
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'PAYLOAD_TOO_LARGE' } })
  })

  test.each(['', '{', 'x{', '\ufffd', '{"data":'])('%j is no JSON', payload => {
    expect(decode('dev', topic, Buffer.from(payload))).toMatchObject({ refusal: { code: 'PAYLOAD_NOT_JSON' } })
  })

  test('invalid UTF-8 is no JSON', () => {
    expect(decode('dev', topic, Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      refusal: { code: 'PAYLOAD_NOT_JSON' },
    })
  })

  test.each([undefined, null, 'soon', -1])('a message without a usable time is refused (%j)', publishTimestamp => {
    expect(say('heart', { data: heart, publishTimestamp })).toMatchObject({ refusal: { path: 'publishTimestamp' } })
  })

  test('a path shows no credentials that its sender put into a key', () => {
    const entry = { 'http://me:secret@repo/x.jar': { code: 3 } }
    const response = { code: 'FAILED', data: { code: 'FAILED', bizUrlToResponse: entry } }
    const refusal = refusalOf('batchInstallBizResponse', { command: 'batchInstallBiz', response })
    expect(refusal?.path).toBe('data.response.data.bizUrlToResponse.http://***@repo/x.jar.code')
  })
})

describe('commands', () => {
  const install = { kind: 'installBiz', name: 'biz1', version: '0.0.1', url: 'file:///x.jar' } as const

  test('say what they mean and leave out what is empty', () => {
    const { topic, payload } = encode('dev', b1, { ...install, args: [], envs: {}, strategy: 'uninstallThenInstall' })
    expect(topic).toBe('koupleless_dev/b1/installBiz')
    expect(JSON.parse(payload)).toEqual({
      bizName: 'biz1',
      bizVersion: '0.0.1',
      bizUrl: 'file:///x.jar',
      installStrategy: 'uninstallThenInstall',
    })
  })

  test.each<[string, Command]>([
    ['name', { ...install, name: '' }],
    ['name', { ...install, name: 'a:b' }],
    ['name', { ...install, name: 'a\nb' }],
    ['version', { ...install, version: '' }],
    ['url', { ...install, url: '  ' }],
    ['url', { ...install, url: 'file:///x\u0000' }],
    ['name', { kind: 'uninstallBiz', name: '', version: '1' }],
    ['bizs[1].url', { kind: 'baseline', bizs: [install, { ...install, url: '' }] }],
  ])('with an unusable %s are not sent', (path, command) => {
    const refused = expect.objectContaining({ code: 'COMMAND_INVALID', message: expect.stringContaining(`${path}: `) })
    expect(() => encode('dev', b1, command)).toThrow(refused)
  })

  test('above the limit are not sent', () => {
    const huge = { ...install, args: ['x'.repeat(PAYLOAD_BYTES_MAX)] }
    expect(() => encode('dev', b1, huge)).toThrow(expect.objectContaining({ code: 'COMMAND_INVALID' }))
  })
})
