/**
 * What both sides of an HTTP/2 stream do alike (RFC 9113 §5): its states, its windows, the data that waits for the
 * peer's window, and the data that waits for a user who has stopped reading. Follows Envoy's `Http2::StreamImpl`.
 *
 * States: open → half closed (`remoteEnd`: the peer's END_STREAM has come; `endSent`: ours has left) → closed.
 * `localEnd`: our user has ended the message, which may still wait for a window.
 */
import { isTransient } from '../../base/read-buffer.ts'
import type { CodecStream, StreamCallbacks, StreamResetReason } from '../../core/codec.ts'
import { HeaderMap } from '../../core/header-map.ts'
import type { Http2Connection } from './connection.ts'
import { ErrorCode } from './framing.ts'
import { sendableFields } from './header-validation.ts'

const noBytes = new Uint8Array(0)
/** What waits for the peer's window at most, beyond one chunk, before the producer is told to stop. */
const maxPendingBytes = 64 * 1024

export abstract class Http2Stream implements CodecStream {
  readonly connection: Http2Connection
  /** 0 until the request has been sent. */
  id: number
  /** Belongs to the connection's table. */
  nextInTable: Http2Stream | undefined = undefined
  callbacks: StreamCallbacks | undefined = undefined
  codecDetails = ''
  wireBytesReceived = 0
  wireBytesSent = 0
  headerBytesReceived = 0
  headerBytesSent = 0
  decompressedHeaderBytesReceived = 0
  decompressedHeaderBytesSent = 0
  closed = false
  /** The peer's message has begun: a request's stream begins with it. */
  messageStarted = true
  /** 1xx has come. */
  interimSeen = false
  remoteEnd = false
  localEnd = false
  endSent = false

  sendWindow: number
  recvWindow: number
  /** Taken from the peer's window and used up by our user, but not given back yet. */
  #credit = 0
  /** Taken from the peer's window while our user does not read. */
  #unconsumed = 0
  #readDisables = 0
  /** Made when first needed, as is `#pending`: most streams never wait. */
  #received: Uint8Array[] | undefined = undefined
  #receivedTrailers: string[] | undefined = undefined
  #resuming = false
  /** Our user has let go of a message that waits for a window. */
  #detached = false

  #pending: (Uint8Array | string)[] | undefined = undefined
  #pendingTrailers: readonly string[] | undefined = undefined
  bufferedBytes = 0
  /** Our producer has been told to stop: because of this stream, and because of the connection. */
  #aboveHighWatermark = false
  connectionAbove = false
  #flushTimer: NodeJS.Timeout | undefined = undefined
  #flushTimeoutMs: number
  /** Bytes of body that `content-length` still promises; -1 when it promises nothing. */
  #contentLeft = -1

  constructor(connection: Http2Connection, id: number) {
    this.connection = connection
    this.id = id
    this.sendWindow = connection.peerInitialWindow
    this.recvWindow = connection.settings.initialStreamWindowBytes
    this.#flushTimeoutMs = connection.settings.flushTimeoutMs
  }

  protected abstract decodeData(data: Uint8Array, endStream: boolean): void
  protected abstract decodeTrailers(trailers: HeaderMap): void
  /** Names and values in turn. It waits for nothing, and may overtake data. */
  abstract onMetadata(list: readonly string[]): void
  /** The code of the RST_STREAM that our user's reset becomes. */
  protected abstract resetCode(reason: StreamResetReason): number

  get stream(): CodecStream {
    return this
  }

  setCallbacks(callbacks: StreamCallbacks): void {
    this.callbacks = callbacks
    if (this.connection.connection.aboveHighWatermark) this.onConnectionHighWatermark(true)
  }

  /** The connection's watermarks, passed on once each. */
  onConnectionHighWatermark(above: boolean): void {
    if (this.connectionAbove === above || this.closed) return
    this.connectionAbove = above
    if (above) this.callbacks?.onAboveWriteBufferHighWatermark()
    else this.callbacks?.onBelowWriteBufferLowWatermark()
  }

  // ── receiving ──

