/**
 * The commands of format strings (`%REQ(:path)%`), one table entry each. Follows Envoy's `source/common/formatter`
 * (stream_info_formatter.cc, http_specific_formatter.cc); docs: configuration/advanced/substitution_formatter.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { toBytes } from '../base/latin1.ts'
import type { JsonObject, JsonValue } from '../config/json-source.ts'
import type { LogContext } from '../core/access-log.ts'
import type { Command, Getter } from '../core/format.ts'
import { onFilterStateKey } from '../core/filter-time.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { type BytesMeter, filterStateOf, flagNames, responseFlagNames, type StreamInfo } from '../core/stream-info.ts'
import { addressOperators } from './address-operators.ts'
import { celOperators } from './cel-operators.ts'
import { grpcStatusGetter } from './grpc-status.ts'
import { metadataOperators } from './metadata-operators.ts'
import { commonDuration } from './time-points.ts'
import { certificateTimes, tlsOperators } from './tls-operators.ts'
import { makeTimeFormatter } from './time-format.ts'
import { upstreamOperators } from './upstream-operators.ts'

/** The operator of a name, undefined when there is none. */
export function operator(name: string): Command | undefined {
  return operators.get(name)
}

const operators = new Map<string, Command>()

function plain(name: string, get: Getter): void {
  operators.set(name, { args: 'none', length: false, make: () => get })
}

function withArgs(name: string, args: Command['args'], length: Command['length'], make: Command['make']): void {
  operators.set(name, { args, length, make })
}

/** Of the stream alone. */
function ofStream(name: string, get: (info: StreamInfo) => JsonValue | undefined): void {
  plain(name, context => get(context.streamInfo))
}

// ── headers ──

/** `args`: `X` or `X?Y`. */
export function header(
  args: string,
  from: (context: LogContext) => HeaderMap | undefined,
): (context: LogContext) => string | undefined {
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
    for (const pair of rawQuery(context)?.split('&') ?? []) {
      const equals = pair.indexOf('=')
      if (percentDecoded(equals < 0 ? pair : pair.slice(0, equals)) !== name) continue
      return equals < 0 ? '' : percentDecoded(pair.slice(equals + 1))
    }
    return undefined
  }
})
withArgs('QUERY_PARAMS', 'optional', true, args => {
  if (!['', 'ORIG', 'DECODED'].includes(args)) throw new Error(`takes ORIG or DECODED, not "${args}"`)
  if (args !== 'DECODED') return rawQuery
  // What is no visible ASCII character stays encoded, and a percent sign that begins nothing goes.
  return context =>
    rawQuery(context)?.replace(/%([0-9a-fA-F]{2})?/g, (whole, hex: string | undefined) => {
      const code = Number.parseInt(hex ?? '', 16)
      if (hex === undefined) return ''
      return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : whole
    })
})

