/** The controllers of a cluster: what makes Pods of workloads, binds them to Nodes and takes them from lost ones. */
import { type Controller, type ControllersOptions, Driver } from './controller.ts'
import { deploymentController } from './deployments.ts'
import { replicaSetController } from './replica-sets.ts'
import { scheduler } from './scheduler.ts'

export type { ControllersOptions, SimTime } from './controller.ts'

/** Each looks at the server's state a little after it changed, and writes as any client does. */
export function startControllers(options: ControllersOptions): { stop(): void } {
  const controllers: readonly Controller[] = [
    scheduler(options),
    replicaSetController(options),
    deploymentController(options),
  ]
  return new Driver(options, controllers)
}
