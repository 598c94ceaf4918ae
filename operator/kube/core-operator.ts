/**
 * The framework's Operator, made fit to run for months. Kept: its life (`init`, `start`, `stop`), `watchResource` as the
 * place where watches are declared, its events, its status and finalizer helpers. Replaced: how these reach the API server.
 * As shipped a watch cannot select, resume or survive an error (it ends the process), misses deletions at a reconnect, and
 * the helpers' addresses begin with "undefined".
 */
import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node'
import type { z } from 'zod'
import type { Log } from '../../reconcilers/ports.ts'
import type { Api } from './api-client.ts'
import {
  FrameworkOperator,
  hideDefaultKubeConfig,
  type OperatorLogger,
  type ResourceEvent,
  ResourceEventType,
  type ResourceMeta,
  ResourceMetaImpl,
} from './framework.ts'
import type { KubeObject } from './kube-object.ts'
import { Reflector, type ReflectorPorts } from './reflector.ts'

export type OnEvent = (event: ResourceEvent) => Promise<void>

export interface WatchOptions {
  /** Two watches of one resource are told apart by it. */
  readonly name: string
  readonly kind: string
  readonly labelSelector: string
  readonly shape: z.ZodType
  /** See `ReflectorOptions`. */
  readonly watchSeconds?: number
  trim(object: KubernetesObject): KubernetesObject
}

export interface CoreOperatorOptions {
  readonly kubeConfig: KubeConfig
  readonly api: Api
  readonly reflectorPorts: ReflectorPorts
  readonly log: Log
}

const EVENT_TYPE = {
  ADDED: ResourceEventType.Added,
  MODIFIED: ResourceEventType.Modified,
  DELETED: ResourceEventType.Deleted,
} as const

export abstract class CoreOperator extends FrameworkOperator {
  readonly #core: CoreOperatorOptions
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #reflectors = new Map<string, Reflector<KubeObject>>()
  readonly #pathOf = new Map<string, (meta: ResourceMeta) => string>()

  constructor(core: CoreOperatorOptions) {
    const showDefault = hideDefaultKubeConfig()
    super(loggerOf(core.log))
    showDefault()
    this.kubeConfig = core.kubeConfig
    this.#core = core
  }

  /** By the name of the watch. */
  get reflectors(): ReadonlyMap<string, Pick<Reflector<KubeObject>, 'synced' | 'fault' | 'freshAtMs' | 'size'>> {
    return this.#reflectors
  }

  override stop(): void {
    this.#stopping.abort()
    super.stop()
  }

  /** Resolves when all watches have ended. */
  async stopped(): Promise<void> {
    this.stop()
    await Promise.allSettled(this.#running)
  }

  /** The path: origin and prefix are the client's. */
  protected override getCustomResourceApiUri(...[group, version, plural, namespace]: readonly string[]): string {
    const api = group ? `/apis/${group}/${version}` : `/api/${version}`
    return `${api}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${plural}`
  }

  /** Resolves after the first whole list, or when stopped before. */
  protected override watchResource(
    group: string,
    version: string,
    plural: string,
    ...[onEvent, namespace = '', options]: [onEvent: OnEvent, namespace?: string, options?: WatchOptions]
  ): Promise<void> {
    const apiVersion = group ? `${group}/${version}` : version
    const { name = plural, kind = '', labelSelector = '' } = options ?? {}
    this.#pathOf.set(`${plural}.${apiVersion}`, meta => this.#objectPath([group, version, plural], meta))
    return new Promise(resolve => {
      const reflector = new Reflector<KubeObject>(
        {
          resource: plural,
          path: this.getCustomResourceApiUri(group, version, plural, namespace),
          apiVersion,
          kind,
          labelSelector,
          ...(options && { shape: options.shape }),
          ...(options?.watchSeconds !== undefined && { watchSeconds: options.watchSeconds }),
          trim: object => options?.trim(object) ?? object,
          onChange: ({ type, object }) => this.#deliver(onEvent, plural, EVENT_TYPE[type], object),
          onListed: () => resolve(),
        },
        this.#core.reflectorPorts,
      )
      this.#reflectors.set(name, reflector)
      this.#running.add(reflector.run(this.#stopping.signal).finally(resolve))
    })
  }

  protected override patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    return this.#patch(meta, '/status', { status })
  }

  protected override setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    return this.#patch(meta, '/status', { metadata: { resourceVersion: meta.resourceVersion }, status })
  }

  /** Under the resourceVersion that was read: else finalizers that others added meanwhile are overwritten. */
  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    await this.#patch(meta, '', { metadata: { resourceVersion: meta.resourceVersion, finalizers } })
  }

  /** On a copy: the framework changes the object it is given. */
  protected override handleResourceFinalizer(
    event: ResourceEvent,
    finalizer: string,
    deleteAction: OnEvent,
  ): Promise<boolean> {
    return super.handleResourceFinalizer({ ...event, object: structuredClone(event.object) }, finalizer, deleteAction)
  }

  #deliver(onEvent: OnEvent, plural: string, type: ResourceEventType, object: KubernetesObject): void {
    const event = { type, object, meta: ResourceMetaImpl.createWithPlural(plural, object) }
    onEvent(event).catch((error: unknown) =>
      this.#core.log.error('event handler failed', { resource: plural, object: event.meta.name, error }),
    )
  }

  #objectPath([group = '', version = '', plural = '']: readonly string[], meta: ResourceMeta): string {
    const path = this.getCustomResourceApiUri(group, version, plural, meta.namespace ?? '')
    return `${path}/${encodeURIComponent(meta.name)}`
  }

  async #patch(meta: ResourceMeta, subresource: string, body: object): Promise<ResourceMeta | null> {
    const pathOf = this.#pathOf.get(meta.id)
    if (!pathOf) throw new Error(`${meta.id} is not watched`)
    const object = await this.#core.api.json<KubernetesObject>({
      method: 'PATCH',
      path: pathOf(meta) + subresource,
      verb: 'patch',
      resource: meta.id.slice(0, meta.id.indexOf('.')),
      body: JSON.stringify(body),
      contentType: 'application/merge-patch+json',
    })
    return ResourceMetaImpl.createWithId(meta.id, object)
  }
}

const loggerOf = (log: Log): OperatorLogger => ({
  debug: text => log.debug('framework', { text }),
  info: text => log.info('framework', { text }),
  warn: text => log.warn('framework', { text }),
  error: text => log.error('framework', { text }),
})
