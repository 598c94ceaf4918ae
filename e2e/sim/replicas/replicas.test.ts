import type { V1Lease } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { replicaPlanOf } from './replica-plan.ts'
import { ReplicaStage } from './replica-stage.ts'
import { runReplicas } from './run-replicas.ts'

const BASES = 12

/** Three replicas, or as many as are told, and bases that they share, with nothing going wrong. */
async function aCalmStage(replicas = 3): Promise<ReplicaStage> {
  const stage = new ReplicaStage({ seed: 1, mix: {}, replicas, apartMs: 60_000 })
  for (const { host } of stage.replicas) host.start()
  for (let at = 0; at < BASES; at++) stage.addBase().start()
  stage.workload.begin(2)
  await stage.world.time.advance(60_000)
  return stage
}

const holdersOf = ({ world }: ReplicaStage): readonly string[] =>
  world.server
    .list<V1Lease>('leases')
    .flatMap(({ metadata, spec }) => (metadata?.namespace === 'kube-node-lease' ? [spec?.holderIdentity ?? ''] : []))

/** How long until each base is held by one that lives, and by nobody of the given name. */
async function heldByOthersAfterMs(stage: ReplicaStage, gone: string): Promise<number> {
  const { time } = stage.world
  const beganAtMs = time.now()
  while (holdersOf(stage).some(holder => holder === gone || !stage.owners.lives(holder))) {
    if (time.now() - beganAtMs > 60_000) throw new Error(`after a minute: ${holdersOf(stage).join(', ')}`)
    await time.advance(100)
  }
  return time.now() - beganAtMs
}

const firstOf = ({ replicas }: ReplicaStage) => {
  const [first] = replicas
  const holder = first?.host.composition?.shares.ownership.holder
  if (!first || holder === undefined) throw new Error('no replica')
  return { host: first.host, holder }
}

const end = (stage: ReplicaStage): void => {
  for (const { host } of stage.replicas) host.current?.kill()
  stage.world.close()
}

test('three replicas share the bases, and each has some', async () => {
  const stage = await aCalmStage()
  expect(stage.open).toEqual([])
  expect(new Set(holdersOf(stage)).size).toBe(3)
  expect(holdersOf(stage)).toHaveLength(BASES)
  end(stage)
}, 60_000)

test('told to stop, one is replaced within a second; killed, within fifteen', async () => {
  const stage = await aCalmStage()
  const stopped = firstOf(stage)
  stopped.host.restart(600_000)
  expect(await heldByOthersAfterMs(stage, stopped.holder)).toBeLessThan(1_000)
  end(stage)
  const other = await aCalmStage()
  const killed = firstOf(other)
  killed.host.kill(600_000, 'in a test')
  const tookMs = await heldByOthersAfterMs(other, killed.holder)
  expect(tookMs).toBeLessThan(15_000)
  expect(tookMs).toBeGreaterThan(9_000)
  expect(other.verdicts.violations).toEqual([])
  end(other)
}, 60_000)

test('frozen for a minute in the middle of things, one sends nothing when it goes on, and is given its share again', async () => {
  const stage = await aCalmStage()
  const { host, holder } = firstOf(stage)
  host.pause(60_000)
  for (let at = 0; at < 6; at++) {
    stage.workload.step(at)
    await stage.world.time.advance(10_000)
  }
  await stage.world.time.advance(120_000)
  expect(stage.verdicts.violations).toEqual([])
  expect(holdersOf(stage)).not.toContain(holder)
  expect(new Set(holdersOf(stage)).size).toBe(3)
  end(stage)
}, 60_000)

test('an operator that is alone takes what it is shown, and holds all', async () => {
  const stage = await aCalmStage(1)
  expect(stage.open).toEqual([])
  expect(new Set(holdersOf(stage)).size).toBe(1)
  end(stage)
}, 60_000)

// Each found something when it was first played: an older life that ended a newer one; a Lease handed over without what is foreign.
test.each([124, 3_002])(
  'seed %i',
  async seed => {
    expect((await runReplicas(replicaPlanOf(seed, { replicas: 3, web: false }))).violations).toEqual([])
  },
  120_000,
)
