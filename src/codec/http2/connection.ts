/**
 * What both sides of an HTTP/2 connection do alike (RFC 9113): settings, windows, header blocks, streams by number,
 * GOAWAY, keepalive, limits against floods. Follows Envoy's `Http2::ConnectionImpl`; where nghttp2 decides for Envoy
 * whether an error costs the stream or the connection, so it is here.
 */
import type { DispatchResult, StreamResetReason } from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import { ProtocolConstraints } from './constraints.ts'
import {
  ErrorCode,
  FrameFlag,
  frameHead,
  type FrameHandler,
  FrameReader,
  FrameType,
  goAwayFrame,
  headersFrames,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from './framing.ts'
import { HeaderCheck, invalidMessaging } from './header-validation.ts'
import { type DecodeLimits, HpackDecoder, HpackEncoder } from './hpack.ts'
import { metadataFrames, MetadataReader } from './metadata.ts'
import type { Http2Settings } from './settings.ts'
import type { Http2Stats } from './stats.ts'
import type { Http2Stream } from './stream.ts'
import { StreamTable } from './stream-table.ts'

const SettingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  enableConnectProtocol: 8,
} as const

const defaultWindowBytes = 65_535
const largestWindow = 2 ** 31 - 1
const largestFrame = 2 ** 24 - 1
export const lastPossibleStream = 2 ** 31 - 1
/** More of an unfinished header block than its limit is not even kept. */
const blockOverheadBytes = 4096
/** So many streams that ended are remembered to judge late frames. */
const rememberedStreams = 64
const frameHeadBytes = 9
/** What Envoy says whenever nghttp2 or its own checks end a connection. */
const codecFailure = 'The user callback function failed'
/** Not an error of the protocol: the connection has been closed by an event, the rest of the bytes is void. */
const connectionGone = -1

export abstract class Http2Connection implements FrameHandler {
  readonly protocol = 'HTTP/2'
  readonly connection: Connection
  readonly settings: Http2Settings
  readonly stats: Http2Stats
  errorDetails = ''
  peerInitialWindow = defaultWindowBytes
  peerMaxFrameSize = 16_384
  protected readonly streams = new StreamTable()
  protected readonly constraints: ProtocolConstraints
  protected readonly check = new HeaderCheck()
  /** Of the header block that is being handled. */
  protected blockWireBytes = 0
  /** The newest stream that the peer has opened. */
  protected lastPeerStream = 0
  /** The streams between them were never opened, and cannot be any more. */
  protected skippedFrom = 0
  protected skippedTo = 0
  readonly #reader: FrameReader
  readonly #decoder = new HpackDecoder()
  readonly #encoder: HpackEncoder
  readonly #limits: DecodeLimits
  readonly #maxBlockBytes: number

  #sendWindow = defaultWindowBytes
  #recvWindow: number
  /** Used up, but not given back to the peer yet. */
  #credit = 0
  /** Streams that the connection's window, or a full connection, keeps from sending. */
  readonly #waiting = new Set<Http2Stream>()

  #metadata: MetadataReader | undefined = undefined
  #settingsSeen = false
  /** An unfinished header block: its stream, flags of its HEADERS, pieces. */
  #blockStream = 0
  #blockFlags = 0
  #block: Uint8Array[] = []
  #blockBytes = 0
  /** The DATA frame that is being read. */
  #dataStream: Http2Stream | undefined = undefined
  #dataEnds = false
  #dataLeft = 0
  #dataSeen = false

  /** The last streams that ended in order; a ring. */
  readonly #ended = new Int32Array(rememberedStreams)
  #endedCount = 0

  #failed = false
  #gone = false
  #dispatching = false
  /** Complete answers whose requests may still end within the bytes that are being read. */
  #deferredResets: Http2Stream[] = []
  #closing = false

  #lastReceivedMs = performance.now()
  #pingTimer: NodeJS.Timeout | undefined = undefined
  #pingTimeout: NodeJS.Timeout | undefined = undefined

