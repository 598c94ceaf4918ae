import { afterAll, beforeAll } from 'vitest'
import { eventually } from '../../cluster/eventually.ts'
import { ControlPlane } from '../../control-plane/control-plane.ts'
import { DEFAULT_VERSION } from '../../control-plane/versions.ts'
import { RealApi } from '../api/a-real-api.ts'
import { clusterContract } from './contract.ts'

/** The first run on a machine builds the binaries. */
const FIRST_RUN_MS = 20 * 60_000
const WITHIN_MS = 150_000
/** As many minutes as the real defaults take are no gain here: what is compared is what comes of it. */
const SOONER = ['--node-monitor-grace-period=12s', '--node-monitor-period=1s']

let plane: ControlPlane
let api: RealApi
let cases = 0

beforeAll(async () => {
  plane = await ControlPlane.start({ version: DEFAULT_VERSION, flags: { controllerManager: SOONER } })
  api = await RealApi.open(plane)
}, FIRST_RUN_MS)

afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await plane.stop()
})

clusterContract(async () => {
  const namespace = `case-${++cases}`
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await api.send({ method: 'POST', path: '/api/v1/namespaces', body, contentType: 'application/json' })
  await eventually('the namespace takes Pods', async () => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
    return (await api.send({ method: 'GET', path })).status === 200 || undefined
  })
  return {
    namespace,
    send: request => api.send(request),
    microTime: () => new Date().toISOString().replace('Z', '000Z'),
    until: async (what, holds) => {
      await eventually(what, async () => (await holds()) || undefined, WITHIN_MS)
    },
  }
})
