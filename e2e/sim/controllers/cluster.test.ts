import { SimCluster } from './a-sim-cluster.ts'
import { clusterContract } from './contract.ts'

clusterContract(async () => {
  const { server, time } = new SimCluster()
  return {
    namespace: 'default',
    send: async request => server.call(request),
    microTime: () => new Date(time.now()).toISOString().replace('Z', '000Z'),
    until: async (what, holds) => {
      for (let second = 0; !(await holds()); second += 1) {
        if (second > 600) throw new Error(`not within ten minutes: ${what}`)
        time.pass(1_000)
      }
    },
  }
})
