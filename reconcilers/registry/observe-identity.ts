import type { BaseMetadata, Observation } from '../../mqtt-bridge/index.ts'
import type { BaseAddress, BaseRecord } from './base-record.ts'
import { begun, noTrace, turned } from './detect-duplicate.ts'
import { restarted, startedAnew } from './detect-restart.ts'
import { changed, follow, type ObserveContext, type Observed, unchanged } from './observed.ts'
import { runTimeForgotten } from './run-time.ts'

type Heart = Extract<Observation, { kind: 'heart' }>
type QueryBaseline = Extract<Observation, { kind: 'queryBaseline' }>

export function observeQueryBaseline(record: BaseRecord, heard: QueryBaseline, { nowMs }: ObserveContext): Observed {
  // Of a process that we may know already; it waits for its answer, and is asked which one it is.
  if (!startedAnew(record, heard.publishedAtMs)) return changed(record, 'described')
  const trace = runTimeForgotten(record.process ?? noTrace, nowMs)
  const metadata = begun(trace.metadata, metadataText(heard.metadata), nowMs)
  const address = begun(trace.address, undefined, nowMs)
  const process = { ...trace, ...(metadata && { metadata }), ...(address && { address }) }
  const anew = restarted({ ...record, process }, heard.publishedAtMs, nowMs)
  return follow(anew, next => described(next, heard.metadata, next.address))
}

export function observeHeart(record: BaseRecord, heart: Heart, { nowMs }: ObserveContext): Observed {
  const known = described(record, heart.metadata, addressOf(heart))
  const traced = follow(known, next => traceIdentity(next, heart, nowMs))
  return follow(traced, next => said(next, heart.state === 'deactivated' || heart.state === 'stopped'))
}

const addressOf = ({ ip, unusableIp, hostName, port }: Heart): BaseAddress => ({
  ...(ip !== undefined && { ip }),
  ...(unusableIp !== undefined && { unusableIp }),
  hostName,
  port,
})

/** The port is left out: two bases on one host differ by it, and so does one base over two tunnels. */
const addressText = ({ ip, unusableIp, hostName }: Heart): string => JSON.stringify([ip ?? unusableIp, hostName])
const metadataText = ({ name, version, clusterName }: BaseMetadata): string =>
  JSON.stringify([name, version, clusterName])

function described(record: BaseRecord, metadata: BaseMetadata, address: BaseRecord['address']): Observed {
  const moved = address !== record.address && wholeAddress(address) !== wholeAddress(record.address)
  if (!moved && metadataText(metadata) === metadataText(record.metadata)) return unchanged(record)
  const next = { ...record, metadata, ...(address && { address }) }
  return moved ? changed(next, 'described', 'moved') : changed(next, 'described')
}

/** All of it: what shows the base shows each part. */
const wholeAddress = (address: BaseAddress | undefined): string =>
  JSON.stringify([address?.ip, address?.unusableIp, address?.hostName, address?.port])

function traceIdentity(record: BaseRecord, heart: Heart, nowMs: number): Observed {
  const trace = record.process ?? noTrace
  const metadata = turned(trace.metadata, metadataText(heart.metadata), nowMs)
  const address = turned(trace.address, addressText(heart), nowMs)
  const process = { ...trace, metadata: metadata.turn, address: address.turn }
  return metadata.alternates || address.alternates
    ? changed({ ...record, process, duplicateSeenAtMs: nowMs }, 'described')
    : unchanged({ ...record, process })
}

function said(record: BaseRecord, deactivated: boolean): Observed {
  if ((record.deactivated ?? false) === deactivated) return unchanged(record)
  const { deactivated: _former, ...rest } = record
  return changed(deactivated ? { ...rest, deactivated } : rest, 'described')
}
