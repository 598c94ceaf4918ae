/** Certificates for tests, made when they run: openssl is on every machine that has Mosquitto. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  readonly crt: string
  readonly key: string
}

/** A certificate authority in a folder of its own. */
export class TestAuthority implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  readonly #ca: Pair

  constructor(name: string) {
    this.#ca = this.#paths('ca')
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.#ca.key,
      '-out',
      this.#ca.crt,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    )
  }

  get caPath(): string {
    return this.#ca.crt
  }

  /** `host` as in a subjectAltName: `IP:127.0.0.1`. A negative number of days: expired. */
  issue(name: string, host: string, days = 2): Pair {
    const pair = this.#paths(name)
    const [request, extensions] = [join(this.#folder, `${name}.csr`), join(this.#folder, `${name}.ext`)]
    writeFileSync(extensions, `subjectAltName=${host}`)
    openssl('req', ...NEW_KEY, '-keyout', pair.key, '-out', request, '-subj', `/CN=${name}`)
    const signed = ['-CA', this.#ca.crt, '-CAkey', this.#ca.key, '-CAcreateserial', '-extfile', extensions]
    openssl('x509', '-req', '-in', request, ...signed, '-out', pair.crt, '-days', String(days))
    return pair
  }

  /** As `issue`, with an RSA key in the older form (PKCS#1), the only one that the published tunnel of a base takes. */
  issueForBase(name: string): Pair {
    const pair = this.#paths(name)
    const request = join(this.#folder, `${name}.csr`)
    openssl('genrsa', '-traditional', '-out', pair.key, '2048')
    openssl('req', '-new', '-key', pair.key, '-out', request, '-subj', `/CN=${name}`)
    const signed = ['-CA', this.#ca.crt, '-CAkey', this.#ca.key, '-CAcreateserial']
    openssl('x509', '-req', '-in', request, ...signed, '-out', pair.crt, '-days', '2')
    return pair
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #paths(name: string): Pair {
    return { crt: join(this.#folder, `${name}.crt`), key: join(this.#folder, `${name}.key`) }
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', [...args], { stdio: 'pipe' })
