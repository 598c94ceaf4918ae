/** One request, one answer, at undici's lowest layer: its `request` costs half as much again, for a stream nobody needs. */
import type { Dispatcher } from 'undici'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const EMPTY = Buffer.alloc(0)

/** @throws whatever undici says of a connection that failed, a time-out, or `signal`'s reason */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let headers: Answer['headers'] = {}
    let leave: (() => void) | undefined
    const settled = (): void => {
      if (leave) signal?.removeEventListener('abort', leave)
    }
    dispatcher.dispatch(options, {
      onRequestStart(controller) {
        if (!signal) return
        settled()
        leave = () => controller.abort(asError(signal.reason))
        if (signal.aborted) leave()
        else signal.addEventListener('abort', leave, { once: true })
      },
      onResponseStart(_controller, statusCode, received) {
        status = statusCode
        headers = received
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk)
      },
      onResponseEnd() {
        settled()
        const [first = EMPTY] = chunks
        resolve({ status, headers, body: chunks.length > 1 ? Buffer.concat(chunks) : first })
      },
      onResponseError(_controller, error) {
        settled()
        reject(error)
      },
    })
  })
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
