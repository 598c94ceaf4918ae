import type { KeyPair } from './certificates.ts'

export type Credential = KeyPair | { readonly token: string }

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig with all it needs inside. JSON is YAML. */
export function kubeconfig(server: string, ca: string, credential: Credential, namespace = 'default'): string {
  const user =
    'token' in credential
      ? { token: credential.token }
      : { 'client-certificate-data': base64(credential.cert), 'client-key-data': base64(credential.key) }
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'e2e', cluster: { server, 'certificate-authority-data': base64(ca) } }],
      users: [{ name: 'e2e', user }],
      contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e', namespace } }],
      'current-context': 'e2e',
    },
    null,
    2,
  )
}
