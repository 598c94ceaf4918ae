/** LIST once, WATCH for ever: resumes where it was cut, lists anew only where the API server has forgotten that place. */
import type { z } from 'zod'
import { ApiError, type Clock, type Log, type Metrics, type Rng } from '../../reconcilers/ports.ts'
import type { ApiClient } from './api-client.ts'
import { type Change, KeptObjects } from './kept-objects.ts'
import { type KubeList, type KubeObject, keyOfObject, query } from './kube-object.ts'
import { ObjectFault, readList, readObject, tellFault } from './object-door.ts'
import { IDENTITY_SHAPE } from './object-shape.ts'
import { eventOf, WatchFault } from './watch-event.ts'
import { LineSplitter } from './watch-lines.ts'

export interface ReflectorOptions<T extends KubeObject> {
  /** Plural, for metrics and logs. */
  readonly resource: string
  readonly path: string
  /** Items of a list lack these two. */
  readonly apiVersion: string
  readonly kind: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Ask for metadata only. */
  readonly metadataOnly?: true
  /** What an object must look like to be let in; absent: one that says which it is. */
  readonly shape?: z.ZodType
  /** Called once per object; only what it returns is kept. */
  readonly trim: (object: T) => T
  readonly onChange: (change: Change<T>) => void
  /** After each whole list, with the time at which it was asked for. */
  readonly onListed?: (askedAtMs: number) => void
  readonly pageSize?: number
  /** A watch is asked to end itself after so long. One that a network swallows does not end, and by that it is known. */
  readonly watchSeconds?: number
}

export interface ReflectorPorts {
  readonly api: Pick<ApiClient, 'json' | 'stream'>
  readonly clock: Clock
  readonly rng: Rng
  readonly metrics: Pick<Metrics, 'count'>
  readonly log: Log
}

interface WatchBegun {
  readonly atMs: number
  readonly from: string
}

