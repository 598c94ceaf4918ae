import { describe, expect, test } from 'vitest'
import { COUNTERS, HISTOGRAMS } from '../../reconcilers/metric-names.ts'
import { GAUGES, type GaugeReaders, PrometheusMetrics } from './metrics.ts'

const NO_QUERY = new URLSearchParams()
const readers: GaugeReaders = {
  koupleless_bases: () => ({ heard: 3, silent: 1 }),
  koupleless_bases_owned: () => 2,
  koupleless_replicas: () => 3,
  koupleless_bases_no_commands: () => ({ BaseDeaf: 1 }),
  koupleless_bases_silence_held: () => 0,
  koupleless_bases_refused: () => ({ full: 0 }),
  koupleless_flights: () => 2,
  koupleless_queue_depth: () => ({ pods: 7 }),
  koupleless_broker_connected: () => 1,
  koupleless_cache_age_seconds: () => 0.5,
}
const scrape = async (metrics: PrometheusMetrics): Promise<string> => (await metrics.page(NO_QUERY)).body

describe('/metrics', () => {
  test('shows every name that reconcilers count, and every gauge, with its help', async () => {
    const metrics = new PrometheusMetrics()
    metrics.read(readers)
    const text = await scrape(metrics)
    for (const [name, { help }] of Object.entries({ ...COUNTERS, ...HISTOGRAMS, ...GAUGES })) {
      expect(text).toContain(`# HELP ${name} ${help}\n`)
    }
  })

  test('shows what was counted and measured', async () => {
    const metrics = new PrometheusMetrics()
    metrics.count('koupleless_commands_total', { command: 'installBiz' })
    metrics.count('koupleless_commands_total', { command: 'installBiz' })
    metrics.count('koupleless_modules_swept_total')
    metrics.observe('koupleless_install_seconds', 0.3, { outcome: 'installed' })
    const text = await scrape(metrics)
    expect(text).toContain('koupleless_commands_total{command="installBiz"} 2\n')
    expect(text).toContain('koupleless_modules_swept_total 1\n')
    expect(text).toContain('koupleless_install_seconds_bucket{le="0.25",outcome="installed"} 0\n')
    expect(text).toContain('koupleless_install_seconds_bucket{le="0.5",outcome="installed"} 1\n')
  })

  test('reads gauges when asked, and forgets values of labels that are no more', async () => {
    const metrics = new PrometheusMetrics()
    let bases: Readonly<Record<string, number>> = { heard: 3, silent: 1 }
    metrics.read({ ...readers, koupleless_bases: () => bases })
    expect(await scrape(metrics)).toContain('koupleless_bases{state="silent"} 1\n')
    bases = { heard: 4 }
    const text = await scrape(metrics)
    expect(text).toContain('koupleless_bases{state="heard"} 4\n')
    expect(text).not.toContain('state="silent"')
    expect(text).toContain('koupleless_broker_connected 1\n')
  })

  test('tells of the process itself', async () => {
    expect(await scrape(new PrometheusMetrics())).toContain('process_resident_memory_bytes')
  })
})
