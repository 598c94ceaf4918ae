/** One version of an object, with the texts that are made of it: each once, however many read it. */
import type { ApiObject, JsonObject } from './api-object.ts'
import { apiVersionOf, type Resource } from './resources.ts'

export class Kept {
  readonly object: ApiObject
  readonly version: number
  readonly #head: number
  #json: string | undefined
  #metadataJson: string | undefined
  readonly #lines = new Map<string, string>()

  /** `object` begins with kind and apiVersion. */
  constructor(resource: Resource, object: ApiObject) {
    this.object = object
    this.version = Number(object.metadata.resourceVersion)
    this.#head = headOf(resource).length
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.object)
    return this.#json
  }

  /** In a list neither kind nor apiVersion is told. */
  get itemJson(): string {
    return `{${this.json.slice(this.#head)}`
  }

  get metadataJson(): string {
    const metadata = JSON.stringify(this.object.metadata)
    this.#metadataJson ??= `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${metadata}}`
    return this.#metadataJson
  }

  /** As a watch tells of it. */
  line(type: string, metadataOnly: boolean): string {
    const key = metadataOnly ? `${type} metadata` : type
    const line = this.#lines.get(key) ?? `{"type":"${type}","object":${metadataOnly ? this.metadataJson : this.json}}`
    this.#lines.set(key, line)
    return line
  }
}

const headOf = (resource: Resource): string => `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",`

/** Fields in the order in which the API server tells them; what a client calls its kind does not count. */
export function ordered(resource: Resource, object: JsonObject): JsonObject {
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata, ...rest }
}
