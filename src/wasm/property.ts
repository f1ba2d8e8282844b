/**
 * The attributes that guests read (`proxy_get_property`), named by path. Follows Envoy's attribute documentation and
 * `source/extensions/filters/common/expr/context.cc`. Values: text as it is; numbers, times and durations (ns) 8 bytes
 * little-endian; booleans 1 byte; header maps as pairs; messages serialized.
 */
import { encodeBinary } from '../config/encode-binary.ts'
import { type Address, addressToString } from '../core/address.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { Status } from './abi.ts'
import type { PropertySource, WasmContext } from './context.ts'
import { WasmState } from './filter-state.ts'
import { encodePairs } from './pairs.ts'
import { RootContext } from './root-context.ts'

/** latin1 text, bytes, or a status other than OK. */
export type PropertyResult = string | Uint8Array | number

const listType = 'type.googleapis.com/google.protobuf.ListValue'
const metadataType = 'type.googleapis.com/envoy.config.core.v3.Metadata'
const directions = ['UNSPECIFIED', 'INBOUND', 'OUTBOUND']
const { notFound, serializationFailure } = Status

/** @param parts the path, latin1 */
export function getProperty(context: WasmContext, parts: readonly string[]): PropertyResult {
  const root = context instanceof RootContext ? context : context.root
  const source = context.properties()
  const [first, second, third] = parts
  if (first === undefined) return notFound
  if (root !== undefined) {
    if (first === 'plugin_name') return utf8(root.plugin.name)
    if (first === 'plugin_root_id') return utf8(root.plugin.rootId)
    if (first === 'plugin_vm_id') return utf8(context.vm.settings.vmId)
  }
  if (first === 'xds') return second === undefined ? serializationFailure : xds(context, source, parts.slice(1))
  if (source === undefined) return notFound
  const info = source.streamInfo
  switch (first) {
    case 'request':
      return second === undefined ? serializationFailure : request(source, second, third)
    case 'response':
      return second === undefined ? serializationFailure : response(source, second, third)
    case 'source':
      return address(info.downstreamRemoteAddress, second)
    case 'destination':
      return address(info.downstream.localAddress, second)
    case 'connection':
      return connection(info, second)
    case 'upstream':
      return upstream(info, second)
    case 'connection_id':
      return uint(info.downstream.connectionId)
    case 'metadata':
      return metadata(info.dynamicMetadata && Object.fromEntries(info.dynamicMetadata), parts.slice(1))
    case 'filter_state':
      return second === undefined ? serializationFailure : filterState(info, second)
    default:
      return parts.length === 1 ? filterState(info, `wasm.${first}`) : notFound
  }
}

function request(source: PropertySource, name: string, key: string | undefined): PropertyResult {
  const { requestHeaders: headers, streamInfo: info } = source
  switch (name) {
    case 'headers':
      return headerProperty(headers, key)
    case 'time':
      return nanoseconds(info.startTimeMs)
    case 'duration':
      return info.durationMs === undefined ? notFound : nanoseconds(info.durationMs)
    case 'size': {
      const length = Number(headers?.get('content-length'))
      return uint(headers !== undefined && Number.isSafeInteger(length) ? length : info.bytesReceived)
    }
    case 'total_size':
      return uint(info.bytesReceived + (headers?.byteSize ?? 0))
    case 'protocol':
      return info.protocol ?? notFound
  }
  if (headers === undefined) return notFound
  const path = headers.path
  const queryAt = path.indexOf('?')
  switch (name) {
    case 'path':
      return path
    case 'url_path':
      return queryAt < 0 ? path : path.slice(0, queryAt)
    case 'query':
      return queryAt < 0 ? '' : (path.slice(queryAt + 1).split('#', 1)[0] as string)
    case 'host':
      return headers.authority
    case 'scheme':
      return headers.scheme
    case 'method':
      return headers.method
    case 'referer':
      return headers.get('referer') ?? ''
    case 'useragent':
      return headers.get('user-agent') ?? ''
    case 'id':
      return headers.get('x-request-id') ?? ''
    default:
      return notFound
  }
}

function response(source: PropertySource, name: string, key: string | undefined): PropertyResult {
  const { responseHeaders: headers, responseTrailers: trailers, streamInfo: info } = source
  switch (name) {
    case 'code':
      return info.responseCode === 0 ? notFound : uint(info.responseCode)
    case 'code_details':
      return info.responseCodeDetails === undefined ? notFound : utf8(info.responseCodeDetails)
    case 'flags':
      return uint(info.responseFlags)
    case 'size':
      return uint(info.bytesSent)
    case 'total_size':
      return uint(info.bytesSent + (headers?.byteSize ?? 0) + (trailers?.byteSize ?? 0))
    case 'headers':
      return headerProperty(headers, key)
    case 'trailers':
      return headerProperty(trailers, key)
    case 'grpc_status':
      return grpcStatus(trailers, headers, info.responseCode)
    case 'backend_latency':
      return info.firstUpstreamTxMs === undefined || info.lastUpstreamRxMs === undefined
        ? notFound
        : nanoseconds(info.lastUpstreamRxMs - info.firstUpstreamTxMs)
    default:
      return notFound
  }
}

function grpcStatus(trailers: HeaderMap | undefined, headers: HeaderMap | undefined, code: number): PropertyResult {
  const text = trailers?.get('grpc-status') ?? headers?.get('grpc-status')
  if (text !== undefined && /^\d+$/.test(text)) return uint(Number(text))
  const byCode: Readonly<Record<number, number>> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  }
  return code === 0 ? notFound : uint(byCode[code] ?? 2)
}

