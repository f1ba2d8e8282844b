/** The query of `/stats` and `/stats/prometheus`. Follows `source/server/admin/stats_params.cc`. */
import { RE2JS } from 're2js'
import { re2Error } from '../matching/regex.ts'
import { type AdminRequest, type AdminResponse, badRequest } from './admin-path.ts'

export const bucketModes = ['cumulative', 'disjoint', 'detailed', 'summary'] as const
export type BucketMode = (typeof bucketModes)[number]

export const statTypes = ['All', 'Counters', 'Histograms', 'Gauges', 'TextReadouts'] as const
export type StatType = (typeof statTypes)[number]

export interface StatsParams {
  readonly usedOnly: boolean
  readonly format: 'text' | 'json' | 'prometheus'
  readonly type: StatType
  /** Undefined: the format's own default. */
  readonly buckets: BucketMode | undefined
  /** Prometheus: text readouts as gauges. */
  readonly textReadouts: boolean
  /** By the full dotted name. */
  matches(name: string): boolean
}

/** The parameters, or the answer that tells what is wrong with them. */
export function parseStatsParams({ query }: AdminRequest): StatsParams | AdminResponse {
  const format = query.get('format') ?? 'text'
  if (format !== 'text' && format !== 'json' && format !== 'prometheus')
    return badRequest('usage: /stats?format=(json|prometheus|text)\n\n')
  const type = (query.get('type') ?? 'All') as StatType
  if (!statTypes.includes(type)) return badRequest('invalid &type= param')
  const mode = query.get('histogram_buckets')
  const buckets = mode === 'none' ? undefined : (mode as BucketMode | undefined)
  if (buckets !== undefined && !bucketModes.includes(buckets))
    return badRequest('usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)\n')
  const filter = parseFilter(query.get('filter'))
  if (typeof filter === 'string') return badRequest(filter)
  const inverted = query.has('invert_filter')
  return {
    usedOnly: query.has('usedonly'),
    format,
    type,
    buckets,
    textReadouts: query.has('text_readouts'),
    matches: filter === undefined ? () => true : name => filter.test(name) !== inverted,
  }
}

/** An unanchored RE2 expression, or what is wrong with it. */
export function parseFilter(text: string | undefined): RE2JS | string | undefined {
  if (text === undefined || text === '') return undefined
  try {
    return RE2JS.compile(text)
  } catch (error) {
    return `Invalid re2 regex: ${re2Error(error)}`
  }
}
