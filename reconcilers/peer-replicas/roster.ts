/**
 * Which replicas live? Judged by our clock alone: a Lease that did not change for long enough, as seen in a watch that is
 * proven to be current. What has ended stays ended: whoever comes back bears another name.
 */
import type { Member } from './member-lease.ts'
import { clientOf } from './replica-id.ts'
import { GONE_AFTER_MS } from './settings.ts'

export interface Sighting {
  readonly holder: string
  readonly client: string
  readonly version: string
  /** When it was first seen, and when its Lease last changed. */
  readonly sinceMs: number
  readonly changedAtMs: number
  readonly hears: boolean
  /** Its Lease; absent for one that we know only by the Leases of its bases. */
  readonly lease?: { readonly name: string; readonly uid: string }
  readonly ended?: { readonly atMs: number; readonly why: string }
}

const FORGOTTEN_AFTER_MS = 3_600_000

export class Roster {
  readonly #sightings = new Map<string, Sighting>()
  /** Of each client's Lease: a list may come from a server that is behind. */
  readonly #newest = new Map<string, number>()
  /** Whatever was written before this moment (our clock), our watch has shown. */
  #provenMs = Number.NEGATIVE_INFINITY

  get provenMs(): number {
    return this.#provenMs
  }

  /** Our own renewal came back through the watch, in which all that was written before it comes before it. */
  proven(renewalBeganMs: number): void {
    this.#provenMs = Math.max(this.#provenMs, renewalBeganMs)
  }

  seen(member: Member, nowMs: number): void {
    const { holder, version, hears, name, uid, released } = member
    const client = clientOf(holder)
    if (Number(version) < (this.#newest.get(client) ?? 0)) return
    this.#newest.set(client, Number(version))
    this.#endFormer(client, holder, nowMs)
    const before = this.#sightings.get(holder)
    if (before?.ended) return
    this.#sightings.set(holder, {
      holder,
      client,
      version,
      hears,
      lease: { name, uid },
      ...timesOf(before, version, nowMs),
    })
    if (released) this.end(holder, 'it said that it stops', nowMs)
  }

  /** One that we know only by the Leases of bases may be newer than what we see here. */
  #endFormer(client: string, holder: string, nowMs: number): void {
    for (const former of this.#sightings.values())
      if (former.client === client && former.holder !== holder && former.lease)
        this.end(former.holder, 'a newer life took its place', nowMs)
  }

  /** Named by the Lease of a base, and by no membership Lease that we see: it may have just begun. */
  heardOf(holder: string, nowMs: number): Sighting {
    const known = this.#sightings.get(holder)
    if (known) return known
    const client = clientOf(holder)
    const sighting: Sighting = { holder, client, version: '', hears: false, sinceMs: nowMs, changedAtMs: nowMs }
    this.#sightings.set(holder, sighting)
    return sighting
  }

  end(holder: string, why: string, nowMs: number): void {
    const sighting = this.#sightings.get(holder)
    if (sighting && !sighting.ended) this.#sightings.set(holder, { ...sighting, ended: { atMs: nowMs, why } })
  }

  /** Who has not renewed for too long is gone; who is gone for an hour is forgotten. */
  judge(nowMs: number): void {
    for (const { holder, changedAtMs, ended } of [...this.#sightings.values()]) {
      if (ended && nowMs - ended.atMs > FORGOTTEN_AFTER_MS) this.#sightings.delete(holder)
      else if (this.#provenMs - changedAtMs >= GONE_AFTER_MS)
        this.end(holder, 'it renewed its membership no more', nowMs)
    }
  }

  forget(holder: string): void {
    this.#sightings.delete(holder)
  }

  get(holder: string): Sighting | undefined {
    return this.#sightings.get(holder)
  }

  list(): readonly Sighting[] {
    return [...this.#sightings.values()]
  }

  /** Those that say so themselves, and were not found to be gone. */
  present(): readonly Sighting[] {
    return this.list().filter(({ lease, ended }) => lease && !ended)
  }
}

const timesOf = (
  before: Sighting | undefined,
  version: string,
  nowMs: number,
): Pick<Sighting, 'sinceMs' | 'changedAtMs'> => ({
  sinceMs: before?.lease ? before.sinceMs : nowMs,
  changedAtMs: before?.version === version ? before.changedAtMs : nowMs,
})
