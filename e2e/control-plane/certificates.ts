import { generate } from 'selfsigned'

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface Authority extends KeyPair {
  /** `organizations` are the groups that Kubernetes reads from a client certificate. */
  issue(commonName: string, organizations?: readonly string[]): Promise<KeyPair>
}

/** A certificate authority for one run, whose certificates are good for loopback only. */
export async function createAuthority(): Promise<Authority> {
  const ca = await generate([{ name: 'commonName', value: 'koupleless-e2e' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  })
  return {
    cert: ca.cert,
    key: ca.private,
    async issue(commonName, organizations = []) {
      const attributes = organizations.map(value => ({ name: 'organizationName', value }))
      const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }, ...attributes], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: ca.private, cert: ca.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
          { name: 'extKeyUsage', clientAuth: true, serverAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              { type: 2, value: 'localhost' },
              { type: 7, ip: '127.0.0.1' },
            ],
          },
        ],
      })
      return { cert, key }
    },
  }
}
