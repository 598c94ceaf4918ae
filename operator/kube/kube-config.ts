/** Which API server, and as whom. */
import { delimiter } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { redact } from '../../mqtt-bridge/index.ts'
import { proxyUrl } from './proxy.ts'

export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError'
}

/** What client-node falls back to where it finds nothing: an API server without TLS, which is none of this century. */
const NOWHERE = 'http://localhost:8080'

/**
 * `paths` as KUBECONFIG spells them; undefined: `~/.kube/config`, else the service account of the Pod.
 * @throws KubeConfigError where there is none, or none that can be read
 */
export function loadKubeConfig(paths: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig()
  try {
    if (paths === undefined) kubeConfig.loadFromDefault()
    else loadFiles(kubeConfig, paths.split(delimiter))
  } catch (error) {
    const from = paths === undefined ? 'the default places' : `"${paths}"`
    throw new KubeConfigError(`KUBECONFIG: ${from} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  refuseOtherProxies(kubeConfig)
  const server = kubeConfig.getCurrentCluster()?.server
  if (server !== undefined && server !== NOWHERE) return kubeConfig
  throw new KubeConfigError(
    paths === undefined
      ? 'KUBECONFIG: got nothing, there is no ~/.kube/config and this is no Pod; takes the path of a kubeconfig'
      : `KUBECONFIG: "${paths}" has no current context that names a cluster`,
  )
}

/** Else the API server would be asked for straight, which is not what was meant. */
function refuseOtherProxies(kubeConfig: KubeConfig): void {
  const proxy = kubeConfig.getCurrentCluster()?.proxyUrl
  if (!proxy || proxyUrl(proxy) === proxy) return
  const takes = 'takes http://host:port or https://host:port'
  throw new KubeConfigError(`KUBECONFIG: proxy-url: got "${redact(proxy)}"; ${takes}`)
}

/** As kubectl does it: the first file names the context. */
function loadFiles(kubeConfig: KubeConfig, paths: readonly string[]): void {
  const [first = '', ...others] = paths.filter(path => path !== '')
  kubeConfig.loadFromFile(first)
  for (const path of others) {
    const next = new KubeConfig()
    next.loadFromFile(path)
    kubeConfig.mergeConfig(next, true)
  }
}
