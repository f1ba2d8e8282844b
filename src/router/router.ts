/**
 * The terminal filter: from the route to a host and back. Follows Envoy's `source/common/router/router.cc`.
 *
 * decodeHeaders → direct response, or cluster → host → pool → UpstreamRequest. What the upstream does comes back in
 * `onUpstream…`, and goes into the encoder chain, into a retry, or becomes a local reply.
 */
import { performance } from '../base/clock.ts'
import { type Deadline, Deadlines } from '../base/deadlines.ts'
import { keep } from '../base/read-buffer.ts'
import type {
  Cluster,
  ClusterInfo,
  Host,
  LoadBalancerContext,
  RetryPriority,
  UpstreamConnectionInfo,
} from '../core/cluster.ts'
import type { StreamResetReason } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import { httpStatusOfGrpc } from '../core/grpc.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type {
  DataStatus,
  DownstreamWatermarkCallbacks,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  LocalReply,
  TrailersStatus,
} from '../core/http-filter.ts'
import { resetBody, resetDetails, resetStatus } from '../core/reset-reason.ts'
import type { HashPolicy, RequestStats, Route, RouteEntry, ShadowPolicy } from '../core/route.ts'
import { type BytesMeter, ResponseFlag } from '../core/stream-info.ts'
import { showUpstreamConnection } from '../network/stream-info.ts'
import { BytesOfAttempts, keepAttempt } from './attempts.ts'
import { type EnvoyHeaders, takeEnvoyHeaders } from './envoy-headers.ts'
import { resetFlags } from './reset-reason.ts'
import { followRedirect } from './internal-redirect.ts'
import { makeRetryState, type RetryCallbacks, type RetryDecision, type RetryState } from './retry-state.ts'
import type { RouterSettings } from './router-settings.ts'
import { isCanary } from './retry-host-predicate.ts'
import { checkStrictHeaders } from './strict-headers.ts'
import { replyDirectly } from './reply-directly.ts'
import { rewriteHost } from './rewrite.ts'
import { maxShadowDepth, type ShadowOwner, ShadowStream } from './shadow.ts'
import { noTimeouts, Timeouts } from './timeouts.ts'
import { tunnelsTo } from './tunnel.ts'
import { maxPendingMetadata, UpstreamRequest } from './upstream-request.ts'

const none: readonly RequestStats[] = []
/** Longer ones would end at once. */
const longestTimerMs = 2 ** 31 - 1

