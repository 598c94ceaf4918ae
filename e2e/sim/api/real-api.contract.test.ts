import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { eventually } from '../../cluster/eventually.ts'
import { ControlPlane } from '../../control-plane/control-plane.ts'
import { DEFAULT_VERSION } from '../../control-plane/versions.ts'
import { RealApi } from './a-real-api.ts'
import { type Answers, apiContract, type ContractSide } from './api-contract.ts'
import type { Transcript } from './contract/recorder.ts'

/** `RECORD_API_ANSWERS=1` writes down anew what the real server says; else it must say what is written. */
const IS_RECORDING = process.env.RECORD_API_ANSWERS === '1'
const ANSWERS = join(import.meta.dirname, 'fixtures', 'api-answers.json')
/** Those that make a namespace fit for Pods; others would write to what the cases look at. */
const CONTROLLERS = ['serviceaccount', 'serviceaccount-token', 'root-ca-certificate-publisher', 'namespace']
/** The first run on a machine builds the binaries. */
const FIRST_RUN_MS = 20 * 60_000

let plane: ControlPlane
let server: RealApi
let namespaces = 0
const recorded: Record<string, Transcript> = {}

beforeAll(async () => {
  const controllers = CONTROLLERS.map(name => `${name}-controller`).join(',')
  plane = await ControlPlane.start({
    version: DEFAULT_VERSION,
    flags: { controllerManager: [`--controllers=${controllers}`] },
  })
  server = await RealApi.open(plane)
}, FIRST_RUN_MS)

afterAll(async () => {
  if (IS_RECORDING) writeFileSync(ANSWERS, written(recorded))
  await server[Symbol.asyncDispose]()
  await plane.stop()
})

/** One line for each step, so that a difference between two recordings can be read. */
function written(answers: Answers): string {
  const cases = Object.entries(answers).map(([name, steps]) => {
    const lines = steps.map(step => `  ${JSON.stringify(step)}`)
    return `${JSON.stringify(name)}: [\n${lines.join(',\n')}\n]`
  })
  return `{\n${cases.join(',\n')}\n}\n`
}

async function newNamespace(): Promise<string> {
  const name = `contract-${++namespaces}`
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await server.send({ method: 'POST', path: '/api/v1/namespaces', body, contentType: 'application/json' })
  await eventually('the namespace takes Pods', async () => {
    const { status } = await server.send({ method: 'GET', path: `/api/v1/namespaces/${name}/serviceaccounts/default` })
    return status === 200 || undefined
  })
  return name
}

const side = (): ContractSide => ({ server, newNamespace })
const answers: Answers = IS_RECORDING ? {} : (JSON.parse(readFileSync(ANSWERS, 'utf8')) as Answers)

apiContract(side, answers, IS_RECORDING ? (name, steps) => (recorded[name] = steps) : undefined)
