import { setTimeout as sleep } from 'node:timers/promises'
import type { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { eventually } from '../cluster/eventually.ts'
import { Ear, type Frame } from '../java-base/ear.ts'
import { JavaBase, LOW_MEMORY } from '../java-base/java-base.ts'
import type { Capture } from './capture.ts'
import type { CapturePlace } from './capture-place.ts'
import type { Rig, Said } from './contract.ts'
import type { Step } from './series.ts'
import type { Scene } from './simulator-stage.ts'

/** For an answer too many to show. */
const SETTLE_MS = 300
const SILENCE_MS = 1_000
const PATIENCE_MS = 30_000

/** What was installed between two captures, and how. */
const ARGS: Readonly<Record<string, readonly string[]>> = {
  '86-slow-uninstall': ['--stop-sleep=2000'],
  '88-uninstall-throws': ['--stop-throws=true'],
}

const isBeat = ({ topic }: Frame): boolean => topic.endsWith('/heart') || topic.endsWith('/queryBaseline')

/** A JVM with the base of `samples/`, put through the captures in real time. */
export class JavaRig implements Rig {
  readonly #place: CapturePlace
  readonly #broker: Mosquitto
  #base: JavaBase | undefined
  #ear: Ear | undefined

  constructor(place: CapturePlace, broker: Mosquitto) {
    this.#place = place
    this.#broker = broker
  }

  async perform(step: Step, capture: Capture): Promise<readonly Said[]> {
    if (step.fresh) await this.#open(step.fresh)
    if (step.bizs) await this.#arrange(step.bizs, ARGS[step.capture])
    const ear = this.#ear
    if (!ear) throw new Error('a series begins with a fresh base')
    const first = step.act === 'start' ? 0 : ear.frames.length
    await this.#act(step.act, capture)
    const isWanted = (frame: Frame): boolean => isSaid(frame) && (step.act !== undefined || !isBeat(frame))
    return this.#hear(capture, () => ear.frames.slice(first).filter(isWanted))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#base?.[Symbol.asyncDispose]()
    await this.#ear?.[Symbol.asyncDispose]()
  }

  async #act(act: Step['act'], capture: Capture): Promise<void> {
    if (act === 'restart') await this.#base?.restart()
    if (act === 'kill') await this.#base?.terminate()
    if (act === undefined) await this.#send(capture)
  }

  /** Resolves when the base has greeted. */
  async #open(scene: Scene): Promise<void> {
    await this[Symbol.asyncDispose]()
    this.#ear = await Ear.open(this.#broker.port, (scene.env ?? 'dev').toLowerCase())
    const { identity = 'b1', env = 'dev', flags = {}, trusted = false } = scene
    const isUnlimited = scene.metaspaceMaxBytes === -1
    const base = await JavaBase.start({
      samples: this.#place.samples,
      brokerPort: this.#broker.port,
      identity,
      env,
      version: '1.0.0',
      properties: {
        'activate.new.module': String(flags.activateNewModule ?? false),
        'sofa.ark.auto.uninstall.when.failed.enable': String(!flags.keepFailed),
        'sofa.ark.activate.multi.biz.version.enable': String(flags.multiVersionActive ?? false),
        ...(trusted ? this.#place.trustStore : {}),
      },
      jvmFlags: LOW_MEMORY.filter(flag => !(isUnlimited && flag.startsWith('-XX:MaxMetaspaceSize'))),
    })
    this.#base = base
    await eventually(
      'its first beat',
      () => this.#ear?.frames.some(({ topic }) => topic.endsWith('/heart')),
      PATIENCE_MS,
    )
  }

  /** Makes exactly these modules be there, in that order. */
  async #arrange(wanted: readonly string[], args?: readonly string[]): Promise<void> {
    const present = (await this.#base?.bizs())?.map(({ name, version }) => `${name}:${version}`) ?? []
    const isKept = (key: string): boolean => wanted.includes(key) && !args
    for (const key of present) if (!isKept(key)) await this.#tell('uninstallBiz', key)
    for (const key of wanted) if (!(present.includes(key) && isKept(key))) await this.#tell('installBiz', key, args)
  }

  async #tell(verb: string, key: string, args?: readonly string[]): Promise<void> {
    const [bizName, bizVersion] = key.split(':')
    const bizUrl = this.#place.here(`file:///srv/koupleless/jars/${bizName}-${bizVersion}.jar`)
    const command = { bizName, bizVersion, bizUrl, ...(args ? { args } : {}) }
    const topic = this.#base?.topic ?? ''
    const answered = (): number => this.#ear?.answers(topic).length ?? 0
    const before = answered()
    await this.#ear?.publish(`${topic}/${verb}`, JSON.stringify(command))
    await eventually(`${verb} ${key} is answered`, () => answered() > before, PATIENCE_MS)
  }

  /** As far apart as it was sent. */
  async #send({ sent }: Capture): Promise<void> {
    const begun = Date.now()
    for (const { topic, payload, retain, at } of sent) {
      const dueMs = begun + 1_000 * (at - (sent[0]?.at ?? at))
      await sleep(Math.max(0, dueMs - Date.now()))
      await this.#ear?.publish(topic, this.#place.here(payload ?? ''), { retain })
    }
  }

  async #hear({ received }: Capture, heard: () => readonly Frame[]): Promise<readonly Said[]> {
    const deadline = Date.now() + PATIENCE_MS + Math.max(0, ...received.map(({ after_ms = 0 }) => after_ms))
    while (heard().length < received.length && Date.now() < deadline) await sleep(20)
    await sleep(received.length === 0 ? SILENCE_MS : SETTLE_MS)
    return heard().map(({ topic, payload }) => ({ topic, payload: this.#place.asCaptured(payload.toString()) }))
  }
}

const isSaid = ({ topic }: Frame): boolean => topic.includes('/base/') && !topic.endsWith('/baseline')
