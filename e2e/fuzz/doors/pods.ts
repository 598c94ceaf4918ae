/** Pods that an API server lets through and no user in his right mind writes: names, images, variables, args, annotations. */
import type { V1Container, V1EnvVar, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import { faultOfCommand } from '../../../mqtt-bridge/index.ts'
import { type ClaimLookups, claimsOn } from '../../../reconcilers/claims.ts'
import { ANNOTATION } from '../../../reconcilers/names.ts'
import { aPod } from '../../../reconcilers/pod-lifecycle/a-pod.ts'
import { planBase } from '../../../reconcilers/pod-lifecycle/base-plan.ts'
import { readModules } from '../../../reconcilers/pod-lifecycle/module-spec.ts'
import { planPod } from '../../../reconcilers/pod-lifecycle/pod-plan.ts'
import { aBase, BUILT_AT_MS } from '../../../reconcilers/registry/a-base.ts'
import { type Door, must, type OpenDoor } from '../door.ts'
import { word } from '../hostile.ts'

interface ContainerInput {
  readonly name: string
  readonly image: string
  readonly version: string
  readonly env: readonly V1EnvVar[]
  readonly args: readonly string[]
}
interface PodInput {
  readonly containers: readonly ContainerInput[]
  readonly annotations: Readonly<Record<string, string>>
  readonly deleting: boolean
}
interface Input {
  readonly pods: readonly PodInput[]
  /** What every referenced value turns out to be. */
  readonly value: string
}

/** The API server takes no others than DNS-1123 labels. */
const NAMES = ['biz1', 'biz1', 'biz2', 'constructor', 'tostring', '0', 'a-b', 'n'.repeat(63)]
const URLS = ['http://jars/a.jar', 'https://u:p@jars/a.jar?t=x', 'file:///a.jar', 'jar:file:/a.jar!/', 'HTTP://J/A.JAR']
const reference = (name: string, from: NonNullable<V1EnvVar['valueFrom']>): V1EnvVar => ({ name, valueFrom: from })
const variable: fc.Arbitrary<V1EnvVar> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: word, value: word }) },
  { weight: 1, arbitrary: word.map(value => ({ name: 'BIZ_NAME', value })) },
  { weight: 1, arbitrary: word.map(path => reference('F', { fieldRef: { fieldPath: path } })) },
  {
    weight: 1,
    arbitrary: word.map(key => reference('L', { fieldRef: { fieldPath: `metadata.annotations['${key}']` } })),
  },
  { weight: 1, arbitrary: word.map(key => reference('C', { configMapKeyRef: { name: 'c', key } })) },
  { weight: 1, arbitrary: word.map(key => reference('S', { secretKeyRef: { name: 's', key, optional: true } })) },
)
const containerInput: fc.Arbitrary<ContainerInput> = fc.record({
  name: fc.constantFrom(...NAMES),
  image: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...URLS) }, { weight: 1, arbitrary: word }),
  version: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('0.0.1', '1.0.0') }, { weight: 1, arbitrary: word }),
  env: fc.array(variable, { maxLength: 4 }),
  args: fc.array(fc.oneof(word, fc.constantFrom('$(BIZ_VERSION)', '$(A)$(A)$(A)', '$$(A)', '$(')), { maxLength: 3 }),
})
const annotation = fc.tuple(fc.constantFrom(...Object.values(ANNOTATION), 'x'), fc.oneof(word, fc.constant('true')))
const inputs: fc.Arbitrary<Input> = fc.record({
  pods: fc.array(
    fc.record({
      containers: fc.array(containerInput, { minLength: 1, maxLength: 3 }),
      annotations: fc.array(annotation, { maxLength: 3 }).map(entries => Object.fromEntries(entries)),
      deleting: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  value: word,
})

const containerOf = ({ name, image, version, env, args }: ContainerInput): V1Container => ({
  name,
  image,
  env: [{ name: 'BIZ_VERSION', value: version }, ...env],
  args: [...args],
})
const podOf = ({ containers, annotations, deleting }: PodInput, at: number): V1Pod =>
  aPod({ name: `hostile-${at}`, containers: containers.map(containerOf), annotations, deleting })

const MESSAGE_CHARS_MAX = 2_048

class Knocked implements OpenDoor<Input> {
  async knock(input: Input): Promise<readonly string[]> {
    const lookups: ClaimLookups = { value: () => ({ kind: 'value', value: input.value }), revision: () => undefined }
    const hostile = input.pods.map(podOf)
    const good = aPod({ name: 'good', container: 'good' })
    const pods = [...hostile, good]
    const claims = claimsOn(pods, lookups)
    const record = aBase()
    const { send } = planBase(record, claims, BUILT_AT_MS)
    for (const step of send) mustBeSendable(step)
    for (const pod of pods) {
      const facts = { pod, record, claims, lookups, isReleased: false, seenAtMs: 0, nowMs: BUILT_AT_MS }
      const { action } = planPod(facts)
      if (action.kind === 'patchStatus') mustBeShowable(action.status)
    }
    const alone = planBase(record, claimsOn([good], lookups), BUILT_AT_MS).send.map(commandOf)
    must(
      alone.some(one => 'name' in one && one.name === 'good'),
      'the next good Pod gets through',
      alone,
    )
    must(claims.has('good'), 'hostile Pods hide no good one')
    return hostile.flatMap(pod => {
      const specs = readModules(pod, lookups.value)
      must(specs.length === pod.spec?.containers.length, 'each container is read once', specs)
      return specs.map(({ kind }) => (kind === 'module' ? 'accepted' : kind))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

type Send = ReturnType<typeof planBase>['send'][number]

const commandOf = (step: Send): Parameters<typeof faultOfCommand>[0] =>
  step.kind === 'install'
    ? { kind: 'installBiz', name: step.claim.bizName, ...step.tuple }
    : { kind: 'uninstallBiz', name: step.name, version: step.version }

function mustBeSendable(step: Send): void {
  const fault = faultOfCommand(commandOf(step))
  must(fault === undefined, 'what is planned can be sent', fault, step)
}

/** What people read of it steers no terminal, and has an end. */
function mustBeShowable(status: unknown): void {
  const text = JSON.stringify(status)
  const messages = [...text.matchAll(/"message":("(?:[^"\\]|\\.)*")/g)].map(([, told]) =>
    String(JSON.parse(told ?? '""')),
  )
  for (const message of messages) {
    must(message.length <= MESSAGE_CHARS_MAX, 'a message is no book', message.length)
    must(!/[\p{Cc}\p{Cs}]/u.test(message), 'a message is one line', message)
  }
}

export const PODS: Door<Input> = {
  name: 'pods',
  what: 'specs and annotations of module Pods',
  runsInTest: 400,
  cpuMsMax: 2_000,
  inputs,
  open: async () => new Knocked(),
}
