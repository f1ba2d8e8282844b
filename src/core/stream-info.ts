/** What is known of one request or TCP connection, for filters and access logs. Follows Envoy's `StreamInfo`. */
import type { Address } from './address.ts'
import type { Host, Metadata } from './cluster.ts'
import type { Route, VirtualHostFacts } from './route.ts'

/**
 * Response flags as bits, in the order in which `%RESPONSE_FLAGS%` prints them; names as in Envoy's docs
 * (configuration/observability/access_log/usage#response-flags).
 */
export const ResponseFlag = {
  failedLocalHealthCheck: 1 << 0, // LH
  noHealthyUpstream: 1 << 1, // UH
  upstreamRequestTimeout: 1 << 2, // UT
  localReset: 1 << 3, // LR
  upstreamRemoteReset: 1 << 4, // UR
  upstreamConnectionFailure: 1 << 5, // UF
  upstreamConnectionTermination: 1 << 6, // UC
  upstreamOverflow: 1 << 7, // UO
  noRouteFound: 1 << 8, // NR
  delayInjected: 1 << 9, // DI
  faultInjected: 1 << 10, // FI
  rateLimited: 1 << 11, // RL
  unauthorizedExternalService: 1 << 12, // UAEX
  rateLimitServiceError: 1 << 13, // RLSE
  downstreamConnectionTermination: 1 << 14, // DC
  upstreamRetryLimitExceeded: 1 << 15, // URX
  streamIdleTimeout: 1 << 16, // SI
  invalidEnvoyRequestHeaders: 1 << 17, // IH
  downstreamProtocolError: 1 << 18, // DPE
  upstreamMaxStreamDurationReached: 1 << 19, // UMSDR
  responseFromCacheFilter: 1 << 20, // RFCF
  noFilterConfigFound: 1 << 21, // NFCF
  durationTimeout: 1 << 22, // DT
  upstreamProtocolError: 1 << 23, // UPE
  noClusterFound: 1 << 24, // NC
  overloadManagerTerminated: 1 << 25, // OM
  dnsResolutionFailed: 1 << 26, // DF
  dropOverload: 1 << 27, // DO
  downstreamRemoteReset: 1 << 28, // DR
} as const

export const responseFlagNames: readonly string[] =
  'LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF DT UPE NC OM DF DO DR'.split(' ')

export type Protocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'

/** What a stream's messages have taken on the wire so far, in bytes. */
export interface BytesMeter {
  /** Framing included. */
  readonly wireBytesReceived: number
  readonly wireBytesSent: number
  /** HTTP/1: lines of fields, without start line and the empty line; HTTP/2: HEADERS frames. */
  readonly headerBytesReceived: number
  readonly headerBytesSent: number
  /** HTTP/2: names and values before HPACK. */
  readonly decompressedHeaderBytesReceived: number
  readonly decompressedHeaderBytesSent: number
}

/** When a connection was made, in `performance.now()`. */
export interface ConnectionTiming {
  readonly beginMs: number
  /** TCP is connected; of accepted connections the same as `beginMs`. */
  readonly connectedMs: number | undefined
  readonly handshakeBeginMs: number | undefined
  readonly handshakeEndMs: number | undefined
  readonly endMs: number | undefined
}

/** How a connection ended as far as we know: `LocalReset` by our RST, `RemoteReset` by the peer's. */
export type DetectedCloseType = 'Normal' | 'LocalReset' | 'RemoteReset'

/** A value that filters share along a stream (`%FILTER_STATE(key)%`). */
export interface FilterStateObject {
  /** For logs and wasm properties. */
  serializeAsString(): string | undefined
  /** The protobuf message that `TYPED` logs, as JSON; left out by what is a string and no more. */
  serializeAsProto?(): Readonly<Record<string, unknown>>
  /** `FIELD` of formats; undefined for a field that it has not. */
  getField?(name: string): string | number | undefined
  /** What hash policies hash of it, a byte string; left out by what is not made for it. */
  hashInput?(): string
  /** Of an address, without the port. */
  readonly ip?: string
  /** Cannot be replaced. */
  readonly readOnly?: boolean
  /** What attributes show, where that is not the serialized string. */
  attribute?(): Uint8Array
}

