/** Who could tell where a module came from: what operators sent, and the Pods and Nodes that are gone. */
import type { V1Pod } from '@kubernetes/client-node'
import type { Frame } from '../network/connection.ts'
import { claimsIn } from '../oracles/claims-seen.ts'
import { nodeNameOf } from '../oracles/settled.ts'
import type { World } from '../world.ts'
import type { HostedBase } from './hosted-base.ts'

interface Command {
  readonly bizName: string
  readonly bizVersion: string
  readonly bizUrl?: string
  readonly args?: readonly string[]
}

/** A command leaves an operator. */
export function noteSent(world: World, { topic, payload }: Frame): void {
  const [, identity = '', verb] = topic.split('/')
  // Empty: what the peer left retained is cleared.
  if ((verb !== 'installBiz' && verb !== 'uninstallBiz') || payload.length === 0) return
  const { bizName, bizVersion, bizUrl = '', args = [] } = JSON.parse(Buffer.from(payload).toString('utf8')) as Command
  const origin = verb === 'installBiz' ? { url: bizUrl, args } : undefined
  world.baseOf(identity)?.ledger.asked(`${bizName}:${bizVersion}`, origin, world.time.now())
}

export function baseOfGone(world: World, resource: string, object: V1Pod): HostedBase | undefined {
  const node = resource === 'nodes' ? object.metadata?.name : object.spec?.nodeName
  return world.bases.find(each => nodeNameOf(each) === node)
}

/** Somebody else than an operator deleted it: an operator lets go of what it needs no more. */
export function noteGone({ ledger }: HostedBase, resource: string, object: V1Pod): void {
  if (resource === 'nodes') ledger.loseAllWitnesses()
  if (resource === 'pods') for (const { name, version } of claimsIn(object)) ledger.loseWitness(`${name}:${version}`)
}
