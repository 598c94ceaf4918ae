/** Names, labels and what else all objects have in common: what is refused of them. */
import type { ObjectMeta } from './api-object.ts'
import { type Cause, forbidden, invalidValue } from './refusal.ts'
import type { Resource } from './resources.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

const NOT_A_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const NOT_A_LABEL =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/** Events and ControllerRevisions take whatever is no path. */
const isNamedFreely = ({ plural }: Resource): boolean => plural === 'events' || plural === 'controllerrevisions'

export function refusesMetadata(resource: Resource, { name, labels }: ObjectMeta): readonly Cause[] {
  const isNamed = isNamedFreely(resource) || (name.length <= 253 && SUBDOMAIN.test(name))
  return [...(isNamed ? [] : [invalidValue('metadata.name', name, NOT_A_SUBDOMAIN)]), ...labelCauses(labels)]
}

const labelCauses = (labels: ObjectMeta['labels']): readonly Cause[] =>
  Object.values(labels ?? {})
    .filter(value => value.length > 63 || !LABEL_VALUE.test(value))
    .map(value => invalidValue('metadata.labels', value, NOT_A_LABEL))

/** Of a change. `given`: as the client would have it. */
export function refusesNewMetadata(given: Partial<ObjectMeta>, before: ObjectMeta): readonly Cause[] {
  const isOther = given.uid !== undefined && given.uid !== before.uid
  const causes = isOther ? [invalidValue('metadata.uid', given.uid, 'field is immutable')] : []
  return [...causes, ...finalizerCauses(given, before), ...labelCauses(given.labels)]
}

function finalizerCauses({ finalizers = [] }: Partial<ObjectMeta>, before: ObjectMeta): readonly Cause[] {
  if (before.deletionTimestamp === undefined) return []
  const added = finalizers.filter(each => !before.finalizers?.includes(each))
  if (added.length === 0) return []
  const told = `[]string{${added.map(each => JSON.stringify(each)).join(', ')}}`
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${told}`
  return [forbidden('metadata.finalizers', why)]
}
