/** One attempt of a request at one host. Follows Envoy's `upstream_request.cc`. */
import { performance } from '../base/clock.ts'
import { keep } from '../base/read-buffer.ts'
import type {
  Cancellable,
  Host,
  HttpConnectionPool,
  HttpPoolCallbacks,
  PoolFailureReason,
  UpstreamConnectionInfo,
} from '../core/cluster.ts'
import type { RequestEncoder, ResponseDecoder, StreamCallbacks, StreamResetReason } from '../core/codec.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HttpFilterCallbacks } from '../core/http-filter.ts'
import type { MakeUpstreamFilterChain, UpstreamFilterCallbacks, UpstreamFilterChain } from '../core/upstream-filters.ts'
import { resetOfPoolFailure } from '../core/reset-reason.ts'
import { ResponseFlag } from '../core/stream-info.ts'
import { resetFlags } from './reset-reason.ts'
import type { RouterFilter } from './router.ts'
import { AttemptLog, type UpstreamLogSettings } from './upstream-log.ts'

/** Blocks of METADATA that wait, each as big as the codec lets it be. */
export const maxPendingMetadata = 16
/** Longer ones would end at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * States: waiting for the pool (`#encoder` undefined) → sending and receiving → done. After done nothing is reported
 * any more: the router has let go of it. What the router sends (`accept…`) and what the codec receives (`decode…`) passes
 * through the upstream HTTP filters where there are some; they call `send…` and `on…`.
 */
export class UpstreamRequest implements ResponseDecoder, StreamCallbacks, HttpPoolCallbacks, UpstreamFilterCallbacks {
  readonly #router: RouterFilter
  host: Host
  awaitingHeaders = true
  readonly #filters: UpstreamFilterChain | undefined
  /** Its time for a try is over, and it goes on beside the next one. */
  timedOut = false
  connection: UpstreamConnectionInfo | undefined = undefined
  #encoder: RequestEncoder | undefined = undefined
  #waiting: Cancellable | undefined = undefined
  #waitingSinceMs = 0
  #started = false
  #done = false
  #requestEnded = false
  #responseEnded = false
  #endWithHeaders = false
  /** The request's head has passed the filters. */
  #headReady = false
  /** The request's head is written, and what follows may be: a tunnel's waits for the answer. */
  #open = false
  #tunnel: 'no' | 'websocket' | 'connect' = 'no'
  /** Body that came before it could be sent. */
  #pending: Uint8Array[] | undefined = undefined
  #pendingBytes = 0
  #trailers: HeaderMap | undefined = undefined
  /** METADATA that came before it could be passed on, of the request and of the response. */
  #pendingMetadata: (readonly string[])[] | undefined = undefined
  #responseMetadata: (readonly string[])[] | undefined = undefined
  /** How often downstream was told to pause. */
  #downstreamPauses = 0
  /** How often the upstream stream is paused, and how often it will be once headers have come. */
  #readDisables = 0
  #deferredReadDisables = 0
  #perTryTimer: NodeJS.Timeout | undefined = undefined
  #perTryIdleTimer: NodeJS.Timeout | undefined = undefined
  #durationTimer: NodeJS.Timeout | undefined = undefined

  readonly #log: AttemptLog | undefined

  constructor(
    router: RouterFilter,
    host: Host,
    makeFilters: MakeUpstreamFilterChain | undefined,
    logs: UpstreamLogSettings | undefined,
  ) {
    this.#router = router
    this.host = host
    this.#log = logs && new AttemptLog(logs, router.callbacks, host)
    this.#filters = makeFilters?.(this)
  }

  get router(): HttpFilterCallbacks {
    return this.#router.callbacks
  }

  /** Whether the request was given to a connection. */
  get started(): boolean {
    return this.#started
  }

  get done(): boolean {
    return this.#done
  }

  // ── from the router ──

