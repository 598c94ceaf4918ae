/** What bases say → registry, metrics, log. */
import { LRUCache } from 'lru-cache'
import type { BaseId, LeftoversTold, LinkState, Observation, Refusal } from '../mqtt-bridge/index.ts'
import * as events from '../reconcilers/events.ts'
import type { NodeNameOf } from '../reconcilers/node-identity.ts'
import type { Ownership } from '../reconcilers/ownership.ts'
import type { Clock, Events, Log, Metrics } from '../reconcilers/ports.ts'
import type { Admission, BaseRegistry } from '../reconcilers/registry/base-registry.ts'
import type { FlightEnd } from '../reconcilers/registry/observed.ts'
import { Refusals } from './refusals.ts'

export interface HearingOptions {
  readonly registry: Pick<BaseRegistry, 'observe' | 'setLink' | 'link' | 'get'>
  readonly ownership: Pick<Ownership, 'acts'>
  readonly nodeNameOf: NodeNameOf
  readonly events: Events
  readonly metrics: Metrics
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  readonly onLink: (link: LinkState) => void
}

type Refused = Extract<Admission, { kind: 'refused' }>

/** Each refused identity is told of once in a while: it tries again with every heart. */
const TOLD = { max: 1_000, ttl: 600_000, ttlResolution: 0 }

/** How a command ended without the base having answered it. */
const UNANSWERED: ReadonlySet<FlightEnd['outcome']> = new Set(['seen', 'lost'])
const UNINSTALLED: ReadonlySet<FlightEnd['outcome']> = new Set(['uninstalled', 'absent', 'seen'])

export class Hearing {
  readonly #of: HearingOptions
  readonly #told: LRUCache<BaseId, Refused['reason']>
  readonly #refusals: Refusals

  constructor(options: HearingOptions) {
    this.#of = options
    this.#told = new LRUCache({ ...TOLD, perf: options.clock })
    this.#refusals = new Refusals(options)
  }

  observation(observation: Observation): void {
    const { registry, metrics, clock } = this.#of
    metrics.count('koupleless_frames_total', { kind: observation.kind })
    const admission = registry.observe(observation, clock.now())
    if (admission.kind === 'refused') this.#tellRefused(observation.base, admission)
  }

  refusal(refusal: Refusal): void {
    this.#of.metrics.count('koupleless_frames_refused_total', { code: refusal.code })
    this.#refusals.tell(refusal)
  }

  link(link: LinkState): void {
    const { registry, log, onLink } = this.#of
    const isEdge = registry.link.connected !== link.connected
    registry.setLink(link)
    const { epoch, why, renewalFault } = link
    if (!link.connected) log.warn('not connected to the broker', { why })
    else if (renewalFault === undefined) log.info('connected to the broker', { epoch, why })
    else log.warn('the connection to the broker is kept, but cannot be renewed', { epoch, why: renewalFault })
    if (isEdge) onLink(link)
  }

  leftovers({ cleared, fault }: LeftoversTold): void {
    const { log } = this.#of
    if (cleared > 0) log.info('retained commands of another controller were cleared', { cleared })
    if (fault !== undefined)
      log.warn('retained commands of another controller cannot be cleared: the broker does not let us', { why: fault })
  }

  flightEnded(base: BaseId, { key, flight, outcome }: FlightEnd): void {
    const { metrics, clock, log } = this.#of
    const { command, sentAtMs, claim } = flight
    if (!UNANSWERED.has(outcome)) metrics.count('koupleless_command_answers_total', { command, outcome })
    const seconds = Math.max(0, clock.now() - sentAtMs) / 1_000
    // One without a claim was begun by somebody else, of whom a conflict told us.
    if (command === 'installBiz' && claim !== undefined) {
      metrics.observe('koupleless_install_seconds', seconds, { outcome })
    }
    if (command === 'uninstallBiz' && UNINSTALLED.has(outcome)) metrics.observe('koupleless_uninstall_seconds', seconds)
    log.info('command ended', { base, command, biz: key, outcome, tookMs: Math.round(seconds * 1_000) })
  }

  #tellRefused(base: BaseId, { reason, by }: Refused): void {
    const { nodeNameOf, events: recorder, log } = this.#of
    if (this.#told.get(base) === reason) return
    this.#told.set(base, reason)
    log.warn('base refused', { base, reason, ...(by !== undefined && { by }) })
    if (reason !== 'nodeNameTaken') return
    const why = `the base ${by ?? ''} has a Node of that name`
    recorder.emit(events.nodeNameTaken({ name: nodeNameOf(base) }, base, why))
  }
}