export interface StreamInfo {
  /** Wall clock, ms since the epoch (fractional). */
  readonly startTimeMs: number
  /** `performance.now()` at the first byte; all further times are relative ms to it, undefined until they happen. */
  readonly startMonotonicMs: number
  /** The request's head is there. */
  downstreamHeadersMs: number | undefined
  lastDownstreamRxMs: number | undefined
  firstUpstreamTxMs: number | undefined
  lastUpstreamTxMs: number | undefined
  firstUpstreamRxMs: number | undefined
  firstUpstreamBodyMs: number | undefined
  lastUpstreamRxMs: number | undefined
  firstDownstreamTxMs: number | undefined
  lastDownstreamTxMs: number | undefined
  /** Total duration once complete. */
  durationMs: number | undefined

  protocol: Protocol | undefined
  /** 0 until a response (or local reply) is known. */
  responseCode: number
  /** `via_upstream`, `route_not_found`, `upstream_reset_before_response_started{…}`, … */
  responseCodeDetails: string | undefined
  connectionTerminationDetails: string | undefined
  responseFlags: number
  /** Body bytes from and to downstream. */
  bytesReceived: number
  bytesSent: number
  /** Undefined for a TCP connection: its bytes are those above. */
  downstreamBytes: BytesMeter | undefined
  /** Of all attempts together. */
  upstreamBytes: BytesMeter | undefined

  readonly downstream: DownstreamInfo
  /** Set from the connection manager's original-IP detection; `%DOWNSTREAM_REMOTE_ADDRESS%`. */
  downstreamRemoteAddress: Address
  upstreamHost: Host | undefined
  /** '': the request went to none. */
  upstreamClusterName: string | undefined
  upstreamLocalAddress: Address | undefined
  upstreamRemoteAddress: Address | undefined
  upstreamTransportFailureReason: string | undefined
  upstreamProtocol: Protocol | undefined
  upstreamConnectionId: bigint | number | undefined
  /** How long the last attempt waited for its connection. */
  upstreamPoolReadyMs: number | undefined
  upstreamTiming: ConnectionTiming | undefined
  /** Of a TCP connection: why we closed the upstream's, and how it ended. */
  upstreamLocalCloseReason: string
  upstreamDetectedCloseType: DetectedCloseType
  /** Those of earlier attempts, in order; the last is `upstreamHost`. */
  earlierUpstreamHosts: Host[] | undefined
  earlierUpstreamConnectionIds: number[] | undefined
  /** Of the connection to the upstream host. */
  upstreamTls: TlsInfo | undefined
  upstreamRequestAttemptCount: number
  /** Of the latest routing; undefined before, and for TCP. */
  route: Route | undefined
  routeName: string | undefined
  virtualHostName: string | undefined
  /** That of the latest routing that came to a virtual host and to none of its routes. */
  unroutedVirtualHost: VirtualHostFacts | undefined
  virtualClusterName: string | undefined
  requestId: string | undefined
  /** Made on first use: most streams carry none. Keyed by filter name, values as `google.protobuf.Struct` JSON. */
  dynamicMetadata: Map<string, Record<string, unknown>> | undefined
  filterState: Map<string, FilterStateObject> | undefined
  /** A health check, left out of the stats of requests. */
  healthCheck: boolean
  /** Upstream, `:scheme` tells how the upstream connection is secured, not the downstream one. */
  schemeMatchesUpstream: boolean
  /** Goes from stream to stream as the proxy follows redirects. */
  internalRedirects: InternalRedirects | undefined
}

