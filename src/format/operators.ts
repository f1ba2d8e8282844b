/**
 * The commands of format strings (`%REQ(:path)%`), one table entry each. Follows Envoy's `source/common/formatter`
 * (stream_info_formatter.cc, http_specific_formatter.cc); docs: configuration/advanced/substitution_formatter.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { toBytes } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { LogContext } from '../core/access-log.ts'
import { type Address, addressToString } from '../core/address.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { filterStateOf, ResponseFlag, responseFlagNames, type StreamInfo } from '../core/stream-info.ts'
import { grpcStatusGetter } from './grpc-status.ts'
import { commonDuration } from './time-points.ts'
import { certificateTimes, tlsOperators } from './tls-operators.ts'
import { makeTimeFormatter } from './time-format.ts'

/** Strings are byte strings. `undefined`: there is no value (`-`, or null in JSON). */
export type Getter = (context: LogContext) => JsonValue | undefined

/** Throws Error with what is wrong with the arguments. */
type Make = (args: string, context: FormatContext) => Getter

/** What a format is made for. Without clusters, operators of cluster metadata find none. */
export type FormatContext = Pick<FactoryContext, 'clusters'>

export interface Operator {
  readonly args: 'none' | 'optional' | 'required'
  /** Whether `:10` may follow. */
  readonly length: boolean
  readonly make: Make
}

/** The operator of a name, undefined when there is none. */
export function operator(name: string): Operator | undefined {
  return operators.get(name)
}

const operators = new Map<string, Operator>()

function plain(name: string, get: Getter): void {
  operators.set(name, { args: 'none', length: false, make: () => get })
}

function withArgs(name: string, args: 'optional' | 'required', length: boolean, make: Make): void {
  operators.set(name, { args, length, make })
}

/** Of the stream alone. */
function ofStream(name: string, get: (info: StreamInfo) => JsonValue | undefined): void {
  plain(name, context => get(context.streamInfo))
}

// ── headers ──

function header(args: string, from: (context: LogContext) => HeaderMap | undefined): Getter {
  const names = args.split('?').map(name => name.toLowerCase().replace(/^host$/, ':authority'))
  if (names.length > 2) throw new Error(`takes at most one alternative: "X?Y", not "${args}"`)
  const [main, alternative] = names as [string, string | undefined]
  return context => {
    const headers = from(context)
    if (headers === undefined) return undefined
    return headers.get(main) ?? (alternative === undefined ? undefined : headers.get(alternative))
  }
}

for (const name of ['REQ', 'REQUEST_HEADER'])
  withArgs(name, 'required', true, args => header(args, context => context.requestHeaders))
for (const name of ['RESP', 'RESPONSE_HEADER'])
  withArgs(name, 'required', true, args => header(args, context => context.responseHeaders))
for (const name of ['TRAILER', 'RESPONSE_TRAILER'])
  withArgs(name, 'required', true, args => header(args, context => context.responseTrailers))

withArgs('PATH', 'optional', true, args => {
  const [query = '', source = '', ...rest] = args.split(':')
  if (rest.length > 0) throw new Error(`takes at most two options, not "${args}"`)
  if (!['', 'WQ', 'NQ'].includes(query)) throw new Error(`takes WQ or NQ, not "${query}"`)
  if (!['', 'ORIG', 'PATH', 'ORIG_OR_PATH'].includes(source))
    throw new Error(`takes ORIG, PATH or ORIG_OR_PATH, not "${source}"`)
  return context => {
    const headers = context.requestHeaders
    const original = source === 'PATH' ? undefined : headers?.get('x-envoy-original-path')
    const path = original ?? (source === 'ORIG' ? undefined : headers?.get(':path'))
    return query === 'NQ' ? path?.split('?', 1)[0] : path
  }
})

function rawQuery(context: LogContext): string | undefined {
  const path = context.requestHeaders?.get('x-envoy-original-path') ?? context.requestHeaders?.get(':path')
  const start = path?.indexOf('?') ?? -1
  return start < 0 ? undefined : path?.slice(start + 1)
}

