import { z } from 'zod'
import { causeOf } from '../../mqtt-bridge/arklet/failure-cause.ts'
import { eventually } from '../cluster/eventually.ts'
import type { Ear } from './ear.ts'
import type { JarYard } from './jar-yard.ts'
import type { JavaBase } from './java-base.ts'

export interface Install {
  readonly name: string
  readonly version: string
  readonly args?: readonly string[]
  readonly strategy?: 'installOnly' | 'uninstallThenInstall'
}

export interface Outcome {
  readonly isOk: boolean
  /** The last cause of a failure, in one line. */
  readonly cause: string
}

const outcomeShape = z.object({
  data: z.object({
    response: z.object({
      code: z.string(),
      message: z.string().optional(),
      data: z.object({ message: z.string().optional() }).optional(),
    }),
  }),
})
const snapshotShape = z.object({
  data: z.array(z.object({ name: z.string(), version: z.string(), state: z.string() })),
})

/** Tells a JVM what to do, in the place of an operator. */
export class Commander {
  readonly #base: JavaBase
  readonly #ear: Ear
  readonly #yard: JarYard

  constructor(base: JavaBase, ear: Ear, yard: JarYard) {
    this.#base = base
    this.#ear = ear
    this.#yard = yard
  }

  async install({ name, version, args, strategy }: Install): Promise<Outcome> {
    return this.#changed('installBiz', {
      bizName: name,
      bizVersion: version,
      bizUrl: this.#yard.url(name, version),
      ...(args && { args }),
      ...(strategy && { installStrategy: strategy }),
    })
  }

  async uninstall(name: string, version: string): Promise<Outcome> {
    return this.#changed('uninstallBiz', { bizName: name, bizVersion: version })
  }

  /** Verbatim. */
  async health(): Promise<string> {
    return this.#answer('health', {}, 'health')
  }

  /** The answer to `queryAllBiz`, verbatim. */
  async snapshot(): Promise<string> {
    return this.#answer('queryAllBiz', {}, 'simpleBiz')
  }

  /** `biz1:0.0.1 activated`, without the base itself, in the order of names and versions. */
  async runs(): Promise<readonly string[]> {
    const { data } = snapshotShape.parse(JSON.parse(await this.snapshot()))
    const modules = data.filter(({ name }) => name !== 'base')
    return modules.map(({ name, version, state }) => `${name}:${version} ${state}`).sort()
  }

  async #changed(verb: string, command: object): Promise<Outcome> {
    const payload = await this.#answer(verb, command, 'bizOperation')
    const { response } = outcomeShape.parse(JSON.parse(payload)).data
    return {
      isOk: response.code === 'SUCCESS',
      cause: response.code === 'SUCCESS' ? '' : causeOf(response.data?.message ?? response.message ?? ''),
    }
  }

  async #answer(verb: string, command: object, what: string): Promise<string> {
    const { topic } = this.#base
    const before = this.#ear.said(topic, what).length
    await this.#ear.publish(`${topic}/${verb}`, JSON.stringify(command))
    const frame = await eventually(`${verb} is answered`, () => this.#ear.said(topic, what)[before], 60_000)
    return frame.payload.toString()
  }
}
