/** `make bench`: simulated bases on the real control plane. Prints a table; asserts nothing, for machines are noisy. */
import { setTimeout as sleep } from 'node:timers/promises'
import { FIRST_HEART_AFTER_MS } from '../base-simulator/index.ts'
import { eventually } from '../cluster/eventually.ts'
import { loadAverage, residentMb, spread } from './sample.ts'
import { BenchWorld, type Trace } from './world.ts'
import { bareCallCpuUs } from './yardstick.ts'

const BASES = Number(process.env.BENCH_BASES ?? 100)
const PODS = Number(process.env.BENCH_PODS ?? 500)
const SINGLES = 40
const NEWCOMERS = 10
const IDLE_MS = 60_000
const INSTALL_MS = 50
/** BENCH_ONLY=burst,singles leaves out the rest. */
const ONLY = process.env.BENCH_ONLY?.split(',')
const wanted = (part: string): boolean => ONLY?.includes(part) ?? true

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const row = (what: string, got: string, aim: string): void => say(`| ${what} | ${got} | ${aim} |`)
const between = (traces: readonly Trace[], from: keyof Trace, to: keyof Trace): readonly number[] =>
  traces.flatMap(trace => {
    const [start, end] = [trace[from], trace[to]]
    return start === undefined || end === undefined ? [] : Math.max(0, end - start)
  })

const nodeOf = (world: BenchWorld, index: number): string => {
  const base = world.fleet?.bases[index % BASES]
  return `virtual-node-${base?.identity}`
}

async function basesAtOnce(world: BenchWorld): Promise<void> {
  const begun = Date.now()
  await world.startBases(BASES, INSTALL_MS)
  const connected = Date.now() - begun
  await eventually('all Nodes are Ready', () => world.readyNodes.size === BASES, 60_000)
  row(
    `${BASES} bases at once: all Nodes Ready`,
    `${Date.now() - begun} ms (all connected after ${connected} ms)`,
    '1 s',
  )
}

async function idle(world: BenchWorld): Promise<number> {
  await sleep(65_000) // a base is watched more closely for its first minute
  const before = await world.usage()
  await sleep(IDLE_MS)
  const after = await world.usage()
  const minutes = IDLE_MS / 60_000
  const cpu = (after.cpuMs - before.cpuMs) / BASES / minutes
  row('idle CPU per base and minute', `${cpu.toFixed(1)} ms`, '6 ms')
  row('idle API writes per base and minute', ((after.writes - before.writes) / BASES / minutes).toFixed(1), '4')
  return (after.cpuMs - before.cpuMs) / IDLE_MS
}

/** One after the other, while nothing else happens. */
async function newcomers(world: BenchWorld): Promise<void> {
  const took: number[] = []
  for (let nth = 1; nth <= NEWCOMERS; nth++) {
    const identity = `newcomer-${nth}`
    const node = `virtual-node-${identity}`
    const heartAtMs = (await world.addBase(identity)) + FIRST_HEART_AFTER_MS
    const readyAtMs = await eventually(`${node} is Ready`, () => world.readyNodes.get(node))
    took.push(Math.max(0, readyAtMs - heartAtMs))
  }
  row("a base's first heart → Node Ready p50/p95/p99", `${spread(took)} ms`, '300 ms')
}

async function singles(world: BenchWorld): Promise<void> {
  const names = Array.from({ length: SINGLES }, (_, index) => `single-${index}`)
  for (const [index, name] of names.entries()) {
    await world.createPod(name, nodeOf(world, index))
    await eventually(`${name} is Ready`, () => world.trace(name).readyAtMs)
  }
  const traces = names.map(name => world.trace(name))
  row(
    'one Pod, idle operator: bound → command p50/p95/p99',
    `${spread(between(traces, 'boundAtMs', 'commandAtMs'))} ms`,
    'p99 20 ms',
  )
  row(
    'one Pod, idle operator: answer → Ready p50/p95/p99',
    `${spread(between(traces, 'answerAtMs', 'readyAtMs'))} ms`,
    '50 ms',
  )
  await deleteAll(world, names)
}