withArgs('QUERY_PARAM', 'required', true, args => {
  const name = toBytes(args)
  return context => {
    const pairs = rawQuery(context)?.split('&') ?? []
    const found = pairs.find(pair => pair === name || pair.startsWith(`${name}=`))
    return found?.slice(name.length + 1)
  }
})
withArgs('QUERY_PARAMS', 'optional', true, args => {
  if (!['', 'ORIG', 'DECODED'].includes(args)) throw new Error(`takes ORIG or DECODED, not "${args}"`)
  if (args !== 'DECODED') return rawQuery
  return context => {
    const query = rawQuery(context)
    return query?.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
})

withArgs('GRPC_STATUS', 'optional', false, grpcStatusGetter)
withArgs('GRPC_STATUS_NUMBER', 'optional', false, () => grpcStatusGetter('NUMBER'))

plain('REQUEST_HEADERS_BYTES', context => context.requestHeaders?.byteSize ?? 0)
plain('RESPONSE_HEADERS_BYTES', context => context.responseHeaders?.byteSize ?? 0)
plain('RESPONSE_TRAILERS_BYTES', context => context.responseTrailers?.byteSize ?? 0)
plain('LOCAL_REPLY_BODY', context => context.localReplyBody)
plain('ACCESS_LOG_TYPE', context => context.logType)

// ── times ──

function time(name: string, local: boolean, at: (info: StreamInfo) => number | undefined): void {
  withArgs(name, 'optional', true, args => {
    if (/%[-_0^#]*[1-9]*[EO]?n/.test(args)) throw new Error('must not format a newline (%n)')
    const format = makeTimeFormatter(args, local)
    return context => {
      const timeMs = at(context.streamInfo)
      return timeMs === undefined ? undefined : format(timeMs)
    }
  })
}
time('START_TIME', false, info => info.startTimeMs)
time('START_TIME_LOCAL', true, info => info.startTimeMs)
for (const [name, at] of certificateTimes) time(name, false, at)
time('EMIT_TIME', false, () => Date.now())
time('EMIT_TIME_LOCAL', true, () => Date.now())

function milliseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.trunc(ms)
}
ofStream('DURATION', info => milliseconds(info.durationMs))
ofStream('REQUEST_DURATION', info => milliseconds(info.lastDownstreamRxMs))
ofStream('REQUEST_TX_DURATION', info => milliseconds(info.lastUpstreamTxMs))
ofStream('RESPONSE_DURATION', info => milliseconds(info.firstUpstreamRxMs))
ofStream('RESPONSE_TX_DURATION', info => {
  const from = info.firstUpstreamRxMs
  const to = info.lastDownstreamTxMs
  return from === undefined || to === undefined ? undefined : milliseconds(to - from)
})
withArgs('COMMON_DURATION', 'required', false, commonDuration)

// ── the stream ──

ofStream('PROTOCOL', info => info.protocol)
ofStream('UPSTREAM_PROTOCOL', info => info.upstreamProtocol)
ofStream('RESPONSE_CODE', info => info.responseCode)
withArgs('RESPONSE_CODE_DETAILS', 'optional', false, args => {
  if (!['', 'ALLOW_WHITESPACES'].includes(args)) throw new Error(`takes ALLOW_WHITESPACES, not "${args}"`)
  if (args !== '') return context => context.streamInfo.responseCodeDetails
  return context => context.streamInfo.responseCodeDetails?.replace(/\s/g, '_')
})
ofStream('CONNECTION_TERMINATION_DETAILS', info => info.connectionTerminationDetails)
ofStream('BYTES_RECEIVED', info => info.bytesReceived)
ofStream('BYTES_SENT', info => info.bytesSent)
for (const name of ['BYTES_RETRANSMITTED', 'PACKETS_RETRANSMITTED']) ofStream(name, () => 0)
ofStream('DOWNSTREAM_WIRE_BYTES_RECEIVED', info => info.downstreamWireBytesReceived)
ofStream('DOWNSTREAM_WIRE_BYTES_SENT', info => info.downstreamWireBytesSent)
ofStream('UPSTREAM_WIRE_BYTES_RECEIVED', info => info.upstreamWireBytesReceived)
ofStream('UPSTREAM_WIRE_BYTES_SENT', info => info.upstreamWireBytesSent)
ofStream('DOWNSTREAM_HEADER_BYTES_RECEIVED', info => info.requestHeaderBytes)
ofStream('DOWNSTREAM_HEADER_BYTES_SENT', info => info.responseHeaderBytes)

/** Pascal-case names in the order of the bits. */
const longFlagNames = (
  'FailedLocalHealthCheck NoHealthyUpstream UpstreamRequestTimeout LocalReset UpstreamRemoteReset ' +
  'UpstreamConnectionFailure UpstreamConnectionTermination UpstreamOverflow NoRouteFound DelayInjected FaultInjected ' +
  'RateLimited UnauthorizedExternalService RateLimitServiceError DownstreamConnectionTermination ' +
  'UpstreamRetryLimitExceeded StreamIdleTimeout InvalidEnvoyRequestHeaders DownstreamProtocolError ' +
  'UpstreamMaxStreamDurationReached ResponseFromCacheFilter NoFilterConfigFound DurationTimeout UpstreamProtocolError ' +
  'NoClusterFound OverloadManagerTerminated DnsResolutionFailed DropOverload DownstreamRemoteReset'
).split(' ')

/**
 * Envoy prints flags in the order in which they were set. Of those that come together, what filters and the retry
 * policy set comes before the failure that ends the request, and the client's leaving last.
 */
const early = ResponseFlag.delayInjected | ResponseFlag.faultInjected | ResponseFlag.upstreamRetryLimitExceeded
const late = ResponseFlag.downstreamConnectionTermination | ResponseFlag.downstreamRemoteReset

function flags(names: readonly string[]): (info: StreamInfo) => string {
  const of = (bits: number): string[] => names.filter((_, bit) => (bits & (1 << bit)) !== 0)
  return ({ responseFlags, protocol }) => {
    if (responseFlags === 0) return '-'
    // A TCP connection gives up after its last failure, not before.
    const first = protocol === undefined ? 0 : responseFlags & early
    return [...of(first), ...of(responseFlags & ~(first | late)), ...of(responseFlags & late)].join(',')
  }
}
ofStream('RESPONSE_FLAGS', flags(responseFlagNames))
ofStream('RESPONSE_FLAGS_LONG', flags(longFlagNames))

ofStream('ROUTE_NAME', info => info.routeName || undefined)
ofStream('VIRTUAL_CLUSTER_NAME', info => info.virtualClusterName || undefined)
ofStream('UPSTREAM_REQUEST_ATTEMPT_COUNT', info => info.upstreamRequestAttemptCount)
ofStream('STREAM_ID', info => info.requestId)
ofStream('CONNECTION_ID', info => info.downstream.connectionId)
ofStream('UPSTREAM_CONNECTION_ID', info => Number(info.upstreamConnectionId ?? 0))
ofStream('REQUESTED_SERVER_NAME', info => info.downstream.requestedServerName || undefined)
ofStream('FILTER_CHAIN_NAME', info => info.downstream.filterChainName || undefined)
ofStream('CUSTOM_FLAGS', () => '')
for (const name of ['ROUNDTRIP_DURATION', 'DOWNSTREAM_HANDSHAKE_DURATION', 'TRACE_ID', 'SPAN_ID'])
  ofStream(name, () => undefined)
for (const [name, get] of tlsOperators) ofStream(name, get)

// ── addresses ──

function ip(address: Address | undefined): string | undefined {
  if (address === undefined) return undefined
  return address.kind === 'ip' ? address.ip : addressToString(address)
}

function port(address: Address | undefined): number | undefined {
  return address?.kind === 'ip' ? address.port : undefined
}

/** `1.2.3.4` and 16 → `1.2.0.0/16` */
function masked(address: Address | undefined, bits: number): string | undefined {
  if (address?.kind !== 'ip') return undefined
  const groups = address.version === 4 ? address.ip.split('.').map(Number) : ipv6Groups(address.ip)
  const groupBits = address.version === 4 ? 8 : 16
  const kept = groups.map((group, i) => {
    const keep = Math.min(Math.max(bits - i * groupBits, 0), groupBits)
    return group & (((1 << keep) - 1) << (groupBits - keep))
  })
  if (address.version === 4) return `${kept.join('.')}/${bits}`
  return `${new URL(`http://[${kept.map(group => group.toString(16)).join(':')}]`).hostname.slice(1, -1)}/${bits}`
}

function ipv6Groups(text: string): number[] {
  const [head = '', tail] = text.split('%', 1)[0]?.split('::') ?? []
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16))
  const left = parse(head)
  const right = tail === undefined ? [] : parse(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function addresses(prefix: string, get: (info: StreamInfo) => Address | undefined): void {
  ofStream(`${prefix}_ADDRESS`, info => {
    const address = get(info)
    return address === undefined ? undefined : addressToString(address)
  })
  withArgs(`${prefix}_ADDRESS_WITHOUT_PORT`, 'optional', false, args => {
    if (args === '') return context => ip(get(context.streamInfo))
    const bits = /^\d{1,3}$/.test(args) ? Number(args) : 129
    if (bits > 128) throw new Error(`takes a prefix length of 0 to 128, not "${args}"`)
    return context => masked(get(context.streamInfo), bits)
  })
  ofStream(`${prefix}_PORT`, info => port(get(info)))
}
addresses('DOWNSTREAM_REMOTE', info => info.downstreamRemoteAddress)
addresses('DOWNSTREAM_DIRECT_REMOTE', info => info.downstream.directRemoteAddress)
addresses('DOWNSTREAM_LOCAL', info => info.downstream.localAddress)
addresses('DOWNSTREAM_DIRECT_LOCAL', info => info.downstream.localAddress)
addresses('UPSTREAM_LOCAL', info => info.upstreamLocalAddress)
addresses('UPSTREAM_REMOTE', info => info.upstreamRemoteAddress)

// ── upstream ──

ofStream('UPSTREAM_HOST', info => info.upstreamHost?.addressString)
ofStream('UPSTREAM_HOST_NAME', info => info.upstreamHost?.hostname || info.upstreamHost?.addressString)
ofStream('UPSTREAM_HOST_NAME_WITHOUT_PORT', info =>
  info.upstreamHost?.hostname ? info.upstreamHost.hostname.replace(/:\d+$/, '') : ip(info.upstreamHost?.address),
)
ofStream(
  'UPSTREAM_TRANSPORT_FAILURE_REASON',
  info => info.upstreamTransportFailureReason?.replace(/\s/g, '_') || undefined,
)
ofStream('UPSTREAM_CLUSTER_RAW', info => info.upstreamClusterName)
withArgs('UPSTREAM_CLUSTER', 'optional', false, (_, { clusters }) => context => {
  const name = context.streamInfo.upstreamClusterName
  return name === undefined ? undefined : (clusters.get(name)?.info.statName ?? name)
})

// ── metadata and state ──

type MetadataOf = (info: StreamInfo, context: FormatContext) => { get(name: string): unknown } | undefined

function asMap(metadata: Readonly<Record<string, unknown>> | undefined): { get(name: string): unknown } | undefined {
  return metadata === undefined ? undefined : { get: name => metadata[name] }
}

const metadataKinds: Readonly<Record<string, MetadataOf>> = {
  DYNAMIC: info => info.dynamicMetadata,
  CLUSTER: (info, context) => asMap(context.clusters.get(info.upstreamClusterName ?? '')?.info.metadata),
  UPSTREAM_HOST: info => asMap(info.upstreamHost?.metadata),
}

/** `args`: `filter.name:key:key`, or the same as a JSON list. */
function metadata(of: MetadataOf, args: string, formatContext: FormatContext): Getter {
  const [name = '', ...path] = args.startsWith('[') ? (JSON.parse(args) as string[]) : args.split(':')
  if (name === '') throw new Error('needs the name of a filter')
  return context => {
    let value: unknown = of(context.streamInfo, formatContext)?.get(name)
    for (const key of path)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? toBytes(value) : sorted(value as JsonValue)
  }
}

/** As protobuf prints structs: by key. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => [key, sorted(item)])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const metadataOperators: readonly [string, string][] = [
  ['DYNAMIC_METADATA', 'DYNAMIC'],
  ['CLUSTER_METADATA', 'CLUSTER'],
  ['UPSTREAM_METADATA', 'UPSTREAM_HOST'],
]
for (const [name, kind] of metadataOperators)
  withArgs(name, 'required', true, (args, context) => metadata(metadataKinds[kind] as MetadataOf, args, context))
withArgs('METADATA', 'required', true, (args, context) => {
  const colon = args.indexOf(':')
  const kind = metadataKinds[args.slice(0, colon)]
  if (kind === undefined)
    throw new Error(
      `takes ${Object.keys(metadataKinds).join(', ')} (of those that sluice has), not "${args.slice(0, colon)}"`,
    )
  return metadata(kind, args.slice(colon + 1), context)
})

withArgs('FILTER_STATE', 'required', true, args => {
  const [key = '', kind = 'TYPED', field] = args.split(':')
  if (key === '') throw new Error('needs a key')
  if (!['PLAIN', 'TYPED'].includes(kind) || field !== undefined)
    throw new Error(`takes PLAIN or TYPED (FIELD is not supported by sluice), not "${kind}"`)
  return context => {
    const object = filterStateOf(context.streamInfo, key)
    if (kind === 'TYPED' && object?.serializeAsProto !== undefined) return JSON.stringify(object.serializeAsProto())
    const text = object?.serializeAsString()
    return text === undefined ? undefined : toBytes(text)
  }
})

// ── the process ──

const host = toBytes(hostname())
plain('HOSTNAME', () => host)
plain('UNIQUE_ID', () => randomUUID())
withArgs('ENVIRONMENT', 'required', true, args => {
  const value = process.env[args]
  const bytes = value === undefined ? undefined : toBytes(value)
  return () => bytes
})
