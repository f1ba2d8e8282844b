/**
 * `/stats` byte for byte as Envoy prints it. The files in envoy/ are answers of Envoy 1.40 to the queries below, taken
 * while no traffic ran; the stats are put into a store of ours and printed again.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAdmin, TestContext } from './context.ts'

const recorded = (file: string): string => readFileSync(join(import.meta.dirname, 'envoy', file), 'utf8')

/** The `stats_tags` of the Envoy that was recorded. */
const tags = [
  { tag: 'mytag', regex: /^cluster\.((c)0\.)/ },
  { tag: 'fixed', value: 'yes' },
]

/** Counters, gauges and histograms as the recorded text has them; which is a gauge the Prometheus output tells. */
function recordedContext(): TestContext {
  const context = new TestContext(tags)
  const { store, stats } = context
  const gauges = new Set(
    [...recorded('stats.prom').matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) =>
      (name as string).split('_').at(-1),
    ),
  )
  for (const [, name = '', value] of recorded('stats.txt').matchAll(/^([^\s:]+): (\d+)$/gm)) {
    const last = name.split(/[._]/).at(-1)
    const isGauge = gauges.has(last) && !name.endsWith('_total')
    if (isGauge) store.gauge(name).set(Number(value))
    else store.counter(name).add(Number(value))
  }
  for (const [, name = '', totals = ''] of recorded('stats-detailed.txt').matchAll(/^(\S+):\n {2}totals=(.*)$/gm)) {
    const histogram = store.histogram(name, 'milliseconds')
    for (const [, left, count] of totals.matchAll(/([\d.e+]+),[\d.]+:(\d+)/g))
      for (let i = 0; i < Number(count); i++) histogram.record(Number(left))
  }
  store.flush()
  // Two intervals: nothing was recorded in the last.
  stats.mergeHistograms()
  stats.mergeHistograms()
  return context
}

const cases: readonly (readonly [path: string, file: string])[] = [
  ['/stats', 'stats.txt'],
  ['/stats?format=json', 'stats.json'],
  ['/stats?histogram_buckets=detailed', 'stats-detailed.txt'],
  ['/stats?histogram_buckets=cumulative', 'stats-cumulative.txt'],
  ['/stats?histogram_buckets=disjoint', 'stats-disjoint.txt'],
  ['/stats?format=json&type=Histograms&histogram_buckets=cumulative', 'histograms-cumulative.json'],
  ['/stats?format=json&type=Histograms&histogram_buckets=disjoint', 'histograms-disjoint.json'],
  ['/stats?format=json&type=Histograms&histogram_buckets=detailed', 'histograms-detailed.json'],
  ['/stats/prometheus', 'stats.prom'],
  ['/stats?format=prometheus', 'stats.prom'],
  ['/stats/prometheus?histogram_buckets=summary', 'stats-summary.prom'],
]

for (const [path, file] of cases)
  test(`${path} is as Envoy prints it`, async () => {
    const context = recordedContext()
    // Only ours.
    await using admin = await startAdmin(context)
    const body = await admin.get(
      `${path}${path.includes('?') ? '&' : '?'}filter=%5E%28cluster|listener%5C.127|http%5C.ingress%29`,
    )
    assert.equal(body, recorded(file))
  })
