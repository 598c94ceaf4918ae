/** The framework's class and types; the one place that knows how it has to be imported. */
// Before the framework, which requires this ES module from CommonJS: Node 20.19.0-4 and 22.12-22.15 refuse that for one
// that is still loading.
import '@kubernetes/client-node'

import operatorModule, { ResourceEventType, ResourceMetaImpl } from '@dot-i/k8s-operator'
import { KubeConfig } from '@kubernetes/client-node'

export type { OperatorLogger, ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator'
export { ResourceEventType, ResourceMetaImpl }

/** CommonJS: the class is the `default` of what a default import gives. */
export const FrameworkOperator = operatorModule.default

const NOWHERE = { name: 'nowhere', server: 'http://127.0.0.1:9', skipTLSVerify: false }

/**
 * Until the returned function is called, the default kubeconfig leads nowhere. The framework's constructor builds a client
 * from the default, which is replaced at once, and it fails where ~/.kube/config is broken.
 */
export function hideDefaultKubeConfig(): () => void {
  const { loadFromDefault } = KubeConfig.prototype
  KubeConfig.prototype.loadFromDefault = function () {
    this.loadFromClusterAndUser(NOWHERE, { name: 'nobody' })
  }
  return () => {
    KubeConfig.prototype.loadFromDefault = loadFromDefault
  }
}
