import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { kubectlAt } from './kubectl.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SAMPLES = readdirSync(join(ROOT, 'samples')).filter(name => name.endsWith('.yaml'))
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

  test.each(SAMPLES)('samples/%s is taken', async name => {
    expect(await kubectl('apply', '--dry-run=server', '--filename', join(ROOT, 'samples', name))).toContain('dry run')
  })
})
