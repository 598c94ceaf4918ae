import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveBinaries } from '../control-plane/binaries.ts'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { versionFromEnvironment } from '../control-plane/versions.ts'
import { buildSamples } from '../samples/samples.ts'
import { findTool, type ToolName } from '../tools/find-tool.ts'

export interface TestFile {
  readonly path: string
  readonly text: string
}

/** Something from outside that some test files cannot do without. */
export interface Need {
  readonly name: string
  isNeededBy(file: TestFile): boolean
  /** Gets it where it may. Undefined: it is here. Else what to tell people. */
  get(): Promise<string | undefined>
}

/** Files show what they need by what they import: no list to keep. */
const imports =
  (file: string) =>
  ({ text }: TestFile): boolean =>
    text.includes(`/${file}'`)

const tool = (name: ToolName, file: string): Need => ({
  name,
  isNeededBy: imports(file),
  async get() {
    const found = await findTool(name)
    return found.ok ? undefined : found.how
  },
})

async function got(what: Promise<unknown>): Promise<string | undefined> {
  try {
    await what
    return undefined
  } catch (error) {
    if (error instanceof NotToBeHad) return error.message
    throw error
  }
}
const controlPlane = (): Promise<string | undefined> => got(resolveBinaries(versionFromEnvironment()))
const cluster = async (): Promise<string | undefined> =>
  process.env.KOUPLELESS_E2E_KUBECONFIG ? undefined : await controlPlane()
const mosquitto = tool('mosquitto', 'mosquitto-process.ts')
/** A JDK, Maven and what they make of `samples/`; then a broker and a cluster for it. */
const java = async (): Promise<string | undefined> =>
  (await got(buildSamples())) ?? (await mosquitto.get()) ?? (await cluster())

export const NEEDS: readonly Need[] = [
  mosquitto,
  tool('openssl', 'test-certificates.ts'),
  { name: 'control plane', isNeededBy: imports('control-plane.ts'), get: controlPlane },
  { name: 'java', isNeededBy: ({ path }) => path.endsWith('.java.test.ts'), get: java },
  {
    name: 'cluster',
    isNeededBy: ({ path }) => path.startsWith('e2e/cluster/'),
    get: cluster,
  },
]

/** Test files of the whole project, from its root. */
export function testFiles(root: string): readonly TestFile[] {
  return ['operator', 'reconcilers', 'mqtt-bridge', 'e2e'].flatMap(room =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.test.ts'))
      .map(name => join(room, name))
      .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  )
}

export interface Unmet {
  /** Paths that cannot run here. */
  readonly files: readonly string[]
  /** One line for each of them. */
  readonly why: readonly string[]
}

/**
 * Gets what the files need, and says which must be left out.
 * @param ofAll name of a need that all of them have
 */
export async function unmetNeeds(files: readonly TestFile[], needs = NEEDS, ofAll?: string): Promise<Unmet> {
  const unmet = new Map<string, string>()
  for (const need of needs) {
    const wanting = files.filter(file => need.name === ofAll || need.isNeededBy(file))
    const missing = wanting.length > 0 ? await need.get() : undefined
    for (const { path } of missing ? wanting : []) unmet.set(path, `${path}: ${missing}`)
  }
  return { files: [...unmet.keys()], why: [...unmet.values()] }
}
