/**
 * One request and its response on a downstream connection: checks and changes the request's headers, owns the filter
 * chain, hands the response to the codec, charges stats and writes access logs. Follows `ConnectionManagerImpl::ActiveStream`.
 */
import { performance } from '../base/clock.ts'
import { stackOf } from '../base/errors.ts'
import { logger } from '../base/log.ts'
import type { AccessLogType, LogContext } from '../core/access-log.ts'
import type { RequestDecoder, ResponseEncoder, StreamCallbacks, StreamResetReason } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import { grpcTimeoutMs, isGrpcRequest, setGrpcTimeout } from '../core/grpc.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { LocalReply } from '../core/http-filter.ts'
import type { Route, RouteEntry, RouteTable } from '../core/route.ts'
import { type DownstreamInfo, ResponseFlag } from '../core/stream-info.ts'
import { StreamInformation } from '../network/stream-info.ts'
import { FilterChain } from './filter-chain.ts'
import type { FilterChainOwner } from './filter-chain-owner.ts'
import { isConnectUdp, setUdpAuthority } from './connect-udp.ts'
import { isUpgrade } from './header-utility.ts'
import { localReplies, type LocalReplyRewriter } from './local-reply.ts'
import { normalizeHost, normalizePath } from './path.ts'
import { setProxyStatus } from './proxy-status.ts'
import { mutateRequestHeaders } from './request-headers.ts'
import { mutateInformationalHeaders, mutateResponseHeaders } from './response-headers.ts'
import type { HttpConnectionManagerSettings } from './settings.ts'

const log = logger('http')
const never = Number.POSITIVE_INFINITY

/** What a stream needs of its connection manager. */
export interface StreamOwner {
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly settings: HttpConnectionManagerSettings
  readonly isHttp2: boolean
  readonly draining: boolean
  readonly closeAfterResponse: boolean
  protocolOf(): 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'
  /** Starts draining when the listener does. */
  checkDrain(): void
  /** The connection closes when its streams are done. */
  closeWhenDone(): void
  /** Both sides are done, or nothing more is to come. */
  onStreamEnd(stream: HttpStream): void
  /** Another stream on the same encoder. */
  addStream(encoder: ResponseEncoder): HttpStream
  /** A timer of the stream may have to fire earlier than what is armed. */
  arm(deadlineMs: number): void
  /** The request failed a check that makes the connection unusable. */
  onCodecError(details: string): void
}

let nextStreamId = 1

export class HttpStream implements RequestDecoder, StreamCallbacks, FilterChainOwner, LogContext {
  readonly settings: HttpConnectionManagerSettings
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInformation
  readonly streamId = nextStreamId++
  readonly chain: FilterChain
  readonly routeTable: RouteTable | undefined
  readonly proxy100Continue: boolean
  requestHeaders: HeaderMap | undefined = undefined
  requestTrailers: HeaderMap | undefined = undefined
  informationalHeaders: HeaderMap | undefined = undefined
  responseHeaders: HeaderMap | undefined = undefined
  responseTrailers: HeaderMap | undefined = undefined
  /** Only the rewriter of local replies sees their body. */
  readonly localReplyBody = ''
  logType: AccessLogType = 'NotSet'

  /** Absolute `performance.now()` of each timer; the manager has one real timer for all. */
  idleDeadlineMs = never
  requestDeadlineMs = never
  headersDeadlineMs = never
  durationDeadlineMs = never
  logDeadlineMs = never
  #idleTimeoutMs: number

  readonly #owner: StreamOwner
  readonly #encoder: ResponseEncoder
  #route: Route | undefined = undefined
  #routeKnown = false
  #chainMade = false
  #upgrade = false
  #tunnel = false
  #recreated = false
  #encodeComplete = false
  #ended = false
  #random = -1
  #routeResolutions = 0

