import { expect, test } from 'vitest'
import * as events from './events.ts'
import { nodeName } from './names.ts'

const pod = { namespace: 'shop', name: 'biz1-abc', uid: 'uid-1' }
const module = { container: 'biz1', bizName: 'biz1', version: '0.0.1' }
const node = { name: nodeName('virtual-node-b1'), uid: 'node-uid' }

const podEvents = {
  NodeAffinity: events.nodeAffinity(pod, 'Pod was rejected'),
  Installing: events.installing(pod, module, 'http://jars/biz1.jar'),
  Installed: events.installed(pod, module, 1_234),
  InstallFailed: events.installFailed(pod, module, 'FAILED: java.net.ConnectException'),
  BackOff: events.backOff(pod, module, 9_001),
  Uninstalling: events.uninstalling(pod, module),
  Uninstalled: events.uninstalled(pod, module),
  UninstallFailed: events.uninstallFailed(pod, module, 'FAILED'),
  Superseded: events.superseded(pod, module, { pod: 'shop/biz1-def', version: '0.0.2' }),
  InvalidModule: events.invalidModule(pod, 'biz1', 'env BIZ_VERSION is empty'),
  CreateContainerConfigError: events.configError(pod, 'biz1', 'no ConfigMap shop/settings'),
  UnmanagedModule: events.unmanagedModule(pod),
  ForeignModuleActive: events.foreignModuleActive(pod, module, '0.0.3'),
  UnprovenSwitch: events.unprovenSwitch(pod, module, 'no metaspace for two'),
  RolledBack: events.rolledBack(pod, module, '0.0.0'),
  BaseRestarted: events.podBaseRestarted(pod, module),
  BaseDead: events.podBaseDead(pod, 'silent for 200 s'),
}

const nodeEvents = {
  BaseRegistered: events.baseRegistered(node, { identity: 'b1', ip: '10.0.0.1' }),
  BaseHeard: events.baseHeard(node),
  BaseSilent: events.baseSilent(node, 25_400),
  BaseLeaving: events.baseLeaving(node, 'its own Pod is being deleted'),
  BaseDeaf: events.baseDeaf(node, 'beats but answers nothing'),
  BaseDead: events.baseDead(node, 'silent for 200 s'),
  BaseRestarted: events.baseRestarted(node),
  DuplicateIdentity: events.duplicateIdentity(node, 'two bases'),
  BasesSilentHeld: events.basesSilentHeld(node, 60, 100),
  ForeignModule: events.foreignModule(node, 'biz9:1'),
  UnclaimedModule: events.unclaimedModule(node, 'biz9:1'),
  NodeNameTaken: events.nodeNameTaken(node, 'b1', 'it stands for base B1'),
  MessageRefused: events.messageRefused(node, 'b1', { code: 'PAYLOAD_TOO_LARGE', path: '', why: 'too many bytes' }),
  CommandOverdue: events.commandOverdue(node, 'biz1:0.0.1', 300_000),
}

test.each(Object.entries(podEvents))('%s is told of the Pod, in its namespace', (reason, event) => {
  expect(event).toMatchObject({
    reason,
    metadata: { namespace: 'shop' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'biz1-abc', uid: 'uid-1' },
  })
  expect(event.message).toBeTruthy()
})

test.each(Object.entries(nodeEvents))(
  '%s is told of the Node, where kubectl describe looks for it',
  (reason, event) => {
    expect(event).toMatchObject({
      reason,
      metadata: { namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'virtual-node-b1', uid: 'node-uid' },
    })
    expect(event.message).toBeTruthy()
  },
)

test('Installed says how long it took', () => {
  expect(podEvents.Installed.message).toBe('biz1:0.0.1 is active, 1.234 s after the command')
})

test('an Event about a container names it', () => {
  expect(podEvents.InstallFailed.involvedObject.fieldPath).toBe('spec.containers{biz1}')
})

test('the Event of a Pod that is no module names the affinity to add', () => {
  expect(podEvents.UnmanagedModule.message).toContain('{key: type, operator: NotIn, values: [virtual-kubelet]}')
})

test('a Node that does not exist yet is known by its name', () => {
  expect(events.baseHeard({ name: node.name }).involvedObject.uid).toBe('virtual-node-b1')
})

test('a message as long as a stack trace is cut to what the API takes', () => {
  expect(events.installFailed(pod, module, 'x'.repeat(5_000)).message).toHaveLength(events.MESSAGE_LENGTH_MAX)
})
