/** The result of routing a request, as filters and the connection manager see it. Follows `envoy/router/router.h`. */
import type { MessageType } from '../config/message-type.ts'
import type { HeaderMap } from './header-map.ts'
import type { Host, Metadata, Priority, RetryPriority, StatCounter } from './cluster.ts'
import type { RateLimits } from './rate-limit.ts'
import type { StreamInfo } from './stream-info.ts'

export interface RouteTable {
  readonly name: string
  /** `undefined`: no route (404 NR). `random` is a stable random 64-bit-ish value of the stream (weighted choices). */
  route(headers: HeaderMap, streamInfo: StreamInfo, random: number): Route | undefined
  /** Those that only internal requests may have (`internal_only_headers`), for a request with these headers. */
  internalOnlyHeaders(headers: HeaderMap): readonly string[]
}

/** '' and undefined: the next less specific policy says. */
export interface CorsPolicy {
  readonly allowsOrigin: ((origin: string) => boolean) | undefined
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly exposeHeaders: string
  readonly maxAge: string
  readonly allowCredentials: boolean | undefined
  readonly allowPrivateNetworkAccess: boolean | undefined
  readonly forwardNotMatchingPreflights: boolean | undefined
  /** Of a stream's random number. */
  enabled(random: number): boolean
  shadowEnabled(random: number): boolean
}

export interface VirtualHostFacts {
  readonly virtualHostName: string
  readonly virtualHostMetadata: Metadata | undefined
}

export interface Route extends VirtualHostFacts {
  readonly routeName: string
  readonly metadata: Metadata | undefined
  /** Answer without an upstream (direct_response, redirect). */
  readonly directResponse: DirectResponse | undefined
  /** Where to send it; absent with `directResponse`. */
  readonly entry: RouteEntry | undefined
  /**
   * Most specific `typed_per_filter_config` under the name of a filter in its chain, parsed by its extension; undefined
   * without one, and where it is of another type than the filter takes.
   */
  perFilterConfig(filterConfigName: string, type: MessageType<unknown>): unknown
  /** All of that type, least specific first (route table … weighted cluster). */
  allPerFilterConfigs(filterConfigName: string, type: MessageType<unknown>): readonly unknown[]
  /** `disabled: true` at some level: true; explicitly not: false; nothing said: undefined. */
  filterDisabled(filterConfigName: string): boolean | undefined
  /** Header mutations of response in Envoy's order, applied to upstream and local replies alike. */
  finalizeResponseHeaders(headers: HeaderMap, streamInfo: StreamInfo, requestHeaders: HeaderMap | undefined): void
}

export interface DirectResponse {
  readonly status: number
  /** Ready to send; '' without a body. */
  body(headers: HeaderMap, streamInfo: StreamInfo): string | Uint8Array
  /** The `location` of a redirect, '' for a plain direct response. */
  location(headers: HeaderMap, streamInfo: StreamInfo): string
  /** `content_type` of a formatted body, '' for the local reply's own. */
  readonly contentType: string
  /** The path change of a redirect: `location` is made from the result. */
  rewritePathHeader(headers: HeaderMap, streamInfo: StreamInfo, insertEnvoyOriginalPath: boolean): void
}

export interface RouteEntry {
  /** The deprecated `cors` of the route and of its virtual host. */
  readonly corsPolicies: readonly CorsPolicy[]
  readonly rateLimits: RateLimits
  /** May depend on the request (cluster_header); '' = none given (503 NC). */
  readonly clusterName: string
  readonly clusterNotFoundStatus: number
  readonly priority: Priority
  /** Route timeout; 0 = none. */
  readonly timeoutMs: number
  /** undefined: the connection manager's. */
  readonly idleTimeoutMs: number | undefined
  /** How long an answer may wait for the client's window; undefined: the connection manager's. */
  readonly flushTimeoutMs: number | undefined
  readonly maxStreamDurationMs: number | undefined
  readonly grpcTimeoutHeaderMaxMs: number | undefined
  readonly grpcTimeoutHeaderOffsetMs: number
  /** `max_stream_duration` is set: `grpc-timeout` tells the upstream what is left. */
  readonly usesMaxStreamDuration: boolean
  /** `max_grpc_timeout`, 0 = as the request says; undefined: `grpc-timeout` does not set the route's timeout. */
  readonly maxGrpcTimeoutMs: number | undefined
  readonly grpcTimeoutOffsetMs: number
  readonly retryPolicy: RetryPolicy | undefined
  /** An attempt that takes too long goes on beside the next one. */
  readonly hedgeOnPerTryTimeout: boolean
  readonly includeAttemptCountInRequest: boolean
  readonly includeAttemptCountInResponse: boolean
  /** `x-envoy-is-timeout-retry` on retries. */
  readonly includeIsTimeoutRetryHeader: boolean
  /** Most bytes of the request body that are kept for a retry, beside the connection's limit. */
  readonly retryBufferLimitBytes: number | undefined
  readonly autoHostRewrite: boolean
  readonly appendXForwardedHost: boolean
  readonly metadataMatch: Readonly<Record<string, unknown>> | undefined
  /** `upgrade_configs` by lower-case `upgrade_type`: allowed or not, whatever the connection manager says. */
  readonly upgrades: ReadonlyMap<string, boolean>
  readonly shadowPolicies: readonly ShadowPolicy[]
  readonly hashPolicy: HashPolicy | undefined
  readonly internalRedirectPolicy: InternalRedirectPolicy | undefined
  /** Of the route's `stat_prefix`. */
  readonly stats: RequestStats | undefined
  /** What the virtual host counts the request as; undefined without `virtual_clusters`. */
  readonly virtualCluster: ((headers: HeaderMap) => VirtualCluster) | undefined
  /** CONNECT or CONNECT-UDP ends here: the upstream gets the bytes inside, not the request. */
  readonly connectConfig: ConnectConfig | undefined
  /**
   * The same route with a cluster that is chosen anew, for a retry; undefined where there is nothing to choose.
   * @param tried what it remembers of a request from one time to the next
   */
  refreshCluster(headers: HeaderMap, streamInfo: StreamInfo, random: number, tried: Set<number>): Route | undefined
  /** Path, host and header changes for the upstream. `insertEnvoyOriginalPath`: unless suppressed by the router. */
  finalizeRequestHeaders(headers: HeaderMap, streamInfo: StreamInfo, insertEnvoyOriginalPath: boolean): void
}