  get waitsForUser(): boolean {
    return (this.#received !== undefined && this.#received.length > 0) || this.#receivedTrailers !== undefined
  }

  expectContent(length: number): void {
    this.#contentLeft = length
  }

  /**
   * Data has come, or the end of the message without trailers.
   * @returns false: the message is not as long as it said
   */
  onData(data: Uint8Array, endStream: boolean): boolean {
    const length = data.length
    if (this.#contentLeft >= 0) {
      this.#contentLeft -= length
      if (this.#contentLeft < 0 || (endStream && this.#contentLeft > 0)) {
        this.connection.giveBack(length)
        return false
      }
    }
    if (endStream) this.remoteEnd = true
    if (this.#detached) {
      this.connection.giveBack(length)
      return true
    }
    if (this.#readDisables > 0 || this.waitsForUser) {
      this.#unconsumed += length
      if (length > 0 || endStream) {
        this.#received ??= []
        this.#received.push(length === 0 ? noBytes : Buffer.from(data))
      }
      return true
    }
    this.decodeData(data, endStream)
    this.consumed(length)
    return true
  }

  /** @returns as `onData` */
  onTrailers(list: string[]): boolean {
    if (this.#contentLeft > 0) return false
    this.remoteEnd = true
    if (this.#detached) return true
    if (this.#readDisables > 0 || this.waitsForUser) this.#receivedTrailers = list
    else this.decodeTrailers(new HeaderMap(list))
    return true
  }

  /** Gives the peer its window back, in portions of half a window. */
  consumed(bytes: number): void {
    this.connection.giveBack(bytes)
    this.#credit += bytes
    if (this.closed || this.remoteEnd || this.#credit * 2 < this.connection.settings.initialStreamWindowBytes) return
    const credit = this.#credit
    this.#credit = 0
    this.recvWindow += credit
    this.connection.writeWindowUpdate(this.id, credit)
  }

  readDisable(disable: boolean): void {
    if (disable) {
      this.#readDisables++
      return
    }
    if (this.#readDisables > 0) this.#readDisables--
    if (this.#readDisables > 0 || this.#resuming || this.closed || !this.waitsForUser) return
    this.#resuming = true
    this.connection.later(() => this.#resume())
  }

  /** Delivers what waited, in a turn of its own: our user is in the middle of something. */
  #resume(): void {
    this.#resuming = false
    const received = this.#received ?? []
    while (this.#readDisables === 0 && received.length > 0 && !this.closed) {
      const chunk = received.shift() as Uint8Array
      this.#unconsumed -= chunk.length
      const last = received.length === 0 && this.#receivedTrailers === undefined
      this.decodeData(chunk, this.remoteEnd && last)
      this.consumed(chunk.length)
    }
    const trailers = this.#receivedTrailers
    if (trailers !== undefined && received.length === 0 && this.#readDisables === 0 && !this.closed) {
      this.#receivedTrailers = undefined
      this.decodeTrailers(new HeaderMap(trailers))
    }
    this.connection.closeIfDone(this)
  }

  // ── sending ──

  protected sendHeaders(list: readonly string[], endStream: boolean): void {
    if (this.closed) return
    if (endStream) this.localEnd = this.endSent = true
    this.connection.writeHeaders(this, sendableFields(list), endStream)
    if (endStream) this.connection.closeIfDone(this)
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    if (this.closed || this.localEnd) return
    this.localEnd = endStream
    const length = data.length
    if (this.bufferedBytes === 0) {
      if (length === 0 && !endStream) return
      if (length === 0 || length <= this.connection.windowFor(this)) this.#write(data, endStream)
      else this.#sendWhatFits(data)
    } else if (length > 0) this.#enqueue(data)
    if (this.localEnd && this.bufferedBytes > 0) this.#startFlushTimer()
  }

  encodeTrailers(trailers: HeaderMap): void {
    if (this.closed || this.localEnd) return
    this.localEnd = true
    const list = sendableFields(trailers.list)
    if (this.bufferedBytes > 0) {
      if (list.length > 0) this.#pendingTrailers = list.slice()
      this.#startFlushTimer()
    } else if (list.length === 0) this.#write('', true)
    else this.#writeTrailers(list)
  }

  encodeMetadata(list: readonly string[]): void {
    if (!this.closed && !this.localEnd && this.id !== 0) this.connection.writeMetadata(this, list)
  }

  #writeTrailers(list: readonly string[]): void {
    this.endSent = true
    this.connection.writeHeaders(this, list, true)
    this.connection.closeIfDone(this)
  }

  #write(data: Uint8Array | string, endStream: boolean): void {
    this.sendWindow -= data.length
    if (endStream) this.endSent = true
    this.connection.writeData(this, data, endStream)
    if (endStream) this.connection.closeIfDone(this)
  }

  #sendWhatFits(data: Uint8Array | string): void {
    const fits = this.connection.windowFor(this)
    if (fits > 0) this.#write(part(data, 0, fits), false)
    this.#enqueue(fits > 0 ? part(data, fits, data.length) : data)
    this.connection.waitForWindow(this)
  }

  #enqueue(data: Uint8Array | string): void {
    this.#pending ??= []
    this.#pending.push(typeof data !== 'string' && isTransient(data) ? Buffer.from(data) : data)
    this.bufferedBytes += data.length
    this.connection.stats.pendingSendBytes.add(data.length)
    if (this.#aboveHighWatermark || this.bufferedBytes <= this.#pendingLimit) return
    this.#aboveHighWatermark = true
    this.callbacks?.onAboveWriteBufferHighWatermark()
  }

  get #pendingLimit(): number {
    return Math.min(maxPendingBytes, this.connection.settings.initialStreamWindowBytes)
  }

  /**
   * A window has opened: sends one frame of what waits.
   * @returns whether more waits that the stream's own window lets pass
   */
  sendPending(): boolean {
    const pending = this.#pending
    const first = pending?.[0]
    if (pending === undefined || first === undefined || this.closed) return false
    const length = Math.min(this.connection.windowFor(this), this.connection.peerMaxFrameSize, first.length)
    if (length <= 0) return false
    if (length === first.length) pending.shift()
    else pending[0] = part(first, length, first.length)
    this.bufferedBytes -= length
    this.connection.stats.pendingSendBytes.sub(length)
    const done = this.bufferedBytes === 0
    const trailers = this.#pendingTrailers
    this.#flushTimer?.refresh()
    this.#write(
      length === first.length ? first : part(first, 0, length),
      done && this.localEnd && trailers === undefined,
    )
    if (done && trailers !== undefined && !this.closed) {
      this.#pendingTrailers = undefined
      this.#writeTrailers(trailers)
    }
    if (this.#aboveHighWatermark && this.bufferedBytes <= this.#pendingLimit / 2) {
      this.#aboveHighWatermark = false
      if (!this.closed) this.callbacks?.onBelowWriteBufferLowWatermark()
    }
    if (done && this.#detached && !this.closed) this.connection.reset(this, ErrorCode.noError)
    return this.bufferedBytes > 0 && this.sendWindow > 0 && !this.closed
  }

  setFlushTimeout(timeoutMs: number): void {
    this.#flushTimeoutMs = timeoutMs
  }

  #startFlushTimer(): void {
    if (this.#flushTimeoutMs === 0) return
    this.#flushTimer = setTimeout(() => {
      this.connection.stats.txFlushTimeout.inc()
      this.connection.resetByUs(this, ErrorCode.internalError, 'local-reset')
    }, this.#flushTimeoutMs)
    this.#flushTimer.unref()
  }

  // ── ending ──

  resetStream(reason: StreamResetReason): void {
    if (this.closed) return
    if (this.localEnd && this.finishesBeforeReset && (this.bufferedBytes > 0 || this.connection.deferReset(this))) {
      // What our user has said still gets to the peer, and the peer's message may end by itself meanwhile.
      this.#detached = true
      this.callbacks = undefined
      this.#drop()
      return
    }
    if (this.id === 0) this.connection.forget(this)
    else this.connection.reset(this, this.resetCode(reason))
  }

  protected abstract readonly finishesBeforeReset: boolean

  /** The connection has taken the stream out of its list. */
  onClosed(): void {
    this.closed = true
    if (this.#flushTimer !== undefined) clearTimeout(this.#flushTimer)
    if (this.bufferedBytes > 0) {
      this.connection.stats.pendingSendBytes.sub(this.bufferedBytes)
      this.bufferedBytes = 0
      this.#pending = undefined
    }
    this.#drop()
  }

  /** What nobody will read any more goes back to the connection's window. */
  #drop(): void {
    this.#received = undefined
    this.#receivedTrailers = undefined
    if (this.#unconsumed === 0) return
    const bytes = this.#unconsumed
    this.#unconsumed = 0
    this.connection.giveBack(bytes)
  }
}

function part(data: Uint8Array | string, start: number, end: number): Uint8Array | string {
  return typeof data === 'string' ? data.substring(start, end) : data.subarray(start, end)
}
