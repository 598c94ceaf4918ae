import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Fleet, ListedBiz } from '../base-simulator/index.ts'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { ROOT } from '../runner/run-stage.ts'
import { buildSamples } from '../samples/samples.ts'
import { JavaCast } from './java-cast.ts'

/** A container of a module Pod. */
export interface ModuleContainer {
  readonly name: string
  readonly image: string
  readonly version: string
}

/** Who plays the bases. */
export interface Cast extends AsyncDisposable {
  readonly members: readonly {
    readonly identity: string
    readonly ip: string
    bizs(): readonly ListedBiz[] | Promise<readonly ListedBiz[]>
    /** What one types to hear its module. Undefined: nothing there answers. */
    readonly curl?: string
  }[]
  /** The kubectl command that applies the user guide's sample. */
  readonly applySample: string
  /** The next version of its module. */
  readonly next: ModuleContainer
  add(): Promise<unknown>
}

const SAMPLE = 'samples/module-deployment.yaml'

interface Workload {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly Omit<ModuleContainer, 'version'>[] } }
  }
}

function sampleContainer(): Omit<ModuleContainer, 'version'> {
  const { spec } = parse(readFileSync(join(ROOT, SAMPLE), 'utf8')) as Workload
  const [container] = spec.template.spec.containers
  if (!container) throw new Error(`${SAMPLE} has no container`)
  return container
}

/** They go by the name in a URL: the sample applies as it stands. */
export function simulatedCast(fleet: Fleet, add: () => Promise<unknown>): Cast {
  return {
    members: fleet.bases,
    applySample: `apply -f ${SAMPLE}`,
    next: {
      name: sampleContainer().name,
      image: 'https://jars.example.com/biz1-0.0.2-ark-biz.jar',
      version: '0.0.2',
    },
    add,
    // The stage ends its fleet.
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/**
 * Finds out early whether JVMs can play, before anything is started.
 * @returns how they come on, where `DEMO_BASE` asks for them
 * @throws NotToBeHad where there is no JDK or no Maven
 */
export async function javaCast(): Promise<((brokerPort: number, env: string) => Promise<Cast>) | undefined> {
  const wanted = process.env.DEMO_BASE ?? 'simulated'
  if (wanted === 'simulated') return undefined
  if (wanted !== 'java') throw new NotToBeHad(`DEMO_BASE=${wanted}: it is java or simulated`)
  const samples = await buildSamples()
  const sample = sampleContainer()
  const applySample = (url: string): string =>
    `set image --local -f ${SAMPLE} ${sample.name}=${url} -o yaml | kubectl apply -f -`
  return (brokerPort, env) => JavaCast.open({ samples, brokerPort, env, sample, applySample })
}
