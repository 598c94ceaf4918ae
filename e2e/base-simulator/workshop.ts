import type { Ark } from './ark.ts'
import type { Behaviour } from './behaviour.ts'
import type { Clock } from './clock.ts'
import type { OnlyOnce } from './only-once.ts'
import type { WebServer } from './web-server.ts'

/** What the commands of one JVM work with. */
export interface Workshop {
  readonly ark: Ark
  readonly behaviour: Behaviour
  readonly timers: Clock
  readonly web: WebServer
  readonly onlyOnce: OnlyOnce
  /** A module that asks for a port of its own gets a Tomcat of its own (captures 197 to 200; 223: not on SOFAArk 3.1.4). */
  readonly portsOfTheirOwn: boolean
  /** Bytes left, or Infinity without a limit. */
  metaspaceLeft(): number
}
