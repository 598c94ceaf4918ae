import { z } from 'zod'

/**
 * What a message of a base says, without what differs from one run to the next (times, paths, costs, figures, the middle of
 * stack traces) or stands in the jar (main class, web context). Field names are kept, so that a field too few or too many is a difference.
 */
export function meaningOf(topic: string, payload: string): unknown {
  const { data } = z.object({ data: z.unknown(), publishTimestamp: z.number() }).strict().parse(JSON.parse(payload))
  const what = topic.slice(topic.lastIndexOf('/') + 1)
  return { topic, says: (READERS[what] ?? (plain => plain))(data) }
}

/** What the jars say of the web, which a base hands on; sorted, for an object of several jars has no order. */
export const webPathsOf = (messages: readonly { readonly payload: string }[]): readonly string[] =>
  messages
    .flatMap(({ payload }) => [...payload.matchAll(/"webContextPath":"([^"]*)"/g)].map(([, path = '']) => path))
    .sort()

const READERS: Readonly<Record<string, (data: unknown) => unknown>> = {
  simpleBiz: data => z.array(simpleBiz).parse(data),
  bizOperation: data => operation.parse(data),
  batchInstallBizResponse: data => operation.parse(data),
  health: data => health.parse(data),
}

const sameText = (text: string): string =>
  text.replace(/cost: \d+ ms, started at: [\d:,]+/, 'cost: … ms, started at: …')

/** The first line of a trace, and the last cause: what a reader goes by. */
const trace = z.string().transform(text => {
  const causes = text.split('\n').filter(line => line.startsWith('Caused by: '))
  return { first: sameText(text.split('\n')[0] ?? ''), lastCause: causes.at(-1) }
})

const record = z
  .object({ changeTime: z.number(), message: trace.optional(), reason: z.string().optional(), state: z.string() })
  .strict()
  .transform(({ changeTime, ...said }) => said)

const simpleBiz = z
  .object({ latestStateRecord: record, name: z.string(), state: z.string(), version: z.string() })
  .strict()

const fields = (value: object): string[] => Object.keys(value).sort()

const bizInfo = z
  .looseObject({
    bizName: z.string(),
    bizVersion: z.string(),
    bizState: z.string(),
    bizStateRecords: z.array(record),
    identity: z.string(),
    mainClass: z.string(),
    webContextPath: z.string(),
    priority: z.number(),
  })
  .transform(({ bizTempWorkDir, bizUrl, classPath, mainClass, webContextPath, ...info }) => ({
    ...info,
    paths: [bizTempWorkDir, bizUrl, classPath].length,
  }))

const urlResponse = z.looseObject({
  code: z.string(),
  message: z.string().transform(sameText),
  bizInfos: z.array(bizInfo).optional(),
})

/** An async command is answered while another thread takes it up: how far that is, is chance. */
const begun = ({ status }: Readonly<Record<string, unknown>>): object =>
  status === 'INITIALIZED' || status === 'EXECUTING' ? { status: 'taken', threadName: undefined } : {}

const operation = z
  .object({
    bizName: z.string().optional(),
    bizVersion: z.string().optional(),
    command: z.string(),
    response: z
      .object({
        code: z.string(),
        message: z.string().optional(),
        data: z
          .looseObject({
            code: z.string().optional(),
            message: trace.optional(),
            bizInfos: z.array(bizInfo).optional(),
            bizUrlToResponse: z.record(z.string(), urlResponse).optional(),
            arkBizMeta: z.unknown().optional(),
          })
          .transform(({ elapsedSpace, startTime, startTimestamp, ...data }) => ({
            ...data,
            ...begun(data),
            hasElapsedSpace: elapsedSpace !== undefined,
          }))
          .optional(),
      })
      .strict(),
  })
  .strict()

const listed = z
  .object({
    bizName: z.string(),
    bizState: z.string(),
    bizVersion: z.string(),
    webContextPath: z.string(),
  })
  .strict()
  .transform(({ webContextPath, ...biz }) => ({ ...biz, isAtRoot: webContextPath === '/' }))

const health = z
  .object({
    code: z.string(),
    data: z
      .object({
        healthData: z
          .object({
            jvm: z
              .looseObject({ 'java max metaspace': z.number() })
              .transform(jvm => ({ fields: fields(jvm), max: jvm['java max metaspace'] }))
              .optional(),
            cpu: z.looseObject({ count: z.number() }).transform(fields).optional(),
            masterBizInfo: listed.optional(),
            pluginListInfo: z.array(z.looseObject({}).transform(fields)).optional(),
            bizListInfo: z.array(listed).optional(),
            bizInfo: listed.optional(),
          })
          .strict(),
      })
      .strict(),
  })
  .strict()
