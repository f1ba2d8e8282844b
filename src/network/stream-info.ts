/** The one implementation of core's `StreamInfo`, for HTTP streams and TCP connections. Follows Envoy's `StreamInfoImpl`. */
import { performance } from '../base/clock.ts'
import type { Address } from '../core/address.ts'
import type { Host, UpstreamConnectionInfo } from '../core/cluster.ts'
import type { Route, VirtualHostFacts } from '../core/route.ts'
import type {
  BytesMeter,
  ConnectionTiming,
  DetectedCloseType,
  DownstreamInfo,
  FilterStateObject,
  InternalRedirects,
  Protocol,
  StreamInfo,
  TlsInfo,
} from '../core/stream-info.ts'

/** Every field is set by the constructor, so that all streams share one hidden class. */
export class StreamInformation implements StreamInfo {
  readonly startMonotonicMs = performance.now()
  readonly startTimeMs = performance.timeOrigin + this.startMonotonicMs
  downstreamHeadersMs: number | undefined = undefined
  lastDownstreamRxMs: number | undefined = undefined
  firstUpstreamTxMs: number | undefined = undefined
  lastUpstreamTxMs: number | undefined = undefined
  firstUpstreamRxMs: number | undefined = undefined
  firstUpstreamBodyMs: number | undefined = undefined
  lastUpstreamRxMs: number | undefined = undefined
  firstDownstreamTxMs: number | undefined = undefined
  lastDownstreamTxMs: number | undefined = undefined
  durationMs: number | undefined = undefined

  protocol: Protocol | undefined
  responseCode = 0
  responseCodeDetails: string | undefined = undefined
  connectionTerminationDetails: string | undefined = undefined
  responseFlags = 0
  bytesReceived = 0
  bytesSent = 0
  downstreamBytes: BytesMeter | undefined = undefined
  upstreamBytes: BytesMeter | undefined = undefined

  readonly downstream: DownstreamInfo
  downstreamRemoteAddress: Address
  upstreamHost: Host | undefined = undefined
  upstreamClusterName: string | undefined = undefined
  upstreamLocalAddress: Address | undefined = undefined
  upstreamRemoteAddress: Address | undefined = undefined
  upstreamTransportFailureReason: string | undefined = undefined
  upstreamProtocol: Protocol | undefined = undefined
  upstreamConnectionId: bigint | number | undefined = undefined
  upstreamPoolReadyMs: number | undefined = undefined
  upstreamTiming: ConnectionTiming | undefined = undefined
  upstreamLocalCloseReason = ''
  upstreamDetectedCloseType: DetectedCloseType = 'Normal'
  earlierUpstreamHosts: Host[] | undefined = undefined
  earlierUpstreamConnectionIds: number[] | undefined = undefined
  upstreamTls: TlsInfo | undefined = undefined
  upstreamRequestAttemptCount = 0
  route: Route | undefined = undefined
  routeName: string | undefined = undefined
  virtualHostName: string | undefined = undefined
  unroutedVirtualHost: VirtualHostFacts | undefined = undefined
  virtualClusterName: string | undefined = undefined
  requestId: string | undefined = undefined
  dynamicMetadata: Map<string, Record<string, unknown>> | undefined = undefined
  filterState: Map<string, FilterStateObject> | undefined = undefined
  healthCheck = false
  schemeMatchesUpstream = false
  internalRedirects: InternalRedirects | undefined = undefined

  constructor(downstream: DownstreamInfo, protocol?: Protocol) {
    this.downstream = downstream
    this.downstreamRemoteAddress = downstream.remoteAddress
    this.protocol = protocol
  }

  /** Milliseconds since the stream began, the unit of all `…Ms` fields. */
  sinceStart(): number {
    return performance.now() - this.startMonotonicMs
  }
}

/** What streams and TCP connections tell of the connection to their host. */
export function showUpstreamConnection(
  info: StreamInfo,
  host: Host,
  connection: Omit<UpstreamConnectionInfo, 'protocol'>,
): void {
  info.upstreamHost = host
  info.upstreamLocalAddress = connection.localAddress
  info.upstreamRemoteAddress = connection.remoteAddress
  info.upstreamConnectionId = connection.id
  info.upstreamTls = connection.tls
  info.upstreamTiming = connection.timing
}