const FIRST_RETRY_MS = 100
/** An API server that was away for long is back at any moment, and until then what Pods ask for is not known. */
const RETRY_MS_MAX = 5_000
/** Shorter than a Node may lack news of itself; two seconds before its end each watch brings a bookmark, so that none is lost. */
const WATCH_SECONDS = 45
const OVERDUE_MS = 3_000
/** A watch that held so long was sound, though it brought nothing. */
const SOUND_AFTER_MS = 5_000
const AS = 'g=meta.k8s.io;v=v1'

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #ports: ReflectorPorts
  readonly #kept: KeptObjects<T>
  #resourceVersion = ''
  /** Where the last watch was begun that said what nobody understands. */
  #faultFrom: string | undefined
  #hasListed = false
  #freshAtMs = 0
  #fault: string | undefined

  constructor(options: ReflectorOptions<T>, ports: ReflectorPorts) {
    this.#options = options
    this.#ports = ports
    this.#kept = new KeptObjects(change => this.#tell(change))
  }

  /** False until the first whole list. */
  get synced(): boolean {
    return this.#hasListed
  }

  /** Why there is no list yet, as far as that is known. */
  get fault(): string | undefined {
    return this.#hasListed ? undefined : this.#fault
  }

  /** When the API server last proved that we know all; 0 before the first list. */
  get freshAtMs(): number {
    return this.#freshAtMs
  }

  get size(): number {
    return this.#kept.size
  }

  /** Until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const { reason, patienceMs, isSound } = await this.#once(signal)
      if (signal.aborted) return
      this.#ports.metrics.count('koupleless_watch_restarts_total', { resource: this.#options.resource, reason })
      failures = isSound ? 0 : failures + 1
      await this.#pause(failures, patienceMs, signal)
    }
  }

  async #pause(failures: number, patienceMs: number, signal: AbortSignal): Promise<void> {
    if (failures === 0 && patienceMs === 0) return
    const doubled = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** Math.min(failures, 12))
    await this.#ports.clock.sleep(Math.max(patienceMs, doubled * (0.5 + this.#ports.rng.next() / 2)), signal)
  }

  async #once(signal: AbortSignal): Promise<{ reason: string; patienceMs: number; isSound: boolean }> {
    let watch: WatchBegun | undefined
    try {
      if (this.#resourceVersion === '') await this.#list(signal)
      watch = { atMs: this.#ports.clock.now(), from: this.#resourceVersion }
      const stalled = await this.#watch(signal)
      return { reason: stalled ? 'stalled' : 'ended', patienceMs: 0, isSound: this.#wasSound(watch) }
    } catch (error) {
      if (signal.aborted) return { reason: 'stopped', patienceMs: 0, isSound: true }
      return { ...this.#failed(error), isSound: !(error instanceof WatchFault) && this.#wasSound(watch) }
    }
  }

  /** It held, or brought something, and need not be listed anew. */
  #wasSound(watch: WatchBegun | undefined): boolean {
    if (!watch || this.#resourceVersion === '') return false
    return this.#resourceVersion !== watch.from || this.#ports.clock.now() - watch.atMs >= SOUND_AFTER_MS
  }

  #failed(error: unknown): { reason: string; patienceMs: number } {
    const { resource } = this.#options
    if (error instanceof ApiError && error.status === 410) {
      this.#resourceVersion = ''
      this.#ports.log.debug('watch too old, listing anew', { resource })
      return { reason: 'expired', patienceMs: 0 }
    }
    if (error instanceof WatchFault) this.#listAnewIfAgain()
    const status = error instanceof ApiError ? error.status : undefined
    this.#fault = error instanceof Error ? error.message : String(error)
    this.#ports.log.warn('watch failed', { resource, status, error: String(error) })
    return { reason: 'error', patienceMs: error instanceof ApiError ? error.retryAfterMs : 0 }
  }

  /** What garbled a line may be over: the same place is tried once more. After that only a list tells what was meant. */
  #listAnewIfAgain(): void {
    const isAgain = this.#faultFrom === this.#resourceVersion
    this.#faultFrom = isAgain ? undefined : this.#resourceVersion
    if (isAgain) this.#resourceVersion = ''
  }

  #path(parameters: Readonly<Record<string, string | undefined>>): string {
    const { path, labelSelector, fieldSelector } = this.#options
    return path + query({ ...parameters, labelSelector, fieldSelector })
  }

  #accept(kind: string): { readonly accept?: string } {
    return this.#options.metadataOnly ? { accept: `application/json;as=${kind};${AS}` } : {}
  }

  async #list(signal: AbortSignal): Promise<void> {
    const askedAtMs = this.#ports.clock.now()
    const seen = new Set<string>()
    let from: string | undefined
    let resourceVersion = ''
    do {
      const page = await this.#page(from, signal)
      for (const item of page.items ?? []) this.#take(item, object => seen.add(this.#put(object)), seen)
      from = page.metadata?.continue
      resourceVersion = page.metadata?.resourceVersion ?? ''
    } while (from !== undefined)
    this.#kept.retain(seen)
    this.#resourceVersion = resourceVersion
    this.#freshAtMs = Math.max(this.#freshAtMs, askedAtMs)
    this.#hasListed = true
    this.#options.onListed?.(askedAtMs)
  }

  async #page(from: string | undefined, signal: AbortSignal): Promise<KubeList<unknown>> {
    const { resource, pageSize = 500 } = this.#options
    const path = this.#path({ limit: String(pageSize), continue: from })
    const request = { method: 'GET', path, verb: 'list', resource, signal } as const
    const answer = await this.#ports.api.json<unknown>({ ...request, ...this.#accept('PartialObjectMetadataList') })
    return readList(answer, resource)
  }

  /** One that is not understood holds up no other; it stays as it was last seen, and is not taken for gone. */
  #take(item: unknown, take: (object: T) => void, seen?: Set<string>): void {
    let object: T
    try {
      object = this.#read(item)
    } catch (error) {
      if (!(error instanceof ObjectFault)) throw error
      if (error.key !== undefined) seen?.add(error.key)
      tellFault(this.#ports, this.#options.resource, error)
      return
    }
    take(object)
  }

  #put(object: T): string {
    this.#kept.put(object)
    return keyOfObject(object)
  }

  #read(item: unknown): T {
    const { apiVersion, kind, trim, shape = IDENTITY_SHAPE } = this.#options
    const object = trim(readObject<T>(shape, item))
    object.apiVersion = apiVersion
    object.kind = kind
    return object
  }

  /** True: it stalled. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    const { resource, watchSeconds = WATCH_SECONDS } = this.#options
    const { api, clock } = this.#ports
    const ended = new AbortController()
    const stalled = new AbortController()
    const endsAtMs = clock.now() + watchSeconds * 1_000
    let heardAtMs = clock.now()
    const guard = async (): Promise<void> => {
      const leftMs = (): number => Math.max(endsAtMs, heardAtMs) + OVERDUE_MS - clock.now()
      while (leftMs() > 0) {
        await clock.sleep(leftMs(), ended.signal)
        if (ended.signal.aborted) return
      }
      stalled.abort(new Error('it did not end when it was told to'))
    }
    void guard()
    const path = this.#path({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: String(watchSeconds),
    })
    const lines = new LineSplitter()
    const request = { method: 'GET', path, verb: 'watch', resource, ...this.#accept('PartialObjectMetadata') } as const
    try {
      await api.stream({ ...request, signal: AbortSignal.any([signal, stalled.signal]) }, chunk => {
        heardAtMs = clock.now()
        lines.push(chunk, line => this.#event(line))
      })
      return false
    } catch (error) {
      if (!stalled.signal.aborted || signal.aborted) throw error
      this.#ports.log.warn('watch is dead: begun anew', { resource, silentMs: clock.now() - heardAtMs })
      return true
    } finally {
      ended.abort()
    }
  }

  #event(line: string): void {
    const { type, object } = eventOf(line)
    this.#freshAtMs = this.#ports.clock.now()
    if (type === 'DELETED') this.#take(object, gone => this.#kept.remove(gone))
    else if (type !== 'BOOKMARK') this.#take(object, changed => this.#put(changed))
    const version = object.metadata?.resourceVersion
    if (typeof version === 'string' && version !== '') this.#resourceVersion = version
  }

  /** What a change sets off must not end the watch. */
  #tell(change: Change<T>): void {
    try {
      this.#options.onChange(change)
    } catch (error) {
      const { resource } = this.#options
      this.#ports.log.error('change not taken', { resource, object: keyOfObject(change.object), error })
    }
  }
}
