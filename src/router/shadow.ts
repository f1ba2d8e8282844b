/** A copy of a request for a mirror: sent, its answer thrown away. Follows Envoy's `ShadowWriterImpl` and `Http::AsyncStreamImpl`. */
import { keep } from '../base/read-buffer.ts'
import type {
  Cancellable,
  Cluster,
  Host,
  HttpPoolCallbacks,
  LoadBalancerContext,
  PoolFailureReason,
} from '../core/cluster.ts'
import type { RequestEncoder, ResponseDecoder, StreamCallbacks, StreamResetReason } from '../core/codec.ts'
import type { HeaderMap } from '../core/header-map.ts'

/** Longer ones would end at once. */
const longestTimerMs = 2 ** 31 - 1

/** Who sends the original: it waits while the copy cannot take more. */
export interface ShadowOwner {
  onShadowAboveWriteBufferHighWatermark(): void
  onShadowBelowWriteBufferLowWatermark(): void
}

/**
 * Until the request is complete it belongs to its owner, which cancels it when the original breaks off; after that it
 * goes on by itself, at most for the timeout.
 */
export class ShadowRequest implements ResponseDecoder, StreamCallbacks, HttpPoolCallbacks, LoadBalancerContext {
  readonly downstreamConnection = undefined
  readonly metadataMatch = undefined
  readonly requestHeaders: HeaderMap
  readonly #cluster: Cluster
  readonly #timeoutMs: number
  readonly #bufferLimitBytes: number
  #owner: ShadowOwner | undefined
  #host: Host | undefined = undefined
  #waiting: Cancellable | undefined = undefined
  #encoder: RequestEncoder | undefined = undefined
  #endWithHeaders = false
  #requestEnded = false
  #pending: Uint8Array[] | undefined = undefined
  #pendingBytes = 0
  /** The owner waits for `#pending` to be sent. */
  #pendingPause = false
  #trailers: HeaderMap | undefined = undefined
  #pauses = 0
  #timer: NodeJS.Timeout | undefined = undefined
  #answered = false
  #done = false

  /** @param timeoutMs from the end of the request on; 0 = none */
  constructor(cluster: Cluster, headers: HeaderMap, timeoutMs: number, bufferLimitBytes: number, owner: ShadowOwner) {
    this.#cluster = cluster
    this.requestHeaders = headers
    this.#timeoutMs = timeoutMs
    this.#bufferLimitBytes = bufferLimitBytes
    this.#owner = owner
  }

  computeHashKey(): undefined {}

  shouldSelectAnotherHost(): boolean {
    return false
  }

  // ── from the owner ──

