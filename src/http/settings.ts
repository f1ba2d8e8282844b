/** What a connection manager is configured with: made once from the `HttpConnectionManager` message. */
import type { AccessLog } from '../core/access-log.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { ServerConnection, ServerConnectionCallbacks } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import type { EarlyHeaderMutation, OriginalIpDetection, RequestIds } from '../core/connection-manager-extensions.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HttpFilterFactory } from '../core/http-filter.ts'
import type { RouteTable } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { Histogram } from '../stats/scope.ts'
import type { LocalReplyRewriter } from './local-reply.ts'
import type { ProxyStatusSettings } from './proxy-status.ts'
import type { HttpStats } from './stats.ts'

/**
 * Makes the codec when the first bytes have come; they may decide its version. Undefined: they are too few, it is to be
 * called again with these and what follows.
 */
export type MakeServerCodec = (
  connection: Connection,
  callbacks: ServerConnectionCallbacks,
  firstData: Uint8Array,
) => ServerConnection | undefined

export interface HttpFilterSettings {
  /** The `name` in the chain. */
  readonly name: string
  readonly factory: HttpFilterFactory
  /** Off unless a route says otherwise. */
  readonly disabled: boolean
}

export interface UpgradeSettings {
  /** A route may say otherwise. */
  readonly enabled: boolean
  /** Instead of the connection manager's. */
  readonly filters: readonly HttpFilterSettings[] | undefined
}

export type ServerHeaderTransformation = 'OVERWRITE' | 'APPEND_IF_ABSENT' | 'PASS_THROUGH'

export type EscapedSlashesAction =
  | 'KEEP_UNCHANGED'
  | 'REJECT_REQUEST'
  | 'UNESCAPE_AND_REDIRECT'
  | 'UNESCAPE_AND_FORWARD'

export type ForwardClientCert = 'SANITIZE' | 'FORWARD_ONLY' | 'APPEND_FORWARD' | 'SANITIZE_SET' | 'ALWAYS_FORWARD_ONLY'

/** `set_current_client_cert_details`. */
export interface ClientCertDetails {
  readonly subject: boolean
  readonly cert: boolean
  readonly chain: boolean
  readonly dns: boolean
  readonly uri: boolean
  readonly issuer: boolean
  /** JSON instead of text. */
  readonly json: boolean
}

export interface ClientCertForwarding {
  readonly mode: ForwardClientCert
  readonly details: ClientCertDetails
}

export interface RequestHeaderSettings {
  readonly useRemoteAddress: boolean
  readonly xffNumTrustedHops: number
  readonly skipXffAppend: boolean
  /** Instead of `x-forwarded-for`, asked in turn; not with `useRemoteAddress`. */
  readonly originalIpDetection: readonly OriginalIpDetection[]
  /** Appended instead of a loopback peer's address. */
  readonly localAddress: string
  readonly appendXForwardedPort: boolean
  /** `internal_address_config`; whether an IP address is internal. */
  isInternalAddress(ip: string): boolean
  readonly unixSocketsAreInternal: boolean
  /** `add_user_agent`: the service cluster, undefined when off. */
  readonly userAgent: string | undefined
  readonly nodeId: string
  readonly via: string
  readonly generateRequestId: boolean
  readonly requestIds: RequestIds
  readonly preserveExternalRequestId: boolean
  /** `scheme_header_transformation.scheme_to_overwrite`. */
  readonly schemeToSet: string | undefined
  /** `forward_proto_config`: the scheme that the port of the listener before us tells, where a proxy has told that port. */
  readonly schemeOfPort: ReadonlyMap<number, string> | undefined
  readonly normalizePath: boolean
  readonly mergeSlashes: boolean
  readonly escapedSlashesAction: EscapedSlashesAction
  readonly stripPort: 'none' | 'matching' | 'any'
  readonly stripTrailingHostDot: boolean
  /** `forward_client_cert_details`. */
  readonly forwardClientCert: ForwardClientCert
  readonly clientCertDetails: ClientCertDetails
  /** `forward_client_cert_matcher`: what stands instead of the two for a request; undefined: nothing. */
  readonly clientCertOf: ((headers: HeaderMap, streamInfo: StreamInfo) => ClientCertForwarding | undefined) | undefined
}

/** How long the choice of a route takes, and how often it is made for one request. */
export interface RouteResolutionStats {
  readonly timeUs: Histogram
  readonly perRequest: Histogram
}

export interface HttpConnectionManagerSettings extends RequestHeaderSettings {
  readonly stats: HttpStats
  readonly makeServerCodec: MakeServerCodec
  /** The table in force; a route discovery may replace it. */
  readonly routes: { readonly current: RouteTable | undefined }
  readonly filters: readonly HttpFilterSettings[]
  readonly clusters: Pick<ClusterManager, 'get'>
  readonly accessLogs: readonly AccessLog[]
  readonly accessLogOnNewRequest: boolean
  /** How often a stream that lasts is logged; 0 = never before its end. */
  readonly accessLogFlushIntervalMs: number
  readonly accessLogOnTunnelEstablished: boolean
  readonly localReplyRewriter: LocalReplyRewriter | undefined
  readonly serverName: string
  readonly serverHeaderTransformation: ServerHeaderTransformation
  readonly alwaysSetRequestIdInResponse: boolean
  readonly earlyHeaderMutations: readonly EarlyHeaderMutation[]
  readonly proxyStatus: ProxyStatusSettings | undefined
  /** `scheme_header_transformation.match_upstream`. */
  readonly schemeMatchesUpstream: boolean
  /** `record_route_resolution_stats`. */
  readonly routeResolution: RouteResolutionStats | undefined
  readonly proxy100Continue: boolean
  readonly delayedCloseTimeoutMs: number
  /** `upgrade_configs` by lower-case `upgrade_type`. */
  readonly upgrades: ReadonlyMap<string, UpgradeSettings>
  readonly headersWithUnderscores: 'ALLOW' | 'REJECT_REQUEST' | 'DROP_HEADER'
  /** HTTP/1: a bad message (400) leaves the connection open. */
  readonly streamErrorOnInvalidHttpMessage: boolean
  /** All timeouts: 0 = none. */
  readonly streamIdleTimeoutMs: number
  /** Without `stream_flush_timeout`, the idle timeout of a route counts for that too. */
  readonly idleTimeoutIsFlushTimeout: boolean
  readonly requestTimeoutMs: number
  readonly requestHeadersTimeoutMs: number
  readonly maxStreamDurationMs: number
  readonly idleTimeoutMs: number
  readonly maxConnectionDurationMs: number
  /** The duration is longer by a random part of up to so much of it; so is the drain timeout. */
  readonly maxConnectionDurationJitterPercent: number
  readonly drainTimeoutJitterPercent: number
  /** HTTP/1 connections that are too old close with their next answer, not before. */
  readonly http1SafeMaxConnectionDuration: boolean
  readonly drainTimeoutMs: number
  /** 0 = unlimited. */
  readonly maxRequestsPerConnection: number
  /** HTTP/2: when a connection has so many requests reset before their answer that it is closed (rapid reset). */
  readonly prematureResets: {
    /** Half of so many resets, or of all requests once they are more, are too many. */
    totalStreams(): number
    /** A request that lived longer was not reset prematurely. */
    minLifetimeSeconds(): number
  }
  drainClose(): boolean
}
