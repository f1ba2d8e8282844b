/** The routes of a table, as the router and filters see them. Follows Envoy's `RouteEntryImplBase`. */
import type { MessageType } from '../config/message-type.ts'
import type { Metadata, Priority } from '../core/cluster.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type {
  CorsPolicy,
  ConnectConfig,
  DirectResponse,
  HashPolicy,
  InternalRedirectPolicy,
  RetryPolicy,
  Route,
  RouteEntry,
  ShadowPolicy,
  RequestStats,
  VirtualCluster,
} from '../core/route.ts'
import type { RateLimits } from '../core/rate-limit.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { type HeaderMutations, headerContext } from '../format/header-parser.ts'
import { allLevels, mostSpecific, type PerFilterConfigs } from './per-filter-config.ts'
import { rewriteHost, rewritePath } from './rewrite.ts'

/** As `RouteEntry.refreshCluster`. */
export type ClusterRefresh = RouteEntry['refreshCluster']

/** What all kinds of routes have. */
export interface RouteSettings {
  readonly routeName: string
  readonly virtualHostName: string
  readonly metadata: Metadata | undefined
  readonly virtualHostMetadata: Metadata | undefined
  readonly perFilterConfigs: PerFilterConfigs
  /** In the order in which they are applied. */
  readonly requestMutations: readonly HeaderMutations[]
  readonly responseMutations: readonly HeaderMutations[]
}

abstract class ConfiguredRoute<Settings extends RouteSettings> {
  readonly settings: Settings
  readonly routeName: string
  readonly virtualHostName: string
  readonly metadata: Metadata | undefined
  readonly virtualHostMetadata: Metadata | undefined

  constructor(settings: Settings) {
    this.settings = settings
    this.routeName = settings.routeName
    this.virtualHostName = settings.virtualHostName
    this.metadata = settings.metadata
    this.virtualHostMetadata = settings.virtualHostMetadata
  }

  perFilterConfig(name: string, type: MessageType<unknown>): unknown {
    return mostSpecific(this.settings.perFilterConfigs, name, type)
  }

  allPerFilterConfigs(name: string, type: MessageType<unknown>): readonly unknown[] {
    return allLevels(this.settings.perFilterConfigs, name, type)
  }

  filterDisabled(name: string): boolean | undefined {
    return this.settings.perFilterConfigs.get(name)?.disabled
  }

  finalizeResponseHeaders(headers: HeaderMap, streamInfo: StreamInfo, requestHeaders: HeaderMap | undefined): void {
    const mutations = this.settings.responseMutations
    if (mutations.length === 0) return
    const context = headerContext(requestHeaders, headers, streamInfo)
    for (let i = 0; i < mutations.length; i++) (mutations[i] as HeaderMutations).apply(headers, context)
  }
}

export interface ForwardSettings extends RouteSettings {
  readonly refreshCluster: ClusterRefresh | undefined
  readonly corsPolicies: readonly CorsPolicy[]
  readonly rateLimits: RateLimits
  readonly clusterNotFoundStatus: number
  readonly priority: Priority
  readonly timeoutMs: number
  readonly idleTimeoutMs: number | undefined
  readonly flushTimeoutMs: number | undefined
  readonly maxStreamDurationMs: number | undefined
  readonly grpcTimeoutHeaderMaxMs: number | undefined
  readonly retryPolicy: RetryPolicy | undefined
  readonly hedgeOnPerTryTimeout: boolean
  readonly grpcTimeoutHeaderOffsetMs: number
  readonly usesMaxStreamDuration: boolean
  readonly maxGrpcTimeoutMs: number | undefined
  readonly grpcTimeoutOffsetMs: number
  readonly includeAttemptCountInRequest: boolean
  readonly includeAttemptCountInResponse: boolean
  readonly includeIsTimeoutRetryHeader: boolean
  readonly retryBufferLimitBytes: number | undefined
  readonly autoHostRewrite: boolean
  readonly appendXForwardedHost: boolean
  readonly metadataMatch: Readonly<Record<string, unknown>> | undefined
  readonly upgrades: ReadonlyMap<string, boolean>
  readonly connectConfig: ConnectConfig | undefined
  readonly shadowPolicies: readonly ShadowPolicy[]
  readonly hashPolicy: HashPolicy | undefined
  readonly internalRedirectPolicy: InternalRedirectPolicy | undefined
  readonly stats: RequestStats | undefined
  readonly virtualCluster: ((headers: HeaderMap) => VirtualCluster) | undefined
  readonly pathRewrite: ((headers: HeaderMap, streamInfo: StreamInfo) => string) | undefined
  /** `host_rewrite_literal` of a weighted cluster, '' without; the route's own is applied after it. */
  readonly clusterHost: string
  readonly hostRewrite: ((headers: HeaderMap, streamInfo: StreamInfo) => string) | undefined
}

/** Sends requests to a cluster. One object for every cluster that its action can name; with `cluster_header` one a request. */
export class ForwardRoute extends ConfiguredRoute<ForwardSettings> implements Route, RouteEntry {
  readonly clusterName: string
  readonly directResponse = undefined

  constructor(settings: ForwardSettings, clusterName: string) {
    super(settings)
    this.clusterName = clusterName
  }

  get entry(): RouteEntry {
    return this
  }

  get corsPolicies(): readonly CorsPolicy[] {
    return this.settings.corsPolicies
  }

  get rateLimits(): RateLimits {
    return this.settings.rateLimits
  }

