/**
 * The shapes of what a base says. What decides is strict: an identity, a biz's name, a code. What only informs is lenient: a time or
 * a reason of another type reads as absent, for a base of another version must not become unreadable by it. Unknown fields are
 * ignored, and null is absent, for a Java base writes either.
 */
import { z } from 'zod'
import { ArkletError } from '../errors.ts'
import { redact } from '../redact.ts'

const NAME_CHARS_MAX = 512
/** Far more than any base runs: each is kept, and looked through with every message. */
const BIZS_MAX = 2_000

const name = z.string().min(1).max(NAME_CHARS_MAX)
const label = z.string().max(NAME_CHARS_MAX).nullish()
const text = z.string().nullish()
const softText = text.catch(undefined)
const softNumber = z.number().nullish().catch(undefined)
/** It goes into arguments and Events. */
const softPath = z
  .string()
  .max(NAME_CHARS_MAX)
  .regex(/^\P{Cc}*$/u)
  .nullish()
  .catch(undefined)
const publishTimestamp = z.number().min(0).max(Number.MAX_SAFE_INTEGER)

const envelope = <T extends z.ZodType>(data: T) => z.object({ data, publishTimestamp })

const metadata = z.object({ identity: label, name: label, version: label, clusterName: label })

export const queryBaselineShape = envelope(metadata)

export const heartShape = envelope(
  z.object({
    baseMetadata: metadata,
    /** Whether it is one, and of use to others, is another matter: a base lives also where it knows no address. */
    localIP: z
      .string()
      .max(64)
      .regex(/^\P{Cc}*$/u, 'holds a control character')
      .nullish(),
    localHostName: label,
    port: z.number().int().min(0).max(65_535).nullish(),
    state: text,
  }),
)

/** 2.1.6 writes a record as `{}`. */
const stateRecord = z.object({ changeTime: softNumber, reason: softText, message: softText, state: softText })
const softStateRecord = stateRecord.nullish().catch(undefined)
export type StateRecord = z.infer<typeof stateRecord>

/** No soft name here: an entry without one cannot be kept, and leaving it out would say that its biz is gone. */
export const snapshotShape = envelope(
  z.array(z.object({ name, version: name, state: text, latestStateRecord: softStateRecord })).max(BIZS_MAX),
)
export type SnapshotEntry = z.infer<typeof snapshotShape>['data'][number]

const bizInfos = z
  .array(
    z.object({
      bizName: name,
      bizVersion: name,
      bizState: text,
      bizStateRecords: z.array(softStateRecord).nullish().catch(undefined),
      webContextPath: softPath,
    }),
  )
  .nullish()
export type BizInfo = NonNullable<z.infer<typeof bizInfos>>[number]

const response = <T extends z.ZodType>(data: T) => z.object({ code: z.string(), message: text, data: data.nullish() })

const answerData = z.object({ code: text, message: text, bizInfos, elapsedSpace: softNumber })
export const answerShape = envelope(
  z.object({
    command: z.enum(['installBiz', 'uninstallBiz']),
    bizName: label,
    bizVersion: label,
    response: response(answerData),
  }),
)
export type AnswerResponse = z.infer<typeof answerShape>['data']['response']

const batchEntry = z.object({ code: z.string(), message: text, bizInfos })
const batchData = z.object({ code: text, message: text, bizUrlToResponse: z.record(z.string(), batchEntry).nullish() })
export const batchAnswerShape = envelope(
  z.object({ command: z.literal('batchInstallBiz'), response: response(batchData) }),
)
export type BatchResponse = z.infer<typeof batchAnswerShape>['data']['response']

const jvm = z.object({
  'run time(s)': softNumber,
  'java version': softText,
  'java used metaspace': softNumber,
  'java committed metaspace': softNumber,
  'java max metaspace': softNumber,
})
const listedBiz = z.object({ bizName: name, bizVersion: name, webContextPath: softPath })
const softListedBiz = listedBiz.nullish().catch(undefined)
const plugin = z.object({ artifactId: softText, pluginName: softText }).nullish().catch(undefined)
const softList = <T extends z.ZodType>(entry: T) => z.array(entry).max(BIZS_MAX).nullish().catch(undefined)
const healthData = z.object({
  jvm: jvm.nullish(),
  cpu: z.object({ count: softNumber }).nullish(),
  masterBizInfo: z.object({ bizState: softText, bizName: softText, bizVersion: softText }).nullish(),
  bizListInfo: softList(softListedBiz),
  pluginListInfo: softList(plugin),
})
export const healthShape = envelope(
  z.object({ code: z.string(), data: z.object({ healthData: healthData.nullish() }).nullish() }),
)
export type HealthData = z.infer<typeof healthData>

const command = {
  name: z
    .string()
    .min(1)
    .max(NAME_CHARS_MAX)
    .regex(/^[^\p{Cc}:]+$/u, 'holds a colon or a control character'),
  version: z
    .string()
    .min(1)
    .max(NAME_CHARS_MAX)
    .regex(/^\P{Cc}+$/u, 'holds a control character'),
}
const install = z.object({
  ...command,
  url: z
    .string()
    .regex(/\S/, 'is blank')
    .regex(/^\P{Cc}*$/u, 'holds a control character'),
  args: z.array(z.string()).optional(),
  envs: z.record(z.string(), z.string()).optional(),
  strategy: z.enum(['installOnly', 'uninstallThenInstall']).optional(),
  proof: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('contextPath'), path: z.string().regex(/^\/\P{Cc}+$/u, 'is no path below the root') }),
      z.object({ kind: z.literal('noWebServer') }),
    ])
    .optional(),
})

/** What we may send: a command that a base would not understand, or would mistake for another, is not sent. */
export const commandShape = z.discriminatedUnion('kind', [
  install.extend({ kind: z.literal('installBiz') }),
  z.object({ kind: z.literal('uninstallBiz'), ...command }),
  z.object({ kind: z.literal('health') }),
  z.object({ kind: z.literal('queryAllBiz') }),
  z.object({ kind: z.literal('baseline'), bizs: z.array(install) }),
])

/** The first thing wrong, and where: `data[3].latestStateRecord.changeTime`. Both are fit to be shown. */
export interface Fault {
  readonly path: string
  readonly message: string
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault }

export function check<T>(shape: z.ZodType<T>, value: unknown): Checked<T> {
  const result = shape.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const [issue] = result.error.issues
  return { ok: false, fault: { path: pathOf(issue?.path ?? []), message: issue?.message ?? 'invalid' } }
}

/** @throws ArkletError COMMAND_INVALID */
export function assertCommand(value: unknown): void {
  const checked = check(commandShape, value)
  if (checked.ok) return
  const { path, message } = checked.fault
  throw new ArkletError('COMMAND_INVALID', path ? `${path}: ${message}` : message)
}

/** A key may be a URL with credentials, or as long as its sender liked. */
function pathOf(keys: readonly PropertyKey[]): string {
  const path = keys.map(key => (typeof key === 'number' ? `[${key}]` : `.${redact(String(key))}`)).join('')
  return path.replace(/^\./, '').slice(0, 200)
}
