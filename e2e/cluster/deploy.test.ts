import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1Container, V1Deployment, V1NetworkPolicy, V1PodSpec } from '@kubernetes/client-node'
import { describe, expect, inject, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kubectlAt } from './kubectl.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SAMPLES = readdirSync(join(ROOT, 'samples')).filter(name => name.endsWith('.yaml'))
const OVERLAYS = ['base', 'overlays/dev', 'overlays/production', 'overlays/kind']
const kubectl = (...args: string[]): Promise<string> => kubectlAt(inject('adminKubeconfig'), args)

async function rendered<T extends { kind?: string }>(folder: string, kind: string): Promise<T> {
  const text = await kubectl('kustomize', join(ROOT, 'deploy', folder))
  const objects = parseAllDocuments(text).map(document => document.toJS() as T)
  const found = objects.find(object => object.kind === kind)
  if (!found) throw new Error(`deploy/${folder} has no ${kind}`)
  return found
}

async function podSpecOf(folder: string): Promise<V1PodSpec> {
  const spec = (await rendered<V1Deployment>(folder, 'Deployment')).spec?.template.spec
  if (!spec) throw new Error(`deploy/${folder} has no Pod template`)
  return spec
}

/** Its Pod, as the controllers would make it, in the namespace that it runs in. Nothing is created. */
async function admit(spec: V1PodSpec): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'koupleless-admission-'))
  const file = join(folder, 'pod.json')
  const metadata = { name: 'trial', namespace: 'koupleless-system' }
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }))
  return await kubectl('create', '--dry-run=server', '--filename', file).finally(() => rm(folder, { recursive: true }))
}

const container = ({ containers: [first] }: V1PodSpec): V1Container => {
  if (!first) throw new Error('a Pod without a container')
  return first
}

describe('what a user applies', () => {
  test.each(OVERLAYS)('deploy/%s renders and the API server takes it', async folder => {
    const rendered = await kubectl('kustomize', join(ROOT, 'deploy', folder))
    expect(rendered).toContain('kind: Deployment')
    const said = await kubectl('apply', '--dry-run=server', '--kustomize', join(ROOT, 'deploy', folder))
    expect(said).toMatch(/deployment.apps\/module-controller .*dry run/)
  })

  test.each(SAMPLES)('samples/%s is taken', async name => {
    expect(await kubectl('apply', '--dry-run=server', '--filename', join(ROOT, 'samples', name))).toContain('dry run')
  })
})

describe('the Pod of the operator', () => {
  test.each(OVERLAYS)(
    'deploy/%s: admitted where `restricted` is enforced, which its own namespace does',
    async folder => {
      const labels = await kubectl('get', 'namespace', 'koupleless-system', '--output', 'jsonpath={.metadata.labels}')
      expect(JSON.parse(labels)).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
      expect(await admit(await podSpecOf(folder))).toContain('pod/trial created (server dry run)')
    },
  )

  test.each<[string, (spec: V1PodSpec) => V1PodSpec]>([
    ['root', spec => ({ ...spec, securityContext: { ...spec.securityContext, runAsNonRoot: false, runAsUser: 0 } })],
    ['the network of its machine', spec => ({ ...spec, hostNetwork: true })],
    ['the files of its machine', spec => ({ ...spec, volumes: [{ name: 'root', hostPath: { path: '/' } }] })],
    [
      'privileges',
      spec => ({ ...spec, containers: [{ ...container(spec), securityContext: { allowPrivilegeEscalation: true } }] }),
    ],
  ])('with %s it would not be: the enforcement is real', async (_what, widened) => {
    const spec = await podSpecOf('base')
    await expect(admit(widened(spec))).rejects.toThrow(/violates PodSecurity "restricted/)
  })

  test.each(OVERLAYS)(
    'deploy/%s: read-only root, no capability, bounded memory, no variables of Services',
    async folder => {
      const spec = await podSpecOf(folder)
      expect(spec).toMatchObject({ enableServiceLinks: false, securityContext: { runAsNonRoot: true } })
      const { securityContext, resources, volumeMounts = [] } = container(spec)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(resources?.limits).toHaveProperty('memory')
      expect(volumeMounts.filter(({ readOnly }) => !readOnly)).toEqual([])
    },
  )
})

describe('in production', () => {
  const FOLDER = 'overlays/production'

  test('no secret stands in the environment: what is in files can be renewed', async () => {
    const spec = await podSpecOf(FOLDER)
    const fromSecrets = (container(spec).env ?? []).filter(({ valueFrom }) => valueFrom?.secretKeyRef)
    expect(fromSecrets).toEqual([])
    const paths = (container(spec).env ?? []).filter(({ name }) => /^MQTT_.*_PATH$/.test(name))
    expect(paths).toHaveLength(5)
    for (const { value } of paths) expect(value).toMatch(/^\/etc\/module-controller\/mqtt\//)
  })

  test('the NetworkPolicy lets through metrics, names, API server and the broker of the configuration, and no more', async () => {
    const spec = await podSpecOf(FOLDER)
    const template = (await rendered<V1Deployment>(FOLDER, 'Deployment')).spec?.template
    const policy = (await rendered<V1NetworkPolicy>(FOLDER, 'NetworkPolicy')).spec
    expect(template?.metadata?.labels).toMatchObject(policy?.podSelector?.matchLabels ?? {})
    expect(policy?.policyTypes).toEqual(['Ingress', 'Egress'])
    const portsOf = (rules: readonly { ports?: readonly { port?: unknown }[] }[] = []): unknown[] =>
      rules.flatMap(({ ports = [] }) => ports.map(({ port }) => port))
    expect(portsOf(policy?.ingress)).toEqual(container(spec).ports?.map(({ containerPort }) => containerPort))
    const mqttPort = Number(container(spec).env?.find(({ name }) => name === 'MQTT_PORT')?.value)
    expect(new Set(portsOf(policy?.egress))).toEqual(new Set([53, 443, 6443, mqttPort]))
  })
})