const inBatches = async (
  names: readonly string[],
  act: (name: string, index: number) => Promise<void>,
): Promise<void> => {
  const queue = [...names.entries()]
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await act(next[1], next[0])
    }),
  )
}

async function deleteAll(world: BenchWorld, names: readonly string[]): Promise<void> {
  await inBatches(names, name => world.deletePod(name))
  await allReach(world, names, 'goneAtMs')
}

/** Where one does not get there, what the operator believes of it is the first thing that one wants to know. */
async function allReach(world: BenchWorld, names: readonly string[], station: keyof Trace): Promise<void> {
  const late = (): readonly string[] => names.filter(name => world.trace(name)[station] === undefined)
  try {
    await eventually(`all Pods have ${station}`, () => late().length === 0, 120_000)
  } catch (error) {
    for (const name of late().slice(0, 5)) say(`${name}:\n${await world.operator.debugState(name)}`)
    throw error
  }
}

async function burst(world: BenchWorld, idleShare: number): Promise<void> {
  const names = Array.from({ length: PODS }, (_, index) => `burst-${index}`)
  const before = await world.usage()
  const begun = Date.now()
  await inBatches(names, (name, index) => world.createPod(name, nodeOf(world, index)))
  const created = Date.now() - begun
  await allReach(world, names, 'readyAtMs')
  await sleep(3_000) // Events and tolerations follow behind
  const after = await world.usage()
  const traces = names.map(name => world.trace(name))
  const took = Math.max(...traces.map(({ readyAtMs }) => readyAtMs ?? 0)) - begun
  row(
    `${PODS} Pods at once: bound → installBiz p50/p95/p99`,
    `${spread(between(traces, 'boundAtMs', 'commandAtMs'))} ms`,
    '60 / – / 150 ms',
  )
  row(
    'answer → Ready seen in a watch p50/p95/p99',
    `${spread(between(traces, 'answerAtMs', 'readyAtMs'))} ms`,
    '60 / – / 300 ms',
  )
  row('Pods per second', `${((PODS * 1_000) / took).toFixed(0)} (created in ${created} ms)`, '161')
  const cpu = (after.cpuMs - before.cpuMs - idleShare * (Date.now() - begun)) / PODS
  row('CPU per Pod, above idle', `${cpu.toFixed(2)} ms`, '2 ms')
  row('API writes per Pod', ((after.writes - before.writes) / PODS).toFixed(2), '–')
  await burstDelete(world, names)
}

async function burstDelete(world: BenchWorld, names: readonly string[]): Promise<void> {
  world.uninstalls = 0
  const begun = Date.now()
  await deleteAll(world, names)
  const traces = names.map(name => world.trace(name))
  row(
    `delete ${PODS} Pods at once: to uninstallBiz p50/p95/p99`,
    `${spread(between(traces, 'deletedAtMs', 'uninstallAtMs'))} ms`,
    '60 ms',
  )
  row('all objects gone', `${Date.now() - begun} ms`, '3 s')
  row('uninstalls sent', String(world.uninstalls), String(PODS))
}

const memory = async (world: BenchWorld, what: string): Promise<void> =>
  row(what, `${(await residentMb(world.operator.pid ?? 0)).toFixed(0)} MB`, '150 MB')

async function main(): Promise<void> {
  say(`load ${await loadAverage()}, Node ${process.version}, ${BASES} bases, ${PODS} Pods, install ${INSTALL_MS} ms\n`)
  await using world = await BenchWorld.open()
  say('| | measured | aim |\n|---|---|---|')
  row('yardstick: CPU of a bare call over TLS', `${(await bareCallCpuUs()).toFixed(0)} µs`, '–')
  await basesAtOnce(world)
  const idleShare = wanted('idle') ? await idle(world) : 0
  await memory(world, `RSS of the operator with ${BASES} bases`)
  if (wanted('newcomers')) await newcomers(world)
  if (wanted('singles')) await singles(world)
  if (wanted('burst')) await burst(world, idleShare)
  await memory(world, 'RSS at the end')
  say(`\nload ${await loadAverage()}`)
}

await main()
