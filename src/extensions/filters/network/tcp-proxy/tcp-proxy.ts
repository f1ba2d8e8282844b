/**
 * `envoy.filters.network.tcp_proxy`: one upstream connection for each downstream one, bytes both ways.
 * Follows Envoy's `source/common/tcp_proxy/tcp_proxy.cc`.
 */
import { randomUUID } from 'node:crypto'
import { TcpProxy } from '../../../../config/v3.ts'
import type { AccessLogType } from '../../../../core/access-log.ts'
import type {
  Cancellable,
  Cluster,
  Host,
  LoadBalancerContext,
  PoolFailureReason,
  TcpPoolCallbacks,
  UpstreamTcpConnection,
} from '../../../../core/cluster.ts'
import type {
  Connection,
  ConnectionCallbacks,
  ConnectionEvent,
  ConnectionReader,
  NetworkFilter,
  NetworkFilterCallbacks,
  NetworkFilterStatus,
} from '../../../../core/connection.ts'
import type { NetworkFilterExtension } from '../../../../core/extension.ts'
import { HeaderMap } from '../../../../core/header-map.ts'
import type { HashPolicy } from '../../../../core/route.ts'
import { showUpstreamConnection } from '../../../../network/stream-info.ts'
import { ResponseFlag, type StreamInfo } from '../../../../core/stream-info.ts'
import { keepAttempt } from '../../../../router/attempts.ts'
import { mergeMetadata, type MetadataMatch, TcpProxySettings } from './settings.ts'

export const tcpProxy: NetworkFilterExtension<TcpProxy> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.tcp_proxy',
  message: TcpProxy,
  terminal: true,
  create(message, context) {
    const settings = new TcpProxySettings(message, context)
    return callbacks => new TcpProxyFilter(settings, callbacks)
  },
}

/** Filter state by which an earlier filter chooses the cluster. */
const clusterKey = 'envoy.tcp_proxy.cluster'

/** Envoy's numbers, and its spelling, in the local close reason. */
const initFailure = { connectFailed: 0, noHealthyUpstream: 1, resourceLimitExceeded: 2, noRoute: 3 } as const

class TcpProxyFilter implements NetworkFilter, ConnectionCallbacks, LoadBalancerContext, TcpPoolCallbacks {
  readonly settings: TcpProxySettings
  readonly downstream: Connection
  readonly streamInfo: StreamInfo
  readonly requestHeaders = undefined
  metadataMatch: MetadataMatch = undefined
  #clusterName = ''
  #cluster: Cluster | undefined
  #connecting: Cancellable | undefined
  #attempts = 0
  #upstream: UpstreamTcpConnection | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #durationTimer: NodeJS.Timeout | undefined
  #logTimer: NodeJS.Timeout | undefined
  #connectSinceMs = 0

  constructor(settings: TcpProxySettings, callbacks: NetworkFilterCallbacks) {
    this.settings = settings
    this.downstream = callbacks.connection
    this.streamInfo = callbacks.streamInfo
    this.downstream.addCallbacks(this)
    this.downstream.enableHalfClose(true)
    // Nothing is read before there is somebody to give it to, even if a filter before this one lets it wait.
    this.downstream.readDisable(true)
  }

  get downstreamConnection(): Connection {
    return this.downstream
  }

  computeHashKey(): bigint | undefined {
    return this.settings.hash?.(this.streamInfo)
  }

  computeHashBy(policy: HashPolicy): bigint | undefined {
    return policy.hash(new HeaderMap(), this.streamInfo, undefined)
  }

  shouldSelectAnotherHost(): boolean {
    return false
  }

  onNewConnection(): NetworkFilterStatus {
    const { stats, maxDurationMs } = this.settings
    stats.cxTotal.inc()
    this.downstream.setConnectionStats?.({ readTotal: stats.rxBytesTotal, writeTotal: stats.txBytesTotal })
    this.#startLog()
    if (maxDurationMs > 0) this.#durationTimer = setTimeout(() => this.#onMaxDuration(), maxDurationMs)
    const chosen = this.streamInfo.downstream.filterState?.get(clusterKey)?.serializeAsString()
    const route =
      chosen === undefined
        ? this.settings.chooseRoute(Math.random())
        : { clusterName: chosen, metadataMatch: this.settings.metadataMatch }
    this.#clusterName = route.clusterName
    this.metadataMatch = mergeMetadata(route.metadataMatch, this.streamInfo.dynamicMetadata?.get('envoy.lb'))
    this.#connect()
    return 'stop'
  }

