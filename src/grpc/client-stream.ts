/**
 * One gRPC call or stream to an upstream cluster. Follows Envoy's `AsyncStreamImpl`
 * (`source/common/grpc/async_client_impl.cc`): what fails before a response is a response of trailers only.
 */
import { type Cancellable, type Cluster, ownRequestContext } from '../core/cluster.ts'
import type { CodecStream, RequestEncoder, ResponseDecoder, StreamCallbacks, StreamResetReason } from '../core/codec.ts'
import { GrpcStatus, grpcStatusOfHttp, setGrpcTimeout } from '../core/grpc.ts'
import { HeaderMap } from '../core/header-map.ts'
import { resetBody, resetDetails, resetOfPoolFailure } from '../core/reset-reason.ts'
import { encodeFrame, FrameReader } from './frames.ts'

/** In the order in which they are called. None is called before `start` has returned, none after `cancel`. */
export interface GrpcEvents {
  /** Undefined: there are none. */
  onInitialMetadata(headers: HeaderMap | undefined): void
  /** The bytes are valid until it returns. */
  onMessage(message: Uint8Array): void
  onTrailingMetadata(trailers: HeaderMap | undefined): void
  /** Nothing comes after it. */
  onClose(status: number, message: string): void
}

export interface GrpcRequest {
  /** `package.Service` */
  readonly service: string
  readonly method: string
  readonly authority: string
  /** Names and values in turn. */
  readonly metadata: readonly string[]
  /** 0: none. */
  readonly timeoutMs: number
}

/** A larger message ends the stream with RESOURCE_EXHAUSTED. */
const maxMessageBytes = 16 * 1024 * 1024
/** What may wait to be sent. */
const maxQueuedBytes = 16 * 1024 * 1024
const viaUpstream = 'via_upstream'
const nothing = new Uint8Array(0)

