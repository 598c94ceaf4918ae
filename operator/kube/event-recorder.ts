/** Kubernetes Events: told once and counted when repeated, after all other requests, and never at the expense of anyone. */
import type { CoreV1Event } from '@kubernetes/client-node'
import { LRUCache } from 'lru-cache'
import { ApiError, type Clock, type Events, type Log, type Metrics } from '../../reconcilers/ports.ts'
import type { ApiClient } from './api-client.ts'
import { EventBudget } from './event-budget.ts'

export interface EventRecorderOptions {
  readonly api: Pick<ApiClient, 'send'>
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'count'>
  readonly log: Log
  readonly signal: AbortSignal
  /** Part of an Event's name: unique among all processes. */
  readonly nextId: () => string
  /** This process, in an Event. */
  readonly instance: string
  /** A brake of our own, beside that of all requests. */
  readonly brake: { take(signal: AbortSignal): Promise<boolean> }
  readonly queueMax?: number
}

export const EVENT_COMPONENT = 'koupleless-module-controller'

/** Of the same words about the same object: one Event, whose count grows. */
interface Told {
  readonly event: CoreV1Event
  readonly name: string
  readonly firstAtMs: number
  lastAtMs: number
  count: number
  isWritten: boolean
  failures: number
}

type DropReason = 'object' | 'queue' | 'refused' | 'unanswered'

const TOLD_MAX = 4_096
/** The API server keeps Events for an hour. */
const TOLD_TTL_MS = 3_000_000
const WRITERS_MAX = 4
const TRIES_MAX = 5
const RETRY_MS = 1_000
const NAME_CHARS_MAX = 220
const PER_OBJECT = { burst: 25, oneEveryMs: 10_000, objectsMax: 10_000 }

export class EventRecorder implements Events {
  readonly #options: EventRecorderOptions
  readonly #told: LRUCache<string, Told>
  readonly #budget = new EventBudget(PER_OBJECT)
  /** To be written, oldest first. What is repeated while it waits is written once. */
  readonly #queue = new Map<string, Told>()
  #writers = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#told = new LRUCache({ max: TOLD_MAX, ttl: TOLD_TTL_MS, ttlResolution: 0, perf: options.clock })
  }

  get waiting(): number {
    return this.#queue.size
  }

  emit(event: CoreV1Event): void {
    const nowMs = this.#options.clock.now()
    const { uid = '', fieldPath = '' } = event.involvedObject
    if (!this.#budget.take(uid, nowMs)) {
      this.#drop('object')
      return
    }
    const key = [uid, fieldPath, event.type, event.reason, event.message].join('\n')
    const told = this.#told.get(key) ?? this.#newTold(event, nowMs)
    told.count += 1
    told.lastAtMs = nowMs
    this.#told.set(key, told)
    this.#enqueue(key, told)
  }

  #newTold(event: CoreV1Event, nowMs: number): Told {
    const name = `${(event.involvedObject.name ?? '').slice(0, NAME_CHARS_MAX).replace(/[-.]+$/, '')}.${this.#options.nextId()}`
    return { event, name, firstAtMs: nowMs, lastAtMs: nowMs, count: 0, isWritten: false, failures: 0 }
  }

  #enqueue(key: string, told: Told): void {
    if (this.#queue.has(key)) return
    if (this.#queue.size >= (this.#options.queueMax ?? 5_000)) {
      this.#drop('queue')
      return
    }
    this.#queue.set(key, told)
    if (this.#writers < WRITERS_MAX) void this.#write()
  }

  /** Until the queue is empty. Never throws. */
  async #write(): Promise<void> {
    const { brake, signal } = this.#options
    this.#writers += 1
    for (const [key, told] of this.#queue) {
      this.#queue.delete(key)
      if (!(await brake.take(signal))) break
      await this.#writeOne(key, told)
    }
    this.#writers -= 1
  }

  async #writeOne(key: string, told: Told): Promise<void> {
    const { isWritten } = told
    try {
      await (isWritten ? this.#repeat(told) : this.#create(told))
      told.isWritten = true
      told.failures = 0
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(0, String(error))
      // By now another writer may have written it: what counts is what this request took for true.
      await this.#failed(key, { told, wasWritten: isWritten }, failure)
    }
  }

  async #failed(
    key: string,
    { told, wasWritten }: { readonly told: Told; readonly wasWritten: boolean },
    error: ApiError,
  ): Promise<void> {
    const { log, clock, signal } = this.#options
    if (signal.aborted) return
    // It ran out or was deleted meanwhile; or it was written already, by an answer that was lost or by another writer.
    const isOtherwise = error.status === (wasWritten ? 404 : 409)
    if (isOtherwise) told.isWritten = !wasWritten
    told.failures += 1
    const mayPass = isOtherwise || isTransient(error)
    if (mayPass && told.failures < TRIES_MAX) {
      await clock.sleep(isOtherwise ? 0 : Math.max(error.retryAfterMs, RETRY_MS * told.failures), signal)
      this.#enqueue(key, told)
      return
    }
    log.debug('event not written', { reason: told.event.reason, status: error.status, error: error.message })
    this.#told.delete(key)
    this.#drop(mayPass ? 'unanswered' : 'refused')
  }

  #create(told: Told): Promise<Buffer> {
    const { event, name } = told
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      ...event,
      metadata: { ...event.metadata, name },
      firstTimestamp: timeOf(told.firstAtMs),
      ...this.#repetition(told),
      source: { component: EVENT_COMPONENT },
      reportingComponent: EVENT_COMPONENT,
      reportingInstance: this.#options.instance,
    }
    return this.#send('POST', pathOf(event), 'application/json', body)
  }

  #repeat(told: Told): Promise<Buffer> {
    const path = `${pathOf(told.event)}/${encodeURIComponent(told.name)}`
    return this.#send('PATCH', path, 'application/merge-patch+json', this.#repetition(told))
  }

  #repetition = ({ lastAtMs, count }: Told): object => ({ lastTimestamp: timeOf(lastAtMs), count })

  #send(method: 'POST' | 'PATCH', path: string, contentType: string, body: object): Promise<Buffer> {
    const verb = method === 'POST' ? 'create' : 'patch'
    return this.#options.api.send({
      method,
      path,
      verb,
      resource: 'events',
      body: JSON.stringify(body),
      contentType,
      accept: METADATA_ONLY,
      low: true,
    })
  }

  #drop(reason: DropReason): void {
    this.#options.metrics.count('koupleless_events_dropped_total', { reason })
  }
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const isTransient = ({ status }: ApiError): boolean => status === 0 || status === 429 || status >= 500
const timeOf = (ms: number): string => new Date(ms).toISOString()
const pathOf = ({ metadata }: CoreV1Event): string =>
  `/api/v1/namespaces/${encodeURIComponent(metadata.namespace ?? 'default')}/events`
