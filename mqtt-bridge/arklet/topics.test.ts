import { describe, expect, test } from 'vitest'
import {
  baseTopic,
  commandTopic,
  isCommandTopic,
  leftoverFilters,
  parseBaseTopic,
  parseCommandTopic,
  subscriptionsOf,
} from './topics.ts'
import { baseId } from './vocabulary.ts'

const b1 = baseId('b1')

describe('topics', () => {
  test('one subscription for each thing a base says', () => {
    expect(subscriptionsOf('dev')).toEqual([
      'koupleless_dev/+/base/heart',
      'koupleless_dev/+/base/queryBaseline',
      'koupleless_dev/+/base/health',
      'koupleless_dev/+/base/simpleBiz',
      'koupleless_dev/+/base/bizOperation',
      'koupleless_dev/+/base/batchInstallBizResponse',
    ])
  })

  test('an env is lower-cased, as a real base does', () => {
    expect(subscriptionsOf('PROD')[0]).toBe('koupleless_prod/+/base/heart')
    expect(parseBaseTopic('PROD', 'koupleless_prod/b1/base/heart')).toMatchObject({ ok: true, base: 'b1' })
  })

  test.each(['', 'a/b', '+', 'dev#', 'de\nv', 'x'.repeat(254)])('env %j can be no part of a topic', env => {
    expect(() => subscriptionsOf(env)).toThrow(expect.objectContaining({ code: 'BROKER_CONFIG' }))
  })

  test('commands go to where a base listens', () => {
    expect(commandTopic('dev', b1, 'installBiz')).toBe('koupleless_dev/b1/installBiz')
    expect(commandTopic('dev', b1, 'baseline')).toBe('koupleless_dev/b1/base/baseline')
  })

  test('all topics on which commands may have been left retained', () => {
    expect(leftoverFilters('dev')).toEqual([
      'koupleless_dev/+/installBiz',
      'koupleless_dev/+/uninstallBiz',
      'koupleless_dev/+/health',
      'koupleless_dev/+/queryAllBiz',
      'koupleless_dev/+/base/baseline',
      'koupleless_dev/+/baseline',
      'koupleless_dev/+/batchInstallBiz',
    ])
    expect(isCommandTopic('dev', 'koupleless_dev/b1/base/baseline')).toBe(true)
    expect(isCommandTopic('dev', 'koupleless_dev/b1/base/heart')).toBe(false)
    expect(isCommandTopic('dev', `koupleless_dev/${'x'.repeat(300)}/installBiz`)).toBe(false)
  })

  test.each([
    'koupleless_test/b1/base/heart',
    'koupleless_dev/b1/heart',
    'koupleless_dev/b1/base',
    'koupleless_dev/b1/base/heart/more',
    'koupleless_dev/b1/base/baseline',
    'koupleless_dev/b1/base/constructor',
    'koupleless_dev/a/b/base/heart',
    '/koupleless_dev/b1/base/heart',
    '$SYS/broker/uptime',
    '',
  ])('%j is not ours', topic => {
    expect(parseBaseTopic('dev', topic)).toMatchObject({ ok: false, code: 'TOPIC_FOREIGN' })
  })

  const hostile = [
    '',
    'x'.repeat(254),
    'é'.repeat(127),
    'a\u0000b',
    'a\nb',
    'a\u007f',
    'a\u2028',
    '+',
    '#',
    'a+b',
    '\ud800',
  ]
  test.each(hostile)('identity %j is refused in both directions', identity => {
    const topic = `koupleless_dev/${identity}/base/heart`
    expect(parseBaseTopic('dev', topic)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
    expect(parseCommandTopic('dev', topic)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
    expect(() => commandTopic('dev', baseId(identity), 'health')).toThrow(
      expect.objectContaining({ code: 'COMMAND_INVALID' }),
    )
  })

  test.each(['b1', '10.0.0.7', 'x'.repeat(253), 'base one', 'Basis-Österreich', '基座'])(
    'identity %j is as good as any',
    identity => {
      const topic = baseTopic('dev', baseId(identity), 'heart')
      expect(parseBaseTopic('dev', topic)).toEqual({ ok: true, base: identity, verb: 'heart' })
    },
  )

  test('a command for an identity with a slash would reach another topic', () => {
    expect(() => commandTopic('dev', baseId('b1/base'), 'health')).toThrow('slash')
  })
})