export class GrpcStream implements ResponseDecoder, StreamCallbacks, Cancellable {
  readonly #events: GrpcEvents
  readonly #frames = new FrameReader(maxMessageBytes, message => {
    if (!this.#done) this.#events.onMessage(message)
  })
  #pending: Cancellable | undefined
  #encoder: RequestEncoder | undefined
  #stream: CodecStream | undefined
  #timer: NodeJS.Timeout | undefined
  /** What was sent before there was a connection. */
  #queue: Buffer[] = []
  #queuedBytes = 0
  #localEnd = false
  #responseStarted = false
  #done = false

  constructor(events: GrpcEvents) {
    this.#events = events
  }

  start(cluster: Cluster, request: GrpcRequest): void {
    const headers = requestHeaders(request)
    const host = cluster.chooseHost(ownRequestContext(headers))
    if (host === undefined) return this.#failLater('no healthy upstream', 'no_healthy_upstream')
    if (request.timeoutMs > 0)
      this.#timer = setTimeout(() => this.#fail('upstream request timeout', 'response_timeout'), request.timeoutMs)
    const pending = cluster.httpConnectionPool(host, 'default', 'HTTP/2', headers).newStream(this, {
      onPoolReady: encoder => this.#begin(encoder, headers),
      onPoolFailure: (failure, transportFailureReason) => {
        const reason = resetOfPoolFailure[failure]
        this.#failLater(resetBody(reason), resetDetails(reason, transportFailureReason, false))
      },
    })
    if (this.#encoder === undefined && !this.#done) this.#pending = pending
  }

  /** False: too much waits to be sent already. Nothing happens after the end. */
  send(message: Uint8Array, endStream: boolean): boolean {
    if (this.#done || this.#localEnd) return true
    const queued = this.#stream?.bufferedBytes ?? this.#queuedBytes
    if (queued + message.length > maxQueuedBytes) return false
    this.#write(encodeFrame(message), endStream)
    return true
  }

  /** Ends our side; the other's answers still come. */
  closeLocal(): void {
    if (!this.#done && !this.#localEnd) this.#write(undefined, true)
  }

  /** No event will come. */
  cancel(): void {
    this.#end()
  }

  decode1xxHeaders(): void {}

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.#done) return
    this.#responseStarted = true
    const { status } = headers
    this.#events.onInitialMetadata(endStream ? undefined : headers)
    if (status !== 200 && !(endStream && headers.has('grpc-status')))
      this.#close(undefined, grpcStatusOfHttp(status), viaUpstream)
    else if (endStream) this.decodeTrailers(headers)
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    const fault = this.#frames.push(data)
    if (fault !== undefined)
      this.#close(undefined, fault === 'compressed' ? GrpcStatus.internal : GrpcStatus.resourceExhausted, viaUpstream)
    else if (endStream) this.#close(undefined, GrpcStatus.unknown, viaUpstream)
  }

  decodeTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    // It has ended by itself: there is nothing to reset, unless we have not ended.
    if (this.#localEnd) this.#stream = undefined
    const status = trailers.get('grpc-status') ?? ''
    const message = trailers.get('grpc-message') ?? ''
    this.#close(
      trailers,
      /^\d{1,9}$/.test(status) ? Number(status) : GrpcStatus.unknown,
      message === '' ? viaUpstream : `${message}{${viaUpstream}}`,
    )
  }

  onResetStream(reason: StreamResetReason, transportFailureReason: string): void {
    if (this.#done) return
    this.#stream = undefined
    const details = resetDetails(reason, transportFailureReason, this.#responseStarted)
    if (this.#responseStarted) this.#close(undefined, GrpcStatus.internal, details)
    else this.#fail(resetBody(reason), details)
  }

  onAboveWriteBufferHighWatermark(): void {}

  onBelowWriteBufferLowWatermark(): void {}

  #begin(encoder: RequestEncoder, headers: HeaderMap): void {
    if (this.#done) return encoder.stream.resetStream('local-reset')
    this.#pending = undefined
    this.#encoder = encoder
    this.#stream = encoder.stream
    encoder.stream.setCallbacks(this)
    const queue = this.#queue
    this.#queue = []
    encoder.encodeHeaders(headers, this.#localEnd && queue.length === 0)
    for (const [index, frame] of queue.entries())
      if (!this.#done) encoder.encodeData(frame, this.#localEnd && index === queue.length - 1)
  }

  #write(frame: Buffer | undefined, endStream: boolean): void {
    this.#localEnd = endStream
    if (this.#encoder !== undefined) this.#encoder.encodeData(frame ?? nothing, endStream)
    else if (frame !== undefined) {
      this.#queue.push(frame)
      this.#queuedBytes += frame.length
    }
  }

  #failLater(text: string, details: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(text, details), 0)
  }

  /** As Envoy's router answers a gRPC request by itself. */
  #fail(text: string, details: string): void {
    if (this.#done) return
    this.#events.onInitialMetadata(undefined)
    const message = `${text}{${details}}`
    const trailers = { 'grpc-status': String(GrpcStatus.unavailable), 'grpc-message': text }
    this.#close(HeaderMap.of({ ':status': '200', 'content-type': 'application/grpc', ...trailers }), 14, message)
  }

  #close(trailers: HeaderMap | undefined, status: number, message: string): void {
    if (!this.#done) this.#events.onTrailingMetadata(trailers)
    if (this.#done) return
    this.#end()
    this.#events.onClose(status, message)
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

function requestHeaders({ service, method, authority, metadata, timeoutMs }: GrpcRequest): HeaderMap {
  const headers = HeaderMap.of({
    ':method': 'POST',
    ':path': `/${service}/${method}`,
    ':authority': authority,
    ':scheme': 'http',
    te: 'trailers',
  })
  if (timeoutMs > 0) setGrpcTimeout(headers, timeoutMs)
  headers.add('content-type', 'application/grpc')
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] as string
    if (name.startsWith(':')) headers.set(name, metadata[i + 1] as string)
    else headers.add(name, metadata[i + 1] as string)
  }
  headers.set('x-envoy-internal', 'true')
  return headers
}
