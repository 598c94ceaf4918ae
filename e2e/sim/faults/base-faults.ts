/** What befalls bases. */
import type { HostedBase } from '../bases/hosted-base.ts'
import type { SeededRng } from '../rng.ts'
import { BUILDS, jarUrl, VERSIONS } from '../workload/module-pods.ts'
import type { FaultKind } from './mix.ts'
import type { Strike, Struck } from './strike.ts'

const MINUTE_MS = 60_000

const anyBase = ({ world }: Struck, rng: SeededRng): HostedBase | undefined =>
  rng.pick(world.bases.filter(({ wanted, alive }) => wanted && alive))

const onOne =
  (strike: (base: HostedBase, stage: Struck, rng: SeededRng) => string): Strike =>
  (stage, rng) => {
    const base = anyBase(stage, rng)
    return base && `${base.identity} ${strike(base, stage, rng)}`
  }

function dropsOff(base: HostedBase, { world }: Struck, ms: number): string {
  base.base.cutOff()
  world.time.after(ms, () => base.base.rejoin())
  return `drops off for ${Math.round(ms)} ms`
}

export const BASE_FAULTS = {
  baseRestart: onOne((base, _stage, rng) => {
    const downMs = rng.skewed(0, MINUTE_MS)
    base.restart(downMs)
    return `restarts, down for ${Math.round(downMs)} ms`
  }),
  /** For good; another comes in its place. */
  baseKilled: (stage, rng) => {
    const base = anyBase(stage, rng)
    if (!base) return undefined
    base.kill()
    const heir = stage.addBase()
    stage.world.time.after(rng.skewed(0, MINUTE_MS), () => heir.start())
    return `${base.identity} is gone for good, ${heir.identity} comes`
  },
  baseDeaf: onOne((base, { world }, rng) => {
    const ms = rng.skewed(5_000, 3 * MINUTE_MS)
    base.deafSinceMs = world.time.now()
    base.base.deaf()
    world.time.after(ms, () => base.hears())
    return `is deaf for ${Math.round(ms)} ms`
  }),
  basePaused: onOne((base, { world }, rng) => {
    // Now and then so long that it is taken for dead, and comes back.
    const ms = rng.chance(0.2) ? rng.between(4 * MINUTE_MS, 7 * MINUTE_MS) : rng.skewed(1_000, 3 * MINUTE_MS)
    base.base.pause()
    world.time.after(ms, () => base.hears())
    return `stands still for ${Math.round(ms)} ms`
  }),
  heartStops: onOne(base => {
    base.base.stopBeating()
    return 'beats no more'
  }),
  baseDropsOff: onOne((base, stage, rng) => dropsOff(base, stage, rng.skewed(5_000, 2 * MINUTE_MS))),
  allDropOff: (stage, rng) => {
    const ms = rng.skewed(20_000, 4 * MINUTE_MS)
    for (const base of stage.world.bases) if (base.wanted) dropsOff(base, stage, ms)
    return `all bases drop off for ${Math.round(ms)} ms`
  },
  clockJumps: onOne((base, _stage, rng) => {
    const by = rng.pick([-3 * 3_600_000, -MINUTE_MS, -3_000, 2_000, MINUTE_MS, 5 * 3_600_000])
    base.skewMs += by
    base.clockWasSet = true
    return `its clock is set by ${by} ms`
  }),
  addressReused: (stage, rng) => {
    const base = anyBase(stage, rng)
    if (!base) return undefined
    const { ip } = base.base
    const moved = stage.nextIp()
    base.restart(rng.skewed(0, MINUTE_MS), { ip: moved })
    const heir = stage.addBase(ip)
    stage.world.time.after(rng.skewed(0, MINUTE_MS), () => heir.start())
    return `${base.identity} moves to ${moved}, ${heir.identity} gets its address ${ip}`
  },
  identityShared: (stage, rng) => {
    const base = anyBase(stage, rng)
    if (!base) return undefined
    const ms = rng.skewed(30_000, 3 * MINUTE_MS)
    const twin = stage.addTwin(base)
    stage.world.time.after(ms, () => {
      twin.close()
      base.ledger.loseAllWitnesses()
    })
    return `a twin of ${base.identity} for ${Math.round(ms)} ms`
  },
  slowInstalls: onOne((base, { world }, rng) => {
    const ms = rng.skewed(2_000, 2 * MINUTE_MS)
    base.base.setInstallMs(ms)
    world.time.after(rng.skewed(10_000, 5 * MINUTE_MS), () => base.installsAsUsual())
    return `takes ${Math.round(ms)} ms for each install`
  }),
  jarBroken: onOne((base, { world, biz }, rng) => {
    const what = rng.chance(0.5) ? biz(rng) : `${biz(rng)}:${rng.pick(VERSIONS)}`
    base.base.refuse(what)
    world.time.after(rng.skewed(10_000, 5 * MINUTE_MS), () => base.base.accept(what))
    return `${what} breaks on its start`
  }),
  buildBroken: ({ world, biz }, rng) => {
    const [name, build] = [biz(rng), rng.pick(BUILDS)]
    const urls = VERSIONS.map(version => jarUrl(world.jars.dressed({ biz: name, version, build })))
    for (const { base } of world.bases) for (const url of urls) base.refuse(url)
    return `build ${build} of ${name} is broken`
  },
  downloadHangs: onOne((base, { world, biz }, rng) => {
    const what = biz(rng)
    base.base.hang(what)
    world.time.after(rng.skewed(10_000, 2 * MINUTE_MS), () => base.base.accept(what))
    return `downloads of ${what} hang`
  }),
} as const satisfies Partial<Record<FaultKind, Strike>>
