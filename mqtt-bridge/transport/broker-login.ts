/** What we show to the broker, and which CA we trust of it: read from disk anew for each connection, for it is renewed under us. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ArkletError } from '../errors.ts'
import { excerpt } from '../redact.ts'

export interface BrokerLoginOptions {
  /** PEM files. Without a CA those that Node brings are trusted. */
  readonly caPath?: string
  readonly clientCrtPath?: string
  readonly clientKeyPath?: string
  readonly username?: string
  readonly password?: string
  /** Files of one line each, instead of the two above. */
  readonly usernamePath?: string
  readonly passwordPath?: string
}

export interface BrokerLogin {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly username?: string
  readonly password?: string
}

/** Is there anything that could change under us? */
export const isOnDisk = (options: BrokerLoginOptions): boolean =>
  [options.caPath, options.clientCrtPath, options.clientKeyPath, options.usernamePath, options.passwordPath].some(
    path => path !== undefined,
  )

/**
 * Whole or not at all: files that are half written, or of two generations, are a fault.
 * @throws ArkletError BROKER_CONFIG naming the file and what is wrong with it
 */
export function readLogin(options: BrokerLoginOptions): BrokerLogin {
  const { caPath, clientCrtPath, clientKeyPath, usernamePath, passwordPath } = options
  const ca = reading(caPath, path => readPem(path, 'CA', assertCertificates))
  const cert = reading(clientCrtPath, path => readPem(path, 'client certificate', assertCertificates))
  const key = reading(clientKeyPath, path => readPem(path, 'client key', pem => createPrivateKey(pem)))
  if (cert && key) assertPair({ cert, key }, `${clientCrtPath} and ${clientKeyPath}`)
  const username = reading(usernamePath, path => readWord(path, 'user name')) ?? options.username
  const password = reading(passwordPath, path => readWord(path, 'password')) ?? options.password
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  }
}

export const sameLogin = (one: BrokerLogin, other: BrokerLogin): boolean =>
  one.username === other.username &&
  one.password === other.password &&
  sameBytes(one.ca, other.ca) &&
  sameBytes(one.cert, other.cert) &&
  sameBytes(one.key, other.key)

const sameBytes = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other)

const reading = <T>(path: string | undefined, read: (path: string) => T): T | undefined =>
  path === undefined ? undefined : read(path)

function readPem(path: string, what: string, check: (pem: Buffer) => unknown): Buffer {
  const pem = orFault(`${what} ${path} cannot be read`, () => readFileSync(path))
  orFault(`${what} ${path} is not valid PEM`, () => check(pem))
  return pem
}

const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g
const CERTIFICATE = new RegExp(`${BEGIN.source}[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----`, 'g')

/** Each of them: Node takes a bundle whose second half is missing without a word. */
function assertCertificates(pem: Buffer): void {
  const text = pem.toString('latin1')
  const whole = text.match(CERTIFICATE) ?? []
  const begun = text.match(BEGIN) ?? []
  if (whole.length !== begun.length) throw new Error('a certificate in it has no end: half written?')
  if (whole.length === 0) throw new Error('it holds no certificate')
  for (const certificate of whole) new X509Certificate(certificate)
}

const assertPair = (pair: { readonly cert: Buffer; readonly key: Buffer }, paths: string): unknown =>
  orFault(`client certificate and key do not belong together (${paths})`, () => createSecureContext(pair))

/** Editors and `echo` end a line; no password ends with one. */
function readWord(path: string, what: string): string {
  const word = orFault(`${what} ${path} cannot be read`, () => readFileSync(path, 'utf8')).replace(/\r?\n$/, '')
  if (word === '') throw config(`${what} ${path} is empty`)
  if (/[\r\n]/.test(word)) throw config(`${what} ${path} has more than one line`)
  return word
}

function orFault<T>(fault: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw config(`${fault}: ${excerpt(error instanceof Error ? error.message : String(error), 200)}`, error)
  }
}

const config = (message: string, cause?: unknown): ArkletError => new ArkletError('BROKER_CONFIG', message, cause)
