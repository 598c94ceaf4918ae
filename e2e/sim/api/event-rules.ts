/** Events, ConfigMaps and Secrets: the little that is asked of them. */
import type { ApiObject, JsonObject } from './api-object.ts'
import { type KindRules, PLAIN } from './kind-rules.ts'
import { type Cause, invalidValue } from './refusal.ts'

function refusesNew({ metadata, involvedObject }: ApiObject): readonly Cause[] {
  const { namespace = '' } = (involvedObject ?? {}) as { readonly namespace?: string }
  const belongs = namespace === '' ? metadata.namespace === 'default' : namespace === metadata.namespace
  return belongs ? [] : [invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace')]
}

const TIMES = { eventTime: null, firstTimestamp: null, lastTimestamp: null }
const shaped = (event: ApiObject): ApiObject => ({
  ...event,
  source: event.source ?? {},
  ...TIMES,
  ...without(event, Object.keys(TIMES)),
  reportingComponent: event.reportingComponent ?? '',
  reportingInstance: event.reportingInstance ?? '',
})

/** Those of the named fields that hold something. */
const without = (object: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(fields.filter(field => object[field] !== undefined).map(field => [field, object[field]]))

export const EVENT_RULES: KindRules = { ...PLAIN, created: shaped, updated: shaped, refusesNew }

export const SECRET_RULES: KindRules = { ...PLAIN, created: object => ({ type: 'Opaque', ...object }) }
