/**
 * The network filter that speaks HTTP on a downstream connection: owns the codec, its streams, the connection's timers
 * and draining. Follows Envoy's `source/common/http/conn_manager_impl.cc`.
 */
import { performance } from '../base/clock.ts'
import type { ResponseEncoder, RequestDecoder, ServerConnection, ServerConnectionCallbacks } from '../core/codec.ts'
import type {
  CloseType,
  Connection,
  ConnectionCallbacks,
  ConnectionEvent,
  NetworkFilter,
  NetworkFilterCallbacks,
  NetworkFilterStatus,
} from '../core/connection.ts'
import { type DownstreamInfo, type Protocol, ResponseFlag, type StreamInfo } from '../core/stream-info.ts'
import type { HttpConnectionManagerSettings } from './settings.ts'
import { HttpStream, type StreamOwner } from './stream.ts'

const never = Number.POSITIVE_INFINITY

export class ConnectionManager implements NetworkFilter, ServerConnectionCallbacks, ConnectionCallbacks, StreamOwner {
  readonly settings: HttpConnectionManagerSettings
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly #streamInfo: StreamInfo
  /** A list, for the reason that base/id-map.ts tells; HTTP/1 has one at a time. */
  readonly #streams: HttpStream[] = []
  readonly #startMs = performance.now()
  #codec: ServerConnection | undefined = undefined
  /** The first bytes, while they are too few to tell the version. */
  #firstBytes: Uint8Array | undefined = undefined
  /** `draining`: new requests are still served, answers say `connection: close`; `closing`: closes when streams are done. */
  #drain: 'no' | 'draining' | 'closing' = 'no'
  /** The next answer on this HTTP/1 connection is its last. */
  #softDrain = false
  #requests = 0
  #requestsEnded = 0
  #requestsResetEarly = 0
  #closed = false

  /** One real timer for everything; re-armed lazily: while traffic moves deadlines on, it is not touched. */
  #timer: NodeJS.Timeout | undefined = undefined
  #timerAtMs = never
  #idleDeadlineMs = never
  #durationDeadlineMs = never
  #drainDeadlineMs = never

