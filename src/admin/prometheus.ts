/** `/stats/prometheus`: the text exposition format. Follows `source/server/admin/prometheus_stats.cc`. */
import {
  type Bin,
  computeQuantiles,
  countsBelow,
  nonEmptyBins,
  quantiles,
  sampleCount,
  sampleSum,
} from '../stats/histogram.ts'
import type { MergedHistogram } from '../stats/merged-stats.ts'
import type { Tag, TaggedName } from '../stats/tags.ts'
import { general } from './numbers.ts'
import type { BucketMode } from './stats-request.ts'
import type { SelectedStats } from './stats.ts'

/** Metrics of wasm filters keep their own name: no `envoy_` before them. */
const customNamespace = 'wasmcustom.'
/** Doubles are printed exactly. */
const exactDigits = 32

interface Metric {
  readonly name: string
  readonly tagged: TaggedName
}

export function* prometheusText(
  stats: SelectedStats,
  mode: BucketMode | undefined,
  textReadouts: boolean,
): Iterable<string> {
  yield* groups(stats.counters, 'counter', (metric, name, labels) => `${name}{${labels}} ${metric.value}\n`)
  yield* groups(stats.gauges, 'gauge', (metric, name, labels) => `${name}{${labels}} ${metric.value}\n`)
  if (textReadouts)
    yield* groups(stats.texts, 'gauge', (metric, name, labels) => {
      const text = label({ name: 'text_value', value: metric.value })
      return `${name}{${labels}${labels === '' ? '' : ','}${text}} 0\n`
    })
  if (mode === 'summary') yield* groups(stats.histograms, 'summary', summary)
  else yield* groups(stats.histograms, 'histogram', (metric, name, labels) => histogram(stats, metric, name, labels))
}

/** Metrics of the same name follow each other, under one line that tells their type. */
function* groups<M extends Metric>(
  metrics: readonly M[],
  type: string,
  print: (metric: M, name: string, labels: string) => string,
): Iterable<string> {
  const byName = new Map<string, M[]>()
  for (const metric of metrics) {
    const group = byName.get(metric.tagged.name)
    if (group === undefined) byName.set(metric.tagged.name, [metric])
    else group.push(metric)
  }
  for (const key of [...byName.keys()].sort()) {
    const name = metricName(key)
    if (name === undefined) continue
    let text = `# TYPE ${name} ${type}\n`
    for (const metric of byName.get(key) as M[]) text += print(metric, name, metric.tagged.tags.map(label).join(','))
    yield text
  }
}

function histogram(stats: SelectedStats, metric: MergedHistogram, name: string, labels: string): string {
  const bins = nonEmptyBins(metric.cumulative, metric.scale)
  const bounds = stats.buckets(metric)
  const counts = countsBelow(bins, bounds)
  const before = labels === '' ? '' : `${labels},`
  let text = ''
  for (const [i, bound] of bounds.entries())
    text += `${name}_bucket{${before}le="${general(bound, exactDigits)}"} ${counts[i]}\n`
  return `${text}${name}_bucket{${before}le="+Inf"} ${sampleCount(bins)}\n${total(bins, name, labels)}`
}

/** Of the last flush interval; sum and count, too. */
function summary(metric: MergedHistogram, name: string, labels: string): string {
  const bins = nonEmptyBins(metric.interval, metric.scale)
  const before = labels === '' ? '' : `${labels},`
  const values = computeQuantiles(bins).map(
    (value, i) => `${name}{${before}quantile="${general(quantiles[i] as number)}"} ${general(value, exactDigits)}\n`,
  )
  return `${values.join('')}${total(bins, name, labels)}`
}

function total(bins: readonly Bin[], name: string, labels: string): string {
  return `${name}_sum{${labels}} ${general(sampleSum(bins), exactDigits)}\n${name}_count{${labels}} ${sampleCount(bins)}\n`
}

/** Undefined: no name that Prometheus would take. */
function metricName(name: string): string | undefined {
  if (!name.startsWith(customNamespace)) return `envoy_${sanitize(name)}`
  const own = sanitize(name.slice(customNamespace.length))
  return /^[a-zA-Z_]/.test(own) ? own : undefined
}

function label({ name, value }: Tag): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
  return `${sanitize(name)}="${escaped}"`
}

function sanitize(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_')
}
