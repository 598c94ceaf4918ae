/** The controllers of a cluster: what makes Pods of workloads, binds them to Nodes and takes them from lost ones. */
import { type ControllersOptions, Driver } from './controller.ts'
import { daemonSetController } from './daemon-sets.ts'
import { deploymentController } from './deployments.ts'
import { endpointSliceController } from './endpoint-slices.ts'
import { garbageCollector } from './garbage-collector.ts'
import { nodeLifecycleController } from './node-lifecycle.ts'
import { podGcController } from './pod-gc.ts'
import { replicaSetController } from './replica-sets.ts'
import { scheduler } from './scheduler.ts'
import { statefulSetController } from './stateful-sets.ts'
import { taintEvictionController } from './taint-eviction.ts'

export type { ControllersOptions, SimTime } from './controller.ts'

const ALL = [
  scheduler,
  replicaSetController,
  deploymentController,
  daemonSetController,
  statefulSetController,
  nodeLifecycleController,
  taintEvictionController,
  podGcController,
  endpointSliceController,
  garbageCollector,
]

/** Each looks at the server's state a little after it changed, and writes as any client does. */
export const startControllers = (options: ControllersOptions): { stop(): void } =>
  new Driver(
    options,
    ALL.map(controller => controller(options)),
  )