export class RouterFilter
  implements HttpFilter, LoadBalancerContext, DownstreamWatermarkCallbacks, RetryCallbacks, Deadline, ShadowOwner
{
  readonly callbacks: HttpFilterCallbacks
  readonly #settings: RouterSettings
  readonly #shadowDepth: number
  requestHeaders: HeaderMap | undefined = undefined
  /** METADATA that came while the request's headers were held back. */
  #earlyMetadata: (readonly string[])[] | undefined = undefined
  #requestTrailers: HeaderMap | undefined = undefined
  #route: Route | undefined = undefined
  #entry: RouteEntry | undefined = undefined
  #cluster: Cluster | undefined = undefined
  #asked: EnvoyHeaders | undefined = undefined
  #upstream: UpstreamRequest | undefined = undefined
  /** Earlier attempts that took too long and may still answer (`hedge_on_per_try_timeout`). */
  #hedged: UpstreamRequest[] | undefined = undefined
  /** Attempts that have a connection, and how often downstream has told them to pause. */
  #attached = 0
  #pauses = 0
  /** Of the route and of the virtual cluster. */
  #accounts: readonly RequestStats[] = none
  /** Copies that are still being sent. */
  #shadows: ShadowStream[] | undefined = undefined
  #retryState: RetryState | undefined = undefined
  /** The request body while it may have to be sent again. */
  #body: Uint8Array[] | undefined = undefined
  #bodyBytes = 0
  /** False: some of the body is lost. */
  #keepsBody = true
  #attempt = 1
  timeouts = noTimeouts
  /** One of them waits: the list of the route's timeout, or a timer for one that the request asked for. */
  #deadlines: Deadlines | undefined = undefined
  #responseTimer: NodeJS.Timeout | undefined = undefined
  deadlineAt = 0
  previousDeadline: Deadline | undefined = undefined
  nextDeadline: Deadline | undefined = undefined
  /** `performance.now()` when the request was complete, 0 before. */
  #requestCompleteAt = 0
  responseStarted = false
  /** The request is complete, or asks for a WebSocket and waits for the answer to that. */
  timeoutsRun = false
  /** The answer comes from a canary, as its host's metadata or its headers say. */
  #isCanary = false
  #details = 'via_upstream'
  /** Made by the hash policy, for the answer. */
  #setCookies: Set<string> | undefined = undefined
  /** A gRPC call has begun well; its trailers will tell. */
  #grpcPending = false

  /** @param shadowDepth how often the request was copied for a mirror */
  constructor(callbacks: HttpFilterCallbacks, settings: RouterSettings, shadowDepth = 0) {
    this.callbacks = callbacks
    this.#shadowDepth = shadowDepth
    this.#settings = settings
  }

  // ── for the load balancer ──

  get downstreamConnection(): Connection {
    return this.callbacks.connection
  }

  get metadataMatch(): Readonly<Record<string, unknown>> | undefined {
    const ofRoute = this.#entry?.metadataMatch
    const ofRequest = this.callbacks.streamInfo.dynamicMetadata?.get('envoy.lb')
    return ofRequest === undefined ? ofRoute : { ...ofRoute, ...ofRequest }
  }

  computeHashKey(): bigint | undefined {
    const policy = this.#entry?.hashPolicy
    return policy === undefined ? undefined : this.computeHashBy(policy)
  }

  computeHashBy(policy: HashPolicy): bigint | undefined {
    if (this.requestHeaders === undefined) return undefined
    return policy.hash(this.requestHeaders, this.callbacks.streamInfo, cookie => {
      // Retries ask again.
      this.#setCookies ??= new Set()
      this.#setCookies.add(cookie)
    })
  }

  shouldSelectAnotherHost(host: Host): boolean {
    return this.#attempt > 1 && (this.#retryState?.shouldSelectAnotherHost(host) ?? false)
  }

  get hostSelectionRetryCount(): number {
    return this.#attempt > 1 ? (this.#retryState?.hostSelectionMaxAttempts ?? 0) : 0
  }

  get retryPriority(): RetryPriority | undefined {
    return this.#attempt > 1 ? this.#retryState?.retryPriority : undefined
  }

  // ── the request ──

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    this.requestHeaders = headers
    const { stats, clusters, suppressEnvoyHeaders, respectExpectedRqTimeout } = this.#settings
    if (this.#shadowDepth === 0) stats.rqTotal.inc()
    const route = this.callbacks.route()
    this.#route = route
    if (route === undefined) {
      stats.noRoute.inc()
      this.#reply({ status: 404, details: 'route_not_found', flags: ResponseFlag.noRouteFound })
      return 'stop'
    }
    if (route.directResponse !== undefined) {
      stats.rqDirectResponse.inc()
      replyDirectly(this.callbacks, route, route.directResponse, headers, !suppressEnvoyHeaders)
      return 'stop'
    }
    const entry = route.entry as RouteEntry
    const info = this.callbacks.streamInfo
    const cluster = clusters.get(entry.clusterName)
    if (cluster === undefined) {
      stats.noCluster.inc()
      const status = entry.clusterNotFoundStatus
      this.#reply({ status, details: 'cluster_not_found', flags: ResponseFlag.noClusterFound })
      return 'stop'
    }
    this.#entry = entry
    this.#cluster = cluster
    info.upstreamClusterName = entry.clusterName
    this.#openAccounts(entry, headers)
    const strict = this.#settings.strictCheckHeaders
    if (strict.length > 0) {
      const refused = checkStrictHeaders(headers, strict)
      if (refused !== undefined) {
        this.#reply(refused)
        return 'stop'
      }
    }
    const asked = takeEnvoyHeaders(headers)
    this.#asked = asked
    if (cluster.info.maintenanceMode) {
      cluster.info.stats.upstreamRqMaintenanceMode.inc()
      this.#charge(503)
      const flags = ResponseFlag.upstreamOverflow
      this.#reply({ status: 503, body: 'maintenance mode', details: 'maintenance_mode', flags }, true)
      return 'stop'
    }
    const timeouts = Timeouts.of(entry, asked, headers, cluster.info, respectExpectedRqTimeout)
    this.timeouts = timeouts
    timeouts.tellUpstream(headers, 0, !suppressEnvoyHeaders)
    if (entry.includeAttemptCountInRequest) headers.set('x-envoy-attempt-count', '1')
    info.upstreamRequestAttemptCount = 1
    entry.finalizeRequestHeaders(headers, info, !suppressEnvoyHeaders)
    this.#retryState = makeRetryState(
      cluster.info.policies.retryPolicy ?? entry.retryPolicy,
      asked,
      headers,
      cluster.info,
      entry.priority,
      this,
      this.#accounts,
    )
    const host = cluster.chooseHost(this)
    if (host === undefined) {
      this.#replyNoHost()
      return 'stop'
    }
    const shadowPolicies = cluster.info.policies.shadowPolicies ?? entry.shadowPolicies
    if (shadowPolicies.length > 0 && headers.method !== 'CONNECT' && this.#shadowDepth < maxShadowDepth)
      this.#startShadows(shadowPolicies, headers, endStream)
    this.#startUpstream(cluster, host, endStream)
    if (endStream) this.#onRequestComplete()
    else if (headers.get('upgrade')?.toLowerCase() === 'websocket') this.#startTimeouts(performance.now())
    return 'stop'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#settings.rejectConnectEarlyData && this.#isEarlyConnectData(data)) {
      this.#reply({ status: 400, details: 'early_connect_data' })
      return 'stop-no-buffer'
    }
    let chunk = data
    if (this.#keepsBody && (this.#retryState?.enabled || this.#entry?.internalRedirectPolicy !== undefined)) {
      this.#bodyBytes += data.length
      if (this.#bodyBytes > this.#retryBufferLimit()) this.#giveUpRetries()
      else {
        chunk = keep(data)
        this.#body ??= []
        this.#body.push(chunk)
      }
    }
    const shadows = this.#shadows
    if (endStream) this.#shadows = undefined
    if (shadows !== undefined) for (const shadow of shadows) shadow.acceptData(chunk, endStream)
    this.#upstream?.acceptData(chunk, endStream)
    if (endStream) this.#onRequestComplete()
    return 'stop-no-buffer'
  }

  #isEarlyConnectData(data: Uint8Array): boolean {
    return data.length > 0 && !this.responseStarted && this.requestHeaders?.method === 'CONNECT'
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    this.#requestTrailers = trailers
    const shadows = this.#shadows
    this.#shadows = undefined
    if (shadows !== undefined) for (const shadow of shadows) shadow.acceptTrailers(trailers.copy())
    this.#upstream?.acceptTrailers(trailers)
    this.#onRequestComplete()
    return 'stop'
  }

  decodeMetadata(list: readonly string[]): void {
    if (this.#upstream !== undefined) this.#upstream.acceptMetadata(list)
    else if (this.requestHeaders === undefined && (this.#earlyMetadata ??= []).length < maxPendingMetadata)
      this.#earlyMetadata.push(list)
  }

  onDestroy(): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    upstream?.reset()
    this.#resetHedged()
    const shadows = this.#shadows
    this.#shadows = undefined
    if (shadows !== undefined) for (const shadow of shadows) shadow.cancel()
    this.#cleanUp()
  }

  get clusterInfo(): ClusterInfo {
    return (this.#cluster as Cluster).info
  }

  get isRequestComplete(): boolean {
    return this.#requestCompleteAt !== 0
  }

  #startUpstream(cluster: Cluster, host: Host, endStream: boolean): void {
    const upstream = new UpstreamRequest(
      this,
      host,
      cluster.info.upstreamFilters ?? this.#settings.upstreamFilters,
      this.#settings.upstreamLog,
    )
    this.#upstream = upstream
    const entry = this.#entry as RouteEntry
    const headers = this.requestHeaders as HeaderMap
    const pool =
      (entry.connectConfig &&
        tunnelsTo(cluster, host, entry, entry.connectConfig, headers, this.callbacks.downstream)) ??
      cluster.httpConnectionPool(host, entry.priority, this.callbacks.streamInfo.protocol ?? 'HTTP/1.1', headers)
    const early = this.#earlyMetadata
    this.#earlyMetadata = undefined
    if (early !== undefined) for (const list of early) upstream.acceptMetadata(list)
    upstream.acceptHeaders(pool, endStream)
  }

  #startShadows(policies: readonly ShadowPolicy[], headers: HeaderMap, endStream: boolean): void {
    const { streamInfo, random } = this.callbacks
    const started: ShadowStream[] = []
    for (const policy of policies) {
      if (!policy.enabled(random)) continue
      const clusterName = policy.clusterName(headers)
      if (this.#settings.clusters.get(clusterName) === undefined) continue
      const copy = headers.copy()
      policy.finalizeHeaders(copy, streamInfo)
      copy.set('x-envoy-internal', 'true')
      const forwarded = copy.get('x-forwarded-for')
      const own = this.#settings.localAddress
      copy.set('x-forwarded-for', forwarded === undefined || forwarded === '' ? own : `${forwarded},${own}`)
      copy.set('x-envoy-upstream-rq-timeout-ms', String(this.timeouts.globalMs))
      const shadow = new ShadowStream(
        clusterName,
        copy,
        this,
        callbacks => new RouterFilter(callbacks, this.#settings, this.#shadowDepth + 1),
      )
      started.push(shadow)
      shadow.start(endStream)
    }
    if (!endStream && started.length > 0) this.#shadows = started
  }

  onShadowAboveWriteBufferHighWatermark(): void {
    this.callbacks.onDecoderFilterAboveWriteBufferHighWatermark()
  }

  onShadowBelowWriteBufferLowWatermark(): void {
    this.callbacks.onDecoderFilterBelowWriteBufferLowWatermark()
  }

  #onRequestComplete(): void {
    this.#requestCompleteAt = performance.now()
    this.#startTimeouts(this.#requestCompleteAt)
  }

  #startTimeouts(nowMs: number): void {
    this.timeoutsRun = true
    const upstream = this.#upstream
    if (upstream === undefined) return
    this.#startTimeout(nowMs)
    upstream.startPerTryTimeouts()
  }

  #stopTimeouts(): void {
    this.timeoutsRun = false
    this.#upstream?.stopPerTryTimeouts()
    this.#stopTimeout()
  }

  #retryBufferLimit(): number {
    const connection = this.callbacks.decoderBufferLimitBytes || Number.POSITIVE_INFINITY
    return Math.min(connection, this.#entry?.retryBufferLimitBytes ?? Number.POSITIVE_INFINITY)
  }

  /** The body is too long to be kept. While no attempt is under way there is nothing left to do for the request. */
  #giveUpRetries(): void {
    this.clusterInfo.stats.retryOrShadowAbandoned.inc()
    this.#dropRetries()
    if (this.#upstream !== undefined) return
    this.#cleanUp()
    this.#reply({
      status: 507,
      body: 'exceeded request buffer limit while retrying upstream',
      details: 'request_payload_exceeded_retry_buffer_limit',
    })
  }

  // ── timeouts ──

  /** Does nothing when it is running. */
  #startTimeout(nowMs: number): void {
    const timeoutMs = this.timeouts.globalMs
    if (timeoutMs === 0 || this.deadlineAt !== 0 || this.#responseTimer !== undefined) return
    if (timeoutMs !== this.#entry?.timeoutMs) {
      this.#responseTimer = setTimeout(onDeadline, Math.min(timeoutMs, longestTimerMs), this)
      return
    }
    const { deadlines } = this.#settings
    let list = deadlines.get(timeoutMs)
    if (list === undefined) {
      list = new Deadlines(timeoutMs)
      deadlines.set(timeoutMs, list)
    }
    this.#deadlines = list
    list.start(this, nowMs)
  }

  onDeadline(): void {
    const upstream = this.#upstream
    const hedged = this.#hedged
    this.#upstream = undefined
    this.#hedged = undefined
    if (upstream !== undefined) this.#timeOut(upstream)
    if (hedged !== undefined) for (const each of hedged) this.#timeOut(each)
    this.#abortForTimeout('response_timeout')
  }

  #timeOut(upstream: UpstreamRequest): void {
    this.clusterInfo.stats.upstreamRqTimeout.inc()
    for (const account of this.#accounts) account.timeout.inc()
    upstream.host.stats.rqTimeout++
    if (upstream.awaitingHeaders) {
      if (!upstream.timedOut) upstream.host.onResponse(this.timeouts.status)
      this.#chargeAbort(upstream, this.timeouts.status)
    }
    upstream.reset()
  }

  onPerTryTimeout(upstream: UpstreamRequest): void {
    if (this.timeouts.hedges) return this.#hedge(upstream)
    this.clusterInfo.stats.upstreamRqPerTryTimeout.inc()
    this.#tryTimedOut(upstream, 'upstream_per_try_timeout')
  }

  onPerTryIdleTimeout(upstream: UpstreamRequest): void {
    if (this.timeouts.hedges) return this.#hedge(upstream)
    this.clusterInfo.stats.upstreamRqPerTryIdleTimeout.inc()
    this.#tryTimedOut(upstream, 'upstream_per_try_idle_timeout')
  }

  onMaxStreamDuration(upstream: UpstreamRequest): void {
    this.clusterInfo.stats.upstreamRqMaxDurationReached.inc()
    upstream.reset()
    if (this.#maybeRetryReset(upstream, 'local-reset', false)) return
    this.#letGo(upstream)
    if (this.#anotherMayAnswer()) return
    this.#cleanUp()
    this.#reply({
      status: this.isRequestComplete ? 504 : 408,
      body: 'upstream max stream duration reached',
      details: 'upstream_max_stream_duration_reached',
      flags: ResponseFlag.upstreamMaxStreamDurationReached,
    })
  }

  #tryTimedOut(upstream: UpstreamRequest, details: string): void {
    upstream.host.stats.rqTimeout++
    upstream.reset()
    upstream.host.onResponse(this.timeouts.status)
    if (this.#maybeRetryReset(upstream, 'local-reset', true)) return
    this.#letGo(upstream)
    this.#chargeAbort(upstream, this.timeouts.status)
    this.#abortForTimeout(details)
  }

  #abortForTimeout(details: string): void {
    const status = this.timeouts.status
    const body = status === 504 ? 'upstream request timeout' : ''
    this.#cleanUp()
    this.#reply({ status, body, details, flags: ResponseFlag.upstreamRequestTimeout })
  }

  // ── what the attempt reports ──

  onPoolReady(upstream: UpstreamRequest, bytes: BytesMeter, connection: UpstreamConnectionInfo): void {
    const info = this.callbacks.streamInfo
    const { host } = upstream
    info.upstreamBytes = info.upstreamBytes === undefined ? bytes : new BytesOfAttempts(info.upstreamBytes, bytes)
    upstream.connection = connection
    this.#showConnection(upstream, connection)
    info.firstUpstreamTxMs = performance.now() - info.startMonotonicMs
    for (const account of this.#accounts) account.total.inc()
    this.#retryState?.onHostAttempted(host)
    if (this.#attached++ === 0) this.callbacks.addDownstreamWatermarkCallbacks(this)
    else for (let i = 0; i < this.#pauses; i++) upstream.readDisable(true)
    const entry = this.#entry as RouteEntry
    if (entry.autoHostRewrite && host.hostname !== '')
      rewriteHost(
        this.requestHeaders as HeaderMap,
        host.hostname,
        entry.appendXForwardedHost,
        !this.#settings.suppressEnvoyHeaders,
      )
  }

  /** In the log stands the attempt that answers, which need not be the last one. */
  #showConnection({ host }: UpstreamRequest, connection: UpstreamConnectionInfo): void {
    const info = this.callbacks.streamInfo
    showUpstreamConnection(info, host, connection)
    info.upstreamProtocol = connection.protocol
  }

  /** The attempt has let go of its connection. */
  onUpstreamDetached(): void {
    if (--this.#attached > 0) return
    this.#pauses = 0
    this.callbacks.removeDownstreamWatermarkCallbacks(this)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#pauses++
    this.#readDisable(true)
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#pauses--
    this.#readDisable(false)
  }

  /** An attempt without a connection is told when it has one. */
  #readDisable(disable: boolean): void {
    if (this.#upstream?.started) this.#upstream.readDisable(disable)
    if (this.#hedged !== undefined) for (const each of this.#hedged) if (each.started) each.readDisable(disable)
  }

  onUpstream1xxHeaders(upstream: UpstreamRequest, headers: HeaderMap): void {
    this.#charge(headers.status)
    this.responseStarted = true
    this.#choose(upstream)
    // What the next attempt would answer could not follow this.
    this.#dropRetries()
    this.callbacks.encode1xxHeaders(headers)
  }

  onUpstreamHeaders(upstream: UpstreamRequest, status: number, headers: HeaderMap, endStream: boolean): void {
    const info = this.callbacks.streamInfo
    const { host } = upstream
    const entry = this.#entry as RouteEntry
    const isGrpc = this.#asked?.isGrpc ?? false
    const grpcStatus = isGrpc ? headers.get('grpc-status') : undefined
    host.onResponse(grpcStatus === undefined ? status : httpStatusOfGrpc(grpcStatus))
    const retryState = this.#retryState
    // One that was retried for its timeout is not retried again.
    let unwanted = upstream.timedOut && retryState !== undefined && retryState.wouldRetryFromHeaders(status, headers)
    if (retryState !== undefined && !upstream.timedOut) {
      const decision = retryState.shouldRetryHeaders(status, headers)
      if (decision === 'yes') {
        host.stats.rqError++
        this.clusterInfo.stats.chargeRetryResponseCode(status, isGrpc && this.#settings.suppressGrpcCodeStats)
        this.#letGo(upstream)
        this.#lastTryTimedOut = false
        if (endStream) upstream.finish()
        else upstream.reset()
        return
      }
      this.#flagRefusedRetry(decision)
      unwanted = decision !== 'no'
    }
    if (entry.internalRedirectPolicy?.statuses.has(status) && this.#followRedirect(upstream, entry, headers, endStream))
      return
    if (this.#hedged !== undefined) {
      this.#letGo(upstream)
      if (unwanted && this.#anotherMayAnswer()) {
        host.stats.rqError++
        upstream.reset()
        return
      }
      this.#choose(upstream)
    }
    if (retryState !== undefined) this.#dropRetries()
    if (this.#requestCompleteAt !== 0 && !this.#settings.suppressEnvoyHeaders)
      headers.set('x-envoy-upstream-service-time', String(Math.trunc(performance.now() - this.#requestCompleteAt)))
    this.#isCanary = isCanary(host) || headers.get('x-envoy-upstream-canary') === 'true'
    this.#charge(status)
    if (status >= 500) host.stats.rqError++
    else if (!isGrpc) host.stats.rqSuccess++
    else if (endStream) this.#countGrpc(host, grpcStatus)
    else this.#grpcPending = true
    info.responseCodeDetails = this.#details
    info.responseCode = status
    if (this.#setCookies !== undefined) for (const cookie of this.#setCookies) headers.add('set-cookie', cookie)
    ;(this.#route as Route).finalizeResponseHeaders(headers, info, this.requestHeaders)
    if (entry.includeAttemptCountInResponse) headers.set('x-envoy-attempt-count', String(this.#attempt))
    this.responseStarted = true
    if (this.#requestCompleteAt === 0 && this.timeoutsRun) this.#stopTimeouts()
    if (endStream) this.#onUpstreamComplete(upstream)
    this.callbacks.encodeHeaders(headers, endStream)
  }

  /** The answer to a WebSocket request is neither 101 nor an error: ours has its status and headers, and no body. */
  onHandshakeFailure(upstream: UpstreamRequest, status: number, headers: HeaderMap): void {
    const { host } = upstream
    host.onResponse(status)
    host.stats.rqSuccess++
    upstream.reset()
    this.#letGo(upstream)
    this.#cleanUp()
    const details = 'websocket_handshake_unsuccessful'
    this.callbacks.sendLocalReply({
      status,
      details,
      modifyHeaders(own) {
        for (const [name, value] of headers)
          if (name !== ':status' && name !== 'content-length' && name !== 'transfer-encoding') own.add(name, value)
      },
    })
  }

  onUpstreamData(upstream: UpstreamRequest, data: Uint8Array, endStream: boolean): void {
    if (endStream) {
      // Without trailers a gRPC call has failed.
      if (this.#grpcPending) this.#countGrpc(upstream.host, undefined)
      this.#onUpstreamComplete(upstream)
    }
    this.callbacks.encodeData(data, endStream)
  }

  onUpstreamTrailers(upstream: UpstreamRequest, trailers: HeaderMap): void {
    if (this.#grpcPending) this.#countGrpc(upstream.host, trailers.get('grpc-status'))
    this.#onUpstreamComplete(upstream)
    this.callbacks.encodeTrailers(trailers)
  }

  onUpstreamReset(upstream: UpstreamRequest, reason: StreamResetReason, transportFailureReason: string): void {
    const info = this.callbacks.streamInfo
    const { host } = upstream
    // An overflow is the cluster's, not the host's.
    const dropped = reason === 'overflow'
    info.upstreamHost = dropped ? undefined : host
    if (transportFailureReason !== '') info.upstreamTransportFailureReason = transportFailureReason
    if (!upstream.started) this.#retryState?.onHostAttempted(host)
    if (!dropped) host.onResponse(503)
    if (this.#maybeRetryReset(upstream, reason, false)) return
    const status = resetStatus(reason)
    this.#letGo(upstream)
    this.#chargeAbort(upstream, status)
    if (this.#anotherMayAnswer()) return
    this.#cleanUp()
    this.#reply(
      {
        status,
        body: resetBody(reason, this.#attempt > 1),
        details: resetDetails(reason, transportFailureReason, this.responseStarted),
        flags: resetFlags[reason],
      },
      dropped,
    )
  }

  #onUpstreamComplete(upstream: UpstreamRequest): void {
    this.#upstream = undefined
    upstream.finish()
    if (this.#settings.dynamicStats && this.#requestCompleteAt !== 0) {
      const ms = performance.now() - this.#requestCompleteAt
      this.clusterInfo.stats.recordRequestTime(ms, this.#asked?.isInternal ?? false, this.#isCanary)
      for (const account of this.#accounts) account.recordTime(ms)
    }
    this.#cleanUp()
  }

  // ── retries ──

  #maybeRetryReset(upstream: UpstreamRequest, reason: StreamResetReason, isTimeout: boolean): boolean {
    const retryState = this.#retryState
    if (this.responseStarted || retryState === undefined || upstream.timedOut) return false
    const decision = retryState.shouldRetryReset(reason, upstream.started)
    if (decision === 'yes') {
      this.#letGo(upstream)
      this.#lastTryTimedOut = isTimeout
      upstream.host.stats.rqError++
      return true
    }
    this.#flagRefusedRetry(decision)
    return false
  }

  #lastTryTimedOut = false
  /** With `refresh_cluster_on_retry`. */
  #triedClusters: Set<number> | undefined = undefined

  // ── attempts side by side ──

  /** The attempt takes long: it goes on, and another one begins. */
  #hedge(upstream: UpstreamRequest): void {
    upstream.host.onResponse(this.timeouts.status)
    upstream.timedOut = true
    const retryState = this.#retryState
    if (this.responseStarted || retryState === undefined) return
    const decision = retryState.shouldHedge()
    if (decision !== 'yes') {
      this.#flagRefusedRetry(decision)
      return
    }
    this.#lastTryTimedOut = true
    this.#letGo(upstream)
    this.#hedged ??= []
    this.#hedged.push(upstream)
  }

  #letGo(upstream: UpstreamRequest): void {
    if (this.#upstream === upstream) this.#upstream = undefined
    else if (this.#hedged !== undefined) this.#hedged = this.#hedged.filter(each => each !== upstream)
  }

  /** Beside those that were let go. */
  #anotherMayAnswer(): boolean {
    if (this.#hedged === undefined) return false
    return this.#upstream !== undefined || this.#hedged.length > 0 || this.#retryState?.waiting === true
  }

  /** It answers: the others are not needed any more. */
  #choose(upstream: UpstreamRequest): void {
    if (this.#hedged === undefined) return
    this.#letGo(upstream)
    const other = this.#upstream
    this.#upstream = upstream
    other?.reset()
    this.#resetHedged()
    if (other !== undefined && upstream.connection !== undefined) this.#showConnection(upstream, upstream.connection)
  }

  #resetHedged(): void {
    const hedged = this.#hedged
    this.#hedged = undefined
    if (hedged !== undefined) for (const each of hedged) each.reset()
  }

  #flagRefusedRetry(decision: RetryDecision): void {
    const info = this.callbacks.streamInfo
    if (decision === 'overflow') info.responseFlags |= ResponseFlag.upstreamOverflow
    else if (decision === 'limit-exceeded') info.responseFlags |= ResponseFlag.upstreamRetryLimitExceeded
  }

  #dropRetries(): void {
    this.#retryState?.close()
    this.#retryState = undefined
    this.#body = undefined
    this.#keepsBody = this.#bodyBytes === 0
  }

  onRetry(): void {
    keepAttempt(this.callbacks.streamInfo)
    this.callbacks.streamInfo.upstreamTransportFailureReason = undefined
    const headers = this.requestHeaders as HeaderMap
    const entry = this.#entry as RouteEntry
    this.#attempt++
    this.callbacks.streamInfo.upstreamRequestAttemptCount = this.#attempt
    // The cluster may have been removed meanwhile.
    const cluster = this.#settings.clusters.get(entry.clusterName)
    if (cluster !== undefined) this.#cluster = cluster
    const host = cluster?.chooseHost(this)
    if (cluster === undefined || host === undefined) {
      this.#replyNoHost()
      return
    }
    if (entry.includeAttemptCountInRequest) headers.set('x-envoy-attempt-count', String(this.#attempt))
    if (entry.includeIsTimeoutRetryHeader) headers.set('x-envoy-is-timeout-retry', String(this.#lastTryTimedOut))
    const elapsedMs = this.isRequestComplete ? performance.now() - this.#requestCompleteAt : 0
    this.timeouts.tellUpstream(headers, elapsedMs, !this.#settings.suppressEnvoyHeaders)
    const body = this.#body
    const trailers = this.#requestTrailers
    const ended = this.isRequestComplete && trailers === undefined
    this.#startUpstream(cluster, host, body === undefined && ended)
    const upstream = this.#upstream
    if (upstream === undefined) return
    if (body !== undefined)
      for (let i = 0; i < body.length && !upstream.done; i++)
        upstream.acceptData(body[i] as Uint8Array, ended && i === body.length - 1)
    if (trailers !== undefined) upstream.acceptTrailers(trailers)
    if (this.isRequestComplete && !upstream.done) this.#startTimeout(performance.now())
  }

  /** The headers are those of the last attempt still. */
  refreshCluster(): ClusterInfo | undefined {
    const { streamInfo, random } = this.callbacks
    this.#triedClusters ??= new Set()
    const headers = this.requestHeaders as HeaderMap
    const route = this.#entry?.refreshCluster(headers, streamInfo, random, this.#triedClusters)
    if (route?.entry !== undefined) {
      this.#route = route
      this.#entry = route.entry
    }
    const { clusterName } = this.#entry as RouteEntry
    const cluster = this.#settings.clusters.get(clusterName)
    streamInfo.upstreamClusterName = cluster === undefined ? '' : clusterName
    return cluster?.info
  }

  // ── redirects that we follow ──

  #followRedirect(upstream: UpstreamRequest, entry: RouteEntry, response: HeaderMap, endStream: boolean): boolean {
    const { callbacks } = this
    const { streamInfo } = callbacks
    const headers = this.requestHeaders as HeaderMap
    const policy = entry.internalRedirectPolicy
    const { stats } = this.clusterInfo
    const whole = this.isRequestComplete && this.#keepsBody && this.#requestTrailers === undefined
    if (policy === undefined || !whole || !response.has('location')) {
      stats.upstreamInternalRedirectFailedTotal.inc()
      return false
    }
    const source = (this.#route as Route).routeName
    const refusal = followRedirect(policy, source, headers, response, streamInfo, () => {
      callbacks.clearRouteCache()
      const route = callbacks.route()
      streamInfo.upstreamClusterName = route?.entry?.clusterName
      return route
    })
    if (refusal !== undefined) {
      this.#settings.stats.passthroughInternalRedirect[refusal].inc()
      stats.upstreamInternalRedirectFailedTotal.inc()
      return false
    }
    const body = headers.method === 'GET' && response.status === 303 ? [] : (this.#body ?? [])
    this.#upstream = undefined
    if (endStream) upstream.finish()
    else upstream.reset()
    this.#cleanUp()
    stats.upstreamInternalRedirectSucceededTotal.inc()
    callbacks.recreateStream(response, body)
    return true
  }

  // ── answers of our own ──

  #replyNoHost(): void {
    this.clusterInfo.stats.upstreamCxNoneHealthy.inc()
    this.#charge(503)
    this.#cleanUp()
    this.#reply({
      status: 503,
      body: 'no healthy upstream',
      details: 'no_healthy_upstream',
      flags: ResponseFlag.noHealthyUpstream,
    })
  }

  /** `dropped`: by a circuit breaker or maintenance. */
  #reply(reply: LocalReply, dropped = false): void {
    const overloaded = dropped && !this.#settings.suppressEnvoyHeaders
    const attempt = this.#entry?.includeAttemptCountInResponse && this.callbacks.streamInfo.upstreamRequestAttemptCount
    if (!overloaded && !attempt) {
      this.callbacks.sendLocalReply(reply)
      return
    }
    this.callbacks.sendLocalReply({
      ...reply,
      modifyHeaders(headers) {
        if (overloaded) headers.add('x-envoy-overloaded', 'true')
        if (attempt) headers.set('x-envoy-attempt-count', String(attempt))
      },
    })
  }

  // ── accounts ──

  #openAccounts(entry: RouteEntry, headers: HeaderMap): void {
    if (entry.virtualCluster === undefined && entry.stats === undefined) return
    const accounts: RequestStats[] = []
    if (entry.stats !== undefined) accounts.push(entry.stats)
    if (entry.virtualCluster !== undefined) {
      const { name, stats } = entry.virtualCluster(headers)
      this.callbacks.streamInfo.virtualClusterName = name
      accounts.push(stats)
    }
    this.#accounts = accounts
  }

  #charge(status: number): void {
    if (!this.#settings.dynamicStats || this.callbacks.streamInfo.healthCheck) return
    const { isInternal = false, isGrpc = false } = this.#asked ?? {}
    this.clusterInfo.stats.chargeResponseCode(
      status,
      isInternal,
      isGrpc && this.#settings.suppressGrpcCodeStats,
      this.#isCanary,
    )
    for (const account of this.#accounts) account.chargeResponseCode(status)
  }

  #countGrpc(host: Host, grpcStatus: string | undefined): void {
    this.#grpcPending = false
    if (httpStatusOfGrpc(grpcStatus) < 500) host.stats.rqSuccess++
    else host.stats.rqError++
  }

  #chargeAbort(upstream: UpstreamRequest, status: number): void {
    if (this.responseStarted) {
      if (!this.#grpcPending) return
      upstream.host.stats.rqError++
      this.#settings.stats.rqResetAfterDownstreamResponseStarted.inc()
      return
    }
    this.#isCanary = isCanary(upstream.host)
    this.#charge(status)
    upstream.host.stats.rqError++
  }

  #cleanUp(): void {
    if (this.#retryState !== undefined) this.#dropRetries()
    this.#stopTimeout()
  }

  #stopTimeout(): void {
    this.#deadlines?.stop(this)
    if (this.#responseTimer === undefined) return
    clearTimeout(this.#responseTimer)
    this.#responseTimer = undefined
  }
}

function onDeadline(router: RouterFilter): void {
  router.onDeadline()
}
