import { defineConfig } from 'vitest/config'

const NOT_OURS = ['**/node_modules/**', '**/dist/**']
const CONTRACT = '**/*.contract.test.ts'
const CLUSTER = 'e2e/cluster/**/*.test.ts'

// As Node does it: the default of a CommonJS module is all that it exports.
const deps = { interopDefault: false }

// Three projects: `unit` needs nothing but Node; `contract` needs Mosquitto; `cluster` needs a Kubernetes control plane.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          include: ['{operator,reconcilers,mqtt-bridge,e2e}/**/*.test.ts'],
          exclude: [CONTRACT, CLUSTER, ...NOT_OURS],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'contract',
          deps,
          include: ['{operator,reconcilers,mqtt-bridge,e2e}/**/*.contract.test.ts'],
          exclude: NOT_OURS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: [CLUSTER],
          exclude: NOT_OURS,
          globalSetup: ['e2e/cluster/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