  start(endStream: boolean): void {
    const host = this.#cluster.chooseHost(this)
    if (host === undefined) {
      this.#cluster.info.stats.upstreamCxNoneHealthy.inc()
      this.#fail(503)
      return
    }
    this.#host = host
    this.#endWithHeaders = endStream
    if (endStream) this.#onRequestEnd()
    const waiting = this.#cluster
      .httpConnectionPool(host, 'default', 'HTTP/1.1', this.requestHeaders)
      .newStream(this, this)
    if (this.#encoder === undefined && !this.#done) this.#waiting = waiting
  }

  acceptData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    if (endStream) this.#onRequestEnd()
    if (this.#encoder !== undefined) {
      this.#encoder.encodeData(data, endStream)
      return
    }
    this.#pending ??= []
    this.#pending.push(keep(data))
    this.#pendingBytes += data.length
    if (this.#pendingPause || this.#bufferLimitBytes === 0 || this.#pendingBytes <= this.#bufferLimitBytes) return
    this.#pendingPause = true
    this.onAboveWriteBufferHighWatermark()
  }

  acceptTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    this.#onRequestEnd()
    if (this.#encoder === undefined) this.#trailers = trailers
    else this.#encoder.encodeTrailers(trailers)
  }

  /** The original broke off. */
  cancel(): void {
    this.#owner = undefined
    this.#reset()
  }

  #onRequestEnd(): void {
    this.#requestEnded = true
    this.#release()
    if (this.#timeoutMs > 0)
      this.#timer = setTimeout(onShadowTimeout, Math.min(this.#timeoutMs, longestTimerMs), this).unref()
  }

  onTimeout(): void {
    const { stats } = this.#cluster.info
    stats.upstreamRqTimeout.inc()
    if (this.#host !== undefined) this.#host.stats.rqTimeout++
    this.#reset()
    this.#fail(504)
  }

  // ── from the pool and the codec ──

  onPoolReady(encoder: RequestEncoder, host: Host): void {
    this.#waiting = undefined
    this.#encoder = encoder
    this.#host = host
    encoder.stream.setCallbacks(this)
    encoder.encodeHeaders(this.requestHeaders, this.#endWithHeaders)
    const pending = this.#pending
    this.#pending = undefined
    const ended = this.#requestEnded && this.#trailers === undefined
    if (pending !== undefined)
      for (let i = 0; i < pending.length && !this.#done; i++)
        encoder.encodeData(pending[i] as Uint8Array, ended && i === pending.length - 1)
    if (this.#trailers !== undefined && !this.#done) encoder.encodeTrailers(this.#trailers)
    if (!this.#pendingPause) return
    this.#pendingPause = false
    this.onBelowWriteBufferLowWatermark()
  }

  onPoolFailure(_reason: PoolFailureReason, _transportFailureReason: string, host: Host | undefined): void {
    if (host !== undefined) this.#host = host
    this.#fail(503)
  }

  onResetStream(reason: StreamResetReason): void {
    this.#fail(reason === 'protocol-error' ? 502 : 503)
  }

  decode1xxHeaders(): void {
    // Nobody waits for it.
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.#done) return
    this.#answered = true
    const { status } = headers
    this.#host?.onResponse(status)
    if (this.#host !== undefined) {
      if (status >= 500) this.#host.stats.rqError++
      else this.#host.stats.rqSuccess++
    }
    this.#cluster.info.stats.chargeResponseCode(status, true)
    if (endStream) this.#onResponseEnd()
  }

  decodeData(_data: Uint8Array, endStream: boolean): void {
    if (endStream) this.#onResponseEnd()
  }

  decodeTrailers(): void {
    this.#onResponseEnd()
  }

  onAboveWriteBufferHighWatermark(): void {
    if (this.#owner === undefined || this.#done) return
    this.#pauses++
    this.#owner.onShadowAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    if (this.#pauses === 0) return
    this.#pauses--
    this.#owner?.onShadowBelowWriteBufferLowWatermark()
  }

  // ── ends ──

  #onResponseEnd(): void {
    if (this.#requestEnded) this.#close()
    // Nobody wants the rest of the request.
    else this.#reset()
  }

  /** Without an answer it is counted as what a client would have been told. */
  #fail(status: number): void {
    if (this.#answered) return this.#close()
    if (this.#host !== undefined) {
      this.#host.onResponse(status)
      this.#host.stats.rqError++
    }
    this.#cluster.info.stats.chargeResponseCode(status, true)
    this.#close()
  }

  #reset(): void {
    if (this.#done) return
    const waiting = this.#waiting
    const encoder = this.#encoder
    this.#close()
    waiting?.cancel()
    encoder?.stream.resetStream('local-reset')
  }

  #close(): void {
    this.#done = true
    this.#waiting = undefined
    this.#encoder = undefined
    this.#pending = undefined
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#release()
  }

  /** The owner has nothing to wait for any more. */
  #release(): void {
    while (this.#pauses > 0) this.onBelowWriteBufferLowWatermark()
    this.#owner = undefined
  }
}

function onShadowTimeout(shadow: ShadowRequest): void {
  shadow.onTimeout()
}
