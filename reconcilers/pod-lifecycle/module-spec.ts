import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { excerpt, faultOfCommand } from '../../mqtt-bridge/index.ts'
import { ANNOTATION } from '../names.ts'
import type { ModuleTuple } from '../registry/base-record.ts'
import { expand, refsOf, resolveEnv, type ValueLookup } from './container-env.ts'
import { annotationFault } from './module-annotations.ts'

/** One container read as a module. */
export type ModuleSpec =
  | { readonly kind: 'module'; readonly container: string; readonly bizName: string; readonly tuple: ModuleTuple }
  /** Waits for a change of the Pod: nothing is sent. `field` is the path a user would edit. */
  | {
      readonly kind: 'invalid'
      readonly container: string
      readonly bizName: string
      readonly field: string
      readonly why: string
    }
  /** Waits for another object: `CreateContainerConfigError`. */
  | {
      readonly kind: 'config'
      readonly container: string
      readonly bizName: string
      readonly why: string
      readonly pending: boolean
    }

/** What java.net.URL of an ordinary JDK opens. `oss:` and bare paths are refused by every base (captures 43, 44). */
const URL_SCHEMES = ['http:', 'https:', 'file:', 'jar:', 'ftp:']
const BIZ_VERSION = 'BIZ_VERSION'
const BIZ_NAME = 'BIZ_NAME'

function urlFault(image: string | undefined): string | undefined {
  if (!image) return 'is empty: it takes the URL of the module jar'
  const scheme = /^([a-z][a-z0-9+.-]*:)/i.exec(image)?.[1]?.toLowerCase()
  if (!scheme || !URL_SCHEMES.includes(scheme) || !URL.canParse(image)) {
    return `is no URL that a base can load: it takes ${URL_SCHEMES.map(s => `${s.slice(0, -1)}`).join(', ')}`
  }
  return undefined
}

const annotationOf = (pod: V1Pod, name: string): string => pod.metadata?.annotations?.[name] ?? ''

function argsOf(pod: V1Pod, container: V1Container, values: Readonly<Record<string, string>>): readonly string[] {
  const args = (container.args ?? []).map(arg => expand(arg, values))
  if (annotationOf(pod, ANNOTATION.envAsArgs) !== 'true') return args
  return [...args, ...Object.entries(values).map(([name, value]) => `--${name}=${value}`)]
}

/** The biz that a container names even where it cannot be read as a module. */
const plainName = ({ name, env = [] }: V1Container): string => env.find(entry => entry.name === BIZ_NAME)?.value ?? name

const FIELD_OF: Readonly<Record<string, string>> = {
  name: `env[${BIZ_NAME}]`,
  version: `env[${BIZ_VERSION}]`,
  url: 'image',
}

/** A command that is never sent would be planned again and again: a colon in a name, say, or a version with its line's end. */
function refusedByBridge(
  name: string,
  tuple: ModuleTuple,
): { readonly field: string; readonly why: string } | undefined {
  const { version, url, args, envs } = tuple
  const fault = faultOfCommand({ kind: 'installBiz', name, version, url, args, envs })
  if (fault === undefined) return undefined
  const [, about = '', why = fault] = /^(name|version|url): (.*)$/s.exec(fault) ?? []
  return { field: FIELD_OF[about] ?? 'args and env', why }
}

function readModule(pod: V1Pod, container: V1Container, lookup: ValueLookup): ModuleSpec {
  const path = `spec.containers[${container.name}]`
  const invalid = (field: string, why: string): ModuleSpec => ({
    kind: 'invalid',
    container: container.name,
    bizName: plainName(container),
    field,
    why: excerpt(why),
  })
  const fault = urlFault(container.image)
  if (fault) return invalid(`${path}.image`, fault)
  const env = resolveEnv(pod, container, lookup)
  if (!env.ok) {
    const { why, pending } = env
    return { kind: 'config', container: container.name, bizName: plainName(container), why: excerpt(why), pending }
  }
  const { [BIZ_VERSION]: version = '', [BIZ_NAME]: name = container.name, ...rest } = env.values
  if (version.trim() === '')
    return invalid(`${path}.env[${BIZ_VERSION}]`, 'is missing or empty: it takes the version of the module')
  if (name.trim() === '') return invalid(`${path}.env[${BIZ_NAME}]`, 'is empty: it takes the name of the module')
  const tuple: ModuleTuple = {
    version,
    url: container.image ?? '',
    args: argsOf(pod, container, rest),
    envs: rest,
    restartedAt: annotationOf(pod, ANNOTATION.restartedAt),
  }
  const refused = refusedByBridge(name, tuple)
  if (refused) return invalid(`${path}.${refused.field}`, refused.why)
  return { kind: 'module', container: container.name, bizName: name, tuple }
}

/** Faults of the Pod as a whole: they stand against each of its containers. */
function podFault(pod: V1Pod): { readonly field: string; readonly why: string } | undefined {
  if ((pod.spec?.initContainers ?? []).length === 0) return annotationFault(pod)
  return { field: 'spec.initContainers', why: 'are not supported: a base has no place to run one' }
}

function refuseTwins(specs: readonly ModuleSpec[]): readonly ModuleSpec[] {
  const seen = new Set<string>()
  return specs.map(spec => {
    if (spec.kind !== 'module') return spec
    if (seen.has(spec.bizName)) {
      const field = `spec.containers[${spec.container}]`
      const { container, bizName } = spec
      return { kind: 'invalid', container, bizName, field, why: `names module ${spec.bizName} a second time` }
    }
    seen.add(spec.bizName)
    return spec
  })
}

/** Objects of the store never change, and several plans read each of them several times. Not those that look things up. */
const readBefore = new WeakMap<V1Pod, readonly ModuleSpec[]>()

/** Every container of a module Pod, read as a module or with what is wrong with it. Total: it never throws. */
export function readModules(pod: V1Pod, lookup: ValueLookup): readonly ModuleSpec[] {
  const known = readBefore.get(pod)
  if (known) return known
  const specs = readAll(pod, lookup)
  if (refsOf(pod).length === 0) readBefore.set(pod, specs)
  return specs
}

function readAll(pod: V1Pod, lookup: ValueLookup): readonly ModuleSpec[] {
  const containers = pod.spec?.containers ?? []
  const fault = podFault(pod)
  if (fault) {
    return containers.map(one => ({ kind: 'invalid', container: one.name, bizName: plainName(one), ...fault }))
  }
  return refuseTwins(containers.map(container => readModule(pod, container, lookup)))
}
