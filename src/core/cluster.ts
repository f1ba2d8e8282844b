/** Clusters, hosts and connection pools as the router and filters see them. Follows `envoy/upstream/*.h`. */
import type { Runtime } from './extension.ts'
import type { Address } from './address.ts'
import type { RequestEncoder, ResponseDecoder } from './codec.ts'
import type { Connection } from './connection.ts'
import type { HeaderMap } from './header-map.ts'
import type { HashPolicy, RetryPolicy, ShadowPolicy } from './route.ts'
import type { Scope } from '../stats/scope.ts'
import type { ConnectionTiming, Protocol, TlsInfo } from './stream-info.ts'
import type { MakeUpstreamFilterChain } from './upstream-filters.ts'

export type Priority = 'default' | 'high'

/** `envoy.config.core.v3.Metadata`: filter name → Struct. */
export type Metadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Host {
  readonly address: Address
  /** `ip:port`, the name of `%UPSTREAM_HOST%`. */
  readonly addressString: string
  readonly hostname: string
  readonly clusterName: string
  readonly weight: number
  readonly priority: number
  readonly metadata: Metadata | undefined
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string }
  readonly healthy: boolean
  readonly degraded: boolean
  /** Process-wide would be Envoy's own; per worker here, for least-request. */
  activeRequests: number
  /** For `/clusters` and outlier detection. */
  readonly stats: HostStats
  /** Told by the router after every attempt, for outlier detection (seam). */
  onResponse(status: number): void
}

export interface HostStats {
  cxTotal: number
  cxActive: number
  cxConnectFail: number
  rqTotal: number
  rqActive: number
  rqSuccess: number
  rqError: number
  rqTimeout: number
}

/** How much traffic each priority gets, in percent; healthy and degraded together make 100. */
export interface PriorityLoad {
  readonly healthy: readonly number[]
  readonly degraded: readonly number[]
}

/** Spreads the retries of one request over the priorities of its cluster. */
export interface RetryPriority {
  onHostAttempted(host: Host): void
  /** @param available of each priority in percent, before they are made to make 100 */
  determinePriorityLoad(original: PriorityLoad, available: PriorityLoad): PriorityLoad
}

/** What a load balancer may look at. All optional: TCP has no headers. */
export interface LoadBalancerContext {
  readonly downstreamConnection: Connection | undefined
  readonly requestHeaders: HeaderMap | undefined
  readonly metadataMatch: Readonly<Record<string, unknown>> | undefined
  /** 32-bit or wider unsigned hash for ring hash and maglev. */
  computeHashKey(): bigint | undefined
  /** The same by a policy of the load balancer, which goes before. Left out by who has no request. */
  computeHashBy?(policy: HashPolicy): bigint | undefined
  /** Hosts already tried (retry host predicate). */
  shouldSelectAnotherHost(host: Host): boolean
  /** How often another host may be taken; none when left out. */
  readonly hostSelectionRetryCount?: number
  /** Of a retry that has one. */
  readonly retryPriority?: RetryPriority | undefined
}

/** Of a request that the proxy makes itself. */
export function ownRequestContext(requestHeaders: HeaderMap): LoadBalancerContext {
  return {
    downstreamConnection: undefined,
    requestHeaders,
    metadataMatch: undefined,
    computeHashKey: () => undefined,
    shouldSelectAnotherHost: () => false,
  }
}

/** Process-wide limit of one kind (`circuit_breakers.thresholds`). */
export interface Resource {
  readonly max: number
  canCreate(): boolean
  inc(): void
  dec(): void
  readonly count: number
}

export interface ResourceManager {
  readonly connections: Resource
  readonly pendingRequests: Resource
  readonly requests: Resource
  readonly retries: Resource
  readonly connectionPools: Resource
  /** Of every single host, over all priorities (`per_host_thresholds`); Infinity = no limit. */
  readonly maxConnectionsPerHost: number
  /** A request was given to a connection. */
  onRequest(): void
}

export interface ClusterInfo {
  readonly name: string
  /** `alt_stat_name` or name. */
  readonly statName: string
  readonly connectTimeoutMs: number
  readonly perConnectionBufferLimitBytes: number
  readonly maxRequestsPerConnection: number
  /** Of one attempt, from the moment it has a connection; 0 = none. */
  readonly maxStreamDurationMs: number
  readonly metadata: Metadata | undefined
  readonly http1: boolean
  readonly http2: boolean
  readonly maintenanceMode: boolean
  readonly runtime: Runtime
  /** Of every attempt at a host; undefined: those of the router, if it has any. */
  readonly upstreamFilters: MakeUpstreamFilterChain | undefined
  readonly policies: ClusterRequestPolicies
  resourceManager(priority: Priority): ResourceManager
  readonly stats: ClusterStats
}

/** In place of those of routes where they are given. */
export interface ClusterRequestPolicies {
  /** Its timeouts of one try have no effect: those come from routes alone. */
  readonly retryPolicy: RetryPolicy | undefined
  readonly shadowPolicies: readonly ShadowPolicy[] | undefined
}

export interface StatCounter {
  inc(): void
  add(n: number): void
}
export interface StatGauge extends StatCounter {
  dec(): void
  set(value: number): void
}

