/**
 * What a base's web modules are, whatever the base calls them: the state of a biz routes no request (captures 191, 215), and
 * a trial is listed as if it were the module (190, 238). Pure.
 */
import { type BizKey, type BizReport, bizKey, contextPathOf, isRootPath, normalPath } from '../../mqtt-bridge/index.ts'
import type { BaseRecord, Flight } from './base-record.ts'

const keyOf = ({ name, version }: Pick<BizReport, 'name' | 'version'>): BizKey => bizKey(name, version)

/** What stands there came up for a trial, as far as is known: it serves no request of the module's. */
export function isProof(record: BaseRecord, key: BizKey): boolean {
  return record.proofs.has(key) && !record.provenance.has(key)
}

/** Where requests reach a module; undefined: it has no path of its own, or nobody tells it. */
export function pathOf(record: BaseRecord, key: BizKey): string | undefined {
  if (record.webServer === 'none') return undefined
  const written = contextPathOf(record.provenance.get(key)?.tuple.args ?? []) ?? record.webPaths.get(key)
  return written === undefined || isRootPath(written) ? undefined : normalPath(written)
}

/** Who has a path, but for modules of one name: another module, or the base itself. */
export function ownerOf(record: BaseRecord, path: string, exceptName: string): string | undefined {
  const { master } = record.health ?? {}
  if (master && normalPath(master.path) === path) return `the base, ${master.name}`
  const owners = modulesAt(record, path)
  // What runs under that name already has it: another that names the same path is no web module.
  const owner = owners.some(({ name }) => name === exceptName) ? undefined : owners[0]
  if (!owner) return undefined
  const key = keyOf(owner)
  return record.foreign?.has(key) ? `${key}, which no Pod asked for` : key
}

/** Modules that stand as themselves and whose path it is, as far as their manifests tell. */
const modulesAt = (record: BaseRecord, path: string): readonly BizReport[] =>
  [...record.bizs.values()].filter(biz => !isProof(record, keyOf(biz)) && pathOf(record, keyOf(biz)) === path)

/**
 * It spells the path of another version of its name otherwise: both stand, the newer gets all requests, and once the older is
 * uninstalled nobody answers there (captures 202, 208, 209). Only a switch makes it the module. What another name does so may
 * be no web module at all, and is left alone.
 */
export function isAtPathOfAnotherVersion(record: BaseRecord, key: BizKey): boolean {
  const path = pathOf(record, key)
  const name = record.bizs.get(key)?.name
  const written = record.webPaths.get(key)
  const isOther = (biz: BizReport): boolean => keyOf(biz) !== key && record.webPaths.get(keyOf(biz)) !== written
  return path !== undefined && modulesAt(record, path).some(biz => biz.name === name && isOther(biz))
}

/**
 * Modules of other names whose manifests spell its path otherwise. SOFAArk lets all of them stand and hands every request to
 * whichever started last (captures 202, 208). One without a web context may name a path, too, so that nothing is done about them.
 */
export function rivalsAtPath(record: BaseRecord, key: BizKey): readonly BizKey[] {
  const path = pathOf(record, key)
  const name = record.bizs.get(key)?.name
  const written = record.webPaths.get(key)
  if (path === undefined || name === undefined || isProof(record, key)) return []
  const rivals = modulesAt(record, path).filter(biz => biz.name !== name)
  return rivals.map(keyOf).filter(rival => record.webPaths.get(rival) !== written)
}

const STANDS = new Set<BizReport['state']>(['activated', 'deactivated'])

/** Every version of a name that stands as the module itself. */
export const realVersions = (record: BaseRecord, name: string): readonly BizReport[] =>
  [...record.bizs.values()].filter(
    biz => biz.name === name && STANDS.has(biz.state) && biz.reason !== 'KILLING' && !isProof(record, keyOf(biz)),
  )

const hasProof = (record: BaseRecord, name: string): boolean =>
  [...record.bizs.values()].some(biz => biz.name === name && isProof(record, keyOf(biz)))

const stops = (flight: Flight, { name, version }: BizReport): boolean =>
  flight.name === name &&
  (flight.command === 'uninstallBiz' ? flight.version === version : flight.strategy === 'uninstallThenInstall')

/**
 * It serves. A web module does so when it is deactivated, too, where no other version of it stands: the activation went to a
 * trial, and does not come back when that goes (captures 215, 216).
 */
export function isUp(record: BaseRecord, biz: BizReport): boolean {
  const key = keyOf(biz)
  if (isProof(record, key)) return false
  if (biz.state === 'activated') return true
  if (biz.state !== 'deactivated' || biz.reason === 'KILLING') return false
  if (pathOf(record, key) === undefined && !hasProof(record, biz.name)) return false
  const isBeingStopped = [...record.flights.values()].some(flight => !flight.overdue && stops(flight, biz))
  return !isBeingStopped && realVersions(record, biz.name).length === 1
}

/** Every version of a name that serves. */
export const upVersions = (record: BaseRecord, name: string): readonly BizReport[] =>
  [...record.bizs.values()].filter(biz => biz.name === name && isUp(record, biz))

/** When a path was last found taken; 0: never. The health after it tells whose the path is. */
export const newestClashAtMs = ({ attempts }: BaseRecord): number =>
  Math.max(0, ...[...attempts.values()].map(({ clash, lastFailedAtMs }) => (clash ? lastFailedAtMs : 0)))
