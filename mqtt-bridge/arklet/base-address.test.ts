import { expect, test } from 'vitest'
import { readAddress } from './base-address.ts'

test.each(['10.0.0.7', '192.168.1.1', '128.0.0.1', '223.255.255.255', '2001:db8::7', 'fd00::1', 'fec0::1'])(
  'others reach a base at %s',
  ip => expect(readAddress(ip)).toEqual({ ip }),
)

test.each([
  '127.0.0.1',
  '127.0.1.1',
  '0.0.0.0',
  '169.254.7.7',
  '224.0.0.1',
  '239.1.2.3',
  '255.255.255.255',
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  'fe80::1',
  'fe80::1%eth0',
  'fd00::1%eth0',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  'unknown',
  'localhost',
  '10.0.0.300',
  '',
])('nobody else reaches a base at %j, and it is kept to be told', told => {
  expect(readAddress(told)).toEqual({ unusableIp: told })
})

test('an IPv4 address in the clothes of IPv6 is one', () => {
  expect(readAddress('::ffff:10.0.0.7')).toEqual({ ip: '10.0.0.7' })
})
