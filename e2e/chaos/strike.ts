import type { TcpProxy } from './proxy.ts'
import type { Fault, Link } from './round-plan.ts'
import type { ChaosWorld } from './world.ts'

/** Begins a fault. @returns how it ends */
export async function strike(world: ChaosWorld, fault: Fault): Promise<() => Promise<void> | void> {
  const { broker, plane, operators } = world
  switch (fault.kind) {
    case 'broker killed':
      await broker.stop()
      return () => broker.resume()
    case 'API server killed':
      await plane.stopApiServer('SIGKILL')
      return () => plane.startApiServer()
    case 'operator killed':
      await operators.kill(fault.operator)
      return () => operators.revive(fault.operator)
    case 'operator frozen':
      operators.at(fault.operator).process.freeze()
      return () => operators.at(fault.operator).process.thaw()
    case 'link troubled': {
      const proxy = cableOf(world, fault.link)
      proxy.trouble = fault.trouble
      return () => {
        proxy.trouble = undefined
      }
    }
  }
}

function cableOf({ operators, racks }: ChaosWorld, link: Link): TcpProxy {
  if (link.kind === 'operator to broker') return operators.at(link.operator).toBroker
  if (link.kind === 'operator to API server') return operators.at(link.operator).toApi
  const rack = racks[link.rack - 1]
  if (!rack) throw new RangeError(`there is no rack ${link.rack}`)
  return rack
}
