/** Rights as the manifests grant them, and how they are held against what was used. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readUses, type Use } from './audit-log.ts'
import { type Grant, grantsOf, readManifests } from './grants.ts'
import { grantsWithoutUse, tooWide, usesWithoutGrant } from './judge.ts'

const manifests = readManifests(join(import.meta.dirname, '..', '..', 'deploy', 'rbac'))
const granted = grantsOf(manifests)
const OPERATOR = 'system:serviceaccount:koupleless-system:module-controller'

describe('deploy/rbac', () => {
  test('grants nothing cluster-wide on Secrets or ConfigMaps, nothing on rights, no wildcard', () => {
    expect(granted.length).toBeGreaterThan(15)
    expect(tooWide(granted)).toEqual([])
  })

  test('names a Secret in one role only, which is bound by nobody but a user in a namespace', () => {
    const ofSecrets = granted.filter(({ resource }) => resource === 'secrets')
    expect(ofSecrets.map(({ role, verb, isBoundByUser }) => [role, verb, isBoundByUser])).toEqual([
      ['module-values-reader', 'get', true],
    ])
  })

  test('binds to the ServiceAccount of the Deployment and to nobody else', () => {
    const subjects = manifests.flatMap(manifest => ('subjects' in manifest ? (manifest.subjects as object[]) : []))
    expect(subjects.length).toBeGreaterThan(1)
    for (const subject of subjects)
      expect(subject).toEqual({ kind: 'ServiceAccount', name: 'module-controller', namespace: 'koupleless-system' })
  })
})

const role: Omit<Grant, 'verb' | 'resource'> = { role: 'ours', isBoundByUser: false, group: '' }
const listPods: Grant = { ...role, resource: 'pods', verb: 'list' }
const patchStatus: Grant = { ...role, resource: 'pods/status', verb: 'patch' }
const readSecrets: Grant = { ...role, role: 'values', isBoundByUser: true, resource: 'secrets', verb: 'get' }
const patchMemory: Grant = { ...role, namespace: 'own', resource: 'configmaps', verb: 'patch', names: ['memory'] }
const used = (verb: string, resource: string, more: Partial<Use> = {}): Use => ({
  verb,
  resource,
  group: '',
  isAllowed: true,
  role: 'ours',
  ...more,
})

describe('a right', () => {
  const grants = [listPods, patchStatus, readSecrets, patchMemory]

  test('that is used as it is granted is well', () => {
    const uses = [
      used('list', 'pods'),
      used('list', 'pods', { namespace: 'shop' }),
      used('patch', 'pods/status', { namespace: 'shop' }),
      used('get', 'secrets', { namespace: 'shop', name: 's', role: 'values' }),
      used('get', 'secrets', { namespace: 'unbound', name: 's', isAllowed: false }),
      used('patch', 'configmaps', { namespace: 'own', name: 'memory' }),
      used('get', '/version', { role: 'system:public-info-viewer' }),
    ]
    expect(usesWithoutGrant(uses, grants)).toEqual([])
    expect(grantsWithoutUse(grants, uses)).toEqual([])
  })

  test.each([
    [used('patch', 'pods', { namespace: 'shop', isAllowed: false }), 'used and refused: patch pods in shop'],
    [used('list', 'pods', { isAllowed: false }), 'used and refused, though granted: list pods'],
    [used('list', 'pods', { role: 'system:basic-user' }), 'used, yet not by a role of ours: list pods'],
    [used('get', '/version'), 'used, yet not by a role of ours: get /version'],
    [used('patch', 'configmaps', { namespace: 'own', name: 'x' }), 'not by a role of ours: patch configmaps in own'],
    [used('list', 'secrets', { namespace: 'shop', isAllowed: false }), 'used and refused: list secrets in shop'],
    [used('list', 'pods', { group: 'metrics.k8s.io' }), 'not by a role of ours: list pods of metrics.k8s.io'],
  ])('that is lacking is named: %o', (use, fault) => {
    expect(usesWithoutGrant([use], grants)).toEqual([expect.stringContaining(fault)])
  })

  test('that nobody used is named; a refusal is no use', () => {
    const uses = [used('list', 'pods', { isAllowed: false }), used('patch', 'pods/status')]
    expect(grantsWithoutUse(grants, uses)).toEqual([
      'granted and never used: ours: list pods',
      'granted and never used: values: get secrets',
      'granted and never used: ours: patch configmaps in own',
    ])
  })

  test.each<[Partial<Grant>, boolean]>([
    [{ resource: 'secrets', verb: 'get' }, true],
    [{ resource: 'secrets', verb: 'get', isBoundByUser: true }, false],
    [{ resource: 'secrets', verb: 'list', isBoundByUser: true }, true],
    [{ resource: 'secrets', verb: 'get', namespace: 'own' }, false],
    [{ resource: '*', verb: 'get' }, true],
    [{ resource: 'pods', verb: '*' }, true],
    [{ group: 'rbac.authorization.k8s.io', resource: 'clusterroles', verb: 'create' }, true],
    [{ resource: 'pods', verb: 'delete' }, false],
  ])('too wide? %o', (grant, isTooWide) => {
    expect(tooWide([{ ...listPods, ...grant }])).toHaveLength(isTooWide ? 1 : 0)
  })
})

test('the audit log tells each kind of request once, and those of others not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const event = (resource: string, decision: string | undefined, more: object = {}) =>
    JSON.stringify({
      stage: 'ResponseComplete',
      verb: 'patch',
      requestURI: `/api/v1/${resource}?x=1`,
      user: { username: OPERATOR },
      objectRef: { resource, namespace: 'shop', name: `a-${resource}` },
      annotations:
        decision === undefined
          ? {}
          : {
              'authorization.k8s.io/decision': decision,
              'authorization.k8s.io/reason':
                decision === 'allow' ? 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "ours" to …' : '',
            },
      ...more,
    })
  const lines = [
    event('pods', 'allow', { objectRef: { resource: 'pods', subresource: 'status', namespace: 'shop', name: 'one' } }),
    event('pods', 'allow', { objectRef: { resource: 'pods', subresource: 'status', namespace: 'shop', name: 'two' } }),
    event('secrets', 'forbid'),
    event('pods', undefined),
    event('nodes', 'allow', { user: { username: 'admin' } }),
    event('version', 'allow', { verb: 'get', objectRef: undefined }),
  ]
  writeFileSync(join(folder, 'audit.log'), `${lines.join('\n')}\n`)
  expect(await readUses(join(folder, 'audit.log'), OPERATOR)).toEqual([
    used('patch', 'pods/status', { namespace: 'shop' }),
    { verb: 'patch', group: '', resource: 'secrets', namespace: 'shop', name: 'a-secrets', isAllowed: false },
    used('get', '/api/v1/version'),
  ])
})
