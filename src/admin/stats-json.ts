/** `/stats?format=json`. Follows `source/server/admin/stats_render.cc`. */
import { type Bin, computeQuantiles, countsBelow, nonEmptyBins, quantiles } from '../stats/histogram.ts'
import type { MergedHistogram } from '../stats/merged-stats.ts'
import { shortest } from './numbers.ts'
import type { BucketMode } from './stats-request.ts'
import { disjoint } from './stats-text.ts'
import type { SelectedStats } from './stats.ts'

export function* statsJson(stats: SelectedStats, mode: BucketMode | undefined): Iterable<string> {
  let separator = '{"stats":['
  for (const { name, value } of [...stats.texts, ...stats.numbers]) {
    yield `${separator}{"name":${JSON.stringify(name)},"value":${JSON.stringify(value)}}`
    separator = ','
  }
  if (stats.histograms.length > 0) {
    yield `${separator}{"histograms":${histograms(stats, mode)}}`
    separator = ','
  }
  yield separator === ',' ? ']}' : '{"stats":[]}'
}

function histograms(stats: SelectedStats, mode: BucketMode | undefined): string {
  const percents = quantiles.map(q => shortest(q * 100)).join(',')
  const list = (of: (histogram: MergedHistogram, interval: Bin[], total: Bin[]) => string): string =>
    stats.histograms
      .map(histogram => {
        const interval = nonEmptyBins(histogram.interval, histogram.scale)
        return `{"name":${JSON.stringify(histogram.name)},${of(histogram, interval, nonEmptyBins(histogram.cumulative, histogram.scale))}}`
      })
      .join(',')
  if (mode === undefined || mode === 'summary')
    return `{"supported_quantiles":[${percents}],"computed_quantiles":[${list(
      (_, interval, total) => `"values":[${quantileValues(interval, total)}]`,
    )}]}`
  if (mode === 'detailed')
    return `{"supported_percentiles":[${percents}],"details":[${list(
      (_, interval, total) =>
        `"totals":[${binValues(total)}],"intervals":[${binValues(interval)}],"percentiles":[${quantileValues(interval, total)}]`,
    )}]}`
  const counts = mode === 'cumulative' ? countsBelow : disjoint
  return `[${list((histogram, interval, total) => {
    const bounds = stats.buckets(histogram)
    const now = counts(interval, bounds)
    const all = counts(total, bounds)
    const values = bounds.map(
      (bound, i) => `{"upper_bound":${shortest(bound)},"interval":${now[i]},"cumulative":${all[i]}}`,
    )
    return `"buckets":[${values.join(',')}]`
  })}]`
}

function quantileValues(interval: readonly Bin[], total: readonly Bin[]): string {
  const now = computeQuantiles(interval)
  return computeQuantiles(total)
    .map((value, i) => `{"cumulative":${number(value)},"interval":${number(now[i] as number)}}`)
    .join(',')
}

function binValues(bins: readonly Bin[]): string {
  return bins
    .map(({ left, width, count }) => `{"lower_bound":${shortest(left)},"width":${shortest(width)},"count":${count}}`)
    .join(',')
}

function number(value: number): string {
  return Number.isNaN(value) ? 'null' : shortest(value)
}
