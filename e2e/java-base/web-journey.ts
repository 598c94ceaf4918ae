/** The web module of the user guide on web bases in JVMs, and an operator that rolls it. */
import type { V1ContainerStateWaiting, V1Pod } from '@kubernetes/client-node'
import { eventually } from '../cluster/eventually.ts'
import { isReady, Journey } from '../cluster/journey.ts'
import type { JourneyJvm } from '../cluster/journey-jvm.ts'
import { container, deployment, jarUrl, type ModuleDraft } from '../cluster/workloads.ts'
import { versionOf } from './ready-pods.ts'
import { during, type SteadyTraffic } from './steady-traffic.ts'
import { NEXT, RUNS, WEB, WEB_PATH } from './web-jars.ts'

/** `200 biz1-web-single-host:0.0.1-SNAPSHOT` without the status: as the module names itself. */
export const answerOf = (version: string): string => `${WEB}:${version}`

/** A jar of another file name, with the same module in it. */
export const elsewhere = (version: string): string => jarUrl(WEB, version).replace('.com/', '.com/mirror/')

export const ONE_AFTER_THE_OTHER = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
const READY_WITHIN_MS = 60_000

export class WebJourney implements AsyncDisposable {
  readonly journey: Journey
  readonly bases: JourneyJvm[] = []
  readonly #activates: boolean

  private constructor(journey: Journey, activates: boolean) {
    this.journey = journey
    this.#activates = activates
  }

  /** With one base. */
  static async open(name: string, { activates = true } = {}): Promise<WebJourney> {
    const web = new WebJourney(await Journey.open(name), activates)
    try {
      await web.addBase()
      return web
    } catch (error) {
      await web[Symbol.asyncDispose]()
      throw error
    }
  }

  async addBase(): Promise<void> {
    const properties = { 'activate.new.module': String(this.#activates) }
    this.bases.push((await this.journey.base({ properties, isWeb: true, isFromJar: true })) as JourneyJvm)
  }

  /** The first of its bases. */
  get base(): JourneyJvm {
    const [base] = this.bases
    if (!base) throw new Error('it has no base')
    return base
  }

  /** A draft of a workload `web` of the module. */
  draft(more: Partial<ModuleDraft> = {}): ModuleDraft {
    const { namespace, name } = this.journey
    return { name: 'web', namespace, base: name, bizName: WEB, version: RUNS, ...more }
  }

  /** Applies a workload and waits for its Pods. */
  async apply(workload: object, pods = 1): Promise<void> {
    const { metadata } = workload as { metadata: { name: string } }
    await this.journey.apply(workload)
    await this.journey.ready(`app=${metadata.name}`, pods, READY_WITHIN_MS)
  }

  deploy(more: Partial<ModuleDraft> = {}): Promise<void> {
    return this.apply(deployment(this.draft({ strategy: ONE_AFTER_THE_OTHER, ...more })), more.replicas)
  }

  /** Says which version is wanted from now on. */
  async release(version: string, { kind = 'deployment', image = jarUrl(WEB, version) } = {}): Promise<void> {
    const patch = { spec: { template: { spec: { containers: [container({ bizName: WEB, version, image })] } } } }
    await this.journey.kubectl('patch', kind, 'web', '--patch', JSON.stringify(patch))
  }

  /** Resolves when the newest version is rolled out, and the former Pods are gone. */
  async rolled(kind = 'deployment', pods = 1): Promise<void> {
    await this.journey.kubectl('rollout', 'status', `${kind}/web`, '--timeout=120s')
    await this.journey.ready('app=web', pods, READY_WITHIN_MS)
  }

  async roll(version: string, kind = 'deployment', pods = 1): Promise<void> {
    await this.release(version, { kind })
    await this.rolled(kind, pods)
  }

  async undo(): Promise<void> {
    await this.journey.kubectl('rollout', 'undo', 'deployment/web')
    await this.rolled()
  }

  /** The Pod of that version. */
  async podOf(version: string): Promise<V1Pod> {
    return eventually(`a Pod of ${version}`, async () =>
      (await this.journey.pods('app=web')).find(pod => versionOf(pod) === version),
    )
  }

  /** What the Pod of that version waits for, once it is one of those. */
  async waits(version: string, reasons: RegExp): Promise<V1ContainerStateWaiting> {
    return eventually(`the Pod of ${version} waits for ${reasons}`, async () => {
      const statuses = (await this.podOf(version)).status?.containerStatuses ?? []
      const waiting = statuses.map(({ state }) => state?.waiting)
      const found = waiting.find(each => reasons.test(each?.reason ?? ''))
      if (!found) throw new Error(JSON.stringify(waiting))
      return found
    })
  }

  /** Versions of the Pods that are Ready. */
  async readyVersions(): Promise<readonly string[]> {
    return (await this.journey.pods('app=web')).filter(isReady).map(versionOf)
  }

  /** Requests to the module on the first base while something is done; their figure is printed. */
  during(what: string, act: () => Promise<void>): Promise<SteadyTraffic> {
    return during(what, this.url(), act)
  }

  url(base = this.base, path: string = WEB_PATH): string {
    return `${base.jvm.origin}/${path}/version`
  }

  /** `200 biz1-web-single-host:0.0.1-SNAPSHOT`, `503`. */
  async answer(base = this.base, path: string = WEB_PATH): Promise<string> {
    const { status, text } = await base.jvm.ask(`${path}/version`)
    return status === 200 ? `200 ${text}` : String(status)
  }

  /** How long nobody answers while the base does `uninstallThenInstall` for us, there and back. No workload may be there. */
  async bareGapsMs(times: number): Promise<readonly number[]> {
    const { base } = this
    await base.tell('installBiz', WEB, RUNS)
    const gaps: number[] = []
    for (let nth = 0; nth < times; nth += 1) {
      const traffic = await this.during('bare uninstallThenInstall', () =>
        base.tell('installBiz', WEB, nth % 2 === 0 ? NEXT : RUNS, 'uninstallThenInstall'),
      )
      gaps.push(traffic.longestGapMs)
    }
    await base.tell('uninstallBiz', WEB, times % 2 === 0 ? RUNS : NEXT)
    return gaps
  }

  /** Leaves the bases empty. */
  async clear(): Promise<void> {
    await this.journey.kubectl('delete', 'deployments,daemonsets,statefulsets,pods', '--all')
    await eventually('the bases are empty', async () => {
      const left = (await Promise.all(this.bases.map(base => base.bizs()))).flat()
      if (left.length > 0) throw new Error(JSON.stringify(left))
      return true
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.journey[Symbol.asyncDispose]()
  }
}