/** The `cluster.<name>.` stats that users of a cluster count; the cluster's own code counts the rest. */
export interface ClusterStats {
  /** `cluster.<name>.`, for what filters count of a cluster. */
  readonly scope: Scope
  readonly upstreamRqTotal: StatCounter
  readonly upstreamRqActive: StatGauge
  readonly upstreamRqCompleted: StatCounter
  readonly upstreamRqTimeout: StatCounter
  readonly upstreamRqPerTryTimeout: StatCounter
  readonly upstreamRqPerTryIdleTimeout: StatCounter
  readonly upstreamRqMaxDurationReached: StatCounter
  readonly upstreamRqRxReset: StatCounter
  readonly upstreamRqTxReset: StatCounter
  readonly upstreamRqRetry: StatCounter
  readonly upstreamRqRetrySuccess: StatCounter
  readonly upstreamRqRetryOverflow: StatCounter
  readonly upstreamRqRetryLimitExceeded: StatCounter
  readonly upstreamRqRetryBackoffExponential: StatCounter
  readonly upstreamRqRetryBackoffRatelimited: StatCounter
  readonly upstreamRqPendingOverflow: StatCounter
  readonly upstreamRqMaintenanceMode: StatCounter
  readonly upstreamRqCancelled: StatCounter
  readonly upstreamCxNoneHealthy: StatCounter
  readonly upstreamCxOverflow: StatCounter
  readonly upstreamCxConnectAttemptsExceeded: StatCounter
  readonly upstreamFlowControlPausedReadingTotal: StatCounter
  readonly upstreamFlowControlResumedReadingTotal: StatCounter
  readonly upstreamFlowControlBackedUpTotal: StatCounter
  readonly upstreamFlowControlDrainedTotal: StatCounter
  readonly upstreamInternalRedirectSucceededTotal: StatCounter
  readonly upstreamInternalRedirectFailedTotal: StatCounter
  /** `retry_or_shadow_abandoned`: the request body was too long to be kept. */
  readonly retryOrShadowAbandoned: StatCounter
  /** `upstream_rq_<code>` and `upstream_rq_<n>xx`, under ``, `internal.`, `external.`, `canary.`; cached by code. `quiet`: without the codes under ``. */
  chargeResponseCode(status: number, internal: boolean, quiet?: boolean, canary?: boolean): void
  /** `retry.upstream_rq_<code>`, of responses that were answered by a retry. */
  chargeRetryResponseCode(status: number, quiet?: boolean): void
  /** `upstream_rq_time`, under ``, `internal.` or `external.`, `canary.`. */
  recordRequestTime(ms: number, internal: boolean, canary: boolean): void
}

export interface CircuitBreakerLimits {
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  readonly maxRetries: number
}

/** Plain data of one cluster, for `/clusters`. */
export interface ClusterStatus {
  readonly name: string
  readonly observabilityName: string
  readonly addedViaApi: boolean
  readonly defaultPriority: CircuitBreakerLimits
  readonly highPriority: CircuitBreakerLimits
  readonly hosts: readonly HostStatus[]
}

export interface HostStatus {
  readonly address: Address
  readonly hostname: string
  /** `healthy`, or flags each with a slash: `/failed_eds_health`. */
  readonly healthFlags: string
  readonly edsHealthStatus: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY' | 'DRAINING' | 'TIMEOUT' | 'DEGRADED'
  readonly weight: number
  readonly priority: number
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string }
  /** Of this worker alone. */
  readonly stats: HostStats & { readonly rqPendingActive: number }
}

export interface Cancellable {
  cancel(): void
}

/** How the chosen connection refused: becomes reset reason and response flag in the router. */
export type PoolFailureReason = 'overflow' | 'local-connection-failure' | 'remote-connection-failure' | 'timeout'

export interface HttpPoolCallbacks {
  onPoolReady(encoder: RequestEncoder, host: Host, info: UpstreamConnectionInfo): void
  onPoolFailure(reason: PoolFailureReason, transportFailureReason: string, host: Host | undefined): void
}

export interface UpstreamConnectionInfo {
  readonly id: number
  readonly localAddress: Address
  readonly remoteAddress: Address
  readonly protocol: Protocol
  readonly tls?: TlsInfo | undefined
  readonly timing?: ConnectionTiming | undefined
}

export interface HttpConnectionPool {
  readonly host: Host
  /** May call back before it returns; then returns undefined. Otherwise `cancel` gives the place up. */
  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined
}

export interface TcpPoolCallbacks {
  /** The connection is the caller's from here: it sets the reader and closes it. */
  onPoolReady(connection: UpstreamTcpConnection, host: Host): void
  onPoolFailure(reason: PoolFailureReason, transportFailureReason: string, host: Host | undefined): void
}

export interface UpstreamTcpConnection extends Connection {
  setReader(reader: { onData(data: Uint8Array, endStream: boolean): void }): void
}

export interface Cluster {
  readonly info: ClusterInfo
  /** `undefined`: no healthy upstream. */
  chooseHost(context: LoadBalancerContext): Host | undefined
  /** @param headers of the request, as they will be sent: they may decide on the server name (`auto_sni`) */
  httpConnectionPool(
    host: Host,
    priority: Priority,
    downstreamProtocol: Protocol,
    headers?: HeaderMap,
  ): HttpConnectionPool
  newTcpConnection(host: Host, priority: Priority, callbacks: TcpPoolCallbacks): Cancellable | undefined
  /** All hosts, for admin and retries. */
  readonly hosts: readonly Host[]
}

export interface ClusterManager {
  get(name: string): Cluster | undefined
  readonly clusters: ReadonlyMap<string, Cluster>
}