/** A byte string. Control characters stay encoded: a client must not end lines of a log. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9a-fA-F]{2})/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code < 0x20 || code === 0x7f ? whole : String.fromCharCode(code)
  })
}

withArgs('GRPC_STATUS', 'optional', false, grpcStatusGetter)
withArgs('GRPC_STATUS_NUMBER', 'optional', false, () => grpcStatusGetter('NUMBER'))

plain('REQUEST_HEADERS_BYTES', context => context.requestHeaders?.byteSize ?? 0)
plain('RESPONSE_HEADERS_BYTES', context => context.responseHeaders?.byteSize ?? 0)
plain('RESPONSE_TRAILERS_BYTES', context => context.responseTrailers?.byteSize ?? 0)
plain('LOCAL_REPLY_BODY', context => context.localReplyBody)
plain('ACCESS_LOG_TYPE', context => context.logType)

// ── times ──

function time(name: string, local: boolean, at: (info: StreamInfo) => number | undefined): void {
  withArgs(name, 'optional', false, args => {
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
ofStream('DURATION', info => milliseconds(info.durationMs ?? performance.now() - info.startMonotonicMs))
ofStream('REQUEST_DURATION', info => milliseconds(info.lastDownstreamRxMs))
ofStream('REQUEST_TX_DURATION', info => milliseconds(info.lastUpstreamTxMs))
ofStream('RESPONSE_DURATION', info => milliseconds(info.firstUpstreamRxMs))
ofStream('RESPONSE_TX_DURATION', info => {
  const from = info.firstUpstreamRxMs
  const to = info.lastDownstreamTxMs
  return from === undefined || to === undefined ? undefined : milliseconds(to - from)
})
ofStream('UPSTREAM_CONNECTION_POOL_READY_DURATION', info => milliseconds(info.upstreamPoolReadyMs))
ofStream('DOWNSTREAM_HANDSHAKE_DURATION', ({ downstream: { timing } }) =>
  timing?.handshakeEndMs === undefined ? undefined : milliseconds(timing.handshakeEndMs - timing.beginMs),
)
withArgs('COMMON_DURATION', 'required', false, commonDuration)

// ── the stream ──

ofStream('PROTOCOL', info => info.protocol)
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
/** A TCP connection has no framing: its bytes are all there is. */
const meters: readonly [side: string, of: (info: StreamInfo) => BytesMeter | undefined][] = [
  ['DOWNSTREAM', info => info.downstreamBytes],
  ['UPSTREAM', info => info.upstreamBytes],
]
for (const [side, of] of meters) {
  const tcp = (count: number, info: StreamInfo): number => (info.protocol === undefined ? count : 0)
  const [down, up] = side === 'DOWNSTREAM' ? ['RECEIVED', 'SENT'] : ['SENT', 'RECEIVED']
  const wire = (received: boolean) => (info: StreamInfo) => {
    const meter = of(info)
    return received ? meter?.wireBytesReceived : meter?.wireBytesSent
  }
  ofStream(`${side}_WIRE_BYTES_${down}`, info => wire(down === 'RECEIVED')(info) ?? tcp(info.bytesReceived, info))
  ofStream(`${side}_WIRE_BYTES_${up}`, info => wire(up === 'RECEIVED')(info) ?? tcp(info.bytesSent, info))
  ofStream(`${side}_HEADER_BYTES_RECEIVED`, info => of(info)?.headerBytesReceived ?? 0)
  ofStream(`${side}_HEADER_BYTES_SENT`, info => of(info)?.headerBytesSent ?? 0)
  ofStream(`${side}_DECOMPRESSED_HEADER_BYTES_RECEIVED`, info => of(info)?.decompressedHeaderBytesReceived ?? 0)
  ofStream(`${side}_DECOMPRESSED_HEADER_BYTES_SENT`, info => of(info)?.decompressedHeaderBytesSent ?? 0)
}

/** Pascal-case names in the order of the bits. */
const longFlagNames = (
  'FailedLocalHealthCheck NoHealthyUpstream UpstreamRequestTimeout LocalReset UpstreamRemoteReset ' +
  'UpstreamConnectionFailure UpstreamConnectionTermination UpstreamOverflow NoRouteFound DelayInjected FaultInjected ' +
  'RateLimited UnauthorizedExternalService RateLimitServiceError DownstreamConnectionTermination ' +
  'UpstreamRetryLimitExceeded StreamIdleTimeout InvalidEnvoyRequestHeaders DownstreamProtocolError ' +
  'UpstreamMaxStreamDurationReached ResponseFromCacheFilter NoFilterConfigFound DurationTimeout UpstreamProtocolError ' +
  'NoClusterFound OverloadManagerTerminated DnsResolutionFailed DropOverload DownstreamRemoteReset'
).split(' ')

function flags(names: readonly string[]): (info: StreamInfo) => string {
  return info => (info.responseFlags === 0 ? '-' : flagNames(info, names))
}
ofStream('RESPONSE_FLAGS', flags(responseFlagNames))
ofStream('RESPONSE_FLAGS_LONG', flags(longFlagNames))