export interface ConnectConfig {
  /** POST is a CONNECT too. */
  readonly allowPost: boolean
  /** Of the PROXY protocol, whose header goes before the bytes. */
  readonly proxyProtocol: 'V1' | 'V2' | undefined
}

export interface VirtualCluster {
  /** Undefined for all that no other takes. */
  readonly name: string | undefined
  readonly stats: RequestStats
}

/** What is counted of requests beside the cluster's stats. */
export interface RequestStats {
  readonly total: StatCounter
  readonly timeout: StatCounter
  readonly retry: StatCounter
  readonly retrySuccess: StatCounter
  readonly retryOverflow: StatCounter
  readonly retryLimitExceeded: StatCounter
  chargeResponseCode(status: number): void
  recordTime(ms: number): void
}

/** Which redirects of the upstream the proxy follows. */
export interface InternalRedirectPolicy {
  readonly statuses: ReadonlySet<number>
  readonly maxRedirects: number
  readonly allowCrossScheme: boolean
  /** Of the response, to the next request. */
  readonly headersToCopy: readonly string[]
  /** All must accept. */
  readonly predicates: readonly ((redirect: {
    /** Names of routes. */
    readonly source: string
    readonly target: string
    readonly secure: boolean
    readonly targetSecure: boolean
    readonly streamInfo: StreamInfo
  }) => boolean)[]
}

/** Names the cluster of a request whose route is found (`cluster_specifier_plugin`); '' when it knows none. */
export type ClusterSpecifier = (headers: HeaderMap, streamInfo: StreamInfo, random: number) => string

export interface HashPolicy {
  /** Of 64 bits; undefined when the request has nothing of what is asked for. `addCookie` gets a `set-cookie` for the answer; without it no cookie is made. */
  hash(
    headers: HeaderMap,
    streamInfo: StreamInfo,
    addCookie: ((setCookie: string) => void) | undefined,
  ): bigint | undefined
}

/** Where copies of requests go. */
export interface ShadowPolicy {
  /** '' or an unknown one: nowhere. */
  clusterName(headers: HeaderMap): string
  /** Whether this request is copied; `random` of its stream. */
  enabled(random: number): boolean
  /** Makes the copy's headers of the original's. */
  finalizeHeaders(headers: HeaderMap, streamInfo: StreamInfo): void
}

/** True: another host should be taken. */
export type RetryHostPredicate = (host: Host, attempted: readonly Host[]) => boolean

export interface RateLimitedBackOff {
  /** The first that gives a time which is not too long decides. */
  readonly resetHeaders: readonly { readonly name: string; readonly format: 'SECONDS' | 'UNIX_TIMESTAMP' }[]
  readonly maxIntervalMs: number
}

export interface RetryPolicy {
  /** Each attempt goes to a cluster that is chosen anew. */
  readonly refreshClusterOnRetry: boolean
  /** `retry_on` words. */
  readonly retryOn: ReadonlySet<string>
  readonly retriableStatusCodes: readonly number[]
  /** Any of them on the response makes it retriable (`retriable-headers`). */
  readonly retriableHeaders: readonly ((headers: HeaderMap) => boolean)[]
  /** Requests that none of them takes are not retried; all are when there is none. */
  readonly retriableRequestHeaders: readonly ((headers: HeaderMap) => boolean)[]
  readonly numRetries: number
  readonly perTryTimeoutMs: number
  /** 0 = none. */
  readonly perTryIdleTimeoutMs: number
  /** Undefined: as the runtime says, and ten times of it at most. */
  readonly backOff: { readonly baseIntervalMs: number; readonly maxIntervalMs: number } | undefined
  /** When a response says so itself; undefined: never. */
  readonly rateLimitedBackOff: RateLimitedBackOff | undefined
  readonly hostSelectionMaxAttempts: number
  /** Each may refuse a host that the load balancer offers for a retry. */
  readonly hostPredicates: readonly RetryHostPredicate[]
  /** For one request. */
  readonly makeRetryPriority: (() => RetryPriority) | undefined
}
