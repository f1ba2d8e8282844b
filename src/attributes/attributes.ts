/**
 * The attributes of requests and connections, as CEL expressions and wasm plugins see them. Follows Envoy's attribute
 * documentation and `source/extensions/filters/common/expr/context.cc`; only what Envoy has is here.
 */
import { toBytes, toText } from '../base/latin1.ts'
import { type Address, addressToString } from '../core/address.ts'
import { grpcStatusOfHttp } from '../core/grpc.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { type CertificateInfo, filterStateOf, type TlsInfo } from '../core/stream-info.ts'
import type { AttributeEnvironment, AttributeSource } from './attribute-source.ts'
import {
  AttributeMap,
  AttributeMessage,
  type AttributeValue,
  Duration,
  HeaderAttributes,
  JsonAttributes,
  metadataMessage,
  nanoseconds,
  Timestamp,
  Uint,
} from './attribute-value.ts'

/** Undefined: there is no value now. */
type Getter<Source> = (source: Source, environment: AttributeEnvironment) => AttributeValue | undefined
export type StreamAttribute = Getter<AttributeSource>
/** Some have a value even where there is no stream. */
export type XdsAttribute = Getter<AttributeSource | undefined>

const text = (value: string | undefined): string | undefined => (value === undefined ? undefined : toBytes(value))
const int = (value: number | undefined): bigint | undefined =>
  value === undefined ? undefined : BigInt(Math.trunc(value))

// ── request and response ──

const request: Readonly<Record<string, StreamAttribute>> = {
  headers: ({ requestHeaders }) => new HeaderAttributes(requestHeaders),
  headers_bytes: ({ requestHeaders }) => int(requestHeaders?.byteSize ?? 0),
  time: ({ streamInfo }) => new Timestamp(nanoseconds(streamInfo.startTimeMs)),
  duration: ({ streamInfo: { durationMs } }) => duration(durationMs),
  size({ requestHeaders, streamInfo }) {
    const length = requestHeaders?.get('content-length')
    if (length === undefined) return int(streamInfo.bytesReceived)
    return /^\d{1,15}$/.test(length) ? BigInt(length) : undefined
  },
  total_size: ({ requestHeaders, streamInfo }) => int(streamInfo.bytesReceived + (requestHeaders?.byteSize ?? 0)),
  protocol: ({ streamInfo }) => streamInfo.protocol,
  path: ({ requestHeaders }) => requestHeaders?.get(':path'),
  url_path({ requestHeaders }) {
    const path = requestHeaders?.path
    const queryAt = path?.indexOf('?') ?? -1
    return queryAt < 0 ? path : path?.slice(0, queryAt)
  },
  query({ requestHeaders }) {
    const path = requestHeaders?.path
    if (path === undefined) return undefined
    const queryAt = path.indexOf('?')
    return queryAt < 0 ? '' : path.slice(queryAt + 1).split('#', 1)[0]
  },
  host: ({ requestHeaders }) => requestHeaders?.get(':authority'),
  scheme: ({ requestHeaders }) => requestHeaders?.get(':scheme'),
  method: ({ requestHeaders }) => requestHeaders?.get(':method'),
  referer: ({ requestHeaders }) => requestHeaders?.get('referer'),
  useragent: ({ requestHeaders }) => requestHeaders?.get('user-agent'),
  id: ({ requestHeaders }) => requestHeaders?.get('x-request-id'),
}

const response: Readonly<Record<string, StreamAttribute>> = {
  code: ({ streamInfo: { responseCode } }) => (responseCode === 0 ? undefined : BigInt(responseCode)),
  code_details: ({ streamInfo }) => text(streamInfo.responseCodeDetails),
  flags: ({ streamInfo }) => int(streamInfo.responseFlags),
  size: ({ streamInfo }) => int(streamInfo.bytesSent),
  total_size: ({ streamInfo, responseHeaders, responseTrailers }) =>
    int(streamInfo.bytesSent + (responseHeaders?.byteSize ?? 0) + (responseTrailers?.byteSize ?? 0)),
  headers: ({ responseHeaders }) => new HeaderAttributes(responseHeaders),
  headers_bytes: ({ responseHeaders }) => int(responseHeaders?.byteSize ?? 0),
  trailers: ({ responseTrailers }) => new HeaderAttributes(responseTrailers),
  grpc_status: ({ responseTrailers, responseHeaders, streamInfo }) =>
    grpcStatus(responseTrailers, responseHeaders, streamInfo.responseCode),
  backend_latency: ({ streamInfo: { firstUpstreamTxMs: from, lastUpstreamRxMs: to } }) =>
    from === undefined || to === undefined ? undefined : duration(to - from),
}

