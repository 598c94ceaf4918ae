/** How the API server is reached, with client-node's own reading of kubeconfigs, token files and exec plugins. */
import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { type ProxySettings, proxyFor } from './proxy.ts'

export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

export interface Credentials {
  readonly origin: string
  /** Before each path, where the API server stands behind another server; no slash at its end. */
  readonly pathPrefix: string
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial
  /** Through which the API server is reached; undefined: straight. */
  readonly proxy?: string
}

/**
 * Files are read anew on each call, since tokens and certificates are renewed under a running process.
 * @throws Error when a file is gone or an exec plugin fails
 */
export async function readCredentials(kubeConfig: KubeConfig, proxies: ProxySettings = {}): Promise<Credentials> {
  const cluster = kubeConfig.getCurrentCluster()
  if (!cluster) throw new Error('the kubeconfig has no current cluster')
  const options: RequestOptions = { headers: {} }
  await kubeConfig.applyToHTTPSOptions(options)
  const { origin, pathname } = new URL(cluster.server)
  const proxy = cluster.proxyUrl || proxyFor(cluster.server, proxies)
  return {
    origin,
    pathPrefix: pathname.replace(/\/+$/, ''),
    headers: { ...headersOf(options), ...(await tokenOf(kubeConfig)) },
    tls: tlsOf(options as TlsMaterial),
    ...(proxy !== undefined && { proxy }),
  }
}

/**
 * Of a service account. client-node keeps what it read for a minute, so that a token replaced early would be refused for as long.
 * @throws Error when it is gone or empty: half written
 */
async function tokenOf(kubeConfig: KubeConfig): Promise<{ readonly authorization?: string }> {
  const config: unknown = kubeConfig.getCurrentUser()?.authProvider?.config
  const file = typeof config === 'object' && config !== null && 'tokenFile' in config ? config.tokenFile : undefined
  if (typeof file !== 'string') return {}
  const token = (await readFile(file, 'utf8')).trim()
  if (token === '') throw new Error(`the token file ${file} is empty`)
  return { authorization: `Bearer ${token}` }
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const entries = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()])
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}
  return { ...Object.fromEntries(entries), ...basic }
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: TlsMaterial): TlsMaterial {
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(servername && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  }
}

export const sameConnection = (a: Credentials, b: Credentials): boolean =>
  a.origin === b.origin && a.proxy === b.proxy && fingerprint(a.tls) === fingerprint(b.tls)

const fingerprint = (tls: TlsMaterial): string => JSON.stringify(Object.values(tls).map(String))
