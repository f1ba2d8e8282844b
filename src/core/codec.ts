/**
 * What HTTP/1 and HTTP/2 have in common for their users: header, data and trailer events in both directions.
 * Follows Envoy's `envoy/http/codec.h`.
 */
import type { HeaderMap } from './header-map.ts'
import type { BytesMeter, Protocol } from './stream-info.ts'

export type StreamResetReason =
  | 'connection-failure' // remote connection failure
  | 'local-connection-failure'
  | 'connection-timeout'
  | 'connection-termination'
  | 'local-reset'
  | 'local-refused-stream-reset'
  | 'remote-reset'
  | 'remote-refused-stream-reset'
  | 'overflow'
  | 'protocol-error'
  | 'connect-error'
  | 'overload-manager'

export interface StreamCallbacks {
  /** The stream is dead; no further event comes. Not called for a reset that the callee itself asked for. */
  onResetStream(reason: StreamResetReason, transportFailureReason: string): void
  onAboveWriteBufferHighWatermark(): void
  onBelowWriteBufferLowWatermark(): void
}

/** The codec's side of one stream. */
export interface CodecStream extends BytesMeter {
  resetStream(reason: StreamResetReason): void
  /** Counted. Stops the events of the reading side (HTTP/1: the socket; HTTP/2: window updates). */
  readDisable(disable: boolean): void
  /** HTTP/2: how long the end of our message may wait for the peer's window without progress; 0 = for ever. */
  setFlushTimeout?(timeoutMs: number): void
  /** At most one user; set when the stream is made. */
  setCallbacks(callbacks: StreamCallbacks): void
  /** Bytes queued in the codec for this stream. */
  readonly bufferedBytes: number
  /** Why the codec failed or refused the message, in Envoy's words (`http1.codec_error`), '' otherwise. */
  readonly codecDetails: string
}

interface MessageEncoder {
  readonly stream: CodecStream
  /** `data` as in `Connection.write`. An empty chunk with `endStream` ends the body. */
  encodeData(data: Uint8Array | string, endStream: boolean): void
  encodeTrailers(trailers: HeaderMap): void
  /** METADATA (HTTP/2): names and values in turn, before the end of the message. Absent where there is no such thing. */
  encodeMetadata?(list: readonly string[]): void
}

export interface RequestEncoder extends MessageEncoder {
  encodeHeaders(headers: HeaderMap, endStream: boolean): void
}

export interface ResponseEncoder extends MessageEncoder {
  /** 100 and 103 to 199 except 101. */
  encode1xxHeaders(headers: HeaderMap): void
  /** `headers` starts with `:status`. */
  encodeHeaders(headers: HeaderMap, endStream: boolean): void
  /** Whether the codec had to fail the request before or while it was being read. */
  readonly streamErrorOnInvalidHttpMessage: boolean
}

interface MessageDecoder {
  decodeHeaders(headers: HeaderMap, endStream: boolean): void
  /** `data` is valid until the call returns. */
  decodeData(data: Uint8Array, endStream: boolean): void
  decodeTrailers(trailers: HeaderMap): void
  /** METADATA (HTTP/2): names and values in turn, at any place of the message. */
  decodeMetadata?(list: readonly string[]): void
}

export interface RequestDecoder extends MessageDecoder {
  /** The codec refuses the message: answer it so (400, 431, 501, …) and close after, as Envoy's `sendLocalReply`. */
  sendLocalReply(status: number, body: string, details: string): void
}

export interface ResponseDecoder extends MessageDecoder {
  decode1xxHeaders(headers: HeaderMap): void
}

/** Callbacks of a server connection's user (the connection manager). */
export interface ServerConnectionCallbacks {
  /** A request begins. `encoder` answers it. */
  newStream(encoder: ResponseEncoder): RequestDecoder
  /** The peer will send no further requests (HTTP/2 GOAWAY). */
  onGoAway(): void
  /**
   * HTTP/1: bytes that waited behind a response turned out bad after `dispatch` had returned: do as for its
   * 'protocol-error'. Left out, the codec closes the connection itself.
   */
  onDeferredError?(): void
  /** HTTP/2: a stream is over in both directions, all of its answer is written. */
  onStreamClosed?(): void
}

export interface ClientConnectionCallbacks {
  onGoAway(): void
  /** HTTP/2: the peer's SETTINGS_MAX_CONCURRENT_STREAMS changed. */
  onMaxStreamsChanged(max: number): void
  /**
   * There is room for another stream. HTTP/2: one is over in both directions, or was given up; HTTP/1: the response is
   * complete and its user knows.
   */
  onStreamClosed?(): void
}

/** `protocol-error` asks the user to close the connection (after flushing what was written). */
export type DispatchResult = 'ok' | 'protocol-error'

interface HttpConnection {
  readonly protocol: Protocol
  /** Feeds bytes from the socket (they may be moved in place); `endStream`: the peer sent FIN. Events fire inside. */
  dispatch(data: Uint8Array, endStream: boolean): DispatchResult
  /** HTTP/2 GOAWAY; nothing for HTTP/1. */
  goAway(): void
  shutdownNotice(): void
  /** Streams that are not complete both ways. */
  readonly activeStreams: number
  /** The connection's watermarks, told by its owner. */
  onUnderlyingConnectionAboveWriteBufferHighWatermark(): void
  onUnderlyingConnectionBelowWriteBufferLowWatermark(): void
  /** The connection is gone: resets what is active with `connection-termination`. */
  onConnectionClosed(reason: StreamResetReason, transportFailureReason: string): void
  /** In Envoy's words (`http1.codec_error`, `http2.…`) after a `protocol-error`. */
  readonly errorDetails: string
}

export interface ServerConnection extends HttpConnection {
  /** HTTP/1: the connection must close after the current response (Connection: close, HTTP/1.0, error). */
  readonly closeAfterResponse: boolean
}

export interface ClientConnection extends HttpConnection {
  newStream(decoder: ResponseDecoder): RequestEncoder
  /** HTTP/1: another request may follow on this connection once the current stream is complete. */
  readonly reusable: boolean
  readonly maxConcurrentStreams: number
}
