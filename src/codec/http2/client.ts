/** The client side of an HTTP/2 connection: requests out, responses in. Follows Envoy's `Http2::ClientConnectionImpl`. */
import type {
  ClientConnection,
  ClientConnectionCallbacks,
  DispatchResult,
  RequestEncoder,
  ResponseDecoder,
  StreamResetReason,
} from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { Http2Connection, lastPossibleStream } from './connection.ts'
import { ErrorCode } from './framing.ts'
import { checkResponse, checkTrailers, invalidField, invalidMessaging } from './header-validation.ts'
import { clientPreface } from './server.ts'
import type { Http2Settings } from './settings.ts'
import type { Http2Stats } from './stats.ts'
import { Http2Stream } from './stream.ts'
import { requestToHttp2, responseFromHttp2 } from './upgrade.ts'

export class Http2ClientConnection extends Http2Connection implements ClientConnection {
  maxConcurrentStreams: number
  protected override readonly isClient = true
  protected override readonly messagingResetReason = 'protocol-error'
  readonly #callbacks: ClientConnectionCallbacks
  #nextStream = 1
  /** The peer takes no further streams. */
  #goneAway = false

  constructor(
    connection: Connection,
    callbacks: ClientConnectionCallbacks,
    settings: Http2Settings,
    stats: Http2Stats,
  ) {
    super(connection, settings, stats)
    this.#callbacks = callbacks
    this.maxConcurrentStreams = settings.maxConcurrentStreams
    this.writePreface(clientPreface, true)
  }

  get reusable(): boolean {
    return !this.#goneAway && this.#nextStream < lastPossibleStream && this.connection.state === 'open'
  }

  newStream(decoder: ResponseDecoder): RequestEncoder {
    this.pingIfIdle()
    return new ClientStream(this, decoder)
  }

  /** The stream's request is about to be sent: it gets its number. */
  begin(stream: ClientStream): void {
    stream.id = this.#nextStream
    this.#nextStream += 2
    this.open(stream)
  }

  dispatch(data: Uint8Array, _endStream: boolean): DispatchResult {
    return this.read(data)
  }

  protected override isIdle(streamId: number): boolean {
    return streamId >= this.#nextStream || streamId % 2 === 0
  }

  protected override onHeaders(
    streamId: number,
    list: string[],
    tooLarge: '' | 'count' | 'bytes',
    endStream: boolean,
  ): number {
    const stream = this.streams.get(streamId) as ClientStream | undefined
    if (stream === undefined) {
      if (this.isIdle(streamId)) return ErrorCode.protocolError
      return this.lateHeaders(streamId)
    }
    if (stream.remoteEnd) return this.fault(stream, ErrorCode.streamClosed)
    this.chargeBlock(stream)
    if (tooLarge !== '') return this.overLimit(stream, tooLarge)
    if (stream.messageStarted && list.length > this.settings.maxHeadersCount * 2) return this.overLimit(stream, 'count')
    if (stream.messageStarted) return this.trailers(stream, list, checkTrailers(list), endStream)
    const { check } = this
    checkResponse(list, this.settings.maxHeadersCount, check)
    if (check.tooMany) return this.overLimit(stream, 'count')
    if (check.error !== '') return this.invalid(stream, check.error)
    const { status, contentLength } = check
    if (status < 200) {
      if (endStream) return this.invalid(stream, invalidField)
      stream.interimSeen = true
      stream.decoder.decode1xxHeaders(new HeaderMap(list))
      return this.after()
    }
    stream.messageStarted = true
    const bodiless = stream.isHead || status === 304 || status === 204
    if (endStream) {
      if (contentLength > 0 && !bodiless) return this.invalid(stream, invalidMessaging)
      stream.remoteEnd = true
    } else if (bodiless) stream.expectContent(0)
    else if (contentLength >= 0 && !(stream.isConnect && status < 300)) stream.expectContent(contentLength)
    const headers = new HeaderMap(list)
    if (stream.upgradeType !== '') responseFromHttp2(headers, stream.upgradeType)
    stream.decoder.decodeHeaders(headers, endStream)
    if (endStream) this.closeIfDone(stream)
    return this.after()
  }

  protected override onPeerGoAway(lastStreamId: number): void {
    const first = !this.#goneAway
    this.#goneAway = true
    for (const stream of this.streams.list()) if (stream.id > lastStreamId) this.refusedByPeer(stream)
    if (first && !this.gone) this.#callbacks.onGoAway()
  }

  protected override onPeerMaxStreams(max: number): void {
    this.maxConcurrentStreams = Math.min(max, this.settings.maxConcurrentStreams)
    this.#callbacks.onMaxStreamsChanged(this.maxConcurrentStreams)
  }

  protected override onStreamClosed(): void {
    this.#callbacks.onStreamClosed?.()
  }
}

/** One request and its response. */
class ClientStream extends Http2Stream implements RequestEncoder {
  readonly decoder: ResponseDecoder
  override messageStarted = false
  isHead = false
  isConnect = false
  upgradeType = ''
  readonly #owner: Http2ClientConnection
  protected override readonly finishesBeforeReset = false

  constructor(owner: Http2ClientConnection, decoder: ResponseDecoder) {
    super(owner, 0)
    this.#owner = owner
    this.decoder = decoder
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
    return reason === 'connect-error'
      ? ErrorCode.connectError
      : reason === 'protocol-error'
        ? ErrorCode.protocolError
        : ErrorCode.internalError
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (this.closed) return
    const { method } = headers
    this.isHead = method === 'HEAD'
    const request = requestToHttp2(headers)
    this.upgradeType = request.upgradeType
    this.isConnect = method === 'CONNECT' || this.upgradeType !== ''
    this.#owner.begin(this)
    this.sendHeaders(request.headers.list, endStream)
  }
}