export interface InternalRedirects {
  count: number
  /** Taken so far: names of the route left and the route entered. */
  readonly routes: Set<string>
}

/** The stream's own object of that name, or else its connection's. */
export function filterStateOf(info: StreamInfo, key: string): FilterStateObject | undefined {
  return info.filterState?.get(key) ?? info.downstream.filterState?.get(key)
}

/** What all requests of one downstream connection share. */
export interface DownstreamInfo {
  readonly connectionId: number
  readonly localAddress: Address
  /** Whether a proxy before us has told `localAddress`, by the PROXY protocol. */
  readonly localAddressRestored?: boolean
  /** Of the peer itself, before any PROXY protocol or XFF. */
  readonly directRemoteAddress: Address
  readonly remoteAddress: Address
  readonly requestedServerName: string | undefined
  readonly tls: TlsInfo | undefined
  /** Why TLS failed; '' otherwise. */
  readonly transportFailureReason?: string
  readonly listenerName: string
  readonly filterChainName: string
  readonly listenerMetadata?: Metadata | undefined
  readonly filterChainMetadata?: Metadata | undefined
  readonly timing?: ConnectionTiming
  /** '' when the peer closed, or nobody has. */
  readonly localCloseReason?: string
  readonly detectedCloseType?: DetectedCloseType
  /** Of the connection: its streams see it behind their own. */
  filterState?: Map<string, FilterStateObject> | undefined
}

/** Of a TLS connection. All of it is empty while the handshake is under way, or when it failed. */
export interface TlsInfo {
  /** `TLSv1.3` */
  readonly version: string
  /** OpenSSL's name: `TLS_AES_256_GCM_SHA384`, `ECDHE-RSA-AES128-GCM-SHA256`. */
  readonly cipher: string
  readonly alpn: string | undefined
  readonly sni: string | undefined
  /** Hexadecimal; undefined when the session has none. */
  readonly sessionId?: string | undefined
  /** Of the key agreement: `X25519`, `P-256`. */
  readonly group?: string | undefined
  readonly peerPresented: boolean
  /** The peer's certificate was presented and found good. */
  readonly peerValidated: boolean
  /** Leaf first, as far as the peer sent it; a resumed session has the leaf alone. */
  readonly peerChain: readonly CertificateInfo[]
  readonly local: CertificateInfo | undefined
}

/** What filters, formats and matchers ask of an X.509 certificate. */
export interface CertificateInfo {
  /** RFC 2253: `CN=client,O=Acme`. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, lower case. */
  readonly serialNumber: string
  /** SHA-256 and SHA-1 of the DER, hexadecimal, lower case. */
  readonly fingerprint256: string
  readonly fingerprint1: string
  readonly validFromMs: number
  readonly expirationMs: number
  readonly dnsSans: readonly string[]
  readonly uriSans: readonly string[]
  readonly ipSans: readonly string[]
  readonly emailSans: readonly string[]
  readonly otherNameSans?: readonly string[]
  readonly pem: string
}

/**
 * Envoy prints flags in the order in which they were set. Of those that come together, what filters and the retry
 * policy set comes before the failure that ends the request, and the client's leaving last.
 */
const early = ResponseFlag.delayInjected | ResponseFlag.faultInjected | ResponseFlag.upstreamRetryLimitExceeded
const late = ResponseFlag.downstreamConnectionTermination | ResponseFlag.downstreamRemoteReset

/** The names of the flags that are set, joined by commas. @param names in the order of the bits */
export function flagNames({ responseFlags, protocol }: StreamInfo, names: readonly string[]): string {
  const of = (bits: number): string[] => names.filter((_, bit) => (bits & (1 << bit)) !== 0)
  // A TCP connection gives up after its last failure, not before.
  const first = protocol === undefined ? 0 : responseFlags & early
  return [...of(first), ...of(responseFlags & ~(first | late)), ...of(responseFlags & late)].join(',')
}
