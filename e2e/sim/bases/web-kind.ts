/** Which web server a base lends to its modules, drawn apart from all else about it. */
import type { BaseOptions } from '../../base-simulator/index.ts'
import { simJar } from '../workload/sim-jars.ts'
import type { World } from '../world.ts'

const SERVERS = ['servlet', 'servlet', 'servlet', 'servlet', 'reactive', 'none'] as const

/** `at`: the how-manieth base. Nothing, in a world without web modules. */
export function webKind(world: World, at: number, flags: BaseOptions['flags'] = {}): Partial<BaseOptions> {
  if (!world.isWeb) return {}
  const rng = world.rng.fork(`base web ${at}`)
  const webServer = rng.pick(SERVERS)
  // The plugin for Tomcat is published with that SOFAArk alone.
  const isPublished = webServer === 'servlet' && rng.chance(0.5)
  return { webServer, jars: simJar, ...(isPublished && { flags: { ...flags, release: '3.1.4' as const } }) }
}