function duration(ms: number | undefined): Duration | undefined {
  return ms === undefined ? undefined : new Duration(nanoseconds(ms))
}

function grpcStatus(trailers: HeaderMap | undefined, headers: HeaderMap | undefined, code: number): bigint | undefined {
  const given = trailers?.get('grpc-status') ?? headers?.get('grpc-status')
  if (given !== undefined && /^\d{1,9}$/.test(given)) return BigInt(given)
  return code === 0 ? undefined : BigInt(grpcStatusOfHttp(code))
}

// ── connections ──

const source = peer(({ streamInfo }) => streamInfo.downstreamRemoteAddress)
const destination = peer(({ streamInfo }) => streamInfo.downstream.localAddress)

const connection: Readonly<Record<string, StreamAttribute>> = {
  id: ({ streamInfo }) => new Uint(BigInt(streamInfo.downstream.connectionId)),
  mtls: ({ streamInfo }) => streamInfo.downstream.tls?.peerPresented ?? false,
  requested_server_name: ({ streamInfo }) => toBytes(streamInfo.downstream.requestedServerName ?? ''),
  termination_details: ({ streamInfo }) => text(streamInfo.connectionTerminationDetails),
  transport_failure_reason: ({ streamInfo }) => text(streamInfo.downstream.transportFailureReason || undefined),
  ...tls(({ streamInfo }) => streamInfo.downstream.tls),
}

const upstream: Readonly<Record<string, StreamAttribute>> = {
  ...peer(({ streamInfo }) => streamInfo.upstreamHost?.address ?? streamInfo.upstreamRemoteAddress),
  local_address: ({ streamInfo }) => addressText(streamInfo.upstreamLocalAddress),
  locality({ streamInfo: { upstreamHost } }) {
    if (upstreamHost === undefined) return undefined
    return localityMessage(upstreamHost.locality)
  },
  transport_failure_reason: ({ streamInfo }) =>
    streamInfo.upstreamHost === undefined ? undefined : toBytes(streamInfo.upstreamTransportFailureReason ?? ''),
  request_attempt_count: ({ streamInfo }) => new Uint(BigInt(streamInfo.upstreamRequestAttemptCount)),
  cx_pool_ready_duration: ({ streamInfo }) => duration(streamInfo.upstreamPoolReadyMs),
  num_endpoints(from, { clusters }) {
    const cluster = clusters.get(clusterName(from) ?? '')
    return cluster === undefined ? undefined : new Uint(BigInt(cluster.hosts.length))
  },
  ...tls(({ streamInfo }) => streamInfo.upstreamTls),
}

function peer(addressOf: (source: AttributeSource) => Address | undefined): Record<string, StreamAttribute> {
  return {
    address: from => addressText(addressOf(from)),
    port(from) {
      const address = addressOf(from)
      return address?.kind === 'ip' ? BigInt(address.port) : undefined
    },
  }
}

function addressText(address: Address | undefined): string | undefined {
  return address === undefined ? undefined : toBytes(addressToString(address))
}

function tls(tlsOf: (source: AttributeSource) => TlsInfo | undefined): Record<string, StreamAttribute> {
  const of =
    (get: (tls: TlsInfo) => string | undefined): StreamAttribute =>
    from => {
      const info = tlsOf(from)
      return info === undefined ? undefined : text(get(info))
    }
  const ofPeer = (get: (certificate: CertificateInfo) => string | undefined): StreamAttribute =>
    of(({ peerChain: [leaf] }) => leaf && get(leaf))
  const ofLocal = (get: (certificate: CertificateInfo) => string | undefined): StreamAttribute =>
    of(({ local }) => local && get(local))
  return {
    tls_version: of(info => info.version),
    subject_local_certificate: of(({ local }) => local?.subject ?? ''),
    subject_peer_certificate: of(({ peerChain: [leaf] }) => leaf?.subject ?? ''),
    uri_san_local_certificate: ofLocal(certificate => certificate.uriSans[0]),
    uri_san_peer_certificate: ofPeer(certificate => certificate.uriSans[0]),
    dns_san_local_certificate: ofLocal(certificate => certificate.dnsSans[0]),
    dns_san_peer_certificate: ofPeer(certificate => certificate.dnsSans[0]),
    sha256_peer_certificate_digest: ofPeer(certificate => certificate.fingerprint256),
    peer_certificate: ofPeer(certificate => encodeURIComponent(certificate.pem)),
  }
}

// ── configuration ──

const directions = ['UNSPECIFIED', 'INBOUND', 'OUTBOUND']
const nodeType = 'envoy.config.core.v3.Node'

