/** What the gauges show when somebody looks. */
import type { Clock } from '../reconcilers/ports.ts'
import type { NoCommands } from '../reconcilers/registry/base-record.ts'
import type { BaseRegistry } from '../reconcilers/registry/base-registry.ts'
import type { GaugeReaders } from './http/metrics.ts'

export interface GaugeSources {
  readonly registry: Pick<BaseRegistry, 'reachCounts' | 'refusedCounts' | 'list' | 'link'>
  readonly tunnel: { readonly massSilence: { readonly held: boolean } }
  readonly shares: { readonly held: () => number | undefined; readonly living: () => number }
  readonly store: { readonly freshAtMs: number }
  readonly controllers: readonly { readonly name: string; readonly queue: { readonly due: number } }[]
  readonly clock: Pick<Clock, 'now'>
}

export function gaugeReaders({ registry, tunnel, shares, store, controllers, clock }: GaugeSources): GaugeReaders {
  return {
    koupleless_bases: () => ({ ...registry.reachCounts }),
    koupleless_bases_owned: () => shares.held() ?? registry.list().length,
    koupleless_replicas: () => shares.living(),
    koupleless_bases_no_commands: () => noCommands(registry),
    koupleless_bases_silence_held: () => Number(tunnel.massSilence.held),
    koupleless_bases_refused: () => ({ ...registry.refusedCounts }),
    koupleless_flights: () => registry.list().reduce((sum, { flights }) => sum + flights.size, 0),
    koupleless_queue_depth: () => Object.fromEntries(controllers.map(({ name, queue }) => [name, queue.due])),
    koupleless_broker_connected: () => Number(registry.link.connected),
    koupleless_cache_age_seconds: () => Math.max(0, clock.now() - store.freshAtMs) / 1_000,
  }
}

function noCommands(registry: Pick<BaseRegistry, 'list'>): Readonly<Record<NoCommands['reason'], number>> {
  const reasons = registry.list().map(record => record.noCommands?.reason)
  const count = (reason: NoCommands['reason']): number => reasons.filter(given => given === reason).length
  return {
    BaseDeaf: count('BaseDeaf'),
    BaseLeaving: count('BaseLeaving'),
    DuplicateIdentity: count('DuplicateIdentity'),
  }
}
