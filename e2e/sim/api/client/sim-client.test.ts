import { SteppedClock } from '../../../../reconcilers/loop/stepped-clock.ts'
import { eventually } from '../../../cluster/eventually.ts'
import { uidNumber } from '../a-sim-api.ts'
import { SimApiServer } from '../sim-api-server.ts'
import { SimClient } from './a-sim-client.ts'
import { clientContract } from './contract.ts'

clientContract(async () => {
  let uids = 0
  const clock = new SteppedClock(Date.parse('2026-03-01T10:00:00Z'))
  const server = new SimApiServer({ now: () => clock.now(), nextUid: () => uidNumber(++uids) })
  return {
    api: new SimClient(server),
    clock,
    namespace: 'default',
    until: async (what, holds) => void (await eventually(what, () => holds() || undefined)),
  }
})