  constructor(connection: Connection, settings: Http2Settings, stats: Http2Stats) {
    this.connection = connection
    connection.batchWrites = true
    this.settings = settings
    this.stats = stats
    this.constraints = new ProtocolConstraints(connection, settings, stats)
    this.#reader = new FrameReader(this)
    this.#encoder = new HpackEncoder({ maxTableBytes: settings.hpackTableBytes, huffman: settings.huffman })
    if (settings.hpackTableBytes > defaultTableBytes) this.#decoder.setMaxTableSize(settings.hpackTableBytes)
    this.#limits = {
      listBytes: settings.maxHeadersKb * 1024,
      // Fields of one name may become one; then they are counted again.
      fieldCount: settings.maxHeadersCount * 2,
      fieldBytes: settings.maxHeaderFieldKb * 1024,
    }
    this.#maxBlockBytes = settings.maxHeadersKb * 1024 + blockOverheadBytes
    this.#recvWindow = settings.initialConnectionWindowBytes
    if (settings.allowMetadata) this.#metadata = new MetadataReader(settings.maxMetadataBytes)
    if (settings.keepalive !== undefined) this.#schedulePing()
  }

  /** A new header block; for a closed or unknown stream too. @returns an error code */
  protected abstract onHeaders(
    streamId: number,
    list: string[],
    tooLarge: '' | 'count' | 'bytes',
    endStream: boolean,
  ): number
  protected abstract onPeerGoAway(lastStreamId: number, errorCode: number): void
  protected abstract onPeerMaxStreams(max: number): void
  /** A stream that is neither open nor was ever opened. */
  protected abstract isIdle(streamId: number): boolean
  /** Why a stream ends whose message is invalid. */
  protected abstract readonly messagingResetReason: StreamResetReason
  protected onStreamClosed(): void {
    // Clients want to know.
  }

  get activeStreams(): number {
    return this.streams.size
  }

  // ── reading ──

  /** Feeds frames. */
  protected read(data: Uint8Array): DispatchResult {
    if (this.#gone) return 'ok'
    if (this.#failed) return 'protocol-error'
    if (this.constraints.violation !== '') return this.#fail(ErrorCode.enhanceYourCalm)
    this.#lastReceivedMs = performance.now()
    this.#dispatching = true
    let error: number
    try {
      error = this.#reader.execute(data)
    } finally {
      this.#dispatching = false
    }
    if (this.#gone) return 'ok'
    if (this.#deferredResets.length > 0) this.#sendDeferredResets()
    if (error === ErrorCode.noError && this.constraints.violation !== '') error = ErrorCode.enhanceYourCalm
    return error === ErrorCode.noError ? 'ok' : this.#fail(error)
  }

  /** @returns false: nothing is being read, reset now */
  deferReset(stream: Http2Stream): boolean {
    if (this.#dispatching) this.#deferredResets.push(stream)
    return this.#dispatching
  }

  #sendDeferredResets(): void {
    const streams = this.#deferredResets
    this.#deferredResets = []
    for (const stream of streams) if (stream.bufferedBytes === 0) this.reset(stream, ErrorCode.noError)
  }

  protected failPreface(): DispatchResult {
    return this.#fail(ErrorCode.protocolError)
  }

  #fail(error: number): DispatchResult {
    this.#failed = true
    const { violation } = this.constraints
    this.errorDetails = violation.startsWith('Too') ? violation : codecFailure
    this.#write(goAwayFrame(this.lastPeerStream, error, ''), false)
    return 'protocol-error'
  }

  onHeaderBlock(streamId: number, block: Uint8Array, flags: number): number {
    if (this.#gone) return connectionGone
    const first = this.#blockStream === 0
    if (first && !this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    const endStream = ((first ? flags : this.#blockFlags) & FrameFlag.endStream) !== 0
    if (!this.constraints.trackPayload(block.length === 0 && !(first && endStream))) {
      const stream = this.streams.get(streamId)
      if (stream !== undefined) stream.codecDetails = this.constraints.violation
      return ErrorCode.enhanceYourCalm
    }
    this.blockWireBytes = (first ? 0 : this.blockWireBytes) + frameHeadBytes + block.length
    if ((flags & FrameFlag.endHeaders) !== 0) {
      const whole = first ? block : this.#wholeBlock(block)
      return this.#headers(streamId, whole, endStream)
    }
    if (first) {
      this.#blockStream = streamId
      this.#blockFlags = flags
    }
    this.#blockBytes += block.length
    if (this.#blockBytes > this.#maxBlockBytes) {
      this.stats.headerOverflow.inc()
      return ErrorCode.enhanceYourCalm
    }
    if (block.length > 0) this.#block.push(Buffer.from(block))
    return ErrorCode.noError
  }

  /** Charges the block of headers or trailers that has come to its stream. */
  protected chargeBlock(stream: Http2Stream): void {
    stream.wireBytesReceived += this.blockWireBytes
    stream.headerBytesReceived += this.blockWireBytes
    stream.decompressedHeaderBytesReceived += this.#decoder.fieldBytes
  }

  #wholeBlock(last: Uint8Array): Uint8Array {
    this.#block.push(last)
    const whole = Buffer.concat(this.#block)
    this.#block = []
    this.#blockBytes = 0
    this.#blockStream = 0
    return whole
  }

  #headers(streamId: number, block: Uint8Array, endStream: boolean): number {
    const list: string[] = []
    if (block.length > this.#maxBlockBytes) {
      this.stats.headerOverflow.inc()
      return ErrorCode.enhanceYourCalm
    }
    const result = this.#decoder.decode(block, this.#limits, list)
    if (result === 'compression-error') return ErrorCode.compressionError
    return this.onHeaders(streamId, list, result === 'ok' ? '' : this.#decoder.tooMany ? 'count' : 'bytes', endStream)
  }

  onDataFrame(streamId: number, length: number, flags: number): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    const stream = this.streams.get(streamId)
    if (stream === undefined) {
      if (this.isIdle(streamId)) return ErrorCode.protocolError
      if (this.#wasEnded(streamId)) return ErrorCode.streamClosed
    } else if (stream.remoteEnd) return ErrorCode.streamClosed
    this.#recvWindow -= length
    if (this.#recvWindow < 0) return ErrorCode.flowControlError
    if (stream !== undefined) {
      stream.wireBytesReceived += frameHeadBytes + length
      stream.recvWindow -= length
      if (stream.recvWindow < 0) return ErrorCode.flowControlError
    }
    this.#dataStream = stream
    this.#dataEnds = (flags & FrameFlag.endStream) !== 0
    this.#dataLeft = length
    this.#dataSeen = false
    // RFC 9113 §8.1: content follows a header section.
    if (stream === undefined || stream.messageStarted) return ErrorCode.noError
    if (!stream.interimSeen) return this.invalid(stream, invalidMessaging)
    this.wrongLength(stream)
    return this.after()
  }

  onData(_streamId: number, data: Uint8Array, last: boolean): number {
    if (this.#gone) return connectionGone
    const stream = this.#dataStream
    const length = data.length
    this.#dataLeft -= length
    if (length > 0) this.#dataSeen = true
    if (last && !this.constraints.trackPayload(!this.#dataSeen && !this.#dataEnds)) {
      if (stream !== undefined) stream.codecDetails = this.constraints.violation
      return ErrorCode.enhanceYourCalm
    }
    // Padding is used up as it comes.
    const padding = last ? this.#dataLeft : 0
    if (stream === undefined || stream.closed) {
      this.giveBack(length + padding)
      return ErrorCode.noError
    }
    if (padding > 0) stream.consumed(padding)
    const endStream = last && this.#dataEnds
    if (length === 0 && !endStream) return ErrorCode.noError
    if (!stream.onData(data, endStream)) this.wrongLength(stream)
    else if (endStream) this.closeIfDone(stream)
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  onPriority(streamId: number, dependsOn: number): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    if (dependsOn === streamId) return ErrorCode.protocolError
    return this.constraints.trackPriority() ? ErrorCode.noError : ErrorCode.enhanceYourCalm
  }

  onRstStream(streamId: number, errorCode: number): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    const stream = this.streams.get(streamId)
    if (stream === undefined && this.isIdle(streamId)) return ErrorCode.protocolError
    if (!this.isClient && !this.constraints.trackReset(this.#lastReceivedMs)) return ErrorCode.internalError
    if (stream === undefined) return ErrorCode.noError
    this.stats.rxReset.inc()
    this.#remember(streamId)
    let reason: StreamResetReason = 'remote-reset'
    let details = 'http2.remote_reset'
    if (errorCode === ErrorCode.refusedStream) {
      reason = 'remote-refused-stream-reset'
      details = 'http2.remote_refuse'
    } else if (errorCode === ErrorCode.connectError) reason = 'connect-error'
    else if (errorCode === ErrorCode.protocolError && this.isClient) reason = 'protocol-error'
    this.#closeWith(stream, reason, details)
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  onSettings(list: number[]): number {
    if (this.#gone) return connectionGone
    this.#settingsSeen = true
    this.#onAnyFrame()
    for (let i = 0; i < list.length; i += 2) {
      const error = this.#setting(list[i] as number, list[i + 1] as number)
      if (error !== ErrorCode.noError) return error
    }
    this.#write(settingsAckFrame, true)
    this.flushWaiting()
    return ErrorCode.noError
  }

  #setting(id: number, value: number): number {
    switch (id) {
      case SettingId.headerTableSize:
        this.#encoder.setPeerTableSize(value)
        return ErrorCode.noError
      case SettingId.enablePush:
        return value > 1 || (value === 1 && this.isClient) ? ErrorCode.protocolError : ErrorCode.noError
      case SettingId.maxConcurrentStreams:
        this.onPeerMaxStreams(value)
        return ErrorCode.noError
      case SettingId.initialWindowSize:
        return this.#setInitialWindow(value)
      case SettingId.maxFrameSize:
        if (value < 16_384 || value > largestFrame) return ErrorCode.protocolError
        this.peerMaxFrameSize = value
        return ErrorCode.noError
      case SettingId.enableConnectProtocol:
        return value > 1 ? ErrorCode.protocolError : ErrorCode.noError
      default:
        return ErrorCode.noError
    }
  }

  protected abstract readonly isClient: boolean

  #setInitialWindow(value: number): number {
    if (value > largestWindow) return ErrorCode.flowControlError
    const change = value - this.peerInitialWindow
    this.peerInitialWindow = value
    for (const stream of this.streams.list()) {
      stream.sendWindow += change
      if (stream.sendWindow > largestWindow) return ErrorCode.flowControlError
      if (change > 0 && stream.bufferedBytes > 0) this.#waiting.add(stream)
    }
    return ErrorCode.noError
  }

  onSettingsAck(): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    // From here on the peer's encoder keeps to our size.
    this.#decoder.setMaxTableSize(this.settings.hpackTableBytes)
    return ErrorCode.noError
  }

  onPing(payload: Uint8Array, ack: boolean): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    if (ack) this.#onPingAck()
    else {
      this.#onAnyFrame()
      this.#writeLater(pingFrame(payload, true))
    }
    return ErrorCode.noError
  }

  onGoAway(lastStreamId: number, errorCode: number): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    this.onPeerGoAway(lastStreamId, errorCode)
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  onWindowUpdate(streamId: number, increment: number): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    if (!this.constraints.trackWindowUpdate()) return ErrorCode.enhanceYourCalm
    if (streamId === 0) {
      if (increment === 0) return ErrorCode.protocolError
      this.#sendWindow += increment
      if (this.#sendWindow > largestWindow) return ErrorCode.flowControlError
    } else {
      const stream = this.streams.get(streamId)
      if (stream === undefined) return this.isIdle(streamId) ? ErrorCode.protocolError : ErrorCode.noError
      if (increment === 0) return this.fault(stream, ErrorCode.protocolError)
      stream.sendWindow += increment
      if (stream.sendWindow > largestWindow) {
        this.resetByUs(stream, ErrorCode.flowControlError, 'local-reset')
        return this.after()
      }
      if (stream.bufferedBytes > 0) this.#waiting.add(stream)
    }
    this.flushWaiting()
    return ErrorCode.noError
  }

  onPushPromise(): number {
    return ErrorCode.protocolError
  }

  onMetadata(streamId: number, payload: Uint8Array, last: boolean): number {
    const metadata = this.#metadata
    if (this.#gone || metadata === undefined) return this.onUnknownFrame()
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    const stream = this.streams.get(streamId)
    // Of a message that is over, or not there, nobody wants any.
    if (stream === undefined || stream.remoteEnd) return ErrorCode.noError
    const list = metadata.read(streamId, payload, last)
    if (list === false) return ErrorCode.enhanceYourCalm
    if (list?.length === 0) this.stats.metadataEmptyFrames.inc()
    else if (list !== undefined) stream.onMetadata(list)
    return this.after()
  }

  onUnknownFrame(): number {
    if (this.#gone) return connectionGone
    if (!this.#settingsSeen) return ErrorCode.protocolError
    this.#onAnyFrame()
    return ErrorCode.noError
  }

  // ── windows ──

  /** Bytes that the stream may send now. */
  windowFor(stream: Http2Stream): number {
    return stream.sendWindow < this.#sendWindow ? stream.sendWindow : this.#sendWindow
  }

  waitForWindow(stream: Http2Stream): void {
    if (stream.sendWindow > 0) this.#waiting.add(stream)
  }

  /** In turn, a frame each, while the connection's window and the socket take it. */
  flushWaiting(): void {
    const waiting = this.#waiting
    while (waiting.size > 0 && this.#sendWindow > 0 && !this.connection.aboveHighWatermark && !this.#gone) {
      for (const stream of waiting) {
        waiting.delete(stream)
        if (stream.sendPending()) waiting.add(stream)
        break
      }
    }
  }

  /** Bytes of the connection's window that are used up. */
  giveBack(bytes: number): void {
    this.#credit += bytes
    if (this.#credit * 2 < this.settings.initialConnectionWindowBytes) return
    const credit = this.#credit
    this.#credit = 0
    this.#recvWindow += credit
    this.writeWindowUpdate(0, credit)
  }

  // ── writing ──

  #write(frame: string, control: boolean): void {
    this.connection.write(frame, false)
    this.#onWritten(frame, control)
  }

  /** A control frame that may wait for others: gRPC's clients ping with nearly every message. */
  #writeLater(frame: string): void {
    if (this.connection.writeLater === undefined) this.connection.write(frame, false)
    else this.connection.writeLater(frame)
    this.#onWritten(frame, true)
  }

  #onWritten(frame: string, control: boolean): void {
    this.constraints.onFrame(frame.length, control)
    if (this.constraints.violation !== '' && !this.#dispatching) this.#closeLater()
  }

  writeWindowUpdate(streamId: number, increment: number): void {
    if (!this.#gone) this.#write(windowUpdateFrame(streamId, increment), false)
  }

  writeMetadata(stream: Http2Stream, list: readonly string[]): void {
    if (!this.settings.allowMetadata) return
    const frames = metadataFrames(stream.id, list, this.peerMaxFrameSize)
    // No window holds it back: a peer that does not read must not make us keep ever more.
    if (
      this.connection.bufferedBytes + frames.length >
      this.connection.bufferLimitBytes + this.settings.maxMetadataBytes
    ) {
      this.resetByUs(stream, ErrorCode.enhanceYourCalm, 'overflow')
      return
    }
    stream.wireBytesSent += frames.length
    this.#write(frames, false)
  }

  writeHeaders(stream: Http2Stream, list: readonly string[], endStream: boolean): void {
    const frames = headersFrames(stream.id, list, endStream, this.#encoder, this.peerMaxFrameSize)
    stream.wireBytesSent += frames.length
    stream.headerBytesSent += frames.length
    for (let i = 0; i < list.length; i++) stream.decompressedHeaderBytesSent += (list[i] as string).length
    this.#write(frames, false)
  }

  /** Within the windows; the stream's has been charged. */
  writeData(stream: Http2Stream, data: Uint8Array | string, endStream: boolean): void {
    const { connection, constraints, peerMaxFrameSize } = this
    const length = data.length
    this.#sendWindow -= length
    let at = 0
    do {
      const end = length - at > peerMaxFrameSize ? at + peerMaxFrameSize : length
      connection.write(
        frameHead(end - at, FrameType.data, endStream && end === length ? FrameFlag.endStream : 0, stream.id),
        false,
      )
      if (end > at) {
        if (at === 0 && end === length) connection.write(data, false)
        else connection.write(typeof data === 'string' ? data.substring(at, end) : data.subarray(at, end), false)
      }
      constraints.onDataFrame(frameHeadBytes + end - at)
      stream.wireBytesSent += frameHeadBytes + end - at
      at = end
    } while (at < length)
    if (constraints.violation !== '' && !this.#dispatching) this.#closeLater()
  }

  protected writePreface(preface: string, disablePush: boolean): void {
    const { settings } = this
    const list: number[] = disablePush ? [SettingId.enablePush, 0] : []
    const custom = settings.customSettings
    list.push(...custom)
    const own = [
      [SettingId.headerTableSize, settings.hpackTableBytes],
      [SettingId.enableConnectProtocol, settings.allowConnect ? 1 : 0],
      [SettingId.maxConcurrentStreams, settings.maxConcurrentStreams],
      [SettingId.initialWindowSize, settings.initialStreamWindowBytes],
    ] as const
    for (const [id, value] of own) if (!custom.some((each, i) => i % 2 === 0 && each === id)) list.push(id, value)
    this.#write(preface + settingsFrame(list), false)
    const more = settings.initialConnectionWindowBytes - defaultWindowBytes
    if (more > 0) this.writeWindowUpdate(0, more)
  }

  /** A peer that floods does not read: there is no use in flushing. */
  #closeLater(): void {
    if (this.#closing || this.#gone) return
    this.#closing = true
    this.later(() => {
      if (this.connection.state === 'open') this.connection.close('no-flush', 'http2_connection_protocol_violation')
    })
  }

  /** Runs `work` in a turn of its own; a bug in it costs the connection only. */
  later(work: () => void): void {
    queueMicrotask(() => {
      if (this.#gone) return
      if (this.connection.guard === undefined) work()
      else this.connection.guard(work)
    })
  }

  // ── streams ──

  protected open(stream: Http2Stream): void {
    this.streams.add(stream)
    this.constraints.onStreamOpened()
    this.stats.streamsActive.inc()
  }

  closeIfDone(stream: Http2Stream): void {
    if (!stream.remoteEnd || !stream.endSent || stream.closed || stream.waitsForUser) return
    this.#remember(stream.id)
    this.#close(stream)
  }

  /** The peer has nothing more to say on it. */
  #remember(streamId: number): void {
    this.#ended[this.#endedCount++ % rememberedStreams] = streamId
  }

  /** RST_STREAM, without telling the stream's user. */
  reset(stream: Http2Stream, errorCode: number): void {
    if (stream.closed) return
    this.stats.txReset.inc()
    this.#write(rstStreamFrame(stream.id, errorCode), true)
    this.#close(stream)
  }

  /** RST_STREAM, for a reason that the stream's user does not know yet. */
  resetByUs(stream: Http2Stream, errorCode: number, reason: StreamResetReason): void {
    if (stream.closed) return
    const { callbacks } = stream
    this.reset(stream, errorCode)
    callbacks?.onResetStream(reason, '')
  }

  /** A request that was never sent. */
  forget(stream: Http2Stream): void {
    stream.onClosed()
    this.onStreamClosed()
  }

  protected refuse(streamId: number): void {
    this.stats.streamRefusedErrors.inc()
    this.stats.txReset.inc()
    this.#write(rstStreamFrame(streamId, ErrorCode.refusedStream), true)
  }

  /** The body is not as long as `content-length` says, or follows interim headers: as nghttp2 has it, the stream's error always. */
  protected wrongLength(stream: Http2Stream): void {
    stream.codecDetails = 'http2.remote_reset'
    this.resetByUs(stream, ErrorCode.protocolError, this.messagingResetReason)
  }

  /** The message is invalid. @returns an error code */
  protected invalid(stream: Http2Stream, details: string): number {
    stream.codecDetails = details
    this.stats.rxMessagingError.inc()
    if (!this.settings.streamErrorOnInvalidHttpMessage) return ErrorCode.protocolError
    this.resetByUs(stream, ErrorCode.protocolError, this.messagingResetReason)
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  /** A frame that the stream's state forbids ends the connection. */
  protected fault(stream: Http2Stream, error: number): number {
    stream.codecDetails = 'http2.unknown.nghttp2.error'
    return error
  }

  /** The header block is over a limit, or has a name that is not allowed. */
  protected overLimit(stream: Http2Stream, tooLarge: 'count' | 'bytes' | 'underscore'): number {
    if (tooLarge === 'underscore') {
      stream.codecDetails = 'http2.unexpected_underscore'
      this.stats.rejectedUnderscores.inc()
    } else if (tooLarge === 'count') {
      stream.codecDetails = 'http2.too_many_headers'
      this.stats.headerOverflow.inc()
    } else {
      stream.codecDetails = 'http2.header_list_size_too_large'
      this.stats.headerListSizeTooLarge.inc()
    }
    this.resetByUs(stream, ErrorCode.internalError, 'remote-reset')
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  /** Trailers of an open stream. @returns an error code */
  protected trailers(stream: Http2Stream, list: string[], fault: string, endStream: boolean): number {
    if (fault !== '') return this.invalid(stream, fault)
    if (!endStream) return this.invalid(stream, invalidMessaging)
    if (!stream.onTrailers(list)) return this.invalid(stream, invalidMessaging)
    else this.closeIfDone(stream)
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  /** The result of a handler after user code has run. */
  protected after(): number {
    return this.#gone ? connectionGone : ErrorCode.noError
  }

  #closeWith(stream: Http2Stream, reason: StreamResetReason, details: string): void {
    if (stream.closed) return
    const { callbacks } = stream
    if (stream.codecDetails === '') stream.codecDetails = details
    this.#close(stream)
    callbacks?.onResetStream(reason, '')
  }

  protected refusedByPeer(stream: Http2Stream): void {
    this.#closeWith(stream, 'remote-refused-stream-reset', 'http2.remote_refuse')
  }

  #close(stream: Http2Stream): void {
    if (stream.closed) return
    this.streams.remove(stream)
    this.#metadata?.forget(stream.id)
    this.#waiting.delete(stream)
    this.stats.streamsActive.dec()
    stream.onClosed()
    this.onStreamClosed()
  }

  #wasEnded(streamId: number): boolean {
    return this.#ended.includes(streamId)
  }

  /** What is wrong with HEADERS of a closed stream: nothing if we have reset it, the peer may not know yet. */
  protected lateHeaders(streamId: number): number {
    if (streamId > this.skippedFrom && streamId < this.skippedTo) return ErrorCode.protocolError
    return this.#wasEnded(streamId) ? ErrorCode.streamClosed : ErrorCode.noError
  }

  // ── connection ──

  onUnderlyingConnectionAboveWriteBufferHighWatermark(): void {
    for (const stream of this.streams.list()) stream.onConnectionHighWatermark(true)
  }

  onUnderlyingConnectionBelowWriteBufferLowWatermark(): void {
    this.flushWaiting()
    for (const stream of this.streams.list()) {
      if (this.connection.aboveHighWatermark) return
      stream.onConnectionHighWatermark(false)
    }
  }

  onConnectionClosed(reason: StreamResetReason, transportFailureReason: string): void {
    if (this.#gone) return
    this.#gone = true
    if (this.#pingTimer !== undefined) clearTimeout(this.#pingTimer)
    if (this.#pingTimeout !== undefined) clearTimeout(this.#pingTimeout)
    for (const stream of this.streams.list()) {
      // The end of another may have ended it.
      if (stream.closed) continue
      const { callbacks } = stream
      this.#close(stream)
      callbacks?.onResetStream(reason, transportFailureReason)
    }
  }

  protected get gone(): boolean {
    return this.#gone
  }

  goAway(): void {
    if (this.#gone || this.#failed) return
    this.stats.goAwaySent.inc()
    this.#write(goAwayFrame(this.lastPeerStream, ErrorCode.noError, ''), false)
  }

  /** The first step of a graceful end (RFC 9113 §6.8): the peer may know of it before it opens further streams. */
  shutdownNotice(): void {
    if (!this.#gone && !this.#failed) this.#write(goAwayFrame(lastPossibleStream, ErrorCode.noError, ''), false)
  }

  // ── keepalive ──

  #schedulePing(): void {
    const { keepalive } = this.settings
    if (keepalive === undefined || keepalive.intervalMs === 0) return
    const jitterMs = Math.random() * Math.floor((keepalive.intervalMs * keepalive.jitterPercent) / 100)
    this.#pingTimer = setTimeout(() => this.#ping(), keepalive.intervalMs + jitterMs)
    this.#pingTimer.unref()
  }

  #ping(): void {
    const { keepalive } = this.settings
    if (keepalive === undefined || this.#pingTimeout !== undefined || this.#gone || this.#failed) return
    this.#write(pingFrame(pingPayload, false), false)
    this.#pingTimeout = setTimeout(() => {
      this.stats.keepaliveTimeout.inc()
      this.connection.close('no-flush', 'http2_ping_timeout')
    }, keepalive.timeoutMs)
    this.#pingTimeout.unref()
  }

  /** Before a request on a connection that was silent for long. */
  protected pingIfIdle(): void {
    const idleMs = this.settings.keepalive?.idleIntervalMs ?? 0
    if (idleMs > 0 && performance.now() - this.#lastReceivedMs > idleMs) this.#ping()
  }

  #onPingAck(): void {
    if (this.#pingTimeout !== undefined) clearTimeout(this.#pingTimeout)
    this.#pingTimeout = undefined
    if (this.#pingTimer !== undefined) clearTimeout(this.#pingTimer)
    this.#schedulePing()
  }

  /** A peer that sends anything lives: its acknowledgement may stand behind much data. */
  #onAnyFrame(): void {
    this.#pingTimeout?.refresh()
  }
}

const defaultTableBytes = 4096
const pingPayload = Buffer.from('sluice\0\0', 'latin1')
