/** Every number that the process tells, in one place: those that reconcilers count, and gauges read when asked for. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { COUNTERS, type CounterName, HISTOGRAMS, type HistogramName } from '../../reconcilers/metric-names.ts'
import type { Metrics } from '../../reconcilers/ports.ts'
import type { Page } from './server.ts'

export const GAUGES = {
  koupleless_bases: { help: 'Bases known, by what we hear of them', labels: ['state'] },
  koupleless_bases_owned: { help: 'Bases that this replica serves', labels: [] },
  koupleless_replicas: { help: 'Replicas that live, as this one sees it', labels: [] },
  koupleless_bases_no_commands: { help: 'Bases that live and get no new commands', labels: ['reason'] },
  koupleless_bases_silence_held: { help: '1 while so many bases are silent at once that none is judged', labels: [] },
  koupleless_bases_refused: { help: 'Messages of bases that were not taken up', labels: ['reason'] },
  koupleless_flights: { help: 'Commands that may be running on bases', labels: [] },
  koupleless_queue_depth: { help: 'Keys due and not yet begun', labels: ['controller'] },
  koupleless_broker_connected: { help: '1 while connected to the broker and subscribed', labels: [] },
  koupleless_cache_age_seconds: { help: 'Since the API server last proved our cache current', labels: [] },
} as const
export type GaugeName = keyof typeof GAUGES

/** A value, or one for each value of the gauge's label. */
export type GaugeReading = number | Readonly<Record<string, number>>
export type GaugeReaders = Readonly<Record<GaugeName, () => GaugeReading>>

/** From a command that a base answers at once to one that hangs. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

type Labels = Readonly<Record<string, string>>
const NONE: Labels = {}

export class PrometheusMetrics implements Metrics {
  readonly #register = new Registry()
  readonly #counters = new Map<CounterName, Counter>()
  readonly #histograms = new Map<HistogramName, Histogram>()

  constructor() {
    const registers = [this.#register]
    for (const [name, { help, labels }] of entriesOf(COUNTERS)) {
      this.#counters.set(name, new Counter({ name, help, labelNames: labels, registers }))
    }
    for (const [name, { help, labels }] of entriesOf(HISTOGRAMS)) {
      const counted = { name, help, labelNames: labels, buckets: BUCKETS_SECONDS, registers }
      this.#histograms.set(name, new Histogram(counted))
    }
    // Every 10 ms, as it is by default, costs an idle process more than all else that it does.
    collectDefaultMetrics({ register: this.#register, eventLoopMonitoringPrecision: 100 })
  }

  count(name: CounterName, labels: Labels = NONE): void {
    this.#counters.get(name)?.inc(labels)
  }

  observe(name: HistogramName, seconds: number, labels: Labels = NONE): void {
    this.#histograms.get(name)?.observe(labels, seconds)
  }

  /** Once, when there is something to read. */
  read(readers: GaugeReaders): void {
    for (const [name, { help, labels }] of entriesOf(GAUGES)) {
      const [label] = labels as readonly string[]
      const collect = function (this: Gauge): void {
        this.reset()
        set(this, label, readers[name]())
      }
      new Gauge({ name, help, labelNames: labels, registers: [this.#register], collect })
    }
  }

  readonly page: Page = async () => ({
    status: 200,
    contentType: this.#register.contentType,
    body: await this.#register.metrics(),
  })
}

interface MetricText {
  readonly help: string
  readonly labels: readonly string[]
}

const entriesOf = <Name extends string>(table: Readonly<Record<Name, MetricText>>): readonly [Name, MetricText][] =>
  Object.entries(table) as [Name, MetricText][]

function set(gauge: Gauge, label: string | undefined, reading: GaugeReading): void {
  if (typeof reading === 'number') {
    gauge.set(reading)
    return
  }
  for (const [value, number] of Object.entries(reading)) gauge.set({ [label ?? '']: value }, number)
}
