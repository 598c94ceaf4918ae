import { defineConfig } from 'vitest/config'

// Three projects: `unit` needs nothing but Node; `contract` needs Mosquitto; `cluster` needs a Kubernetes control plane.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{operator,reconcilers,mqtt-bridge}/**/*.test.ts',
            'e2e/*.test.ts',
            'e2e/base-simulator/**/*.test.ts',
          ],
          exclude: ['**/*.contract.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: { name: 'contract', include: ['{operator,mqtt-bridge,e2e}/**/*.contract.test.ts'], testTimeout: 60_000 },
      },
      {
        test: {
          name: 'cluster',
          include: ['e2e/cluster/**/*.test.ts'],
          globalSetup: ['e2e/cluster/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
