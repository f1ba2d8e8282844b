/**
 * One HTTP request that a guest makes through an upstream cluster (`proxy_http_call`). Follows Envoy's
 * `AsyncClient` as proxy-wasm uses it: what fails before a response is a response of its own, 503 or 504.
 */
import { type Cancellable, type Cluster, ownRequestContext } from '../core/cluster.ts'
import type { CodecStream, RequestEncoder, ResponseDecoder, StreamCallbacks, StreamResetReason } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import { resetBody, resetOfPoolFailure, resetStatus } from '../core/reset-reason.ts'

export interface HttpCallResponse {
  /** Absent when the answer broke off. */
  readonly headers: HeaderMap | undefined
  readonly body: Uint8Array
  readonly trailers: HeaderMap | undefined
}

export interface HttpCallRequest {
  readonly headers: HeaderMap
  readonly body: Uint8Array
  readonly trailers: HeaderMap | undefined
  /** 0: none. */
  readonly timeoutMs: number
}

const defaultMaxResponseBytes = 16 * 1024 * 1024
const noBody = new Uint8Array(0)

export class HttpCall implements ResponseDecoder, StreamCallbacks {
  readonly #onResponse: (response: HttpCallResponse) => void
  readonly #maxResponseBytes: number
  #timer: NodeJS.Timeout | undefined
  #pending: Cancellable | undefined
  #stream: CodecStream | undefined
  #headers: HeaderMap | undefined
  #trailers: HeaderMap | undefined
  readonly #chunks: Uint8Array[] = []
  #bodyBytes = 0
  #done = false

  /**
   * @param onResponse called once, never before `start` has returned, unless `cancel` comes first
   * @param maxResponseBytes a larger body ends the call like one that broke off
   */
  constructor(onResponse: (response: HttpCallResponse) => void, maxResponseBytes = defaultMaxResponseBytes) {
    this.#onResponse = onResponse
    this.#maxResponseBytes = maxResponseBytes
  }

  start(cluster: Cluster, request: HttpCallRequest): void {
    const host = cluster.chooseHost(ownRequestContext(request.headers))
    if (host === undefined) return this.#answerLater(503, 'no healthy upstream')
    if (request.timeoutMs > 0)
      this.#timer = setTimeout(() => this.#answer(504, 'upstream request timeout'), request.timeoutMs)
    const pending = cluster.httpConnectionPool(host, 'default', 'HTTP/1.1', request.headers).newStream(this, {
      onPoolReady: encoder => this.#send(encoder, request),
      onPoolFailure: reason => this.#answerLater(503, resetBody(resetOfPoolFailure[reason])),
    })
    if (!this.#done) this.#pending = pending
  }

  /** No answer will come. */
  cancel(): void {
    this.#end()
  }

  decode1xxHeaders(): void {}

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.#headers = headers
    if (endStream) this.#complete()
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    this.#bodyBytes += data.length
    if (this.#bodyBytes > this.#maxResponseBytes) return this.#fail()
    if (data.length > 0) this.#chunks.push(Buffer.from(data))
    if (endStream) this.#complete()
  }

  decodeTrailers(trailers: HeaderMap): void {
    this.#trailers = trailers
    this.#complete()
  }

  onResetStream(reason: StreamResetReason): void {
    this.#stream = undefined
    if (this.#headers === undefined) this.#answer(resetStatus(reason), resetBody(reason))
    else this.#fail()
  }

  onAboveWriteBufferHighWatermark(): void {}

  onBelowWriteBufferLowWatermark(): void {}

  #send(encoder: RequestEncoder, { headers, body, trailers }: HttpCallRequest): void {
    if (this.#done) return encoder.stream.resetStream('local-reset')
    this.#pending = undefined
    this.#stream = encoder.stream
    encoder.stream.setCallbacks(this)
    const bodyless = body.length === 0
    encoder.encodeHeaders(headers, bodyless && trailers === undefined)
    if (!bodyless && !this.#done) encoder.encodeData(body, trailers === undefined)
    if (trailers !== undefined && !this.#done) encoder.encodeTrailers(trailers)
  }

  #answerLater(status: number, text: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#answer(status, text), 0)
  }

  #answer(status: number, text: string): void {
    if (this.#done) return
    const body = Buffer.from(text)
    this.#end()
    const headers = HeaderMap.of({
      ':status': String(status),
      'content-length': String(body.length),
      'content-type': 'text/plain',
    })
    this.#onResponse({ headers, body, trailers: undefined })
  }

  #complete(): void {
    if (this.#done) return
    this.#stream = undefined
    this.#end()
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks)
    this.#onResponse({ headers: this.#headers, body, trailers: this.#trailers })
  }

  #fail(): void {
    if (this.#done) return
    this.#end()
    this.#onResponse({ headers: undefined, body: noBody, trailers: undefined })
  }

  #end(): void {
    this.#done = true
    clearTimeout(this.#timer)
    this.#pending?.cancel()
    this.#pending = undefined
    const stream = this.#stream
    this.#stream = undefined
    stream?.resetStream('local-reset')
  }
}
