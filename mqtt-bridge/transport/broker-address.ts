/** Where the broker is and with which certificates to go there. Checked when opened, read anew for each connection. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ArkletError } from '../errors.ts'
import { excerpt } from '../redact.ts'

export interface BrokerAddressOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  readonly url: string
  /** PEM files. Without a CA those that Node brings are trusted. */
  readonly caPath?: string
  readonly clientCrtPath?: string
  readonly clientKeyPath?: string
}

export interface BrokerAddress {
  readonly protocol: 'mqtt' | 'mqtts'
  readonly host: string
  readonly port: number
  /** For logs: scheme, host and port, never a credential. */
  readonly shown: string
}

export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
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

/**
 * Read on every connection, since certificates are renewed under a running process.
 * @throws ArkletError BROKER_CONFIG naming the file and what is wrong with it
 */
export function readTlsMaterial({ caPath, clientCrtPath, clientKeyPath }: BrokerAddressOptions): TlsMaterial {
  const ca = caPath === undefined ? undefined : readPem(caPath, 'CA', pem => new X509Certificate(pem))
  const cert =
    clientCrtPath === undefined ? undefined : readPem(clientCrtPath, 'client certificate', p => new X509Certificate(p))
  const key =
    clientKeyPath === undefined ? undefined : readPem(clientKeyPath, 'client key', pem => createPrivateKey(pem))
  const material = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (cert && key) assertPair(material, `${clientCrtPath} and ${clientKeyPath}`)
  return material
}

function readPem(path: string, what: string, parse: (pem: Buffer) => unknown): Buffer {
  const pem = reading(`${what} ${path} cannot be read`, () => readFileSync(path))
  reading(`${what} ${path} is not valid PEM`, () => parse(pem))
  return pem
}

const assertPair = (material: TlsMaterial, paths: string): unknown =>
  reading(`client certificate and key do not belong together (${paths})`, () => createSecureContext(material))

function reading<T>(fault: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ArkletError('BROKER_CONFIG', `${fault}: ${reasonOf(error)}`, error)
  }
}

const reasonOf = (error: unknown): string => excerpt(error instanceof Error ? error.message : String(error), 200)

const config = (message: string): ArkletError => new ArkletError('BROKER_CONFIG', message)