  acceptHeaders(pool: HttpConnectionPool, endStream: boolean): void {
    if (this.#filters === undefined) {
      this.#endWithHeaders = endStream
      this.#headReady = true
    }
    const waiting = pool.newStream(this, this)
    if (this.#encoder === undefined && !this.#done) {
      this.#waiting = waiting
      this.#waitingSinceMs = performance.now()
    }
    if (!this.#done) this.#filters?.decodeHeaders(this.#router.requestHeaders as HeaderMap, endStream)
  }

  acceptData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    if (this.#filters === undefined) this.sendData(data, endStream)
    else this.#filters.decodeData(data, endStream)
  }

  acceptTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    if (this.#filters === undefined) this.sendTrailers(trailers)
    else this.#filters.decodeTrailers(trailers)
  }

  // ── to the codec ──

  sendHeaders(_headers: HeaderMap, endStream: boolean): void {
    this.#endWithHeaders = endStream
    this.#headReady = true
    if (this.#encoder !== undefined) this.#sendHead(this.#encoder)
  }

  sendData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    if (this.#encoder === undefined || !this.#open) {
      this.#pending ??= []
      this.#pending.push(keep(data))
      this.#pendingBytes += data.length
      this.#requestEnded = endStream
      const limit = this.#router.callbacks.decoderBufferLimitBytes
      if (limit > 0 && this.#pendingBytes > limit && this.#downstreamPauses === 0) this.#pauseDownstream()
      return
    }
    if (this.#log !== undefined) this.#log.streamInfo.bytesSent += data.length
    this.#encoder.encodeData(data, endStream)
    if (endStream) this.#onRequestEnd()
  }

  sendTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    if (this.#encoder === undefined || !this.#open) {
      this.#trailers = trailers
      return
    }
    this.#encoder.encodeTrailers(trailers)
    this.#onRequestEnd()
  }

  acceptMetadata(list: readonly string[]): void {
    if (this.#done) return
    if (this.#encoder !== undefined) this.#sendMetadata(this.#encoder, list)
    else if ((this.#pendingMetadata ??= []).length < maxPendingMetadata) this.#pendingMetadata.push(list)
    else this.#router.callbacks.resetStream('overflow', 'metadata_overflow')
  }

  #sendMetadata(encoder: RequestEncoder, list: readonly string[]): void {
    if (encoder.encodeMetadata !== undefined) encoder.encodeMetadata(list)
    else this.#router.clusterInfo.stats.scope.counter('http1.metadata_not_supported_error').inc()
  }

  /** Gives the attempt up: no callback follows. */
  reset(): void {
    if (this.#done) return
    const waiting = this.#waiting
    const encoder = this.#encoder
    const complete = this.#requestEnded && this.#responseEnded
    this.#close()
    waiting?.cancel()
    if (encoder !== undefined && !complete) encoder.stream.resetStream('local-reset')
  }

  /** The request is complete and the response has been passed on. */
  finish(): void {
    if (this.#requestEnded) this.#close()
    // Nobody wants the rest of the request.
    else this.reset()
  }

  startPerTryTimeouts(): void {
    const { perTryMs, perTryIdleMs } = this.#router.timeouts
    if (this.#done || !this.#started || this.#perTryTimer !== undefined) return
    if (perTryMs > 0) this.#perTryTimer = setTimeout(onPerTryTimeout, Math.min(perTryMs, longestTimerMs), this)
    if (perTryIdleMs > 0)
      this.#perTryIdleTimer = setTimeout(onPerTryIdleTimeout, Math.min(perTryIdleMs, longestTimerMs), this)
  }

  stopPerTryTimeouts(): void {
    clearTimeout(this.#perTryTimer)
    clearTimeout(this.#perTryIdleTimer)
  }

  onPerTryTimeout(): void {
    clearTimeout(this.#perTryIdleTimer)
    if (this.#router.responseStarted) return
    if (this.#log !== undefined) this.#log.streamInfo.responseFlags |= ResponseFlag.upstreamRequestTimeout
    this.#router.onPerTryTimeout(this)
  }

  onPerTryIdleTimeout(): void {
    clearTimeout(this.#perTryTimer)
    if (this.#log !== undefined) this.#log.streamInfo.responseFlags |= ResponseFlag.streamIdleTimeout
    this.#router.onPerTryIdleTimeout(this)
  }

  onMaxStreamDuration(): void {
    this.#router.onMaxStreamDuration(this)
  }

  /** Downstream cannot take more, or can again. Before response headers it is only noted: they must come through. */
  readDisable(disable: boolean): void {
    if (disable) {
      if (this.#router.responseStarted) this.#readDisable()
      else this.#deferredReadDisables++
    } else if (this.#deferredReadDisables > 0) this.#deferredReadDisables--
    else if (this.#readDisables > 0) {
      this.#readDisables--
      this.#router.clusterInfo.stats.upstreamFlowControlResumedReadingTotal.inc()
      this.#encoder?.stream.readDisable(false)
    }
  }

  // ── from the pool ──

  onPoolReady(encoder: RequestEncoder, host: Host, info: UpstreamConnectionInfo): void {
    this.#endWait()
    this.#encoder = encoder
    this.#started = true
    this.host = host
    encoder.stream.setCallbacks(this)
    this.#router.onPoolReady(this, encoder.stream, info)
    this.#log?.onPoolReady(host, info)
    if (this.#router.timeoutsRun) this.startPerTryTimeouts()
    const { maxStreamDurationMs } = this.#router.timeouts
    if (maxStreamDurationMs > 0)
      this.#durationTimer = setTimeout(onMaxStreamDuration, Math.min(maxStreamDurationMs, longestTimerMs), this)
    if (this.#headReady) this.#sendHead(encoder)
  }

  #sendHead(encoder: RequestEncoder): void {
    const headers = this.#router.requestHeaders as HeaderMap
    const { schemeMatchesUpstream, upstreamTls } = this.#router.callbacks.streamInfo
    if (schemeMatchesUpstream) headers.set(':scheme', upstreamTls === undefined ? 'http' : 'https')
    this.#tunnel = tunnelOf(headers)
    encoder.encodeHeaders(headers, this.#endWithHeaders)
    const metadata = this.#pendingMetadata
    this.#pendingMetadata = undefined
    if (metadata !== undefined) for (const list of metadata) if (!this.#done) this.#sendMetadata(encoder, list)
    if (this.#tunnel === 'no' && !this.#done) this.#send(encoder)
  }

  onPoolFailure(reason: PoolFailureReason, transportFailureReason: string, host: Host | undefined): void {
    this.#endWait()
    if (host !== undefined) this.host = host
    this.#logFailure(resetOfPoolFailure[reason], transportFailureReason)
    this.#close()
    this.#router.onUpstreamReset(this, resetOfPoolFailure[reason], transportFailureReason)
  }

  #endWait(): void {
    this.#waiting = undefined
    const since = this.#waitingSinceMs
    this.#router.callbacks.streamInfo.upstreamPoolReadyMs = since === 0 ? 0 : performance.now() - since
  }

  /** Everything after the head that has come so far. The codec may reset the stream at every step. */
  #send(encoder: RequestEncoder): void {
    this.#open = true
    if (this.#endWithHeaders) {
      this.#onRequestEnd()
      return
    }
    const pending = this.#pending
    this.#pending = undefined
    const ended = this.#requestEnded
    if (pending !== undefined) {
      this.#requestEnded = false
      if (this.#log !== undefined) this.#log.streamInfo.bytesSent += this.#pendingBytes
      for (let i = 0; i < pending.length && !this.#done; i++)
        encoder.encodeData(pending[i] as Uint8Array, ended && i === pending.length - 1)
      this.#pendingBytes = 0
      while (this.#downstreamPauses > 0 && !this.#done) this.#resumeDownstream()
    }
    if (this.#done) return
    if (this.#trailers !== undefined) encoder.encodeTrailers(this.#trailers)
    else if (!ended) return
    if (!this.#done) this.#onRequestEnd()
  }

  #onRequestEnd(): void {
    this.#requestEnded = true
    this.#log?.onRequestEnd()
    const info = this.#router.callbacks.streamInfo
    info.lastUpstreamTxMs = performance.now() - info.startMonotonicMs
  }

  // ── from the codec ──

  decode1xxHeaders(headers: HeaderMap): void {
    if (this.#done) return
    this.#applyDeferredReadDisables()
    if (this.#filters === undefined) this.on1xxHeaders(headers)
    else this.#filters.encode1xxHeaders(headers)
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.#done) return
    const status = headers.status
    // 101 belongs to the final response; others of the kind that get here are dropped.
    if (status < 200 && status !== 101) return
    this.awaitingHeaders = false
    this.#perTryIdleTimer?.refresh()
    const tunnel = this.#tunnel
    if (tunnel !== 'no' && !this.#open) {
      // HTTP/2 has no 101: its codec has made one of the 200, or will.
      const accepted = tunnel === 'connect' ? status === 200 : status === 101
      if (accepted) this.#send(this.#encoder as RequestEncoder)
      else if (tunnel === 'websocket' && status < 400) {
        this.#onResponseBytes(true)
        this.#log?.onHeaders(headers)
        this.#router.onHandshakeFailure(this, status, headers)
        return
      }
    }
    this.#onResponseBytes(endStream)
    if (this.#filters === undefined) this.onHeaders(headers, endStream)
    else this.#filters.encodeHeaders(headers, endStream)
    if (!endStream) this.#applyDeferredReadDisables()
    const metadata = this.#responseMetadata
    this.#responseMetadata = undefined
    if (metadata !== undefined) for (const list of metadata) this.decodeMetadata(list)
  }

  /** It follows the headers: an attempt that is repeated tells nothing. */
  decodeMetadata(list: readonly string[]): void {
    if (this.#done) return
    this.#perTryIdleTimer?.refresh()
    if (!this.awaitingHeaders) this.#router.callbacks.encodeMetadata(list)
    else if ((this.#responseMetadata ??= []).length < maxPendingMetadata) this.#responseMetadata.push(list)
    else this.#endForMetadata()
  }

  #endForMetadata(): void {
    const encoder = this.#encoder
    this.#logFailure('protocol-error', '')
    this.#close()
    encoder?.stream.resetStream('protocol-error')
    this.#router.onUpstreamReset(this, 'protocol-error', '')
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    this.#perTryIdleTimer?.refresh()
    if (endStream) this.#onResponseBytes(true)
    const info = this.#router.callbacks.streamInfo
    if (info.firstUpstreamBodyMs === undefined)
      info.firstUpstreamBodyMs = endStream ? info.lastUpstreamRxMs : performance.now() - info.startMonotonicMs
    if (this.#filters === undefined) this.onData(data, endStream)
    else this.#filters.encodeData(data, endStream)
  }

  decodeTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    this.#onResponseBytes(true)
    if (this.#filters === undefined) this.onTrailers(trailers)
    else this.#filters.encodeTrailers(trailers)
  }

  onResetStream(reason: StreamResetReason, transportFailureReason: string): void {
    if (this.#done) return
    this.#logFailure(reason, transportFailureReason)
    this.#close()
    this.#router.onUpstreamReset(this, reason, transportFailureReason)
  }

  onAboveWriteBufferHighWatermark(): void {
    if (!this.#done) this.#pauseDownstream()
  }

  onBelowWriteBufferLowWatermark(): void {
    if (this.#downstreamPauses > 0) this.#resumeDownstream()
  }

  // ── from the filters ──

  on1xxHeaders(headers: HeaderMap): void {
    if (!this.#done) this.#router.onUpstream1xxHeaders(this, headers)
  }

  onHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.#done) return
    this.#log?.onHeaders(headers)
    this.#router.onUpstreamHeaders(this, headers.status, headers, endStream)
  }

  onData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    this.#log?.onData(data.length)
    this.#router.onUpstreamData(this, data, endStream)
  }

  onTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    if (this.#log !== undefined) this.#log.responseTrailers = trailers.copy()
    this.#router.onUpstreamTrailers(this, trailers)
  }

  onFilterReset(reason: StreamResetReason): void {
    if (this.#done) return
    this.#logFailure(reason, '')
    this.reset()
    this.#router.onUpstreamReset(this, reason, '')
  }

  pauseRequest(): void {
    if (!this.#done) this.#pauseDownstream()
  }

  resumeRequest(): void {
    if (this.#downstreamPauses > 0) this.#resumeDownstream()
  }

  // ── inside ──

  #logFailure(reason: StreamResetReason, transportFailureReason: string): void {
    if (this.#log === undefined) return
    this.#log.streamInfo.responseFlags |= resetFlags[reason]
    if (transportFailureReason !== '') this.#log.streamInfo.upstreamTransportFailureReason = transportFailureReason
  }

  #onResponseBytes(end: boolean): void {
    const info = this.#router.callbacks.streamInfo
    const nowMs = performance.now() - info.startMonotonicMs
    info.firstUpstreamRxMs ??= nowMs
    if (!end) return
    info.lastUpstreamRxMs = nowMs
    this.#log?.onResponseEnd()
    this.#responseEnded = true
  }

  #pauseDownstream(): void {
    this.#downstreamPauses++
    this.#router.clusterInfo.stats.upstreamFlowControlBackedUpTotal.inc()
    this.#router.callbacks.onDecoderFilterAboveWriteBufferHighWatermark()
  }

  #resumeDownstream(): void {
    this.#downstreamPauses--
    this.#router.clusterInfo.stats.upstreamFlowControlDrainedTotal.inc()
    this.#router.callbacks.onDecoderFilterBelowWriteBufferLowWatermark()
  }

  #applyDeferredReadDisables(): void {
    for (; this.#deferredReadDisables > 0; this.#deferredReadDisables--) this.#readDisable()
  }

  #readDisable(): void {
    if (this.#encoder === undefined) return
    this.#readDisables++
    this.#router.clusterInfo.stats.upstreamFlowControlPausedReadingTotal.inc()
    this.#encoder.stream.readDisable(true)
  }

  #close(): void {
    this.#done = true
    this.#filters?.destroy()
    const encoder = this.#encoder
    this.#encoder = undefined
    this.#waiting = undefined
    this.#pending = undefined
    if (this.#perTryTimer !== undefined) clearTimeout(this.#perTryTimer)
    if (this.#perTryIdleTimer !== undefined) clearTimeout(this.#perTryIdleTimer)
    if (this.#durationTimer !== undefined) clearTimeout(this.#durationTimer)
    if (encoder !== undefined) {
      this.#router.onUpstreamDetached()
      // The connection goes back to the pool as it came.
      for (; this.#readDisables > 0; this.#readDisables--) encoder.stream.readDisable(false)
    }
    while (this.#downstreamPauses > 0) this.#resumeDownstream()
    this.#log?.end()
  }
}

function tunnelOf(headers: HeaderMap): 'no' | 'websocket' | 'connect' {
  if (headers.method === 'CONNECT') return 'connect'
  return headers.get('upgrade')?.toLowerCase() === 'websocket' ? 'websocket' : 'no'
}

function onMaxStreamDuration(request: UpstreamRequest): void {
  request.onMaxStreamDuration()
}

function onPerTryTimeout(request: UpstreamRequest): void {
  request.onPerTryTimeout()
}

function onPerTryIdleTimeout(request: UpstreamRequest): void {
  request.onPerTryIdleTimeout()
}
