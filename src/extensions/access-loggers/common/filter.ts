/** `envoy.config.accesslog.v3.AccessLogFilter` as a predicate. Follows Envoy's `source/common/access_log/access_log_impl.cc`. */
import { randomInt } from 'node:crypto'
import { configError } from '../../../config/position.ts'
import type {
  AccessLogFilter,
  ComparisonFilter,
  GrpcStatusFilter,
  MetadataFilter,
  RuntimeFilter,
} from '../../../config/v3.ts'
import type { AccessLogPredicate } from '../../../core/access-log.ts'
import type { FactoryContext, Runtime } from '../../../core/extension.ts'
import { responseFlagNames } from '../../../core/stream-info.ts'
import { grpcStatusOfHttp } from '../../../core/grpc.ts'
import { makeHeaderMatcher } from '../../../matching/header-matcher.ts'
import { metadataValue } from '../../../matching/metadata-matcher.ts'
import { makeValueMatcher } from '../../../matching/value-matcher.ts'

export type LogPredicate = AccessLogPredicate

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const
const grpcStatuses = [
  'OK',
  'CANCELED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const
const unknownStatus = 2

/** @throws ConfigError for a filter that says nothing, or one that sluice lacks */
export function makeAccessLogFilter(message: AccessLogFilter, context: FactoryContext): LogPredicate {
  const { runtime } = context
  if (message.statusCodeFilter) {
    const test = comparison(message.statusCodeFilter, runtime)
    return logged => test(logged.streamInfo.responseCode)
  }
  if (message.durationFilter) {
    const test = comparison(message.durationFilter, runtime)
    return ({ streamInfo }) =>
      test(Math.floor(streamInfo.durationMs ?? performance.now() - streamInfo.startMonotonicMs))
  }
  if (message.notHealthCheckFilter) return logged => !logged.streamInfo.healthCheck
  if (message.runtimeFilter) return runtimePredicate(message.runtimeFilter, runtime)
  if (message.andFilter) {
    const filters = message.andFilter.filters.map(each => makeAccessLogFilter(each, context))
    return logged => filters.every(filter => filter(logged))
  }
  if (message.orFilter) {
    const filters = message.orFilter.filters.map(each => makeAccessLogFilter(each, context))
    return logged => filters.some(filter => filter(logged))
  }
  if (message.headerFilter?.header) {
    const matches = makeHeaderMatcher(message.headerFilter.header)
    return logged => logged.requestHeaders !== undefined && matches(logged.requestHeaders)
  }
  if (message.responseFlagFilter) {
    const names = message.responseFlagFilter.flags
    const mask =
      names.length === 0 ? -1 : names.reduce((bits, name) => bits | (1 << responseFlagNames.indexOf(name)), 0)
    return logged => (logged.streamInfo.responseFlags & mask) !== 0
  }
  if (message.grpcStatusFilter) return grpcStatusPredicate(message.grpcStatusFilter)
  if (message.logTypeFilter) {
    const { types, exclude } = message.logTypeFilter
    return logged => types.includes(logged.logType) !== exclude
  }
  // Requests that a trace was forced for: without tracing there are none.
  if (message.traceableFilter) return () => false
  if (message.metadataFilter) return metadataPredicate(message.metadataFilter)
  if (message.extensionFilter) return context.extensions.accessLogFilter(message.extensionFilter, context)
  throw configError(message, undefined, 'an access log filter must say what it filters by')
}

/** Where the key is not, `match_if_key_not_found` decides; `invert` has no effect here, as in Envoy. */
function metadataPredicate({ matcher, matchIfKeyNotFound = true }: MetadataFilter): LogPredicate {
  if (matcher?.value === undefined) return () => matchIfKeyNotFound
  const matches = makeValueMatcher(matcher.value)
  const path = matcher.path.map(({ key }) => key ?? '')
  return ({ streamInfo }) => {
    const value = metadataValue(streamInfo.dynamicMetadata, matcher.filter, path)
    return value === undefined ? matchIfKeyNotFound : matches(value)
  }
}

function comparison(parent: { comparison?: ComparisonFilter }, runtime: Runtime): (value: number) => boolean {
  const message = parent.comparison
  if (message?.value === undefined) throw configError(parent, 'comparison', 'needs an op and a value')
  const { runtimeKey, defaultValue } = message.value
  const limit = (): number => runtime.getInteger(runtimeKey, defaultValue)
  switch (message.op) {
    case 'EQ':
      return value => value === limit()
    case 'NE':
      return value => value !== limit()
    case 'GE':
      return value => value >= limit()
    case 'LE':
      return value => value <= limit()
  }
}

/** By the request id, so that all proxies on a request's way log it or none. */
function runtimePredicate(message: RuntimeFilter, runtime: Runtime): LogPredicate {
  const numerator = message.percentSampled?.numerator ?? 0
  const denominator = denominators[message.percentSampled?.denominator ?? 'HUNDRED']
  return context => {
    const id = message.useIndependentRandomness ? undefined : context.requestHeaders?.get('x-request-id')
    const random =
      id !== undefined && /^[\da-f]{8}/i.test(id) ? Number.parseInt(id.slice(0, 8), 16) : randomInt(2 ** 32)
    return runtime.featureEnabled(message.runtimeKey, numerator, denominator, random)
  }
}

function grpcStatusPredicate(message: GrpcStatusFilter): LogPredicate {
  const wanted = new Set(message.statuses.map(name => grpcStatuses.indexOf(name)))
  return context => {
    const text = context.responseTrailers?.get('grpc-status') ?? context.responseHeaders?.get('grpc-status')
    const { responseCode } = context.streamInfo
    let status = unknownStatus
    if (text !== undefined && /^\d{1,9}$/.test(text)) status = Number(text)
    else if (text === undefined && responseCode !== 0) status = grpcStatusOfHttp(responseCode)
    return wanted.has(status) !== message.exclude
  }
}
