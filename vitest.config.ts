import { defineConfig } from 'vitest/config'
import { JOURNEYS_ON_JVMS } from './e2e/runner/journeys-on-jvms.ts'

const NOT_OURS = ['**/node_modules/**', '**/dist/**']
const CONTRACT = '**/*.contract.test.ts'
const CLUSTER = 'e2e/cluster/**/*.test.ts'
const JAVA = 'e2e/**/*.java.test.ts'
const FUZZ = 'e2e/fuzz/**/*.test.ts'
const CHAOS = 'e2e/**/*.chaos.test.ts'

// As Node does it: the default of a CommonJS module is all that it exports.
const deps = { interopDefault: false }

// Six projects: `unit` and `fuzz`, which takes minutes, need nothing but Node; `contract` needs Mosquitto; `cluster` needs a Kubernetes control plane;
// `chaos` needs both; `java` runs the journeys again on real bases, which takes a JDK and Maven.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          include: ['{operator,reconcilers,mqtt-bridge,e2e}/**/*.test.ts'],
          exclude: [CONTRACT, CLUSTER, JAVA, CHAOS, FUZZ, ...NOT_OURS],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'fuzz', deps, include: [FUZZ], exclude: NOT_OURS, testTimeout: 300_000 } },
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
          provide: { bases: 'simulated' },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'chaos',
          deps,
          include: [CHAOS],
          exclude: NOT_OURS,
          testTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'java',
          include: [JAVA, ...JOURNEYS_ON_JVMS],
          exclude: NOT_OURS,
          globalSetup: ['e2e/cluster/global-setup.ts'],
          provide: { bases: 'java' },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