  onData(data: Uint8Array, endStream: boolean): NetworkFilterStatus {
    this.streamInfo.bytesReceived += data.length
    this.#upstream?.write(data, endStream)
    this.#idleTimer?.refresh()
    return 'stop'
  }

  // ── the upstream connection ──

  #connect(): void {
    const { clusters, stats, maxConnectAttempts } = this.settings
    const { streamInfo } = this
    const cluster = clusters.get(this.#clusterName)
    if (cluster === undefined) {
      stats.cxNoRoute.inc()
      this.#fail(ResponseFlag.noClusterFound, initFailure.noRoute)
      return
    }
    this.#cluster = cluster
    streamInfo.upstreamClusterName = cluster.info.name
    if (!cluster.info.resourceManager('default').connections.canCreate()) {
      cluster.info.stats.upstreamCxOverflow.inc()
      this.#fail(ResponseFlag.upstreamOverflow, initFailure.resourceLimitExceeded)
      return
    }
    if (this.#attempts >= maxConnectAttempts) {
      cluster.info.stats.upstreamCxConnectAttemptsExceeded.inc()
      this.#fail(ResponseFlag.upstreamRetryLimitExceeded, initFailure.connectFailed)
      return
    }
    const host = cluster.chooseHost(this)
    if (host === undefined) {
      cluster.info.stats.upstreamCxNoneHealthy.inc()
      this.#fail(ResponseFlag.noHealthyUpstream, initFailure.noHealthyUpstream)
      return
    }
    if (this.#attempts > 0) keepAttempt(streamInfo)
    this.#attempts++
    streamInfo.upstreamRequestAttemptCount = this.#attempts
    this.#connectSinceMs = performance.now()
    this.#connecting = cluster.newTcpConnection(host, 'default', this)
  }

  onPoolFailure(reason: PoolFailureReason, transportFailureReason: string, host: Host | undefined): void {
    this.#connecting = undefined
    const { streamInfo } = this
    streamInfo.upstreamPoolReadyMs = performance.now() - this.#connectSinceMs
    if (reason === 'remote-connection-failure' || reason === 'timeout') {
      streamInfo.responseFlags |= ResponseFlag.upstreamConnectionFailure
      streamInfo.upstreamHost = host
    }
    if (transportFailureReason !== '') streamInfo.upstreamTransportFailureReason = transportFailureReason
    this.#connect()
  }

  onPoolReady(upstream: UpstreamTcpConnection, host: Host): void {
    this.#connecting = undefined
    this.#upstream = upstream
    const { streamInfo, settings } = this
    streamInfo.upstreamPoolReadyMs = performance.now() - this.#connectSinceMs
    showUpstreamConnection(streamInfo, host, upstream)
    upstream.enableHalfClose(true)
    const side = new UpstreamSide(this, upstream)
    upstream.addCallbacks(side)
    upstream.setReader(side)
    if (settings.idleTimeoutMs > 0) this.#idleTimer = setTimeout(() => this.#onIdle(), settings.idleTimeoutMs)
    if (settings.logOnConnected) this.#log('TcpUpstreamConnected')
    this.downstream.readDisable(false)
  }

  onUpstreamData(data: Uint8Array, endStream: boolean): void {
    this.streamInfo.bytesSent += data.length
    this.downstream.write(data, endStream)
    this.#idleTimer?.refresh()
  }

  onUpstreamClosed(upstream: UpstreamTcpConnection, event: ConnectionEvent): void {
    if (this.#upstream !== upstream) return
    this.#upstream = undefined
    this.streamInfo.upstreamDetectedCloseType = upstream.detectedCloseType ?? 'Normal'
    this.streamInfo.upstreamLocalCloseReason = upstream.localCloseReason
    if (event === 'remote-close' && upstream.remoteReset === true) {
      this.streamInfo.responseFlags |= ResponseFlag.upstreamRemoteReset
      this.downstream.close('abort-reset')
    } else this.downstream.close('flush-write')
  }

  readDisableUpstream(disable: boolean): void {
    this.#upstream?.readDisable(disable)
    const stats = this.#cluster?.info.stats
    if (disable) stats?.upstreamFlowControlPausedReadingTotal.inc()
    else stats?.upstreamFlowControlResumedReadingTotal.inc()
  }

  readDisableDownstream(disable: boolean): void {
    this.downstream.readDisable(disable)
    const { stats } = this.settings
    if (disable) stats.pausedReadingTotal.inc()
    else stats.resumedReadingTotal.inc()
  }

  #fail(flag: number, failure: number): void {
    this.streamInfo.responseFlags |= flag
    this.downstream.close('no-flush', `tcp_initializion_failure:${failure}`)
  }

  // ── the downstream connection ──

  onAboveWriteBufferHighWatermark(): void {
    this.readDisableUpstream(true)
  }

  onBelowWriteBufferLowWatermark(): void {
    this.readDisableUpstream(false)
  }

  onEvent(event: ConnectionEvent): void {
    if (event === 'connected') return
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#durationTimer)
    clearInterval(this.#logTimer)
    this.#connecting?.cancel()
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream !== undefined) this.#closeUpstream(upstream, event)
    this.streamInfo.durationMs = performance.now() - this.streamInfo.startMonotonicMs
    this.#log('TcpConnectionEnd')
  }

  /** What the client sent before it closed still reaches the upstream. */
  #closeUpstream(upstream: UpstreamTcpConnection, event: ConnectionEvent): void {
    if (event === 'local-close') {
      const reason = this.downstream.localCloseReason
      this.streamInfo.upstreamLocalCloseReason = reason
      upstream.close('no-flush', reason)
    } else if (this.downstream.remoteReset === true) upstream.close('abort-reset')
    else {
      upstream.close('flush-write')
      if (upstream.state !== 'closing') return
      const { flushTotal, flushActive } = this.settings.stats
      flushTotal.inc()
      flushActive.inc()
      upstream.addCallbacks({ onEvent: () => flushActive.dec() })
    }
  }

