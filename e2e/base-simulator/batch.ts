import { type ArkResponse, bizInfo, failed, INSTALL_NOT_SUCCESS, succeeded, threw } from './answers.ts'
import { type Installed, install } from './installation.ts'
import { arkletRuntimeException } from './java-exception.ts'
import type { BizRequest } from './requests.ts'
import type { Workshop } from './workshop.ts'

/**
 * A baseline. Every jar is read once for its priority before any is installed, so one bad URL fails all, and one that
 * hangs never ends; then all are installed side by side, beyond the five workers.
 */
export function installBatch(
  shop: Workshop,
  requests: readonly BizRequest[],
  done: (response: ArkResponse) => void,
): void {
  const jars = requests.map(request => shop.behaviour.read(request.url ?? '', request))
  for (const jar of jars) {
    if (jar.kind === 'hangs') return
    if (jar.kind === 'unreadable') {
      done(threw(arkletRuntimeException(jar.exception)))
      return
    }
  }
  const results: Record<string, Readonly<Record<string, unknown>>> = {}
  let open = requests.length
  let allWell = true
  const finish = () => done(batchResponse(allWell, results))
  if (open === 0) {
    finish()
    return
  }
  for (const request of requests) {
    install(shop, request, result => {
      allWell &&= result.kind === 'installed'
      results[request.url ?? ''] = entry(result)
      open--
      if (open === 0) finish()
    })
  }
}

function entry(result: Installed): Readonly<Record<string, unknown>> {
  switch (result.kind) {
    case 'installed':
      return { bizInfos: [bizInfo(result.biz)], code: 'SUCCESS', message: result.text }
    case 'repeat':
      return { code: 'REPEAT_BIZ', message: result.text }
    case 'threw':
      return { code: 'FAILED', message: `internal exception: ${result.exception.message ?? null}` }
  }
}

function batchResponse(allWell: boolean, bizUrlToResponse: Readonly<Record<string, unknown>>): ArkResponse {
  const code = allWell ? 'SUCCESS' : 'FAILED'
  const message = `batch install ${allWell ? 'success' : 'failed'}`
  const data = { bizUrlToResponse, code, elapsedSpace: 0, message }
  return allWell ? succeeded(data) : failed(INSTALL_NOT_SUCCESS, data)
}
