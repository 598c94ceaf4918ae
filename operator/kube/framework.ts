/** The framework's class and types; the one place that knows how it has to be imported. */
// Before the framework, which requires this ES module from CommonJS: Node 20.19.0-4 and 22.12-22.15 refuse that for one
// that is still loading.

import operatorModule, { ResourceEventType, ResourceMetaImpl } from '@dot-i/k8s-operator'
import { KubeConfig } from '@kubernetes/client-node'

export type { OperatorLogger, ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator'
export { ResourceEventType, ResourceMetaImpl }

/** CommonJS: the class is the `default` of what a default import gives. */
export const FrameworkOperator = operatorModule.default

/**
 * Until the returned function is called, the default kubeconfig is this one. The framework's constructor loads the default,
 * and fails where that is broken, though what we were given is another.
 */
export function makeDefault(kubeConfig: KubeConfig): () => void {
  const { loadFromDefault } = KubeConfig.prototype
  KubeConfig.prototype.loadFromDefault = function () {
    Object.assign(this, kubeConfig)
  }
  return () => {
    KubeConfig.prototype.loadFromDefault = loadFromDefault
  }
}
