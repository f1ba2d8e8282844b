/** The server side of an HTTP/2 connection: requests in, responses out. Follows Envoy's `Http2::ServerConnectionImpl`. */
import type {
  DispatchResult,
  RequestDecoder,
  ResponseEncoder,
  ServerConnection,
  ServerConnectionCallbacks,
  StreamResetReason,
} from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { Http2Connection } from './connection.ts'
import { ErrorCode } from './framing.ts'
import { checkRequest, checkTrailers, invalidMessaging, withoutUnderscores } from './header-validation.ts'
import type { Http2Settings } from './settings.ts'
import type { Http2Stats } from './stats.ts'
import { Http2Stream } from './stream.ts'
import { requestFromHttp2, responseToHttp2 } from './upgrade.ts'

/** What a client sends first (RFC 9113 §3.4). */
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export class Http2ServerConnection extends Http2Connection implements ServerConnection {
  readonly closeAfterResponse = false
  protected override readonly isClient = false
  protected override readonly messagingResetReason = 'local-reset'
  readonly #callbacks: ServerConnectionCallbacks
  /** Bytes of the preface that have come. */
  #prefaceBytes = 0
  /** Requests beyond it are not taken any more. */
  #lastAccepted = Infinity

  constructor(
    connection: Connection,
    callbacks: ServerConnectionCallbacks,
    settings: Http2Settings,
    stats: Http2Stats,
  ) {
    super(connection, settings, stats)
    this.#callbacks = callbacks
    this.writePreface('', false)
  }

  dispatch(data: Uint8Array, _endStream: boolean): DispatchResult {
    if (this.#prefaceBytes === clientPreface.length) return this.read(data)
    let at = 0
    while (at < data.length && this.#prefaceBytes < clientPreface.length) {
      if (data[at++] !== clientPreface.charCodeAt(this.#prefaceBytes++)) return this.failPreface()
    }
    return at < data.length ? this.read(data.subarray(at)) : 'ok'
  }

  protected override isIdle(streamId: number): boolean {
    return streamId > this.lastPeerStream || streamId % 2 === 0
  }

  protected override onHeaders(
    streamId: number,
    list: string[],
    tooLarge: '' | 'count' | 'bytes',
    endStream: boolean,
  ): number {
    const open = this.streams.get(streamId) as ServerStream | undefined
    if (open !== undefined) {
      this.chargeBlock(open)
      if (open.remoteEnd) return this.fault(open, ErrorCode.streamClosed)
      this.stats.trailers.inc()
      if (tooLarge !== '') return this.overLimit(open, tooLarge)
      if (list.length > this.settings.maxHeadersCount * 2) return this.overLimit(open, 'count')
      const dropped = withoutUnderscores(list, this.settings.headersWithUnderscores)
      if (dropped < 0) return this.overLimit(open, 'underscore')
      this.stats.droppedUnderscores.add(dropped)
      return this.trailers(open, list, checkTrailers(list), endStream)
    }
    if (streamId % 2 === 0) return ErrorCode.protocolError
    if (streamId <= this.lastPeerStream) return this.lateHeaders(streamId)
    if (streamId > this.lastPeerStream + 2) {
      this.skippedFrom = this.lastPeerStream
      this.skippedTo = streamId
    }
    this.lastPeerStream = streamId
    if (streamId > this.#lastAccepted) return ErrorCode.noError
    if (this.streams.size >= this.settings.maxConcurrentStreams) {
      this.refuse(streamId)
      return ErrorCode.noError
    }
    return this.#request(streamId, list, tooLarge, endStream)
  }

  #request(streamId: number, list: string[], tooLarge: '' | 'count' | 'bytes', endStream: boolean): number {
    const stream = new ServerStream(this, streamId)
    this.open(stream)
    this.chargeBlock(stream)
    stream.decoder = this.#callbacks.newStream(stream)
    if (stream.closed) return this.after()
    if (tooLarge !== '') return this.overLimit(stream, tooLarge)
    const { check } = this
    checkRequest(list, this.settings, check)
    if (check.underscoresDropped > 0) this.stats.droppedUnderscores.add(check.underscoresDropped)
    if (check.underscoreRefused) return this.overLimit(stream, 'underscore')
    if (check.tooMany) return this.overLimit(stream, 'count')
    if (check.error !== '') return this.invalid(stream, check.error)
    if (endStream) {
      if (check.contentLength > 0) return this.invalid(stream, invalidMessaging)
      stream.remoteEnd = true
    } else if (check.contentLength >= 0 && !check.isConnect) stream.expectContent(check.contentLength)
    const headers = new HeaderMap(list)
    if (check.isExtendedConnect) requestFromHttp2(headers)
    stream.decoder.decodeHeaders(headers, endStream)
    return this.after()
  }

  protected override onPeerGoAway(): void {
    this.#callbacks.onGoAway()
  }

  protected override onPeerMaxStreams(): void {
    // It limits pushes, and there are none.
  }

  protected override onStreamClosed(): void {
    this.#callbacks.onStreamClosed?.()
  }

  override goAway(): void {
    this.#lastAccepted = this.lastPeerStream
    super.goAway()
  }
}

/** One request and its response. */
class ServerStream extends Http2Stream implements ResponseEncoder {
  decoder!: RequestDecoder
  protected override readonly finishesBeforeReset = true

  get streamErrorOnInvalidHttpMessage(): boolean {
    return this.connection.settings.streamErrorOnInvalidHttpMessage
  }

  protected override decodeData(data: Uint8Array, endStream: boolean): void {
    this.decoder.decodeData(data, endStream)
  }

  override onMetadata(list: readonly string[]): void {
    this.decoder.decodeMetadata?.(list)
  }

  protected override decodeTrailers(trailers: HeaderMap): void {
    this.decoder.decodeTrailers(trailers)
  }

  protected override resetCode(reason: StreamResetReason): number {
    if (reason === 'local-refused-stream-reset') return ErrorCode.refusedStream
    if (reason === 'connect-error') return ErrorCode.connectError
    if (reason === 'protocol-error') return ErrorCode.protocolError
    // The response is whole: nothing but the rest of the request is given up.
    return this.endSent ? ErrorCode.noError : ErrorCode.internalError
  }

  encode1xxHeaders(headers: HeaderMap): void {
    this.sendHeaders(headers.list, false)
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.sendHeaders(responseToHttp2(headers).list, endStream)
  }
}