  constructor(owner: StreamOwner, encoder: ResponseEncoder) {
    const settings = owner.settings
    this.settings = settings
    this.connection = owner.connection
    this.downstream = owner.downstream
    this.streamInfo = new StreamInformation(owner.downstream)
    this.routeTable = settings.routes.current
    this.proxy100Continue = settings.proxy100Continue
    if (settings.schemeMatchesUpstream) this.streamInfo.schemeMatchesUpstream = true
    this.#owner = owner
    this.#encoder = encoder
    this.streamInfo.downstreamBytes = encoder.stream
    this.#idleTimeoutMs = settings.streamIdleTimeoutMs
    this.chain = new FilterChain(this, owner.connection.bufferLimitBytes)
    encoder.stream.setCallbacks(this)
    const stats = settings.stats
    stats.rqTotal.inc()
    stats.rqActive.inc()
    if (owner.isHttp2) {
      stats.rqHttp2Total.inc()
      this.streamInfo.protocol = 'HTTP/2'
    } else stats.rqHttp1Total.inc()
    const now = this.streamInfo.startMonotonicMs
    if (this.#idleTimeoutMs > 0) this.idleDeadlineMs = now + this.#idleTimeoutMs
    if (settings.requestTimeoutMs > 0) this.requestDeadlineMs = now + settings.requestTimeoutMs
    if (settings.requestHeadersTimeoutMs > 0) this.headersDeadlineMs = now + settings.requestHeadersTimeoutMs
    if (settings.maxStreamDurationMs > 0) this.durationDeadlineMs = now + settings.maxStreamDurationMs
    if (settings.accessLogFlushIntervalMs > 0) this.logDeadlineMs = now + settings.accessLogFlushIntervalMs
  }

  get random(): number {
    if (this.#random < 0) this.#random = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER)
    return this.#random
  }

  /** The nearest of its timers. */
  get deadlineMs(): number {
    const first = this.idleDeadlineMs < this.requestDeadlineMs ? this.idleDeadlineMs : this.requestDeadlineMs
    const second = this.headersDeadlineMs < this.durationDeadlineMs ? this.headersDeadlineMs : this.durationDeadlineMs
    const nearest = first < second ? first : second
    return nearest < this.logDeadlineMs ? nearest : this.logDeadlineMs
  }

  onTimer(nowMs: number): void {
    const complete = this.chain.remoteComplete ? 'read' : 'reading'
    this.streamInfo.protocol ??= this.#owner.protocolOf()
    const stats = this.settings.stats
    if (nowMs >= this.headersDeadlineMs) {
      this.headersDeadlineMs = never
      stats.rqHeaderTimeout.inc()
      this.#answer(localReplies.headersTimeout[complete])
    } else if (nowMs >= this.requestDeadlineMs) {
      this.requestDeadlineMs = never
      stats.rqTimeout.inc()
      this.#answer(localReplies.requestTimeout[complete])
    } else if (nowMs >= this.durationDeadlineMs) {
      this.durationDeadlineMs = never
      stats.rqMaxDurationReached.inc()
      this.#answer(localReplies.durationTimeout[complete])
    } else if (nowMs >= this.logDeadlineMs) {
      this.logDeadlineMs = nowMs + this.settings.accessLogFlushIntervalMs
      this.#log('DownstreamPeriodic')
    } else if (nowMs >= this.idleDeadlineMs) {
      this.idleDeadlineMs = never
      stats.rqIdleTimeout.inc()
      this.#answer(localReplies.idleTimeout[complete])
    }
  }

  // ── from the codec ──

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.#ended) return
    try {
      this.#decodeHeaders(headers, endStream)
    } catch (error) {
      this.#bug(error)
    }
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    if (this.#ended) return
    if (endStream) this.#onRequestComplete()
    this.streamInfo.bytesReceived += data.length
    try {
      this.chain.decodeData(0, data, endStream)
    } catch (error) {
      this.#bug(error)
    }
  }

  decodeTrailers(trailers: HeaderMap): void {
    if (this.#ended) return
    this.onActivity()
    if (this.settings.headersWithUnderscores !== 'ALLOW' && !this.#checkUnderscores(trailers)) return
    this.#onRequestComplete()
    this.requestTrailers = trailers
    try {
      this.chain.decodeTrailers(0, trailers)
    } catch (error) {
      this.#bug(error)
    }
  }

  decodeMetadata(list: readonly string[]): void {
    if (this.#ended) return
    this.onActivity()
    try {
      this.chain.filters.at(-1)?.filter.decodeMetadata?.(list)
    } catch (error) {
      this.#bug(error)
    }
  }

  /** The codec refuses the request. */
  sendLocalReply(status: number, body: string, details: string): void {
    this.streamInfo.protocol ??= this.#owner.protocolOf()
    this.#answer({ status, body, details, flags: ResponseFlag.downstreamProtocolError })
  }

  onResetStream(reason: StreamResetReason, _transportFailureReason: string): void {
    if (this.#ended) return
    const info = this.streamInfo
    const details = this.#encoder.stream.codecDetails
    if (details !== '') {
      info.responseCodeDetails = details
      if (reason === 'local-reset') info.responseFlags |= ResponseFlag.downstreamProtocolError
    }
    if (reason === 'remote-reset' || reason === 'remote-refused-stream-reset') {
      info.responseFlags |= ResponseFlag.downstreamRemoteReset
      if (details === '') info.responseCodeDetails = 'downstream_remote_reset'
    }
    this.#destroy(true)
  }

  /** The connection is gone. */
  onConnectionClosed(flag: number, details: string): void {
    if (this.#ended) return
    const codecDetails = this.#encoder.stream.codecDetails
    if (codecDetails !== '') this.streamInfo.responseCodeDetails = codecDetails
    else if (details !== '') this.streamInfo.responseCodeDetails = details
    this.streamInfo.responseFlags |= flag
    this.#destroy(true)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.chain.onAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.chain.onBelowWriteBufferLowWatermark()
  }

  #decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    const settings = this.settings
    const owner = this.#owner
    const chain = this.chain
    this.headersDeadlineMs = never
    if (settings.headersWithUnderscores !== 'ALLOW' && !this.#checkUnderscores(headers)) return
    this.requestHeaders = headers
    const method = headers.method
    chain.isHead = method === 'HEAD'
    chain.isGrpc = isGrpcRequest(headers)
    const protocol = owner.protocolOf()
    this.streamInfo.protocol = protocol
    if (endStream) {
      this.#onRequestComplete()
      this.streamInfo.downstreamHeadersMs = this.streamInfo.lastDownstreamRxMs
    } else this.streamInfo.downstreamHeadersMs = this.streamInfo.sinceStart()

    if (!settings.proxy100Continue && headers.get('expect')?.toLowerCase() === '100-continue') {
      settings.stats.chargeResponse(100)
      this.streamInfo.responseCode = 100
      this.#encoder.encode1xxHeaders(new HeaderMap([':status', '100']))
      headers.remove('expect')
    }
    if (!headers.has(':authority')) return this.#refuse(localReplies.missingHost)
    const path = headers.get(':path')
    const isConnect = method === 'CONNECT'
    if (method === 'QUERY' && (headers.get('content-type') ?? '') === '')
      return this.#refuse(localReplies.queryWithoutType)
    if (path === undefined || path === '') {
      if (!isConnect || path === '') return this.#refuse(localReplies.missingPath)
    } else {
      if (path.charCodeAt(0) !== 0x2f) {
        settings.stats.rqNonRelativePath.inc()
        return this.#refuse(localReplies.absolutePath)
      }
      if (isConnectUdp(headers) && !setUdpAuthority(headers, path)) return this.#refuse(localReplies.invalidUdpPath)
      const action = normalizePath(headers, path, settings)
      if (action === 'reject' || (action === 'redirect' && chain.isGrpc)) {
        settings.stats.rqFailedPathNormalization.inc()
        return this.#refuse(localReplies.pathNormalizationFailed)
      }
      if (action === 'redirect') {
        settings.stats.rqRedirectedWithNormalizedPath.inc()
        return this.#refuse(redirectTo(headers.path))
      }
    }
    if (settings.stripPort !== 'none' || settings.stripTrailingHostDot)
      normalizeHost(headers, settings, this.connection.localAddress)
    // Once a request, however often it starts again.
    if (!this.#recreated && !this.#mutateRequestHeaders(headers)) return
    this.streamInfo.requestId = headers.get('x-request-id')
    this.route()
    // Without a route the router says so.
    if (!this.#makeChain(true) && this.#route !== undefined) {
      settings.stats.rqWsOnNonWsRoute.inc()
      return this.#answer(localReplies.upgradeFailed)
    }
    if (settings.accessLogOnNewRequest) this.#log('DownstreamStart')
    chain.decodeHeaders(0, headers, endStream)
    if (!this.#ended) this.onActivity()
  }

  /** Before the manager has said which scheme it is. */
  #refuse(reply: LocalReply): void {
    if (this.requestHeaders?.scheme === '') this.requestHeaders.remove(':scheme')
    this.#answer(reply)
  }

  /** @returns false: the request has been refused */
  #mutateRequestHeaders(headers: HeaderMap): boolean {
    const { settings, streamInfo } = this
    const early = settings.earlyHeaderMutations
    for (let i = 0; i < early.length; i++) (early[i] as (typeof early)[number]).mutate(headers, streamInfo)
    const client = mutateRequestHeaders(
      headers,
      this.downstream,
      settings,
      this.routeTable?.internalOnlyHeaders(headers) ?? none,
      streamInfo,
    )
    if (typeof client !== 'number') {
      streamInfo.downstreamRemoteAddress = client
      return true
    }
    settings.stats.rqRejectedViaIpDetection.inc()
    this.#answer({ status: client, details: 'rejecting_because_detection_failed' })
    return false
  }

  /** Envoy's codec does this, before the manager sees the request. */
  #checkUnderscores(headers: HeaderMap): boolean {
    const { headersWithUnderscores, stats } = this.settings
    const before = headers.size
    headers.removeIf(name => name.includes('_'))
    if (headers.size === before) return true
    if (headersWithUnderscores === 'DROP_HEADER') {
      stats.droppedUnderscores.add(before - headers.size)
      return true
    }
    stats.rejectedUnderscores.inc()
    this.sendLocalReply(400, 'Bad Request', 'http1.unexpected_underscore')
    return false
  }

  #onRequestComplete(): void {
    this.chain.remoteComplete = true
    this.streamInfo.lastDownstreamRxMs = this.streamInfo.sinceStart()
  }

  #answer(reply: LocalReply): void {
    if (this.#ended) return
    try {
      this.chain.sendLocalReply(reply)
    } catch (error) {
      this.#bug(error)
    }
  }

  // ── for the chain ──

  route(): Route | undefined {
    if (!this.#routeKnown && this.requestHeaders !== undefined) {
      this.#routeKnown = true
      const before = this.settings.routeResolution === undefined ? 0 : performance.now()
      this.#route = this.routeTable?.route(this.requestHeaders, this.streamInfo, this.random)
      if (this.settings.routeResolution !== undefined) this.#recordRouteResolution(before)
      const route = this.#route
      this.streamInfo.route = route
      this.streamInfo.routeName = route?.routeName
      this.streamInfo.virtualHostName = (route ?? this.streamInfo.unroutedVirtualHost)?.virtualHostName
      if (route?.entry !== undefined) this.#applyRouteTimeouts(route.entry)
    }
    return this.#route
  }

  #recordRouteResolution(beforeMs: number): void {
    this.#routeResolutions++
    this.settings.routeResolution?.timeUs.record(Math.floor((performance.now() - beforeMs) * 1000))
  }

  clearRouteCache(): void {
    // Once the response is on its way, filters must see the route it was made with.
    if (this.chain.headersSent) return
    this.#routeKnown = false
    this.#route = undefined
    this.streamInfo.unroutedVirtualHost = undefined
  }

  #applyRouteTimeouts(entry: RouteEntry): void {
    if (entry.idleTimeoutMs !== undefined && entry.idleTimeoutMs !== this.#idleTimeoutMs) {
      this.#idleTimeoutMs = entry.idleTimeoutMs
      this.idleDeadlineMs = never
      this.onActivity()
      this.#owner.arm(this.idleDeadlineMs)
    }
    const flushMs = entry.flushTimeoutMs ?? (this.settings.idleTimeoutIsFlushTimeout ? entry.idleTimeoutMs : undefined)
    if (flushMs !== undefined) this.#encoder.stream.setFlushTimeout?.(flushMs)
    if (entry.usesMaxStreamDuration) this.#applyMaxStreamDuration(entry)
  }

  /** The call's own `grpc-timeout`, where the route goes by it, else the route's or the connection manager's limit. */
  #applyMaxStreamDuration(entry: RouteEntry): void {
    const headers = this.requestHeaders as HeaderMap
    const maxMs = entry.grpcTimeoutHeaderMaxMs
    let timeoutMs = maxMs === undefined ? undefined : grpcTimeoutMs(headers)
    let limited = true
    if (timeoutMs === undefined) {
      timeoutMs = entry.maxStreamDurationMs ?? this.settings.maxStreamDurationMs
      limited = timeoutMs > 0
    } else {
      if (maxMs !== undefined && maxMs !== 0) timeoutMs = Math.min(timeoutMs, maxMs)
      timeoutMs = Math.max(timeoutMs - entry.grpcTimeoutHeaderOffsetMs, 0)
    }
    const before = this.durationDeadlineMs
    this.durationDeadlineMs = limited ? this.streamInfo.startMonotonicMs + timeoutMs : never
    if (isGrpcRequest(headers)) {
      if (limited) setGrpcTimeout(headers, timeoutMs)
      else if (before !== never) headers.remove('grpc-timeout')
    }
    this.#owner.arm(this.durationDeadlineMs)
  }

  onActivity(): void {
    if (this.#idleTimeoutMs > 0 && !this.#ended) this.idleDeadlineMs = performance.now() + this.#idleTimeoutMs
  }

  disarmRequestTimeout(): void {
    this.requestDeadlineMs = never
  }

  createFilterChain(): void {
    this.#makeChain(false)
  }

  /** False: the request is an upgrade (or CONNECT) that is not configured. The filters are made all the same. */
  #makeChain(mayUpgrade: boolean): boolean {
    if (this.#chainMade) return true
    this.#chainMade = true
    const headers = this.requestHeaders
    const route = this.#route
    let filters = this.settings.filters
    let allowed = true
    if (headers !== undefined && mayUpgrade) {
      const upgrade = headers.get('upgrade') ?? (headers.method === 'CONNECT' ? 'connect' : undefined)
      if (upgrade !== undefined) {
        const type = upgrade.toLowerCase()
        const configured = this.settings.upgrades.get(type)
        allowed = route?.entry?.upgrades.get(type) ?? configured?.enabled ?? false
        this.#upgrade = allowed
        if (allowed) {
          this.settings.stats.cxUpgradesTotal.inc()
          this.settings.stats.cxUpgradesActive.inc()
          filters = configured?.filters ?? filters
        }
      }
    }
    for (let i = 0; i < filters.length; i++) {
      const filter = filters[i] as (typeof filters)[number]
      const disabled = route?.filterDisabled(filter.name)
      if (disabled === undefined ? filter.disabled : disabled) continue
      this.chain.addFilter(filter.name, filter.factory)
    }
    return allowed
  }

  finalizeLocalReplyHeaders(headers: HeaderMap): void {
    const route = this.#route
    if (route?.entry !== undefined) route.finalizeResponseHeaders(headers, this.streamInfo, this.requestHeaders)
  }

  get localReplyRewriter(): LocalReplyRewriter | undefined {
    return this.settings.localReplyRewriter
  }

  /** 400 says that the messages on this connection cannot be trusted. */
  onLocalReply(status: number): void {
    if (status === 400 && !this.#owner.isHttp2 && !this.settings.streamErrorOnInvalidHttpMessage)
      this.#owner.closeWhenDone()
  }

  onRequestDataTooLarge(): void {
    this.settings.stats.rqTooLarge.inc()
    // In Envoy the end of an HTTP/1 request comes after its data, so that this one is not over.
    if (!this.#owner.isHttp2) this.#owner.closeWhenDone()
  }

  onResponseDataTooLarge(): void {
    this.settings.stats.rsTooLarge.inc()
  }

  onFilterError(filterConfigName: string, error: unknown): void {
    this.settings.stats.chargeFilterError()
    log.error(
      `filter "${filterConfigName}" threw, stream ${this.streamId} of connection ${this.connection.id}: ${stackOf(error)}`,
    )
  }

  pauseReading(): void {
    if (this.#ended) return
    this.settings.stats.flowControlPausedReadingTotal.inc()
    this.#encoder.stream.readDisable(true)
  }

  resumeReading(): void {
    if (this.#ended) return
    this.settings.stats.flowControlResumedReadingTotal.inc()
    this.#encoder.stream.readDisable(false)
  }

  sendInformationalHeaders(headers: HeaderMap): void {
    this.settings.stats.chargeResponse(headers.status)
    this.streamInfo.responseCode = headers.status
    mutateInformationalHeaders(headers, this.requestHeaders, this.settings)
    this.#encoder.encode1xxHeaders(headers)
  }

  sendHeaders(headers: HeaderMap, endStream: boolean): void {
    const owner = this.#owner
    mutateResponseHeaders(headers, this.requestHeaders, this.settings)
    if (this.settings.proxyStatus !== undefined) setProxyStatus(headers, this.streamInfo, this.settings.proxyStatus)
    owner.checkDrain()
    const status = headers.status
    this.#tunnel =
      this.#upgrade && (status === 101 ? isUpgrade(headers) : status >= 200 && status < 300 && !headers.has('upgrade'))
    if (!owner.isHttp2) {
      if (!this.chain.remoteComplete) {
        this.settings.stats.rqResponseBeforeRqComplete.inc()
        if (!this.#tunnel) owner.closeWhenDone()
      }
      if (this.streamInfo.protocol === 'HTTP/1.0') {
        // HTTP/1.0 has no chunked coding: without a length the body ends with the connection.
        if (owner.closeAfterResponse || (!endStream && !headers.has('content-length'))) owner.closeWhenDone()
        else headers.set('connection', 'keep-alive')
      } else if (owner.closeAfterResponse) owner.closeWhenDone()
      if (owner.draining && !this.#tunnel) headers.set('connection', 'close')
    } else if (!this.chain.remoteComplete) this.settings.stats.rqResponseBeforeRqComplete.inc()
    this.streamInfo.responseCode = status
    if (!this.streamInfo.healthCheck) this.settings.stats.chargeResponse(status)
    this.streamInfo.firstDownstreamTxMs = this.streamInfo.sinceStart()
    this.#encoder.encodeHeaders(headers, endStream)
    if (this.#tunnel && this.settings.accessLogOnTunnelEstablished) this.#log('DownstreamTunnelSuccessfullyEstablished')
  }

  sendData(data: Uint8Array, endStream: boolean): void {
    this.streamInfo.bytesSent += data.length
    this.#encoder.encodeData(data, endStream)
  }

  sendTrailers(trailers: HeaderMap): void {
    this.#encoder.encodeTrailers(trailers)
  }

  sendMetadata(list: readonly string[]): void {
    if (this.#ended) return
    if (this.#encoder.encodeMetadata === undefined) this.settings.stats.metadataNotSupported.inc()
    else this.#encoder.encodeMetadata(list)
  }

  endStream(): void {
    if (this.#ended) return
    this.#encodeComplete = true
    const now = this.streamInfo.sinceStart()
    this.streamInfo.lastDownstreamTxMs = now
    this.settings.stats.rqTime.record(Math.floor(now))
    this.#end()
  }

  resetStream(_reason: StreamResetReason, _details: string): void {
    if (this.#ended) return
    this.settings.stats.rqTxReset.inc()
    this.#end()
  }

  recreateStream(response: HeaderMap, body: readonly Uint8Array[]): boolean {
    const headers = this.requestHeaders
    if (this.#ended || !this.chain.remoteComplete || this.chain.headersSent || headers === undefined) return false
    this.responseHeaders = response
    this.streamInfo.responseCode = response.status
    this.streamInfo.responseCodeDetails = 'internal_redirect'
    const next = this.#owner.addStream(this.#encoder)
    next.#follow(this)
    this.#destroy(false)
    next.decodeHeaders(headers, body.length === 0)
    for (let i = 0; i < body.length; i++) next.decodeData(body[i] as Uint8Array, i === body.length - 1)
    return true
  }

  #follow(before: HttpStream): void {
    this.#recreated = true
    const info = this.streamInfo
    info.downstreamRemoteAddress = before.streamInfo.downstreamRemoteAddress
    info.internalRedirects = before.streamInfo.internalRedirects
    info.bytesReceived = before.streamInfo.bytesReceived
    for (let i = before.chain.highWatermarks; i > 0; i--) this.chain.onAboveWriteBufferHighWatermark()
  }

  /** Resets what is incomplete, then everything of the stream goes. */
  #end(): void {
    const incomplete = !this.chain.remoteComplete || !this.#encodeComplete
    if (incomplete) {
      const details = this.#encoder.stream.codecDetails
      if (details !== '') {
        this.streamInfo.responseCodeDetails = details
        this.streamInfo.responseFlags |= ResponseFlag.downstreamProtocolError
      }
      this.#ended = true
      this.#encoder.stream.resetStream('local-reset')
      this.#ended = false
      if (!this.#owner.isHttp2) this.#owner.closeWhenDone()
    }
    this.#destroy(incomplete)
  }

  #destroy(reset: boolean): void {
    if (this.#ended) return
    this.#ended = true
    const stats = this.settings.stats
    if (reset) stats.rqRxReset.inc()
    stats.rqActive.dec()
    if (this.#upgrade) stats.cxUpgradesActive.dec()
    if (this.#routeResolutions > 0) this.settings.routeResolution?.perRequest.record(this.#routeResolutions)
    this.idleDeadlineMs = never
    this.requestDeadlineMs = never
    this.headersDeadlineMs = never
    this.durationDeadlineMs = never
    this.logDeadlineMs = never
    const info = this.streamInfo
    const entry = this.#route?.entry
    // The router says it; whoever answered before it has not.
    if (entry !== undefined && info.upstreamClusterName === undefined)
      info.upstreamClusterName = this.settings.clusters.get(entry.clusterName)?.info.name
    info.durationMs = this.streamInfo.sinceStart()
    this.chain.onStreamComplete()
    this.#log('DownstreamEnd')
    this.chain.destroy()
    this.#owner.onStreamEnd(this)
  }

  #log(type: AccessLogType): void {
    this.logType = type
    if (type === 'DownstreamEnd') this.chain.log()
    const logs = this.settings.accessLogs
    for (let i = 0; i < logs.length; i++) {
      try {
        ;(logs[i] as (typeof logs)[number]).log(this)
      } catch (error) {
        log.error(`access log ${i}: ${stackOf(error)}`)
      }
    }
  }

  /** A fault in our own code: this stream ends, nothing else. */
  #bug(error: unknown): void {
    this.settings.stats.chargeFilterError()
    log.error(`stream ${this.streamId} of connection ${this.connection.id}: ${stackOf(error)}`)
    if (this.#ended) return
    try {
      this.chain.sendLocalReply(localReplies.filterError)
    } catch (again) {
      log.error(`stream ${this.streamId}, while answering 500: ${stackOf(again)}`)
      this.resetStream('local-reset', '')
    }
  }
}

const none: readonly string[] = []

function redirectTo(location: string): LocalReply {
  return {
    status: 307,
    details: localReplies.pathNormalizationFailed.details,
    modifyHeaders: headers => headers.add('location', location),
  }
}
