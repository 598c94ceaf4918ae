/** How the base of `samples/` differs from the captures, with the versions of both. */
export interface Difference {
  readonly what: string
  /** Index of the message, then the fields down to what it says otherwise. `is` undefined: it says nothing there. */
  readonly instead: readonly { readonly at: readonly (string | number)[]; readonly is?: unknown }[]
}

export const CAPTURED_FROM = { koupleless: '2.1.11', sofaArk: '3.1.9' } as const
export const BUILT_FROM = { koupleless: '2.1.6', sofaArk: '3.1.7' } as const

const NO_CONTEXT =
  'java.lang.NullPointerException: Cannot invoke "com.alipay.sofa.koupleless.common.model.ApplicationContextHolder.close()"' +
  ' because "this.applicationContext" is null'
const NOT_CLOSED = `com.alipay.sofa.koupleless.common.exception.BizRuntimeException: ${NO_CONTEXT}`

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  '133-queryAllBiz-broken': {
    what: 'the record of a failed module that is kept has reason FAILED and no message',
    instead: [{ at: [0, 'says', 2, 'latestStateRecord'], is: { reason: 'FAILED', state: 'BROKEN' } }],
  },
  '135-broken-uninstall': {
    what: 'uninstall of a failed module that is kept answers FAILED, though the module is gone',
    instead: [
      { at: [0, 'says', 'response', 'code'], is: 'FAILED' },
      { at: [0, 'says', 'response', 'message'], is: NOT_CLOSED },
      { at: [0, 'says', 'response', 'data', 'code'], is: 'FAILED' },
      {
        at: [0, 'says', 'response', 'data', 'message'],
        is: {
          first: `com.alipay.sofa.koupleless.arklet.core.common.exception.ArkletRuntimeException: ${NOT_CLOSED}`,
          lastCause: `Caused by: ${NO_CONTEXT}`,
        },
      },
    ],
  },
  '137-multi-version-active': {
    what: 'sofa.ark.activate.multi.biz.version.enable has no effect: the second version is deactivated',
    instead: [
      {
        at: [0, 'says', 0],
        is: {
          latestStateRecord: {
            message: { first: 'start but is deactivated', lastCause: undefined },
            reason: 'STARTED',
            state: 'DEACTIVATED',
          },
          name: 'biz1',
          state: 'deactivated',
          version: '0.0.2',
        },
      },
    ],
  },
}

/** What the sample cannot be put through. */
export const EXCUSED: Readonly<Record<string, string>> = {
  '145-default-metadata-hook': 'the sample names itself; upstream metadata needs the published tunnel',
}

/** What was captured, with what this base says otherwise. */
export function instead(captured: readonly unknown[], difference: Difference): readonly unknown[] {
  const changed = structuredClone(captured)
  for (const { at, is } of difference.instead) {
    const [last = '', ...path] = at.toReversed()
    const holder = path.toReversed().reduce<unknown>((value, key) => Object(value)[key], changed)
    Object(holder)[last] = is
  }
  return changed
}
