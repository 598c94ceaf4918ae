import { type ArkResponse, refused, simpleBiz, succeeded, threw } from './answers.ts'
import { Ark, type ArkFlags, type Biz } from './ark.ts'
import { installBatch } from './batch.ts'
import type { Behaviour } from './behaviour.ts'
import type { Clock } from './clock.ts'
import { CommandLocks, lockName } from './command-locks.ts'
import { healthData, type JvmOptions } from './health.ts'
import { install, installResponse, uninstall } from './installation.ts'
import { commandInvalid, inputIsNull, type JavaException } from './java-exception.ts'
import { OnlyOnce } from './only-once.ts'
import { type BizRequest, bizRequest, installFault, parseArray, parseObject, uninstallFault } from './requests.ts'
import { WebServer, type WebServerKind } from './web-server.ts'
import { WorkerPool } from './worker-pool.ts'
import type { Workshop } from './workshop.ts'

export interface ArkletOptions {
  readonly flags: ArkFlags
  readonly jvm: JvmOptions
  readonly webServer: WebServerKind
  readonly behaviour: Behaviour
  readonly timers: Clock
  /** Of the JVM: its wall clock may be set meanwhile. */
  readonly upMs: () => number
  /** Called with the topic's last word (`bizOperation`, …) and the `data` of the message. */
  readonly publish: (what: string, data: unknown) => void
}

type BizCommand = 'installBiz' | 'uninstallBiz'
type Respond = (response: ArkResponse) => void

/** Arklet in one JVM: takes commands off the wire, five at a time, and says what became of them. */
export class Arklet {
  readonly ark: Ark
  readonly #options: ArkletOptions
  readonly #shop: Workshop
  readonly #workers = new WorkerPool()
  readonly #locks = new CommandLocks()
  readonly #usedRequestIds = new Set<string>()

  constructor(options: ArkletOptions) {
    const { behaviour, timers, jvm, flags, webServer } = options
    const ark = new Ark(flags, () => timers.now())
    this.#options = options
    this.ark = ark
    this.#shop = {
      ark,
      behaviour,
      timers,
      web: new WebServer(webServer),
      onlyOnce: new OnlyOnce(),
      portsOfTheirOwn: flags.release !== '3.1.4',
      metaspaceLeft: () =>
        jvm.metaspaceMaxBytes < 0 ? Infinity : jvm.metaspaceMaxBytes - jvm.metaspaceOwnBytes - ark.metaspaceBytes,
    }
  }

  answersAt(path: string): Biz | 'base' | undefined {
    return this.#shop.web.answersAt(path)
  }

  /** `verb` is the last word of the topic. What a base cannot read it logs and never answers. */
  handle(verb: string, payload: Uint8Array): void {
    this.#workers.submit(done => {
      switch (verb) {
        case 'installBiz':
        case 'uninstallBiz':
          return this.#operate(verb, payload, done)
        case 'baseline':
          return this.#baseline(payload, done)
        case 'health':
          this.#health(payload)
          return done()
        case 'queryAllBiz':
          if (parseObject(payload).kind !== 'broken') this.#options.publish('simpleBiz', this.ark.bizs.map(simpleBiz))
          return done()
        default:
          return done()
      }
    })
  }

  /** What the base was shipped with; it takes its time, and no lock. */
  installShipped(url: string): void {
    install(this.#shop, bizRequest({ bizUrl: url }), () => {})
  }

  #health(payload: Uint8Array): void {
    const asked = parseObject(payload)
    if (asked.kind === 'broken') return
    const { jvm, upMs, webServer, flags } = this.#options
    const health = healthData(asked.kind === 'ok' ? asked.value : {}, {
      ark: this.ark,
      jvm,
      upMs: upMs(),
      webServer,
      release: flags.release ?? '3.1.7',
    })
    if (health) this.#options.publish('health', { code: 'SUCCESS', data: { healthData: health } })
  }

  #operate(command: BizCommand, payload: Uint8Array, freeWorker: () => void): void {
    const parsed = parseObject(payload)
    if (parsed.kind !== 'ok') {
      freeWorker()
      return
    }
    const request = bizRequest(parsed.value)
    const respond: Respond = response => {
      const { name: bizName, version: bizVersion } = request
      this.#options.publish('bizOperation', { bizName, response, command, bizVersion })
      freeWorker()
    }
    const fault = faultOf(command, request)
    if (fault) {
      respond(threw(fault))
      return
    }
    if (request.async) {
      this.#accept(command, request, respond)
      return
    }
    const conflict = this.#locks.take(lockName(request.name, request.version), command)
    if (conflict) {
      respond(refused(conflict))
      return
    }
    this.#run(command, request, respond)
  }

  /** `async`: the answer means taken; how it ended is never published. */
  #accept(command: BizCommand, request: BizRequest, respond: Respond): void {
    const id = request.requestId ?? ''
    if (this.#usedRequestIds.has(id)) {
      respond(refused(`The request corresponding to the requestId(${id}) has been executed.`))
      return
    }
    const conflict = this.#locks.take(lockName(request.name, request.version), command)
    if (conflict) {
      respond(refused(conflict))
      return
    }
    this.#usedRequestIds.add(id)
    const startTime = this.#options.timers.now()
    const { name: bizName, version: bizVersion, url: bizUrl, strategy: installStrategy } = request
    respond(
      succeeded({
        arkBizMeta: { async: true, bizName, bizUrl, bizVersion, installStrategy, requestId: id },
        elapsedTime: 0,
        endTimestamp: 0,
        requestId: id,
        startTime,
        startTimestamp: startTime,
        status: 'INITIALIZED',
      }),
    )
    this.#run(command, request, () => {})
  }

  #run(command: BizCommand, request: BizRequest, respond: Respond): void {
    const end: Respond = response => {
      this.#locks.release(lockName(request.name, request.version))
      respond(response)
    }
    if (command === 'uninstallBiz') uninstall(this.#shop, request, end)
    else install(this.#shop, request, result => end(installResponse(result)))
  }

  #baseline(payload: Uint8Array, freeWorker: () => void): void {
    const command = 'batchInstallBiz'
    const respond: Respond = response => {
      this.#options.publish('batchInstallBizResponse', { response, command })
      freeWorker()
    }
    const parsed = parseArray(payload)
    if (parsed.kind === 'broken') {
      freeWorker()
      return
    }
    if (parsed.kind === 'nothing') {
      respond(threw(commandInvalid('bizList is null')))
      return
    }
    const requests = parsed.value.map(bizRequest)
    const fault = requests.map(request => faultOf('installBiz', request)).find(found => found)
    if (fault) {
      respond(threw(fault))
      return
    }
    // Its lock has no name: it keeps out another baseline, and no installBiz of the same biz.
    const lock = lockName(undefined, undefined)
    const conflict = this.#locks.take(lock, command)
    if (conflict) {
      respond(refused(conflict))
      return
    }
    installBatch(this.#shop, requests, response => {
      this.#locks.release(lock)
      respond(response)
    })
  }
}

function faultOf(command: BizCommand, request: BizRequest): JavaException | undefined {
  if (!request.mappable) return inputIsNull(command === 'installBiz' ? 'InstallBizHandler' : 'UninstallBizHandler')
  const fault = command === 'installBiz' ? installFault(request) : uninstallFault(request)
  return fault === undefined ? undefined : commandInvalid(fault)
}
