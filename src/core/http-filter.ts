/** HTTP filters and what they may ask of their stream. Follows Envoy's `envoy/http/filter.h`. */
import type { StreamResetReason } from './codec.ts'
import type { Connection } from './connection.ts'
import type { HeaderMap } from './header-map.ts'
import type { Route } from './route.ts'
import type { DownstreamInfo, StreamInfo } from './stream-info.ts'

/**
 * - `continue`: on to the next filter.
 * - `stop`: later filters wait; this filter goes on receiving data and trailers (StopIteration). A later
 *   `continue` of its own data or trailers callback releases headers too.
 * - `stop-all-and-buffer`: nothing more reaches this filter or later ones until `continue…()`; data is buffered, over the limit 413 / 500.
 * - `stop-all-and-watermark`: the same, over the limit the sender is paused.
 * - `continue-and-dont-end-stream`: (headers with endStream only) the filter will add a body.
 */
export type HeadersStatus =
  | 'continue'
  | 'stop'
  | 'stop-all-and-buffer'
  | 'stop-all-and-watermark'
  | 'continue-and-dont-end-stream'
/** `stop-no-buffer`: the chunk is dropped from the chain (the filter consumed it). */
export type DataStatus = 'continue' | 'stop-and-buffer' | 'stop-and-watermark' | 'stop-no-buffer'
export type TrailersStatus = 'continue' | 'stop'

/**
 * One filter for one stream. Every method may be left out; the chain skips what is absent. Methods return at once:
 * a filter that must wait returns a stop… and continues later. A thrown error is caught by the chain: the stream ends with 500.
 */
export interface HttpFilter {
  decodeHeaders?(headers: HeaderMap, endStream: boolean): HeadersStatus
  /** `data` is valid until the call returns (see base/read-buffer.ts); what is buffered by a status is kept by the chain. */
  decodeData?(data: Uint8Array, endStream: boolean): DataStatus
  decodeTrailers?(trailers: HeaderMap): TrailersStatus
  /** METADATA of the request, for the terminal filter alone; it may come before the headers. */
  decodeMetadata?(list: readonly string[]): void
  /** After the last decode call of a complete request. */
  decodeComplete?(): void
  encode1xxHeaders?(headers: HeaderMap): 'continue' | 'stop'
  encodeHeaders?(headers: HeaderMap, endStream: boolean): HeadersStatus
  encodeData?(data: Uint8Array, endStream: boolean): DataStatus
  encodeTrailers?(trailers: HeaderMap): TrailersStatus
  encodeComplete?(): void
  /** What the matcher of a match_delegate around this filter led to, before the call that it was asked for. */
  onMatch?(action: unknown): void
  /** Before access logs are written, once per stream. */
  onStreamComplete?(): void
  /** Called with the access logs (wasm on_log); headers as far as they exist. */
  log?(): void
  /** The stream is over for this filter: stop timers and cancel calls here and nowhere else. */
  onDestroy?(): void
}

export interface LocalReply {
  readonly status: number
  readonly body?: string | Uint8Array
  /** `%RESPONSE_CODE_DETAILS%`; white space becomes `_`. */
  readonly details: string
  /** Response flag bits to add. */
  readonly flags?: number
  /** For gRPC requests; otherwise derived from the status. */
  readonly grpcStatus?: number
  /** Called with the reply's headers before they are encoded. */
  modifyHeaders?(headers: HeaderMap): void
}

/** A body that the chain holds for filters that buffer. */
export interface BodyBuffer {
  readonly length: number
  /** The bytes from `start`, at most `length`, as one chunk (copied only when they span chunks). */
  slice(start: number, length: number): Uint8Array
  /** Copies the same bytes to a place in `target`. */
  copyTo(target: Uint8Array, at: number, start: number, length: number): void
  prepend(data: Uint8Array): void
  append(data: Uint8Array): void
  /** Removes bytes from the front. */
  drain(length: number): void
}

/** One filter's handle on its stream: `HttpFilterFactory` gets one for each filter made. */
export interface HttpFilterCallbacks {
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  /** Unique in the process. */
  readonly streamId: number
  /** A random integer below 2^53 that stays the same for the stream. */
  readonly random: number
  /** The `name` of this filter in the chain: the key of `typed_per_filter_config`. */
  readonly filterConfigName: string

  /** Present from the moment the respective headers were seen until the stream ends. */
  readonly requestHeaders: HeaderMap | undefined
  readonly requestTrailers: HeaderMap | undefined
  readonly responseHeaders: HeaderMap | undefined
  readonly responseTrailers: HeaderMap | undefined

  /** The cached route; computed on first use. */
  route(): Route | undefined
  /** Header changes are to choose the route again. */
  clearRouteCache(): void

  continueDecoding(): void
  continueEncoding(): void
  /** Ends the request with an answer of our own. Runs the encoder filters unless response headers were sent (then resets). */
  sendLocalReply(reply: LocalReply): void
  resetStream(reason?: StreamResetReason, details?: string): void

  /** The buffered body of the direction, or undefined when nothing is buffered. Changes in place are seen by later filters. */
  decodingBuffer(): BodyBuffer | undefined
  encodingBuffer(): BodyBuffer | undefined
  /** Inside decodeData/encodeData: replaces the chunk that goes on (or into the buffer) when the status is `continue`/buffering. */
  replaceCurrentData(data: Uint8Array): void
  /** Adds body bytes: buffered if this filter stopped, otherwise sent on to later filters. */
  addDecodedData(data: Uint8Array): void
  addEncodedData(data: Uint8Array): void
  /** Sends bytes to the filters after this one, bypassing the buffer. */
  injectDecodedData(data: Uint8Array, endStream: boolean): void
  injectEncodedData(data: Uint8Array, endStream: boolean): void
  /** Only inside the data callback with endStream: adds trailers to the message. */
  addDecodedTrailers(): HeaderMap
  addEncodedTrailers(): HeaderMap

  /** Limits of `stop-all-and-buffer`/`stop-and-buffer`, bytes; 0 = none. */
  decoderBufferLimitBytes: number
  encoderBufferLimitBytes: number

  // ── for the terminal filter (router) ──
  /**
   * Ends this stream, logged with `response`, and starts the request again as a new one with `requestHeaders` as they
   * are now. Only for a complete request whose response has not begun; otherwise nothing happens and it is false.
   */
  recreateStream(response: HeaderMap, body: readonly Uint8Array[]): boolean
  encode1xxHeaders(headers: HeaderMap): void
  /** The response from upstream enters the encoder chain here. */
  encodeHeaders(headers: HeaderMap, endStream: boolean): void
  encodeData(data: Uint8Array, endStream: boolean): void
  encodeTrailers(trailers: HeaderMap): void
  /** METADATA of the response; it passes by the other filters. */
  encodeMetadata(list: readonly string[]): void
  /** Pauses / resumes reading from downstream (the upstream's write buffer is full). Counted. */
  onDecoderFilterAboveWriteBufferHighWatermark(): void
  onDecoderFilterBelowWriteBufferLowWatermark(): void
  /** The downstream's write buffer: the terminal filter pauses its upstream. Told at once if it is above already. */
  addDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void
  removeDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void
}

export interface DownstreamWatermarkCallbacks {
  onAboveWriteBufferHighWatermark(): void
  onBelowWriteBufferLowWatermark(): void
}

/** Made once per configuration, called once per stream. */
export type HttpFilterFactory = (callbacks: HttpFilterCallbacks) => HttpFilter
