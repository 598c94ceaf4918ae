/**
 * What may come in of an object: the types of all that is read of it. Its identity and what decides are strict, times that only
 * inform are lenient, fields that nobody reads may hold anything.
 */
import { z } from 'zod'

const text = z.string()
const texts = z.record(text, text).optional()
const whole = z.number().int().optional()
const isTime = (value: string): boolean => !Number.isNaN(Date.parse(value))
const time = text.refine(isTime, 'expected a time')
/** Unreadable, it is as if it were not there. */
const softTime = time.optional().catch(undefined)

const owner = z.looseObject({ kind: text, name: text, uid: text, controller: z.boolean().optional() })

const metadata = z.looseObject({
  name: text.min(1),
  namespace: text.optional(),
  uid: text.min(1),
  resourceVersion: text.min(1),
  creationTimestamp: time.optional(),
  deletionTimestamp: time.optional(),
  deletionGracePeriodSeconds: whole,
  labels: texts,
  annotations: texts,
  ownerReferences: z.array(owner).optional(),
})

/** Enough to say which object it is; all there is of objects that only have to be there. */
export const IDENTITY_SHAPE = z.looseObject({
  metadata: z.looseObject({
    name: text.min(1),
    namespace: text.optional(),
    uid: text.min(1),
    resourceVersion: text.min(1),
  }),
})

const keyRef = z.looseObject({ name: text.optional(), key: text, optional: z.boolean().optional() }).optional()
const env = z.looseObject({
  name: text,
  value: text.optional(),
  valueFrom: z
    .looseObject({
      fieldRef: z.looseObject({ fieldPath: text }).optional(),
      configMapKeyRef: keyRef,
      secretKeyRef: keyRef,
    })
    .optional(),
})

/** Those of newer servers may be of other kinds. */
const lifecycle = z.looseObject({
  preStop: z.looseObject({ sleep: z.looseObject({ seconds: z.number().int() }).optional() }).optional(),
})

const container = z.looseObject({
  name: text.min(1),
  image: text.optional(),
  args: z.array(text).optional(),
  env: z.array(env).optional(),
  envFrom: z.array(z.unknown()).optional(),
  lifecycle: lifecycle.optional(),
})

const toleration = z.looseObject({
  key: text.optional(),
  operator: text.optional(),
  value: text.optional(),
  effect: text.optional(),
  tolerationSeconds: whole,
})

const requirements = z.array(z.looseObject({ key: text, operator: text, values: z.array(text).optional() })).optional()
const nodeAffinity = z.looseObject({
  requiredDuringSchedulingIgnoredDuringExecution: z
    .looseObject({
      nodeSelectorTerms: z.array(z.looseObject({ matchExpressions: requirements, matchFields: requirements })),
    })
    .optional(),
})

const condition = z.looseObject({
  type: text,
  status: text,
  reason: text.optional(),
  message: text.optional(),
  lastTransitionTime: softTime,
})

const containerState = z
  .looseObject({
    running: z.looseObject({ startedAt: softTime }).optional(),
    waiting: z.looseObject({ reason: text.optional(), message: text.optional() }).optional(),
    terminated: z.looseObject({ reason: text.optional(), startedAt: softTime, finishedAt: softTime }).optional(),
  })
  .optional()

const containerStatus = z.looseObject({
  name: text,
  imageID: text.optional(),
  restartCount: whole,
  state: containerState,
  lastState: containerState,
})

export const POD_SHAPE = z.looseObject({
  metadata: metadata.extend({ namespace: text.min(1) }),
  spec: z
    .looseObject({
      nodeName: text.optional(),
      restartPolicy: text.optional(),
      activeDeadlineSeconds: whole,
      terminationGracePeriodSeconds: whole,
      hostNetwork: z.boolean().optional(),
      nodeSelector: texts,
      affinity: z.looseObject({ nodeAffinity: nodeAffinity.optional() }).optional(),
      containers: z.array(container).optional(),
      initContainers: z.array(z.looseObject({ name: text })).optional(),
      tolerations: z.array(toleration).optional(),
      readinessGates: z.array(z.looseObject({ conditionType: text })).optional(),
    })
    .optional(),
  status: z
    .looseObject({
      phase: text.optional(),
      startTime: softTime,
      podIP: text.optional(),
      hostIP: text.optional(),
      podIPs: z.array(z.looseObject({ ip: text.optional() })).optional(),
      hostIPs: z.array(z.looseObject({ ip: text.optional() })).optional(),
      observedGeneration: whole,
      conditions: z.array(condition).optional(),
      containerStatuses: z.array(containerStatus).optional(),
    })
    .optional(),
})

const quantities = z.record(text, z.union([text, z.number()]).transform(String)).optional()

export const NODE_SHAPE = z.looseObject({
  metadata,
  spec: z
    .looseObject({
      providerID: text.optional(),
      taints: z.array(z.looseObject({ key: text, value: text.optional(), effect: text })).optional(),
    })
    .optional(),
  status: z
    .looseObject({
      addresses: z.array(z.looseObject({ type: text, address: text })).optional(),
      capacity: quantities,
      allocatable: quantities,
      conditions: z.array(condition).optional(),
      nodeInfo: z.looseObject({}).optional(),
    })
    .optional(),
})

export const LEASE_SHAPE = z.looseObject({
  metadata: metadata.extend({ namespace: text.min(1) }),
  spec: z
    .looseObject({
      holderIdentity: text.optional(),
      leaseDurationSeconds: whole,
      leaseTransitions: whole,
      acquireTime: softTime,
      renewTime: softTime,
    })
    .optional(),
})

/** A list without its items says nothing, and least of all that there are none. */
export const LIST_SHAPE = z.looseObject({
  items: z.array(z.unknown()).nullable(),
  metadata: z.looseObject({ resourceVersion: text.min(1), continue: text.nullish() }),
})
