/** Where the broker is. Checked when opened. */
import { ArkletError } from '../errors.ts'
import { excerpt } from '../redact.ts'
import type { BrokerLoginOptions } from './broker-login.ts'

export interface BrokerAddressOptions extends BrokerLoginOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  readonly url: string
}

export interface BrokerAddress {
  readonly protocol: 'mqtt' | 'mqtts'
  readonly host: string
  readonly port: number
  /** For logs: scheme, host and port, never a credential. */
  readonly shown: string
}

/** @throws ArkletError BROKER_CONFIG */
export function parseBrokerAddress(options: BrokerAddressOptions): BrokerAddress {
  const { url } = options
  if (!URL.canParse(url)) throw config(`not a URL: ${excerpt(url)}`)
  const { protocol, hostname, port, username, password } = new URL(url)
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:')
    throw config(`a broker is reached by mqtt:// or mqtts://, not by ${excerpt(protocol, 32)}//`)
  if (!hostname) throw config(`no host in ${excerpt(url)}`)
  if (username || password) throw config('give user and password apart from the address: addresses are shown')
  const isSecure = protocol === 'mqtts:'
  assertCertificatesFit(isSecure, options)
  const usedPort = Number(port) || (isSecure ? 8883 : 1883)
  return {
    protocol: isSecure ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: usedPort,
    shown: `${protocol}//${hostname}:${usedPort}`,
  }
}

function assertCertificatesFit(
  isSecure: boolean,
  { caPath, clientCrtPath, clientKeyPath }: BrokerAddressOptions,
): void {
  if (!isSecure && (caPath || clientCrtPath || clientKeyPath))
    throw config('certificates are given, yet mqtt:// does not encrypt: use mqtts://')
  if (!clientCrtPath !== !clientKeyPath) throw config('a client certificate needs its key, and a key its certificate')
}

const config = (message: string): ArkletError => new ArkletError('BROKER_CONFIG', message)
