/** Tells, where its owner looks, of a base that others cannot reach. */
import * as events from '../events.ts'
import type { NodeName } from '../names.ts'
import type { Events, Log } from '../ports.ts'
import type { NodeFacts } from './plan.ts'

export interface NoAddressOptions {
  readonly events: Events
  readonly log: Log
}

export class NoAddress {
  readonly #of: NoAddressOptions
  /** What was told last: a base says the same with every heart. */
  readonly #told = new Map<NodeName, string>()

  constructor(options: NoAddressOptions) {
    this.#of = options
  }

  /** Once for each address that is none; the Event stands on the Node, which must be there. */
  tell({ record, node, tenure }: Pick<NodeFacts, 'record' | 'node' | 'tenure'>): void {
    const uid = node?.metadata?.uid
    if (!record?.address || uid === undefined || tenure.kind !== 'keep') return
    const { nodeName: name, id, address } = record
    const said = address.unusableIp
    if (this.#told.get(name) === said) return
    if (said === undefined) {
      this.forget(name)
      return
    }
    this.#told.set(name, said)
    this.#of.events.emit(events.noAddress({ name, uid }, said))
    this.#of.log.warn('base without an address', { node: name, base: id, said })
  }

  forget(name: NodeName): void {
    this.#told.delete(name)
  }
}
