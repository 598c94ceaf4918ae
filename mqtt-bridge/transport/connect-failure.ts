/** Why a broker could not be reached, in words that say what to mend. Never a credential. */
import { excerpt } from '../redact.ts'

const UNTRUSTED = 'its certificate is not signed by a CA that we trust (is the CA file the right one?)'
const NO_CLIENT_CERTIFICATE = 'it demands a client certificate, or does not accept ours'
const BAD_PASSWORD = 'it refuses our user name or password'
const NOT_AUTHORIZED = 'it does not authorize us (user, password or access list)'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name cannot be resolved right now',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to its host',
  ENETUNREACH: 'no route to its network',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is our clock right?)',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_CLIENT_CERTIFICATE,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': NO_CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it does not accept our client certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it does not accept our client certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'our client certificate has expired',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'our client certificate is not signed by a CA that it trusts',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no TLS version that we speak',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS on that port',
  1: 'it does not speak this version of MQTT',
  2: 'it refuses our client id',
  3: 'it says that it is unavailable',
  4: BAD_PASSWORD,
  5: NOT_AUTHORIZED,
  132: 'it does not speak this version of MQTT',
  133: 'it refuses our client id',
  134: BAD_PASSWORD,
  135: NOT_AUTHORIZED,
  136: 'it says that it is unavailable',
  142: 'another client took over our client id',
}

/** What a port does that expected the other of TLS and plain MQTT; Mosquitto says no more. */
const CLOSED = new Set(['', 'ECONNRESET', 'EPIPE'])

/** `shown` is the broker's address as `parseBrokerAddress` gives it; `wasUp`: this connection had been accepted. */
export function nameFailure(shown: string, error: unknown, wasUp = true): string {
  const why = `${shown}: ${error === undefined ? 'the broker closed the connection' : wordsFor(error)}`
  if (wasUp || !CLOSED.has(error === undefined ? '' : codeOf(error))) return why
  return `${why} (does that port speak ${shown.startsWith('mqtts:') ? 'TLS' : 'MQTT without TLS'}?)`
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'none')

function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return excerpt(String(error), 200)
  const code = codeOf(error)
  // Names the hosts that the certificate is for, which is what one has to compare.
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another host: ${excerpt(error.message, 200)}`
  const words = WORDS[code]
  if (words) return `${words} [${code}]`
  if (error.message === 'connack timeout') return 'no answer to CONNECT'
  return `${excerpt(error.message, 200)}${code === 'none' ? '' : ` [${code}]`}`
}
