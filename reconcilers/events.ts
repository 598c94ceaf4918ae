/**
 * One constructor per Kubernetes Event, so that all that we tell users stands in one place.
 * The recorder adds name, times and source. Callers mask credentials in what they hand in.
 */
import type { CoreV1Event } from '@kubernetes/client-node'
import type { Proof } from '../mqtt-bridge/index.ts'
import type { NodeName } from './names.ts'
import type { PodRef } from './pod-identity.ts'

export interface NodeRef {
  readonly name: NodeName
  /** Absent while the Node is not created yet: the name stands in, as the kubelet does it. */
  readonly uid?: string
}

/** A container and the biz it stands for. */
export interface ModuleRef {
  readonly container: string
  readonly bizName: string
  readonly version: string
}

/** Nodes have no namespace; their Events live in this one. */
const NODE_EVENT_NAMESPACE = 'default'
/** The limit of events.k8s.io/v1; a stack trace would reach it. */
export const MESSAGE_LENGTH_MAX = 1024

type Severity = 'Normal' | 'Warning'
interface Text {
  readonly reason: string
  readonly message: string
}

function podEvent(type: Severity, pod: PodRef, { reason, message }: Text, container?: string): CoreV1Event {
  const fieldPath = container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }
  const { namespace, name, uid } = pod
  return {
    metadata: { namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, ...fieldPath },
    type,
    reason,
    message: cut(message),
  }
}

function nodeEvent(type: Severity, node: NodeRef, { reason, message }: Text): CoreV1Event {
  return {
    metadata: { namespace: NODE_EVENT_NAMESPACE },
    involvedObject: { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid ?? node.name },
    type,
    reason,
    message: cut(message),
  }
}