function connection(info: StreamInfo, name: string | undefined): PropertyResult {
  const { downstream } = info
  switch (name) {
    case undefined:
      return serializationFailure
    case 'id':
      return uint(downstream.connectionId)
    case 'mtls':
      return bool(downstream.tls?.peerPresented ?? false)
    case 'requested_server_name':
      return utf8(downstream.requestedServerName ?? '')
    case 'tls_version':
      return downstream.tls === undefined ? notFound : utf8(downstream.tls.version)
    case 'termination_details':
      return info.connectionTerminationDetails === undefined ? notFound : utf8(info.connectionTerminationDetails)
    default:
      return notFound
  }
}

function upstream(info: StreamInfo, name: string | undefined): PropertyResult {
  switch (name) {
    case undefined:
      return serializationFailure
    case 'address':
    case 'port':
      return address(info.upstreamHost?.address ?? info.upstreamRemoteAddress, name)
    case 'local_address':
      return address(info.upstreamLocalAddress, 'address')
    case 'transport_failure_reason':
      return info.upstreamHost === undefined ? notFound : utf8(info.upstreamTransportFailureReason ?? '')
    case 'request_attempt_count':
      return uint(info.upstreamRequestAttemptCount)
    default:
      return notFound
  }
}

function xds(context: WasmContext, source: PropertySource | undefined, parts: readonly string[]): PropertyResult {
  const [name, second] = parts
  if (name === 'node') {
    const { id, cluster, zone } = context.vm.host.node
    if (second === 'id') return utf8(id)
    if (second === 'cluster') return utf8(cluster)
    return second === 'locality' && parts[2] === 'zone' ? utf8(zone) : notFound
  }
  const root = context instanceof RootContext ? context : context.root
  if (name === 'listener_direction' && root !== undefined) return uint(directions.indexOf(root.plugin.trafficDirection))
  if (name === 'listener_metadata' && root !== undefined) return metadata(root.plugin.listenerMetadata, parts.slice(1))
  if (source === undefined) return notFound
  const info = source.streamInfo
  switch (name) {
    case 'cluster_name':
      return source.clusterName === undefined ? notFound : utf8(source.clusterName)
    case 'cluster_metadata': {
      const cluster = context.vm.host.clusters.get(source.clusterName ?? '')
      return metadata(cluster?.info.metadata, parts.slice(1))
    }
    case 'route_name':
      return info.routeName === undefined ? notFound : utf8(info.routeName)
    case 'route_metadata':
      return metadata(source.routeMetadata, parts.slice(1))
    case 'virtual_host_name':
      return info.virtualHostName === undefined ? notFound : utf8(info.virtualHostName)
    case 'upstream_host_metadata':
      return metadata(info.upstreamHost?.metadata, parts.slice(1))
    case 'filter_chain_name':
      return utf8(info.downstream.filterChainName)
    default:
      return notFound
  }
}

/** `envoy.config.core.v3.Metadata` whole, or a value inside by its path: `filter_metadata`, filter name, keys. */
function metadata(
  filterMetadata: Readonly<Record<string, unknown>> | undefined,
  path: readonly string[],
): PropertyResult {
  if (path.length === 0)
    return encodeBinary(metadataType, { filterMetadata: filterMetadata ?? {}, typedFilterMetadata: {} })
  if (path[0] !== 'filter_metadata') return notFound
  let value: unknown = filterMetadata ?? {}
  for (const key of path.slice(1)) {
    const name = Buffer.from(key, 'latin1').toString()
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return notFound
    value = (value as Record<string, unknown>)[name]
  }
  return jsonValue(value)
}

function jsonValue(value: unknown): PropertyResult {
  if (typeof value === 'string') return utf8(value)
  if (typeof value === 'boolean') return bool(value)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    return bytes
  }
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return encodeBinary(listType, value)
  return encodePairs(Object.entries(value).flatMap(([key, each]) => [latin1(utf8(key)), latin1(jsonValue(each))]))
}

function filterState(info: StreamInfo, key: string): PropertyResult {
  const name = Buffer.from(key, 'latin1').toString()
  const found = info.filterState?.get(name) ?? info.downstream.filterState?.get(name)
  if (found instanceof WasmState) return found.value
  const text = found?.serializeAsString()
  return text === undefined ? notFound : utf8(text)
}

function headerProperty(headers: HeaderMap | undefined, key: string | undefined): PropertyResult {
  if (headers === undefined) return notFound
  if (key === undefined) return encodePairs(headers.list)
  const name = key.toLowerCase()
  const values = headers.getAll(name === 'host' ? ':authority' : name)
  return values.length === 0 ? notFound : values.join(',')
}

function address(value: Address | undefined, name: string | undefined): PropertyResult {
  if (name === undefined) return serializationFailure
  if (value === undefined) return notFound
  if (name === 'address') return utf8(addressToString(value))
  return name === 'port' && value.kind === 'ip' ? uint(value.port) : notFound
}

function latin1(value: PropertyResult): string {
  return typeof value === 'object' ? Buffer.from(value).toString('latin1') : String(value)
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text)
}

function bool(value: boolean): Uint8Array {
  return Uint8Array.of(value ? 1 : 0)
}

function uint(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(Math.trunc(value)))
  return bytes
}

function nanoseconds(ms: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(Math.round(ms * 1000)) * 1000n)
  return bytes
}
