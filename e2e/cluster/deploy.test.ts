import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { kubectlAt } from './kubectl.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const kubectl = (...args: string[]): Promise<string> => kubectlAt(inject('adminKubeconfig'), args)

describe('what a user applies', () => {
  test.each(['base', 'overlays/dev', 'overlays/production', 'overlays/kind'])(
    'deploy/%s renders and the API server takes it',
    async folder => {
      const rendered = await kubectl('kustomize', join(ROOT, 'deploy', folder))
      expect(rendered).toContain('kind: Deployment')
      const said = await kubectl('apply', '--dry-run=server', '--kustomize', join(ROOT, 'deploy', folder))
      expect(said).toMatch(/deployment.apps\/module-controller .*dry run/)
    },
  )

  test('samples are taken', async () => {
    for (const kind of ['deployment', 'pod', 'daemonset', 'statefulset', 'service']) {
      const said = await kubectl(
        'apply',
        '--dry-run=server',
        '--filename',
        join(ROOT, 'samples', `module-${kind}.yaml`),
      )
      expect(said).toContain('dry run')
    }
  })
})
