import {
  type ArkResponse,
  bizInfo,
  failed,
  INSTALL_NOT_SUCCESS,
  installedText,
  mainClassOf,
  repeatText,
  succeeded,
  threw,
} from './answers.ts'
import type { Biz } from './ark.ts'
import { paceOf } from './behaviour.ts'
import { MASTER_BIZ } from './health.ts'
import type { BizJar, Jar } from './jars.ts'
import { arkletRuntimeException, type JavaException, mainThrew, stackTrace } from './java-exception.ts'
import { runLater, startModule } from './module-start.ts'
import type { BizRequest } from './requests.ts'
import type { Workshop } from './workshop.ts'

export type Installed =
  | { readonly kind: 'installed'; readonly biz: Biz; readonly text: string }
  | { readonly kind: 'repeat'; readonly text: string }
  | { readonly kind: 'threw'; readonly exception: JavaException }

/**
 * Installs one biz. `done` is never called where the download hangs.
 * uninstallThenInstall first ends *every* version of that name, then downloads: a bad URL leaves nothing.
 */
export function install(shop: Workshop, request: BizRequest, done: (result: Installed) => void): void {
  const { ark, behaviour } = shop
  const read = (): Jar => behaviour.read(request.url ?? '', request)
  if (request.strategy === 'installOnly') {
    installJar(shop, read(), { request, done })
    return
  }
  const jar = request.name ? undefined : read()
  const name = request.name ?? (jar?.kind === 'biz' ? jar.name : '')
  stopAll(shop, ark.versionsOf(name), stuck => {
    if (stuck) done({ kind: 'threw', exception: stuck })
    else installJar(shop, read(), { request, done })
  })
}

interface Order {
  readonly request: BizRequest
  readonly done: (result: Installed) => void
}

function installJar(shop: Workshop, jar: Jar, { request, done }: Order): void {
  if (jar.kind === 'hangs') return
  if (jar.kind === 'unreadable') {
    done({ kind: 'threw', exception: jar.exception })
    return
  }
  if (jar.kind === 'notABiz') {
    done({
      kind: 'threw',
      exception: { type: 'java.lang.IllegalArgumentException', message: 'Biz Name must not be empty!' },
    })
    return
  }
  const { name, version, webContextPath = name } = jar
  const metaspaceBytes = shop.behaviour.metaspaceBytes(name, version)
  const tooBig = metaspaceBytes > shop.metaspaceLeft()
  const biz = shop.ark.register({ name, version, webContextPath }, metaspaceBytes)
  if (!biz) {
    done({ kind: 'repeat', text: repeatText(`${name}:${version}`) })
    return
  }
  const startedMs = shop.timers.now()
  const cause = causeOfFailure(jar, tooBig)
  if (cause) {
    done(failedStart(shop, biz, cause))
    return
  }
  startModule(shop, { biz, jar, args: request.args }, failure => {
    if (failure) {
      done(failedStart(shop, biz, failure))
      return
    }
    shop.ark.started(biz)
    done({ kind: 'installed', biz, text: installedText(biz, startedMs, shop.timers.now()) })
  })
}

function causeOfFailure(jar: BizJar, tooBig: boolean): JavaException | undefined {
  if (jar.throws !== undefined) return { type: 'java.lang.IllegalStateException', message: jar.throws }
  return tooBig ? { type: 'java.lang.OutOfMemoryError', message: 'Metaspace' } : undefined
}

function failedStart(shop: Workshop, biz: Biz, cause: JavaException): Installed {
  const exception = mainThrew(mainClassOf(biz.name), cause)
  shop.web.release(biz)
  shop.onlyOnce.release(biz)
  shop.ark.failed(biz, stackTrace(exception))
  return { kind: 'threw', exception }
}

const STILL_STARTING: JavaException = {
  type: 'java.lang.IllegalArgumentException',
  message: 'BizState must be ACTIVATED, DEACTIVATED or BROKEN.',
}

/** `stuck` tells why one of them could not be stopped: it is still starting (SOFAArk's own check; not captured). */
function stopAll(shop: Workshop, bizs: readonly Biz[], done: (stuck?: JavaException) => void): void {
  const [biz, ...rest] = bizs
  if (!biz) {
    done()
    return
  }
  if (biz.state === 'RESOLVED') {
    done(STILL_STARTING)
    return
  }
  shop.ark.stopping(biz)
  // Spring closes the web server first, and destroys the beans then.
  shop.web.release(biz)
  const stopped = () => {
    shop.onlyOnce.release(biz)
    shop.ark.remove(biz)
    stopAll(shop, rest, done)
  }
  runLater(stopped, paceOf(shop.behaviour.uninstallMs, biz.name, biz.version), shop.timers)
}

export function uninstall(shop: Workshop, request: BizRequest, done: (response: ArkResponse) => void): void {
  const { name = '', version = '' } = request
  const notSuccess = (code: string, message: string) => done(failed('uninstall biz not success!', { code, message }))
  if (name === MASTER_BIZ.name && version === MASTER_BIZ.version) {
    notSuccess('FAILED', 'Master biz must not be uninstalled.')
    return
  }
  const biz = shop.ark.find(name, version)
  if (!biz) {
    notSuccess('NOT_FOUND_BIZ', `Uninstall biz: ${name}:${version} not found.`)
    return
  }
  stopAll(shop, [biz], stuck => {
    if (stuck) done(threw(arkletRuntimeException(stuck)))
    else done(succeeded({ code: 'SUCCESS', message: `Uninstall biz: ${name}:${version} success.` }))
  })
}

export function installResponse(result: Installed): ArkResponse {
  if (result.kind === 'threw') return threw(arkletRuntimeException(result.exception))
  if (result.kind === 'repeat') {
    return failed(INSTALL_NOT_SUCCESS, { code: 'REPEAT_BIZ', elapsedSpace: 0, message: result.text })
  }
  return succeeded({
    bizInfos: [bizInfo(result.biz)],
    code: 'SUCCESS',
    elapsedSpace: result.biz.metaspaceBytes,
    message: result.text,
  })
}
