import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../cluster/eventually.ts'
import { ControlPlane, type Part } from './control-plane.ts'

const PARTS: readonly Part[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
/** The first run on a machine builds the binaries. */
const FIRST_RUN_MS = 20 * 60_000

let plane: ControlPlane
let audit: string

beforeAll(async () => {
  audit = await mkdtemp(join(tmpdir(), 'koupleless-audit-'))
  plane = await ControlPlane.start({ audit: { file: join(audit, 'audit.log') } })
}, FIRST_RUN_MS)

afterAll(async () => {
  await plane.stop()
  await rm(audit, { recursive: true, force: true })
})

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function get<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await plane.kubectl(['get', ...args, '--output', 'json'])) as T
}

test('client and server name the version that was asked for, in a form that kubectl can compare', async () => {
  const version = JSON.parse(await plane.kubectl(['version', '--output', 'json'])) as Record<
    'clientVersion' | 'serverVersion',
    { gitVersion: string; minor: string }
  >
  expect(version.serverVersion.gitVersion).toBe(plane.version)
  expect(version.clientVersion.gitVersion).toBe(plane.version)
  expect(version.serverVersion.minor).toBe(plane.version.split('.')[1])
})

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'hand-made', labels: { 'kubernetes.io/hostname': 'hand-made' } },
  spec: { taints: [{ key: 'virtual', value: 'True', effect: 'NoExecute' }] },
}
const NODE_STATUS = {
  status: {
    capacity: { cpu: '4', memory: '1Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '1Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }],
  },
}
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'web', image: 'http://jars.example.com/web.jar' }],
        tolerations: [{ key: 'virtual', operator: 'Equal', value: 'True', effect: 'NoExecute' }],
      },
    },
  },
}

interface Pods {
  readonly items: readonly {
    readonly spec: { readonly nodeName?: string; readonly tolerations: readonly { readonly key: string }[] }
  }[]
}

test('controllers make the Pods of a Deployment and the scheduler binds them to a Node that tolerates them', async () => {
  await plane.kubectl(['apply', '--filename', '-'], JSON.stringify(NODE))
  await plane.kubectl(['patch', 'node', 'hand-made', '--subresource=status', '--patch', JSON.stringify(NODE_STATUS)])
  await plane.kubectl(['apply', '--filename', '-'], JSON.stringify(DEPLOYMENT))
  const { items } = await eventually('both Pods are bound', async () => {
    const pods = await get<Pods>('pods')
    return pods.items.filter(({ spec }) => spec.nodeName === 'hand-made').length === 2 ? pods : undefined
  })
  const keys = items[0]?.spec.tolerations.map(({ key }) => key)
  expect(keys, 'admission is the real one').toContain('node.kubernetes.io/unreachable')
})

test('a ServiceAccount has the rights that RBAC grants it and no other', async () => {
  await plane.kubectl(['create', 'namespace', 'tenant'])
  await plane.kubectl(['create', 'serviceaccount', 'reader', '--namespace', 'tenant'])
  const path = await plane.kubeconfigFor('tenant', 'reader')
  const asReader = (...args: readonly string[]) => plane.kubectl(['--kubeconfig', path, ...args])
  await expect(asReader('get', 'nodes')).rejects.toThrow(/system:serviceaccount:tenant:reader.*cannot list/)
  const binding = [
    'create',
    'clusterrolebinding',
    'reader',
    '--clusterrole=system:node',
    '--serviceaccount=tenant:reader',
  ]
  await plane.kubectl(binding)
  await eventually('the right has arrived', () => asReader('get', 'nodes', '--output', 'name'))
  await expect(asReader('delete', 'clusterrolebinding', 'reader')).rejects.toThrow(/cannot delete/)
  expect(await readFile(join(audit, 'audit.log'), 'utf8'), 'each request is in the audit log').toContain(
    'system:serviceaccount:tenant:reader',
  )
})

test('the API server alone can go away and come back on its port with all it knew', async () => {
  const before = plane.pidOf('kube-apiserver')
  await plane.stopApiServer()
  expect(plane.pidOf('kube-apiserver')).toBeUndefined()
  await expect(plane.kubectl(['get', 'nodes', '--request-timeout=2s'])).rejects.toThrow(/kubectl get nodes/)
  await plane.startApiServer()
  expect(plane.pidOf('kube-apiserver')).not.toBe(before)
  expect(await plane.kubectl(['get', 'node', 'hand-made', '--output', 'name'])).toBe('node/hand-made\n')
})

test('nothing is left of it after its stop', async () => {
  const second = await ControlPlane.start({ version: plane.version })
  const pids = PARTS.map(part => second.pidOf(part) ?? 0)
  expect(pids.every(isAlive)).toBe(true)
  await second.stop()
  expect(pids.filter(isAlive)).toEqual([])
  expect(existsSync(dirname(second.kubeconfig))).toBe(false)
})

test('processes that end by themselves at the start are named, with what they said', async () => {
  const start = ControlPlane.start({ version: plane.version, flags: { apiServer: ['--no-such-flag'] } })
  await expect(start).rejects.toThrow(/kube-apiserver ended \(1\)[\s\S]*no-such-flag/)
})
