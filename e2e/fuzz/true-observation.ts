/** The types that an observation says it has, held against what it has: strictly, and written apart from the codec. */
import { z } from 'zod'
import { BIZ_STATES } from '../../mqtt-bridge/arklet/vocabulary.ts'

const name = z.string().min(1).max(512)
const label = z.string().max(512)
/** For people: one line, and an end. */
const shown = z
  .string()
  .max(512)
  .regex(/^[^\p{Cc}]*$/u)
const amount = z.number().min(0)
const state = z.enum(BIZ_STATES)

const path = z
  .string()
  .min(1)
  .max(512)
  .regex(/^\P{Cc}*$/u)
const webModule = z.strictObject({ name, version: name, path })
const clash = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contextPath'), path: path.startsWith('/') }),
  z.strictObject({ kind: z.enum(['reactivePath', 'port', 'mbean', 'fileLock', 'rmiObject', 'nativeLibrary']) }),
])

const biz = z.strictObject({
  name,
  version: name,
  state,
  changedAtMs: z.number().optional(),
  reason: shown.max(64).optional(),
  message: shown.optional(),
  webContextPath: path.optional(),
})
const bizs = z.array(biz)

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('installed'), bizs: bizs.min(1), metaspaceBytes: amount.optional() }),
  ...(['uninstalled', 'repeat', 'absent', 'accepted'] as const).map(kind => z.strictObject({ kind: z.literal(kind) })),
  z.strictObject({ kind: z.literal('conflict'), running: z.string().max(64) }),
  z.strictObject({
    kind: z.literal('failed'),
    code: shown.max(64),
    message: shown,
    cause: shown,
    clash: clash.optional(),
  }),
])

const heard = { base: z.string().min(1).max(253), publishedAtMs: amount.max(Number.MAX_SAFE_INTEGER) }
const metadata = z.strictObject({ name: label, version: label, clusterName: label })

const observation = z.discriminatedUnion('kind', [
  z.strictObject({ ...heard, kind: z.literal('queryBaseline'), metadata }),
  z.strictObject({
    ...heard,
    kind: z.literal('heart'),
    metadata,
    ip: z.union([z.ipv4(), z.ipv6()]).optional(),
    unusableIp: z.string().max(64).optional(),
    hostName: label,
    port: z.number().int().min(0).max(65_535),
    state,
  }),
  z.strictObject({
    ...heard,
    kind: z.literal('health'),
    health: z.strictObject({
      runTimeMs: amount.optional(),
      javaVersion: shown.max(64).optional(),
      processors: amount.optional(),
      metaspaceUsedBytes: amount.optional(),
      metaspaceCommittedBytes: amount.optional(),
      metaspaceMaxBytes: amount.optional(),
      masterState: state.optional(),
      master: webModule.optional(),
      webModules: z.array(webModule).max(2_000).optional(),
      webServer: z.enum(['servlet', 'reactive', 'none']).optional(),
    }),
  }),
  z.strictObject({ ...heard, kind: z.literal('snapshot'), bizs }),
  z.strictObject({
    ...heard,
    kind: z.literal('answer'),
    command: z.enum(['installBiz', 'uninstallBiz']),
    name: label,
    version: label,
    outcome,
  }),
  z.strictObject({
    ...heard,
    kind: z.literal('batchAnswer'),
    code: shown.max(64),
    message: shown,
    results: z.array(z.strictObject({ url: z.string(), code: shown.max(64), message: shown, bizs })),
  }),
])

export const isTrueObservation = (value: unknown): boolean => observation.safeParse(value).success