/** The members of `xds`. */
export const xdsAttributes: ReadonlyMap<string, XdsAttribute> = new Map<string, XdsAttribute>([
  ['node', (_, { node }) => nodeMessage(node)],
  ['cluster_name', from => (from === undefined ? undefined : text(clusterName(from)))],
  [
    'cluster_metadata',
    (from, { clusters }) => {
      const cluster = from && clusters.get(clusterName(from) ?? '')
      return cluster && metadataMessage(cluster.info.metadata)
    },
  ],
  ['route_name', from => text(from?.streamInfo.routeName)],
  ['route_metadata', from => ofRoute(from, ({ metadata }) => metadataMessage(metadata))],
  ['virtual_host_name', from => text(from?.streamInfo.virtualHostName)],
  [
    'virtual_host_metadata',
    from => {
      const host = from && (routeOf(from) ?? from.streamInfo.unroutedVirtualHost)
      return host && metadataMessage(host.virtualHostMetadata)
    },
  ],
  [
    'upstream_host_metadata',
    from => {
      const host = from?.streamInfo.upstreamHost
      return host && (host.metadata === undefined ? null : metadataMessage(host.metadata))
    },
  ],
  ['upstream_host_locality_metadata', from => from?.streamInfo.upstreamHost && null],
  ['filter_chain_name', from => text(from?.streamInfo.downstream.filterChainName)],
  [
    'listener_metadata',
    (from, { trafficDirection, listenerMetadata }) => from && trafficDirection && metadataMessage(listenerMetadata),
  ],
  [
    'listener_direction',
    (from, { trafficDirection }) => from && trafficDirection && BigInt(directions.indexOf(trafficDirection)),
  ],
])

function nodeMessage({ id, cluster, zone, message }: AttributeEnvironment['node']): AttributeMessage {
  const { metadata, userAgentName = '', locality = { region: '', zone, subZone: '' } } = message ?? {}
  const whole = { ...message, id, cluster, locality }
  return new AttributeMessage(nodeType, whole, {
    id: toBytes(id),
    cluster: toBytes(cluster),
    metadata: new JsonAttributes(metadata ?? {}),
    locality: localityMessage(locality),
    user_agent_name: toBytes(userAgentName),
  })
}

function localityMessage(locality: { region: string; zone: string; subZone: string }): AttributeMessage {
  const { region, zone, subZone } = locality
  return new AttributeMessage('envoy.config.core.v3.Locality', locality, {
    ...{ region: toBytes(region), zone: toBytes(zone), sub_zone: toBytes(subZone) },
  })
}

type RouteOf = NonNullable<ReturnType<NonNullable<AttributeSource['route']>>>

function routeOf(from: AttributeSource): RouteOf | undefined {
  return from.route === undefined ? from.streamInfo.route : from.route()
}

function ofRoute(
  from: AttributeSource | undefined,
  get: (route: RouteOf) => AttributeValue,
): AttributeValue | undefined {
  const route = from && routeOf(from)
  return route && get(route)
}

/** Where the request went, or will go by its route. */
function clusterName(from: AttributeSource): string | undefined {
  return from.streamInfo.upstreamClusterName ?? routeOf(from)?.entry?.clusterName
}

// ── the tree ──

/** The members of everything but `xds`. */
export const streamAttributes: ReadonlyMap<string, ReadonlyMap<string, StreamAttribute>> = new Map(
  Object.entries({ request, response, connection, upstream, source, destination }).map(([name, members]) => [
    name,
    new Map(Object.entries(members)),
  ]),
)

/** `metadata`: what filters have told each other. */
export function dynamicMetadata({ streamInfo }: AttributeSource): AttributeMessage {
  return metadataMessage(streamInfo.dynamicMetadata && Object.fromEntries(streamInfo.dynamicMetadata))
}

/** `filter_state`. */
export class FilterStateAttributes extends AttributeMap {
  readonly source: AttributeSource

  constructor(from: AttributeSource) {
    super()
    this.source = from
  }

  override get(key: string): AttributeValue | undefined {
    const found = filterStateOf(this.source.streamInfo, toText(key))
    if (found?.attribute !== undefined) return found.attribute()
    const value = found?.serializeAsString()
    return value === undefined ? undefined : Buffer.from(value)
  }
}

/** A root of the tree as a whole. */
export class AttributeGroup extends AttributeMap {
  readonly members: ReadonlyMap<string, StreamAttribute | XdsAttribute>
  readonly source: AttributeSource | undefined
  readonly environment: AttributeEnvironment

  constructor(
    members: ReadonlyMap<string, StreamAttribute | XdsAttribute>,
    from: AttributeSource | undefined,
    environment: AttributeEnvironment,
  ) {
    super()
    this.members = members
    this.source = from
    this.environment = environment
  }

  override get(key: string): AttributeValue | undefined {
    return this.members.get(key)?.(this.source as AttributeSource, this.environment)
  }
}