const cut = (message: string): string =>
  message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX - 3)}...` : message
const bizOf = ({ bizName, version }: ModuleRef): string => `${bizName}:${version}`
const seconds = (ms: number): string => `${(Math.max(0, ms) / 1_000).toFixed(3)} s`

// --- Pods of modules ---

export const installing = (pod: PodRef, module: ModuleRef, url: string): CoreV1Event =>
  podEvent(
    'Normal',
    pod,
    { reason: 'Installing', message: `Installing ${bizOf(module)} from ${url}` },
    module.container,
  )

/** A trial of a new version, while the running one serves on. */
export const proving = (pod: PodRef, module: ModuleRef, proof: Proof): CoreV1Event => {
  const where = proof.kind === 'contextPath' ? `at ${proof.path}` : 'without a web server'
  return podEvent(
    'Normal',
    pod,
    { reason: 'Proving', message: `Proving ${bizOf(module)} ${where}; the running version serves on` },
    module.container,
  )
}

/** `tookMs` is unknown where the module was found running. */
export const installed = (pod: PodRef, module: ModuleRef, tookMs?: number): CoreV1Event => {
  const took = tookMs === undefined ? '' : `, ${seconds(tookMs)} after the command`
  return podEvent(
    'Normal',
    pod,
    { reason: 'Installed', message: `${bizOf(module)} is active${took}` },
    module.container,
  )
}

/** `message`: the base's code and last cause. */
export const installFailed = (pod: PodRef, module: ModuleRef, message: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    { reason: 'InstallFailed', message: `Installing ${bizOf(module)} failed: ${message}` },
    module.container,
  )

export const backOff = (pod: PodRef, module: ModuleRef, waitMs: number): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    {
      reason: 'BackOff',
      message: `Next try to install ${bizOf(module)} in ${Math.ceil(Math.max(0, waitMs) / 1_000)} s`,
    },
    module.container,
  )

export const uninstalling = (pod: PodRef, module: ModuleRef): CoreV1Event =>
  podEvent('Normal', pod, { reason: 'Uninstalling', message: `Uninstalling ${bizOf(module)}` }, module.container)

export const uninstalled = (pod: PodRef, module: ModuleRef): CoreV1Event =>
  podEvent(
    'Normal',
    pod,
    { reason: 'Uninstalled', message: `${bizOf(module)} is gone from the base` },
    module.container,
  )

export const uninstallFailed = (pod: PodRef, module: ModuleRef, message: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    { reason: 'UninstallFailed', message: `Uninstalling ${bizOf(module)} failed and is tried again: ${message}` },
    module.container,
  )

/** `by`: `namespace/name` of the Pod whose newer claim won, and the version it wants. */
export const superseded = (
  pod: PodRef,
  module: ModuleRef,
  by: { readonly pod: string; readonly version: string },
): CoreV1Event =>
  podEvent(
    'Normal',
    pod,
    {
      reason: 'Superseded',
      message: `The newer Pod ${by.pod} wants ${module.bizName}:${by.version} on this base; ${bizOf(module)} gives way`,
    },
    module.container,
  )

/** `why` names the field and what is wrong with it. */
export const invalidModule = (pod: PodRef, container: string, why: string): CoreV1Event =>
  podEvent('Warning', pod, { reason: 'InvalidModule', message: `Nothing is sent to the base: ${why}` }, container)

/** A value of the container's environment is missing or may not be read. */
export const configError = (pod: PodRef, container: string, why: string): CoreV1Event =>
  podEvent('Warning', pod, { reason: 'CreateContainerConfigError', message: why }, container)

export const unmanagedModule = (pod: PodRef): CoreV1Event =>
  podEvent('Warning', pod, {
    reason: 'UnmanagedModule',
    message:
      'This Pod is no module, yet it is bound to the virtual Node of a base, where nothing can run it. Keep it away with the ' +
      'node affinity {key: type, operator: NotIn, values: [virtual-kubelet]}; if it is a module, label it ' +
      'module-controller.koupleless.io/component=module',
  })

/** It ran for longer than it may. The kubelet tells it as Normal, too. */
export const deadlineExceeded = (pod: PodRef, message: string): CoreV1Event =>
  podEvent('Normal', pod, { reason: 'DeadlineExceeded', message })

/** Reason and kind as the kubelet's. */
export const nodeAffinity = (pod: PodRef, message: string): CoreV1Event =>
  podEvent('Warning', pod, { reason: 'NodeAffinity', message: `${message}: the labels of its base are others now` })

/** `owner`: the module, or the base, whose path it is. */
export const pathTaken = (pod: PodRef, module: ModuleRef, path: string, owner: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    {
      reason: 'PathTaken',
      message: `${bizOf(module)} waits: its context path ${path} belongs to ${owner}. Nothing is uninstalled for it`,
    },
    module.container,
  )

/** `rivals`: modules of other names at its path. Both run; no state of the base tells which of them is a web module. */
export const pathSpelledOtherwise = (pod: PodRef, module: ModuleRef, path: string, rivals: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    {
      reason: 'PathTaken',
      message:
        `${bizOf(module)} shares its context path ${path} with ${rivals}, which spells it with another slash. If both are web ` +
        'modules, every request goes to the one that started last, and to nobody once that one is gone. ' +
        'Give one of them another webContextPath',
    },
    module.container,
  )

export const foreignModuleActive = (pod: PodRef, module: ModuleRef, foreignVersion: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    {
      reason: 'ForeignModuleActive',
      message:
        `${bizOf(module)} waits: the base runs ${module.bizName}:${foreignVersion}, ` +
        'which was not installed by a Pod and is left alone',
    },
    module.container,
  )

/** The running version is stopped before the new one was seen to work. */
export const unprovenSwitch = (pod: PodRef, module: ModuleRef, why: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    { reason: 'UnprovenSwitch', message: `Switching to ${bizOf(module)} without proving it first: ${why}` },
    module.container,
  )

/** Replacing it in place failed; the image that ran before is installed again. */
export const rolledBack = (pod: PodRef, module: ModuleRef, formerUrl: string): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    {
      reason: 'RolledBack',
      message: `${bizOf(module)} did not come up from its new image; ${formerUrl}, which ran before, is installed again`,
    },
    module.container,
  )

export const podBaseRestarted = (pod: PodRef, module: ModuleRef): CoreV1Event =>
  podEvent(
    'Warning',
    pod,
    { reason: 'BaseRestarted', message: `The base restarted and lost ${bizOf(module)}; it is installed again` },
    module.container,
  )

export const podBaseDead = (pod: PodRef, why: string): CoreV1Event =>
  podEvent('Warning', pod, { reason: 'BaseDead', message: `The Pod is deleted, for its base is dead: ${why}` })

// --- Nodes of bases ---

export const baseRegistered = (node: NodeRef, base: { readonly identity: string; readonly ip: string }): CoreV1Event =>
  nodeEvent('Normal', node, {
    reason: 'BaseRegistered',
    message: `Base ${base.identity} at ${base.ip || 'an unknown address'} is registered`,
  })

export const baseHeard = (node: NodeRef): CoreV1Event =>
  nodeEvent('Normal', node, { reason: 'BaseHeard', message: 'The base answers again' })

export const baseSilent = (node: NodeRef, silentMs: number): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'BaseSilent',
    message: `The base has not answered for ${Math.floor(silentMs / 1_000)} s though asked; it gets no commands until it does`,
  })

export const baseDeaf = (node: NodeRef, message: string): CoreV1Event =>
  nodeEvent('Warning', node, { reason: 'BaseDeaf', message })

export const baseLeaving = (node: NodeRef, message: string): CoreV1Event =>
  nodeEvent('Warning', node, { reason: 'BaseLeaving', message })

export const baseDead = (node: NodeRef, why: string): CoreV1Event =>
  nodeEvent('Warning', node, { reason: 'BaseDead', message: `The Node and its module Pods are removed: ${why}` })

export const baseRestarted = (node: NodeRef): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'BaseRestarted',
    message: 'The base restarted under the same identity; its modules are installed again',
  })

export const duplicateIdentity = (node: NodeRef, message: string): CoreV1Event =>
  nodeEvent('Warning', node, { reason: 'DuplicateIdentity', message })

/** Bases beyond our sight are many: we, not they, may be cut off. */
export const basesSilentHeld = (node: NodeRef, silent: number, known: number): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'BasesSilentHeld',
    message: `${silent} of ${known} bases are silent at once: the network is suspected, so Nodes and Pods are left as they are`,
  })

export const foreignModule = (node: NodeRef, biz: string): CoreV1Event =>
  nodeEvent('Normal', node, {
    reason: 'ForeignModule',
    message: `The base runs ${biz}, which no Pod asked for; it is left alone`,
  })

export const unclaimedModule = (node: NodeRef, biz: string): CoreV1Event =>
  nodeEvent('Normal', node, { reason: 'UnclaimedModule', message: `Uninstalling ${biz}: no Pod claims it any more` })

/** `said`: what the base calls its address; empty: nothing. */
export const noAddress = (node: NodeRef, said: string): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'NoAddress',
    message:
      `The base tells no address that others can reach (it says ${said === '' ? 'none' : JSON.stringify(said)}): ` +
      'its Node has no InternalIP, its Pods have no IP, and no Service lists them',
  })

/** A Node of the name that this base should have belongs to someone else: it is not touched. */
export const nodeNameTaken = (node: NodeRef, identity: string, why: string): CoreV1Event =>
  nodeEvent('Warning', node, { reason: 'NodeNameTaken', message: `Base ${identity} gets no Node: ${why}` })

interface Refused {
  readonly code: string
  /** Where in the message the fault is; empty: not in its content. */
  readonly path: string
  readonly why: string
}

/** Whatever that message would have told is not known: a base whose hearts are refused has no Node. */
export const messageRefused = (node: NodeRef, identity: string, { code, path, why }: Refused): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'MessageRefused',
    message: `A message of base ${identity} is not taken, ${code}: ${path === '' ? '' : `${path}: `}${why}`,
  })

export const commandOverdue = (node: NodeRef, biz: string, sinceMs: number): CoreV1Event =>
  nodeEvent('Warning', node, {
    reason: 'CommandOverdue',
    message:
      `No answer about ${biz} for ${Math.floor(sinceMs / 1_000)} s: ` +
      'the command may hang in the base, and holds one of its workers until it restarts',
  })
