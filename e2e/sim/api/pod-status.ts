/** The status of a Pod: what its type always tells, and what is refused of it. */
import type { ApiObject, JsonObject } from './api-object.ts'
import { type Cause, forbidden, invalidValue } from './refusal.ts'

type List = readonly JsonObject[]

const CONTAINER = { state: {}, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '' }

export function shapedStatus(status: JsonObject): JsonObject {
  const { conditions, containerStatuses } = status as Readonly<Record<string, List | undefined>>
  const podIPs = ipsOf(status)
  return {
    ...status,
    ...(podIPs && { podIPs }),
    ...(conditions && {
      conditions: conditions.map(each => ({ lastProbeTime: null, lastTransitionTime: null, ...each })),
    }),
    ...(containerStatuses && { containerStatuses: containerStatuses.map(shapedContainer) }),
  }
}

function shapedContainer(given: JsonObject): JsonObject {
  const status: JsonObject = { ...CONTAINER, ...given }
  return { ...status, state: shapedState(status.state), lastState: shapedState(status.lastState) }
}

/** In the order in which each is told. */
const TIMES = { running: { startedAt: null }, terminated: { startedAt: null, finishedAt: null } } as const

function shapedState(state: unknown): JsonObject {
  const { running, terminated, ...rest } = state as Readonly<Record<string, JsonObject | undefined>>
  return {
    ...rest,
    ...(running && { running: { ...TIMES.running, ...running } }),
    ...(terminated && { terminated: { ...TIMES.terminated, ...terminated } }),
  }
}

/** The one address stands first in the list of all; where they differ, it wins. */
function ipsOf({ podIP, podIPs }: JsonObject): List | undefined {
  const ips = podIPs as List | undefined
  if (typeof podIP !== 'string') return ips
  return ips?.[0]?.ip === podIP ? ips : [{ ip: podIP }]
}

export function refusesStatus(next: ApiObject, before: ApiObject): readonly Cause[] {
  const { status = {} } = next
  return [
    ...familyCauses('status.podIPs', status.podIPs as List | undefined),
    ...familyCauses('status.hostIPs', status.hostIPs as List | undefined),
    ...revivalCauses(next, before),
  ]
}

const isV6 = ({ ip }: JsonObject): boolean => String(ip).includes(':')

function familyCauses(field: string, ips: List = []): readonly Cause[] {
  const sixth = ips.filter(isV6).length
  if (sixth <= 1 && ips.length - sixth <= 1) return []
  const told = ips.map(({ ip }) => ({ IP: ip }))
  return [invalidValue(field, told, 'may specify no more than one IP for each IP family')]
}

/** What may not restart stays ended. */
function revivalCauses({ spec, status }: ApiObject, before: ApiObject): readonly Cause[] {
  if (spec?.restartPolicy === 'Always') return []
  const former = (before.status?.containerStatuses as List | undefined) ?? []
  const now = (status?.containerStatuses as List | undefined) ?? []
  return former.flatMap(({ name, state }, at) => {
    const { exitCode } = ((state as JsonObject | undefined)?.terminated ?? {}) as JsonObject
    const mayRestart = exitCode === undefined || (spec?.restartPolicy === 'OnFailure' && exitCode !== 0)
    const after = now.find(each => each.name === name)?.state as JsonObject | undefined
    if (mayRestart || !after || after.terminated) return []
    return [forbidden(`status.containerStatuses[${at}].state`, 'may not be transitioned to non-terminated state')]
  })
}