  constructor(settings: HttpConnectionManagerSettings, callbacks: NetworkFilterCallbacks) {
    this.settings = settings
    this.connection = callbacks.connection
    this.downstream = callbacks.downstream
    this.#streamInfo = callbacks.streamInfo
    const stats = settings.stats
    stats.cxTotal.inc()
    stats.cxActive.inc()
    if (this.downstream.tls !== undefined) {
      stats.cxSslTotal.inc()
      stats.cxSslActive.inc()
    }
    this.connection.addCallbacks(this)
    this.connection.delayedCloseTimeoutMs = settings.delayedCloseTimeoutMs
    this.connection.setConnectionStats?.(stats.connection)
    if (settings.idleTimeoutMs > 0) this.#idleDeadlineMs = this.#startMs + settings.idleTimeoutMs
    if (settings.maxConnectionDurationMs > 0)
      this.#durationDeadlineMs =
        this.#startMs + jittered(settings.maxConnectionDurationMs, settings.maxConnectionDurationJitterPercent)
    this.arm(Math.min(this.#idleDeadlineMs, this.#durationDeadlineMs))
  }

  /** Requests that are not over. */
  get activeStreams(): number {
    return this.#streams.length
  }

  get isHttp2(): boolean {
    return this.#codec?.protocol === 'HTTP/2'
  }

  get draining(): boolean {
    return this.#drain !== 'no'
  }

  get closeAfterResponse(): boolean {
    return this.#codec?.closeAfterResponse === true
  }

  protocolOf(): Protocol {
    return this.#codec?.protocol ?? 'HTTP/1.1'
  }

  // ── network filter ──

  onData(data: Uint8Array, endStream: boolean): NetworkFilterStatus {
    if (this.#closed) return 'stop'
    const codec = this.#codec
    if (codec === undefined) return this.#onFirstData(data, endStream)
    if (codec.dispatch(data, endStream) === 'protocol-error') {
      this.settings.stats.cxProtocolError.inc()
      this.onCodecError(codec.errorDetails)
    } else this.#closeIfDone()
    this.#streamInfo.protocol ??= codec.protocol
    return 'stop'
  }

  onDestroy(): void {
    this.#close(undefined, 0, '')
    this.#stopTimer()
  }

  #onFirstData(data: Uint8Array, endStream: boolean): NetworkFilterStatus {
    const bytes = this.#firstBytes === undefined ? data : Buffer.concat([this.#firstBytes, data])
    const codec = this.settings.makeServerCodec(this.connection, this, bytes)
    if (codec === undefined) {
      this.#firstBytes = Buffer.from(bytes)
      return 'stop'
    }
    this.#firstBytes = undefined
    this.#codec = codec
    const stats = this.settings.stats
    if (codec.protocol === 'HTTP/2') {
      stats.cxHttp2Total.inc()
      stats.cxHttp2Active.inc()
    } else {
      stats.cxHttp1Total.inc()
      stats.cxHttp1Active.inc()
    }
    return this.onData(bytes, endStream)
  }

  // ── codec ──

  newStream(encoder: ResponseEncoder): RequestDecoder {
    this.#idleDeadlineMs = never
    const settings = this.settings
    const stream = this.addStream(encoder)
    if (settings.maxRequestsPerConnection > 0 && ++this.#requests === settings.maxRequestsPerConnection) {
      settings.stats.cxMaxRequestsReached.inc()
      if (this.isHttp2) this.#startDrain()
      else this.#drain = 'closing'
    }
    return stream
  }

  addStream(encoder: ResponseEncoder): HttpStream {
    const stream = new HttpStream(this, encoder)
    this.#streams.push(stream)
    this.arm(stream.deadlineMs)
    return stream
  }

  onDeferredError(): void {
    if (this.#codec === undefined || this.#closed) return
    this.settings.stats.cxProtocolError.inc()
    this.onCodecError(this.#codec.errorDetails)
  }

  onStreamClosed(): void {
    this.#closeIfDone()
  }

  onGoAway(): void {
    // The client will ask nothing more; what it asked is still answered.
  }

  // ── connection ──

  onEvent(event: ConnectionEvent): void {
    if (event === 'connected') return
    const stats = this.settings.stats
    stats.cxDestroy.inc()
    stats.cxActive.dec()
    if (this.#softDrain) stats.cxHttp1SoftDrain.dec()
    if (this.downstream.tls !== undefined) stats.cxSslActive.dec()
    if (this.#codec !== undefined) (this.isHttp2 ? stats.cxHttp2Active : stats.cxHttp1Active).dec()
    stats.cxLengthMs.record(Math.floor(performance.now() - this.#startMs))
    let details = 'downstream_remote_disconnect'
    if (event === 'local-close') {
      stats.cxDestroyLocal.inc()
      const reason = this.connection.localCloseReason
      details = reason === '' ? '' : `downstream_local_disconnect(${reason.replace(/\s/g, '_')})`
    } else stats.cxDestroyRemote.inc()
    this.#close(undefined, ResponseFlag.downstreamConnectionTermination, details)
    this.#stopTimer()
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#codec?.onUnderlyingConnectionAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#codec?.onUnderlyingConnectionBelowWriteBufferLowWatermark()
  }

  // ── streams ──

  checkDrain(): void {
    if (this.#softDrain) this.#drain = 'closing'
    if (this.#drain !== 'no' || !this.settings.drainClose()) return
    this.settings.stats.cxDrainClose.inc()
    this.#startDrain()
  }

  closeWhenDone(): void {
    this.#drain = 'closing'
  }

  /** The listener drains: an idle connection is closed now, a busy one with its last response. */
  onDrain(): void {
    if (this.#streams.length > 0) return
    this.#codec?.goAway()
    this.#close('flush-write', 0, 'drained')
  }

  onStreamEnd(stream: HttpStream): void {
    const streams = this.#streams
    if (streams.at(-1) === stream) streams.pop()
    else if (streams.includes(stream)) streams.splice(streams.indexOf(stream), 1)
    if (this.#closed) return
    if (this.isHttp2) this.#checkPrematureResets(stream)
    if (this.#streams.length > 0 || this.#closed) return
    if (this.settings.idleTimeoutMs > 0) {
      this.#idleDeadlineMs = performance.now() + this.settings.idleTimeoutMs
      this.arm(this.#idleDeadlineMs)
    }
    this.#closeIfDone()
  }

  /** A client that makes requests only to give them up costs us and the upstream, and itself nothing. */
  #checkPrematureResets(stream: HttpStream): void {
    const { prematureResets, stats } = this.settings
    this.#requestsEnded++
    const { responseCode } = stream.streamInfo
    if (responseCode !== undefined && responseCode !== 0) return
    if (stream.streamInfo.sinceStart() > prematureResets.minLifetimeSeconds() * 1000) return
    const limit = Math.max(prematureResets.totalStreams(), this.#requestsEnded)
    if (++this.#requestsResetEarly * 2 < limit || this.#drain !== 'no') return
    stats.rqTooManyPrematureResets.inc()
    this.#close('no-flush', ResponseFlag.downstreamConnectionTermination, 'too_many_premature_resets')
  }

  onCodecError(details: string): void {
    this.#streamInfo.responseCodeDetails = `codec_error:_${details.replace(/\s/g, '_')}`
    this.#streamInfo.responseFlags |= ResponseFlag.downstreamProtocolError
    const streamDetails = this.isHttp2 ? `codec_error:${details.replace(/\s/g, '_')}` : details
    this.#close('flush-write-and-delay', ResponseFlag.downstreamProtocolError, streamDetails)
  }

  #startDrain(): void {
    this.#drain = 'draining'
    this.#codec?.shutdownNotice()
    this.#drainDeadlineMs =
      performance.now() + jittered(this.settings.drainTimeoutMs, this.settings.drainTimeoutJitterPercent)
    this.arm(this.#drainDeadlineMs)
  }

  #closeIfDone(): void {
    if (this.#drain !== 'closing' || this.#streams.length > 0) return
    // Answers may still wait for the client's windows.
    if (this.isHttp2 && (this.#codec?.activeStreams ?? 0) > 0) return
    this.#close('flush-write-and-delay', 0, 'deferred_close')
  }

  /** @param type undefined: the connection is closed already */
  #close(type: CloseType | undefined, flag: number, details: string): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#streams.length > 0) {
      const stats = this.settings.stats
      stats.cxDestroyActiveRq.inc()
      ;(type === undefined ? stats.cxDestroyRemoteActiveRq : stats.cxDestroyLocalActiveRq).inc()
      for (const stream of this.#streams.slice()) stream.onConnectionClosed(flag, details)
    }
    this.#codec?.onConnectionClosed('connection-termination', '')
    if (type !== undefined) this.connection.close(type, details)
  }

  // ── timers ──

  arm(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs || this.#closed) return
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timerAtMs = deadlineMs
    // Node fires a timer of a fraction of a millisecond too early, and one of more than 2^31 ms at once.
    const delay = Math.min(Math.max(1, Math.ceil(deadlineMs - performance.now())), 2_147_483_647)
    this.#timer = setTimeout(onTimer, delay, this)
    this.#timer.unref()
  }

  onTimer(): void {
    this.#timer = undefined
    this.#timerAtMs = never
    const now = performance.now()
    for (const stream of this.#streams.slice()) if (now >= stream.deadlineMs) stream.onTimer(now)
    if (this.#closed) return
    if (now >= this.#durationDeadlineMs) {
      this.#durationDeadlineMs = never
      this.settings.stats.cxMaxDurationReached.inc()
      if (this.settings.http1SafeMaxConnectionDuration && this.#codec !== undefined && !this.isHttp2) {
        this.settings.stats.cxHttp1SoftDrain.inc()
        this.#softDrain = true
      } else this.#drainOrClose('max_connection_duration')
    }
    if (now >= this.#idleDeadlineMs) {
      this.#idleDeadlineMs = never
      this.settings.stats.cxIdleTimeout.inc()
      this.#drainOrClose('on_idle_timeout')
    }
    if (now >= this.#drainDeadlineMs) {
      this.#drainDeadlineMs = never
      this.#codec?.goAway()
      this.#drain = 'closing'
      this.#closeIfDone()
    }
    let next = Math.min(this.#durationDeadlineMs, this.#idleDeadlineMs, this.#drainDeadlineMs)
    for (const stream of this.#streams) if (stream.deadlineMs < next) next = stream.deadlineMs
    this.arm(next)
  }

  #drainOrClose(reason: string): void {
    if (this.#codec === undefined) this.#close('flush-write', 0, reason)
    else if (this.#drain === 'no') this.#startDrain()
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAtMs = never
  }
}

function jittered(ms: number, percent: number): number {
  return ms + (Math.random() * ms * percent) / 100
}

function onTimer(manager: ConnectionManager): void {
  manager.onTimer()
}