ofStream('ROUTE_NAME', info => info.routeName || undefined)
ofStream('VIRTUAL_CLUSTER_NAME', info => info.virtualClusterName || undefined)
ofStream('STREAM_ID', info => info.requestId)
ofStream('CONNECTION_ID', info => info.downstream.connectionId)
withArgs('REQUESTED_SERVER_NAME', 'optional', false, args => {
  const [order = '', source = '', ...rest] = args.split(':')
  if (!['', 'SNI_ONLY', 'SNI_FIRST', 'HOST_FIRST'].includes(order))
    throw new Error(`takes SNI_ONLY, SNI_FIRST or HOST_FIRST, not "${order}"`)
  if (!['', 'ORIG', 'HOST', 'ORIG_OR_HOST'].includes(source) || rest.length > 0)
    throw new Error(`takes ORIG, HOST or ORIG_OR_HOST, not "${source}"`)
  const sni: Getter = context => context.streamInfo.downstream.requestedServerName || undefined
  if (order === '' || order === 'SNI_ONLY') return sni
  const hostName: Getter = ({ requestHeaders: headers }) => {
    const original = source === 'HOST' ? undefined : headers?.get('x-envoy-original-host')
    return original ?? (source === 'ORIG' ? undefined : headers?.get(':authority'))
  }
  const [first, second] = order === 'SNI_FIRST' ? [sni, hostName] : [hostName, sni]
  return context => first(context) || second(context)
})
ofStream('DOWNSTREAM_LOCAL_CLOSE_REASON', info => info.downstream.localCloseReason?.replace(/\s/g, '_') || undefined)
// Only connections of TCP proxies look out for RST.
ofStream('DOWNSTREAM_DETECTED_CLOSE_TYPE', info =>
  info.protocol === undefined ? (info.downstream.detectedCloseType ?? 'Normal') : 'Normal',
)
ofStream('FILTER_CHAIN_NAME', info => info.downstream.filterChainName || undefined)
ofStream('CUSTOM_FLAGS', () => '')
for (const name of ['ROUNDTRIP_DURATION', 'TRACE_ID', 'SPAN_ID']) ofStream(name, () => undefined)
for (const [name, get] of tlsOperators) ofStream(name, get)

for (const [name, get] of upstreamOperators) ofStream(name, get)
for (const table of [addressOperators, metadataOperators, celOperators({})])
  for (const [name, each] of table) operators.set(name, each)
withArgs('UPSTREAM_CLUSTER', 'optional', false, (_, { clusters }) => context => {
  const name = context.streamInfo.upstreamClusterName
  return name === undefined || name === '' ? undefined : (clusters.get(name)?.info.statName ?? name)
})

function filterStateArgs(args: string): { key: string; kind: string; field: string } {
  const [key = '', kind = 'TYPED', ...rest] = args.split(':')
  const field = rest.join(':')
  if (key === '') throw new Error('needs a key')
  if (!['PLAIN', 'TYPED', 'FIELD'].includes(kind)) throw new Error(`takes PLAIN, TYPED or FIELD, not "${kind}"`)
  if ((kind === 'FIELD') !== (field !== '')) throw new Error('takes the name of a field with FIELD, and only then')
  return { key, kind, field }
}

withArgs('FILTER_STATE', 'required', true, args => {
  const { key, kind, field } = filterStateArgs(args)
  onFilterStateKey(key)
  return context => {
    const object = filterStateOf(context.streamInfo, key)
    if (object === undefined) return undefined
    if (kind === 'FIELD') {
      const value = object.getField?.(field)
      return value === undefined ? undefined : toBytes(String(value))
    }
    if (kind === 'TYPED' && object.serializeAsProto !== undefined) return object.serializeAsProto() as JsonObject
    const text = object.serializeAsString()
    return text === undefined ? undefined : toBytes(text)
  }
})
// Clusters and transport sockets keep none.
withArgs('UPSTREAM_FILTER_STATE', 'required', true, args => {
  filterStateArgs(args)
  return () => undefined
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
