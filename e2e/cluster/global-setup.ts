import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildOperator } from '../build/bundle.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { type Cluster, existingCluster } from './existing-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    adminKubeconfig: string
    operatorKubeconfig: string
    operatorBundle: string
    kubectl: string
    serverMinor: number
  }
}

const ROOT = join(import.meta.dirname, '..', '..')
const NAMESPACE = 'koupleless-system'
const SERVICE_ACCOUNT = 'module-controller'

/** One cluster for all journeys: our own control plane, or one that someone else runs. */
let cluster: Cluster | undefined

export async function setup(project: TestProject): Promise<void> {
  const bundle = await buildOperator()
  cluster = process.env.KOUPLELESS_E2E_KUBECONFIG
    ? existingCluster(process.env.KOUPLELESS_E2E_KUBECONFIG)
    : await ControlPlane.start()
  await cluster.kubectl(['apply', '--kustomize', join(ROOT, 'deploy', 'rbac')])
  const version = JSON.parse(await cluster.kubectl(['version', '--output', 'json'])) as {
    serverVersion: { minor: string }
  }
  project.provide('adminKubeconfig', cluster.kubeconfig)
  project.provide('operatorKubeconfig', await cluster.kubeconfigFor(NAMESPACE, SERVICE_ACCOUNT))
  project.provide('operatorBundle', bundle)
  project.provide('kubectl', cluster.kubectlBinary)
  project.provide('serverMinor', Number.parseInt(version.serverVersion.minor, 10))
}

export async function teardown(): Promise<void> {
  await cluster?.[Symbol.asyncDispose]()
}
