import { describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { parseBrokerAddress } from './broker-address.ts'

describe('a broker address', () => {
  test.each([
    ['mqtt://broker', 'mqtt', 'broker', 1883],
    ['mqtts://broker', 'mqtts', 'broker', 8883],
    ['mqtt://10.0.0.7:2883', 'mqtt', '10.0.0.7', 2883],
    ['mqtts://[::1]:9883', 'mqtts', '::1', 9883],
  ])('%s', (url, protocol, host, port) => {
    expect(parseBrokerAddress({ url })).toMatchObject({ protocol, host, port })
  })

  test.each([
    ['', 'not a URL'],
    ['broker:1883', 'mqtt://'],
    ['http://broker', 'not by http://'],
    ['ws://broker', 'not by ws://'],
    ['mqtt://me:secret@broker', 'apart from the address'],
  ])('%j is refused', (url, message) => {
    const refused = expect.objectContaining({ code: 'BROKER_CONFIG', message: expect.stringContaining(message) })
    expect(() => parseBrokerAddress({ url })).toThrow(refused)
  })

  test('certificates with mqtt:// are a mistake that would send passwords in the clear', () => {
    expect(() => parseBrokerAddress({ url: 'mqtt://broker', caPath: 'ca.crt' })).toThrow('use mqtts://')
  })

  test('a certificate without its key, or a key without its certificate, is a mistake', () => {
    expect(() => parseBrokerAddress({ url: 'mqtts://broker', clientCrtPath: 'a' })).toThrow('needs its key')
    expect(() => parseBrokerAddress({ url: 'mqtts://broker', clientKeyPath: 'a' })).toThrow('a key its certificate')
  })
})

describe('backoff', () => {
  const delays = (random: number) =>
    Array.from({ length: 8 }, (_, failures) => backoffMs(failures, { minMs: 250, maxMs: 5_000, random: () => random }))

  test('doubles up to its limit', () => {
    expect(delays(1)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
  })

  test('is spread over the upper half, and finite after any number of failures', () => {
    expect(delays(0)).toEqual(delays(1).map(whole => whole / 2))
    expect(backoffMs(1e9, { minMs: 250, maxMs: 5_000, random: () => 1 })).toBe(5_000)
  })
})
