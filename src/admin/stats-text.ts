/** `/stats` as text. Follows `source/server/admin/stats_render.cc`. */
import { computeQuantiles, countsBelow, nonEmptyBins, quantiles, type Bin } from '../stats/histogram.ts'
import type { MergedHistogram } from '../stats/merged-stats.ts'
import { general } from './numbers.ts'
import type { BucketMode } from './stats-request.ts'
import type { SelectedStats } from './stats.ts'

export function* statsText(stats: SelectedStats, mode: BucketMode | undefined): Iterable<string> {
  for (const { name, value } of stats.texts) yield `${name}: "${value.replaceAll('"', '\\"')}"\n`
  for (const { name, value } of stats.numbers) yield `${name}: ${value}\n`
  for (const histogram of stats.histograms) yield `${histogramText(histogram, stats.buckets(histogram), mode)}\n`
}

function histogramText(histogram: MergedHistogram, bounds: readonly number[], mode: BucketMode | undefined): string {
  const interval = nonEmptyBins(histogram.interval, histogram.scale)
  const total = nonEmptyBins(histogram.cumulative, histogram.scale)
  if (total.length === 0) return `${histogram.name}: No recorded values`
  switch (mode) {
    case undefined:
    case 'summary':
      return `${histogram.name}: ${summary(interval, total)}`
    case 'cumulative':
      return `${histogram.name}: ${buckets(bounds, countsBelow(interval, bounds), countsBelow(total, bounds))}`
    case 'disjoint':
      return `${histogram.name}: ${buckets(bounds, disjoint(interval, bounds), disjoint(total, bounds))}`
    case 'detailed':
      return `${histogram.name}:\n  totals=${bins(total)}\n  intervals=${bins(interval)}\n  summary=${summary(interval, total)}`
  }
}

function summary(interval: readonly Bin[], total: readonly Bin[]): string {
  const now = computeQuantiles(interval)
  const all = computeQuantiles(total)
  return quantiles
    .map((q, i) => `P${general(q * 100)}(${number(now[i] as number)},${number(all[i] as number)})`)
    .join(' ')
}

function buckets(bounds: readonly number[], interval: readonly number[], total: readonly number[]): string {
  return bounds.map((bound, i) => `B${general(bound)}(${interval[i]},${total[i]})`).join(' ')
}

function bins(list: readonly Bin[]): string {
  return list.map(({ left, width, count }) => `${general(left)},${general(width)}:${count}`).join(', ')
}

function number(value: number): string {
  return Number.isNaN(value) ? 'nan' : String(value)
}

/** How many values lie in each bucket alone. */
export function disjoint(list: readonly Bin[], bounds: readonly number[]): number[] {
  const below = countsBelow(list, bounds)
  return below.map((count, i) => count - (below[i - 1] ?? 0))
}
