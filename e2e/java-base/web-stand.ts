import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { eventually } from '../cluster/eventually.ts'
import { buildSamples } from '../samples/samples.ts'
import { Commander, type Install, type Outcome } from './commander.ts'
import { Ear } from './ear.ts'
import { JarYard } from './jar-yard.ts'
import { JavaBase } from './java-base.ts'
import { during, type SteadyTraffic } from './steady-traffic.ts'
import { NEXT, RUNS, WEB, WEB_PATH } from './web-jars.ts'

export const OLD: Install = { name: WEB, version: RUNS }
export const NEW: Install = { name: WEB, version: NEXT }
export const PROOF_PATH = `${WEB_PATH}-proof`
export const DONE: Outcome = { isOk: true, cause: '' }

export const proofOf = (module: Install): Install => ({
  ...module,
  args: [`--server.servlet.context-path=/${PROOF_PATH}`],
})
export const instead = (module: Install): Install => ({ ...module, strategy: 'uninstallThenInstall' })
/** As a web module names itself. */
export const said = ({ name, version }: Install): string => `${name}:${version}`
export const taken = (path: string): Outcome => ({
  isOk: false,
  cause: `java.lang.IllegalArgumentException: Child name [${path}] is not unique`,
})

/** A web base, a broker and module jars, with nobody but a test to tell the base what to do. */
export class WebStand implements AsyncDisposable {
  readonly base: JavaBase
  readonly commander: Commander
  readonly #owned: readonly AsyncDisposable[]

  private constructor(base: JavaBase, commander: Commander, owned: readonly AsyncDisposable[]) {
    this.base = base
    this.commander = commander
    this.#owned = owned
  }

  /** Resolves when the base has greeted. */
  static async open(activates: boolean): Promise<WebStand> {
    const samples = await buildSamples()
    const yard = await JarYard.open(samples)
    const broker = await Mosquitto.start()
    const ear = await Ear.open(broker.port, 'dev')
    const properties = { 'activate.new.module': String(activates) }
    const base = await JavaBase.start({ samples, brokerPort: broker.port, identity: 'b1', isWeb: true, properties })
    await eventually('it greets', () => ear.said(base.topic, 'heart').length > 0)
    return new WebStand(base, new Commander(base, ear, yard), [base, ear, broker, yard])
  }

  /** One after the other. @throws where one fails */
  async install(...modules: readonly Install[]): Promise<void> {
    for (const module of modules) mustBeDone(`install ${said(module)}`, await this.commander.install(module))
  }

  async uninstall(...modules: readonly Install[]): Promise<void> {
    for (const module of modules) {
      mustBeDone(`uninstall ${said(module)}`, await this.commander.uninstall(module.name, module.version))
    }
  }

  /** Leaves the base empty. */
  async clear(): Promise<void> {
    await this.uninstall(...(await this.base.bizs()))
  }

  /** `200 biz1:1.0.0`, `503`. */
  async answer(path: string): Promise<string> {
    const { status, text } = await this.base.ask(path)
    return status === 200 ? `200 ${text}` : String(status)
  }

  /** Requests to the web module while something is done; their figure is printed. */
  during(what: string, act: () => Promise<void>): Promise<SteadyTraffic> {
    return during(what, `${this.base.origin}/${WEB_PATH}/version`, act)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#owned) await thing[Symbol.asyncDispose]()
  }
}

function mustBeDone(what: string, { isOk, cause }: Outcome): void {
  if (!isOk) throw new Error(`${what}: ${cause}`)
}
