/** `/stats`, `/stats/prometheus`, `/reset_counters`: picks the stats that the query asks for and prints them. */
import type { MergedCounter, MergedGauge, MergedHistogram, MergedStats, MergedText } from '../stats/merged-stats.ts'
import type { AdminContext } from './admin-context.ts'
import {
  type AdminParameter,
  type AdminPath,
  type AdminRequest,
  type AdminResponse,
  badRequest,
  jsonType,
} from './admin-path.ts'
import { prometheusText } from './prometheus.ts'
import { statsJson } from './stats-json.ts'
import { bucketModes, parseStatsParams, type StatsParams, statTypes } from './stats-request.ts'
import { statsText } from './stats-text.ts'

/** All sorted by name. */
export interface SelectedStats {
  readonly counters: readonly MergedCounter[]
  readonly gauges: readonly MergedGauge[]
  /** Counters and gauges together. */
  readonly numbers: readonly (MergedCounter | MergedGauge)[]
  readonly texts: readonly MergedText[]
  readonly histograms: readonly MergedHistogram[]
  buckets(histogram: MergedHistogram): readonly number[]
}

const usedOnly: AdminParameter = {
  name: 'usedonly',
  help: 'Only include stats that have been written by system since restart',
}
const filter: AdminParameter = { name: 'filter', help: 'Regular expression (Google re2) for filtering stats' }
const invertFilter: AdminParameter = { name: 'invert_filter', help: 'Invert the filter regex' }

export const statsPaths: readonly AdminPath[] = [
  {
    path: '/reset_counters',
    help: 'reset all counters to zero',
    post: true,
    handle: (_, context) => {
      context.stats.resetCounters()
      return { body: 'OK\n' }
    },
  },
  {
    path: '/stats',
    help: 'print server stats',
    parameters: [
      usedOnly,
      filter,
      invertFilter,
      { name: 'format', help: 'Format to use', oneOf: ['text', 'json', 'prometheus'] },
      { name: 'type', help: 'Stat types to include.', oneOf: statTypes },
      { name: 'histogram_buckets', help: 'Histogram bucket display mode', oneOf: bucketModes },
    ],
    handle: (request, context) => printStats(request, context),
  },
  {
    path: '/stats/prometheus',
    help: 'print server stats in prometheus format',
    parameters: [
      usedOnly,
      {
        name: 'text_readouts',
        help: 'Render text_readouts as new gaugues with value 0 (increases Prometheus data size)',
      },
      filter,
      invertFilter,
      { name: 'histogram_buckets', help: 'Histogram bucket display mode', oneOf: ['cumulative', 'summary'] },
    ],
    handle: (request, context) => printStats(request, context, 'prometheus'),
  },
]

function printStats(request: AdminRequest, context: AdminContext, forced?: 'prometheus'): AdminResponse {
  const params = parseStatsParams(request)
  if ('body' in params) return params
  const format = forced ?? params.format
  if (format === 'prometheus' && (params.buckets === 'disjoint' || params.buckets === 'detailed'))
    return badRequest('unsupported prometheus histogram bucket mode')
  if (context.bootstrap.statsFlushOnAdmin) context.flushStats()
  // `type` picks nothing in the Prometheus format.
  const selected = select(context.stats, format === 'prometheus' ? { ...params, type: 'All' } : params, context)
  if (format === 'json') return { contentType: jsonType, body: statsJson(selected, params.buckets) }
  if (format === 'prometheus') return { body: prometheusText(selected, params.buckets, params.textReadouts) }
  return { body: statsText(selected, params.buckets) }
}

function select(stats: MergedStats, params: StatsParams, context: AdminContext): SelectedStats {
  const pick = <S extends { readonly name: string; readonly used: boolean }>(
    all: ReadonlyMap<string, S>,
    type: StatsParams['type'],
  ): S[] => {
    if (params.type !== 'All' && params.type !== type) return []
    const picked: S[] = []
    for (const stat of all.values()) if ((!params.usedOnly || stat.used) && params.matches(stat.name)) picked.push(stat)
    return picked.sort(byName)
  }
  const counters = pick(stats.counters, 'Counters')
  const gauges = pick(stats.gauges, 'Gauges')
  return {
    counters,
    gauges,
    numbers: [...counters, ...gauges].sort(byName),
    texts: pick(stats.texts, 'TextReadouts'),
    histograms: pick(stats.histograms, 'Histograms'),
    buckets: histogram => context.histogramBuckets(histogram.name),
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
