/** By which proxy the API server is reached, if by any: HTTPS_PROXY and NO_PROXY as programs in Go read them. Pure. */
import { BlockList, isIP } from 'node:net'

export interface ProxySettings {
  readonly httpsProxy?: string | undefined
  /** Names, with their subdomains unless they begin with a dot, addresses and networks, parted by commas; `*` for all. */
  readonly noProxy?: string | undefined
}

export function proxyFor(server: string, { httpsProxy, noProxy = '' }: ProxySettings): string | undefined {
  const { protocol, hostname, port } = new URL(server)
  if (httpsProxy === undefined || protocol !== 'https:') return undefined
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  const target = { host, port: port || '443' }
  const isExempt = isLoopback(host) || noProxy.split(',').some(entry => exempts(entry.trim().toLowerCase(), target))
  return isExempt ? undefined : httpsProxy
}

/** A proxy may be named without its scheme. Undefined: this names none that we can go through. */
export function proxyUrl(text: string): string | undefined {
  const url = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname } = new URL(url)
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '' ? url : undefined
}

interface Target {
  readonly host: string
  readonly port: string
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

function exempts(entry: string, { host, port }: Target): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isWithin(host, entry)
  const { name, port: itsPort } = parted(entry)
  if (name === '' || (itsPort !== undefined && itsPort !== port)) return false
  return isIP(name) === 0 ? isOfDomain(host, name.replace(/^\*\./, '.')) : name === host
}

/** `host`, `host:port`, or an IPv6 address, which has colons of its own. */
function parted(entry: string): { readonly name: string; readonly port?: string | undefined } {
  if (isIP(entry) === 6) return { name: entry }
  const [, name = entry, port] = /^\[?([^[\]]+?)\]?(?::(\d+))?$/.exec(entry) ?? []
  return { name, port }
}

const isOfDomain = (host: string, domain: string): boolean =>
  domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)

function isWithin(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  if (isIP(host) === 0 || isIP(address) !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (isIP(address) === 6 ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(address, Number(bits), familyOf(address))
  return list.check(host, familyOf(host))
}
