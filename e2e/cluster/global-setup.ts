import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildOperator } from '../build/bundle.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { Audited } from '../rights/audited.ts'
import { OUTSIDE_FAULTS } from '../runner/run-stage.ts'
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
let audited: Audited | undefined
let journeys: TestProject | undefined

export async function setup(project: TestProject): Promise<void> {
  const bundle = await buildOperator()
  journeys = project
  cluster = await openCluster()
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
  if (journeys && audited) await judgeRights(journeys, audited)
  await audited?.[Symbol.asyncDispose]()
}

async function openCluster(): Promise<Cluster> {
  const theirs = process.env.KOUPLELESS_E2E_KUBECONFIG
  if (theirs) return existingCluster(theirs)
  audited = await Audited.of(NAMESPACE, SERVICE_ACCOUNT)
  return await ControlPlane.start({ audit: audited.audit })
}

/** What vitest would only report as an error of the teardown must fail the run. */
async function judgeRights(project: TestProject, ran: Audited): Promise<void> {
  const faults = await ran.faults(allPassed(project))
  if (faults.length === 0) return
  process.stderr.write(`\nRights of deploy/rbac against the audit log:\n${faults.map(line => `  ${line}\n`).join('')}`)
  const file = process.env[OUTSIDE_FAULTS]
  if (file) appendFileSync(file, faults.map(line => `${line}\n`).join(''))
  process.exitCode = 1
}

/** Each journey of this folder, with simulated bases, and each test of it: a part of them tells nothing of rights that nobody used. */
function allPassed(project: TestProject): boolean {
  const files = readdirSync(import.meta.dirname).filter(name => name.endsWith('.test.ts'))
  const ran = project.vitest.state.getTestModules().filter(module => module.project.name === 'cluster')
  const tests = ran.flatMap(module => [...module.children.allTests()])
  return ran.length === files.length && tests.every(test => test.result().state === 'passed')
}
