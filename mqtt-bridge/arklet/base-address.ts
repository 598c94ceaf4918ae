/** What a base calls its address, and whether others can reach it there. Pure. */
import { BlockList, isIP } from 'node:net'

/** Nobody beyond the machine or its network reaches anyone by these, or nobody alone has them. */
const NOBODYS = new BlockList()
for (const [network, prefix, family] of [
  ['0.0.0.0', 8, 'ipv4'], // unspecified
  ['127.0.0.0', 8, 'ipv4'], // loopback
  ['169.254.0.0', 16, 'ipv4'], // link-local
  ['224.0.0.0', 4, 'ipv4'], // multicast
  ['255.255.255.255', 32, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
] as const)
  NOBODYS.addSubnet(network, prefix, family)

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

export interface ToldAddress {
  readonly ip?: string
  /** What it says instead, where others can reach nobody by that; empty: nothing. */
  readonly unusableIp?: string
}

export function readAddress(told: string): ToldAddress {
  const [, mapped] = MAPPED.exec(told) ?? []
  const ip = mapped ?? told
  // Java adds the interface to a link-local address (`fe80::1%eth0`).
  const family = ip.includes('%') ? 0 : isIP(ip)
  const isUsable = family !== 0 && !NOBODYS.check(ip, family === 6 ? 'ipv6' : 'ipv4')
  return isUsable ? { ip } : { unusableIp: told }
}
