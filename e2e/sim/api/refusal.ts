/** What the API server says where it does not do as asked: a Status, worded as the real one words it. */
import { qualified, type Resource } from './resources.ts'

export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

export class Refusal extends Error {
  readonly code: number
  readonly reason: string | undefined
  readonly details: object | undefined

  constructor(code: number, reason: string | undefined, message: string, details?: object) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  get status(): object {
    const { message, reason, details, code } = this
    const told = { message, ...(reason && { reason }), ...(details && { details }), code }
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...told }
  }
}

interface Subject {
  readonly resource: Resource
  readonly name: string
}

const detailsOf = ({ resource, name }: Subject): object => ({
  name,
  ...(resource.group && { group: resource.group }),
  kind: resource.plural,
})

const named = ({ resource, name }: Subject): string => `${qualified(resource)} ${JSON.stringify(name)}`

export const notFound = (subject: Subject): Refusal =>
  new Refusal(404, 'NotFound', `${named(subject)} not found`, detailsOf(subject))

export const alreadyExists = (subject: Subject): Refusal =>
  new Refusal(409, 'AlreadyExists', `${named(subject)} already exists`, detailsOf(subject))

export const conflict = (subject: Subject, why: string): Refusal =>
  new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${named(subject)}: ${why}`, detailsOf(subject))

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

export const badRequest = (message: string): Refusal => new Refusal(400, 'BadRequest', message)

/** What the real server did not mean to refuse. */
export const internal = (message: string): Refusal => new Refusal(500, undefined, message)

export const expired = (message: string): Refusal => new Refusal(410, 'Expired', message)

export const noSuchPath = (): Refusal =>
  new Refusal(404, 'NotFound', 'the server could not find the requested resource', {})

export const notAllowed = (): Refusal =>
  new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export function invalid({ resource, name }: Subject, causes: readonly Cause[]): Refusal {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const details = {
    ...(name && { name }),
    ...(resource.group && { group: resource.group }),
    kind: resource.kind,
    causes,
  }
  const kind = resource.group ? `${resource.kind}.${resource.group}` : resource.kind
  return new Refusal(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${all}`, details)
}

export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  field,
})

export const required = (field: string, why: string): Cause => ({
  reason: 'FieldValueRequired',
  message: why ? `Required value: ${why}` : 'Required value',
  field,
})

export const forbidden = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
})

export const duplicate = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${JSON.stringify(value)}: ${why}`,
  field,
})
