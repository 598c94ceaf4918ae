/** `make chaos-long`: broker, API server and operator away for minutes; a thousand bases that come back at once. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Mosquitto } from '../../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../../mqtt-bridge/transport/test-certificates.ts'
import { loadAverage } from '../../bench/sample.ts'
import { ControlPlane } from '../../control-plane/control-plane.ts'
import { blindDeletions, readAudit } from '../audit.ts'
import { Journal } from '../journal.ts'
import { brokerOptions, ChaosWorld, chaosFolder, OPERATOR_USER, planeOptions } from '../world.ts'
import { OUTAGES, type Outage, sitOut } from './outages.ts'
import { stampede } from './stampede.ts'

const { values } = parseArgs({
  options: {
    /** One of `broker`, `api`, `operator`, `stampede`; else all, one after the other. */
    only: { type: 'string' },
    bases: { type: 'string', default: '50' },
    /** Of their true length, for trying. */
    share: { type: 'string', default: '1' },
    'stampede-bases': { type: 'string', default: '1000' },
  },
})
const begun = Date.now()
const say = (text: string): void =>
  void process.stdout.write(`${String(Math.round((Date.now() - begun) / 1_000)).padStart(5)} s  ${text}\n`)

async function playOutage(outage: Outage): Promise<readonly string[]> {
  const folder = await chaosFolder()
  const journal = new Journal(join(folder, 'journal.log'))
  using authority = new TestAuthority('chaos')
  await using broker = await Mosquitto.start(brokerOptions(authority))
  await using plane = await ControlPlane.start(planeOptions(folder))
  const size = { bases: Number(values.bases), operators: 1, seed: 1 }
  await using world = await ChaosWorld.open({ plane, broker, authority, folder, journal, ...size })
  const shortened = { ...outage, forMs: outage.forMs * Number(values.share) }
  const { basesBackMs, convergedMs, uninstalledMeanwhile, usersDid } = await sitOut(world, shortened, say)
  for (const what of blindDeletions(await readAudit(join(folder, 'audit.log')), OPERATOR_USER))
    journal.object('blind', what)
  say(
    `${outage.name} away ${shortened.forMs / 60_000} minutes: ${uninstalledMeanwhile} uninstalls, ` +
      `${journal.found('blind')} blind deletions, ${journal.found('duplicate')} duplicates; users did ${usersDid} things; ` +
      `bases back after ${basesBackMs} ms, converged ${convergedMs} ms later; load ${await loadAverage()}`,
  )
  return journal.violations.map(({ kind, what }) => `${outage.name}: ${kind}: ${what}`)
}

async function playStampede(): Promise<readonly string[]> {
  const folder = await chaosFolder()
  await using plane = await ControlPlane.start(planeOptions(folder))
  const { figures, broken } = await stampede({ plane, folder, bases: Number(values['stampede-bases']), say })
  for (const figure of figures) say(figure)
  return broken
}

const isAsked = (name: string): boolean => values.only === undefined || values.only === name
const broken: string[] = []
for (const outage of OUTAGES) if (isAsked(outage.name)) broken.push(...(await playOutage(outage)))
if (isAsked('stampede')) broken.push(...(await playStampede()))
for (const what of broken) say(what)
say(broken.length === 0 ? 'all promises held' : `${broken.length} times a promise was broken`)
if (broken.length > 0) process.exitCode = 1
