import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll } from 'vitest'
import { newClock } from '../../../../operator/clock.ts'
import { aWitness } from '../../../../operator/kube/a-witness.ts'
import { ApiClient } from '../../../../operator/kube/api-client.ts'
import { readCredentials } from '../../../../operator/kube/credentials.ts'
import { eventually } from '../../../cluster/eventually.ts'
import { ControlPlane } from '../../../control-plane/control-plane.ts'
import { DEFAULT_VERSION } from '../../../control-plane/versions.ts'
import { clientContract } from './contract.ts'

/** The first run on a machine builds the binaries. */
const FIRST_RUN_MS = 20 * 60_000
/** Nobody but the operator writes to what it watches. */
const CONTROLLERS = '--controllers=serviceaccount-controller,serviceaccount-token-controller,namespace-controller'

const clock = newClock()
const stop = new AbortController()
let plane: ControlPlane
let api: ApiClient
let cases = 0

beforeAll(async () => {
  plane = await ControlPlane.start({ version: DEFAULT_VERSION, flags: { controllerManager: [CONTROLLERS] } })
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(plane.kubeconfig)
  const { log, metrics } = aWitness()
  const brake = { tryTake: () => true, take: async () => true, takeLow: async () => true }
  api = new ApiClient({
    credentials: () => readCredentials(kubeConfig),
    brake,
    metrics,
    clock,
    log,
    signal: stop.signal,
  })
}, FIRST_RUN_MS)

afterAll(async () => {
  stop.abort()
  await api[Symbol.asyncDispose]()
  await plane.stop()
})

clientContract(async () => {
  const namespace = `client-${++cases}`
  await plane.kubectl(['create', 'namespace', namespace])
  await eventually('the namespace takes Pods', () =>
    plane.kubectl(['get', 'serviceaccount', 'default', '--namespace', namespace]),
  )
  return {
    api,
    clock,
    namespace,
    until: async (what, holds) => void (await eventually(what, () => holds() || undefined)),
  }
})