  refreshCluster(headers: HeaderMap, streamInfo: StreamInfo, random: number, tried: Set<number>): Route | undefined {
    return this.settings.refreshCluster?.(headers, streamInfo, random, tried)
  }

  get clusterNotFoundStatus(): number {
    return this.settings.clusterNotFoundStatus
  }

  get priority(): Priority {
    return this.settings.priority
  }

  get timeoutMs(): number {
    return this.settings.timeoutMs
  }

  get idleTimeoutMs(): number | undefined {
    return this.settings.idleTimeoutMs
  }

  get flushTimeoutMs(): number | undefined {
    return this.settings.flushTimeoutMs
  }

  get maxStreamDurationMs(): number | undefined {
    return this.settings.maxStreamDurationMs
  }

  get grpcTimeoutHeaderMaxMs(): number | undefined {
    return this.settings.grpcTimeoutHeaderMaxMs
  }

  get retryPolicy(): RetryPolicy | undefined {
    return this.settings.retryPolicy
  }

  get hedgeOnPerTryTimeout(): boolean {
    return this.settings.hedgeOnPerTryTimeout
  }

  get grpcTimeoutHeaderOffsetMs(): number {
    return this.settings.grpcTimeoutHeaderOffsetMs
  }

  get usesMaxStreamDuration(): boolean {
    return this.settings.usesMaxStreamDuration
  }

  get maxGrpcTimeoutMs(): number | undefined {
    return this.settings.maxGrpcTimeoutMs
  }

  get grpcTimeoutOffsetMs(): number {
    return this.settings.grpcTimeoutOffsetMs
  }

  get includeAttemptCountInRequest(): boolean {
    return this.settings.includeAttemptCountInRequest
  }

  get includeAttemptCountInResponse(): boolean {
    return this.settings.includeAttemptCountInResponse
  }

  get includeIsTimeoutRetryHeader(): boolean {
    return this.settings.includeIsTimeoutRetryHeader
  }

  get retryBufferLimitBytes(): number | undefined {
    return this.settings.retryBufferLimitBytes
  }

  get autoHostRewrite(): boolean {
    return this.settings.autoHostRewrite
  }

  get appendXForwardedHost(): boolean {
    return this.settings.appendXForwardedHost
  }

  get metadataMatch(): Readonly<Record<string, unknown>> | undefined {
    return this.settings.metadataMatch
  }

  get upgrades(): ReadonlyMap<string, boolean> {
    return this.settings.upgrades
  }

  get connectConfig(): ConnectConfig | undefined {
    return this.settings.connectConfig
  }

  get shadowPolicies(): readonly ShadowPolicy[] {
    return this.settings.shadowPolicies
  }

  get hashPolicy(): HashPolicy | undefined {
    return this.settings.hashPolicy
  }

  get internalRedirectPolicy(): InternalRedirectPolicy | undefined {
    return this.settings.internalRedirectPolicy
  }

  get stats(): RequestStats | undefined {
    return this.settings.stats
  }

  get virtualCluster(): ((headers: HeaderMap) => VirtualCluster) | undefined {
    return this.settings.virtualCluster
  }

  finalizeRequestHeaders(headers: HeaderMap, streamInfo: StreamInfo, insertEnvoyOriginalPath: boolean): void {
    const { requestMutations, clusterHost, hostRewrite, pathRewrite } = this.settings
    if (requestMutations.length > 0) {
      const context = headerContext(headers, undefined, streamInfo)
      for (let i = 0; i < requestMutations.length; i++) (requestMutations[i] as HeaderMutations).apply(headers, context)
    }
    if (clusterHost !== '') headers.set(':authority', clusterHost)
    if (hostRewrite !== undefined) {
      const host = hostRewrite(headers, streamInfo)
      if (host !== '') rewriteHost(headers, host, this.settings.appendXForwardedHost, insertEnvoyOriginalPath)
    }
    if (pathRewrite !== undefined) rewritePath(headers, pathRewrite(headers, streamInfo), insertEnvoyOriginalPath)
  }
}

export interface DirectSettings extends RouteSettings {
  readonly status: number
  readonly body: (headers: HeaderMap, streamInfo: StreamInfo) => string | Uint8Array
  readonly contentType: string
  /** '' without one. */
  readonly location: (headers: HeaderMap, streamInfo: StreamInfo) => string
  readonly pathRewrite: ((headers: HeaderMap, streamInfo: StreamInfo) => string) | undefined
}

/** Answers by itself: `direct_response`, `redirect`, or the redirect of `require_tls`. */
export class DirectRoute extends ConfiguredRoute<DirectSettings> implements Route, DirectResponse {
  readonly entry = undefined
  readonly status: number
  readonly contentType: string

  constructor(settings: DirectSettings) {
    super(settings)
    this.status = settings.status
    this.contentType = settings.contentType
  }

  get directResponse(): DirectResponse {
    return this
  }

  body(headers: HeaderMap, streamInfo: StreamInfo): string | Uint8Array {
    return this.settings.body(headers, streamInfo)
  }

  location(headers: HeaderMap, streamInfo: StreamInfo): string {
    return this.settings.location(headers, streamInfo)
  }

  rewritePathHeader(headers: HeaderMap, streamInfo: StreamInfo, insertEnvoyOriginalPath: boolean): void {
    const rewrite = this.settings.pathRewrite
    if (rewrite !== undefined) rewritePath(headers, rewrite(headers, streamInfo), insertEnvoyOriginalPath)
  }
}