  #startLog(): void {
    const { accessLogs, logIntervalMs, logOnStart } = this.settings
    if (accessLogs.length === 0) return
    this.streamInfo.requestId = randomUUID()
    if (logIntervalMs > 0) this.#logTimer = setInterval(() => this.#log('TcpPeriodic'), logIntervalMs)
    if (logOnStart) this.#log('TcpConnectionStart')
  }

  #log(logType: AccessLogType): void {
    const { accessLogs } = this.settings
    if (accessLogs.length === 0) return
    const { streamInfo } = this
    for (const each of accessLogs)
      each.log({
        requestHeaders: undefined,
        responseHeaders: undefined,
        responseTrailers: undefined,
        streamInfo,
        localReplyBody: '',
        logType,
      })
  }

  #onIdle(): void {
    this.settings.stats.idleTimeout.inc()
    this.downstream.close('no-flush', 'tcp_session_idle_timeout')
  }

  #onMaxDuration(): void {
    this.streamInfo.responseFlags |= ResponseFlag.durationTimeout
    this.settings.stats.maxDuration.inc()
    this.downstream.close('no-flush', 'max_connection_duration_reached')
  }
}

/** Reader and callbacks of the upstream connection. */
class UpstreamSide implements ConnectionReader, ConnectionCallbacks {
  readonly #filter: TcpProxyFilter
  readonly #connection: UpstreamTcpConnection

  constructor(filter: TcpProxyFilter, connection: UpstreamTcpConnection) {
    this.#filter = filter
    this.#connection = connection
  }

  onData(data: Uint8Array, endStream: boolean): void {
    this.#filter.onUpstreamData(data, endStream)
  }

  onEvent(event: ConnectionEvent): void {
    if (event !== 'connected') this.#filter.onUpstreamClosed(this.#connection, event)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#filter.readDisableDownstream(true)
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#filter.readDisableDownstream(false)
  }
}
