/**
 * A connection over one of Node's stream handles: coalesced writes, watermarks, half close, back-pressure.
 * Follows Envoy's `Network::ConnectionImpl`.
 *
 * Reading: into the thread's shared buffer, or into one lent from the pool while much arrives (base/read-buffer.ts).
 * Writing: what a turn writes is gathered in `first` and `rest` and leaves as one write. While an earlier write is
 * unfinished, small pieces go on waiting, so that a slow peer costs few requests to the kernel.
 */
import { logger } from '../base/log.ts'
import {
  isTransient,
  pin,
  pinTransient,
  type ReadBuffer,
  returnReadBuffer,
  setActiveReadBuffer,
  sharedReadBuffer,
  shouldCopy,
  takeReadBuffer,
  unpin,
} from '../base/read-buffer.ts'
import type { Address } from '../core/address.ts'
import type { UpstreamTcpConnection } from '../core/cluster.ts'
import type {
  CloseType,
  ConnectionCallbacks,
  ConnectionEvent,
  ConnectionReader,
  ConnectionStats,
} from '../core/connection.ts'
import type { ConnectionTiming, DetectedCloseType } from '../core/stream-info.ts'
import {
  attach,
  connectionReset,
  eof,
  errorText,
  type HandleOwner,
  shutdown,
  type StreamHandle,
  wasAsync,
  type WriteRequest,
  writeRequest,
} from './stream-handle.ts'
import type { TlsConnectionInfo } from './tls-info.ts'
import { enterTurn, type Flushable, flushAfterNextReads, flushAfterReads, flushLater, leaveTurn } from './turn.ts'

/** A read of this size or more is followed by others: the connection is lent a buffer of its own. */
const streamingReadBytes = 16 * 1024
/** Less than this waits while another write is unfinished. */
const followBytes = 16 * 1024
/** Chunks up to this size are joined to a string with their neighbours, larger ones leave by `writev`. */
const joinBelowBytes = 4 * 1024
/** What waits in a turn leaves early from here on: more than a read and what frames it, which leave as one write. */
const flushFromBytes = 256 * 1024

const nothing = new Uint8Array(0)
const latin1Slice = Buffer.prototype.latin1Slice
const log = logger('connection')

let lastId = -1

/** Connection ids of different workers do not meet. @param workerIndex 0 … N-1, -1 counts as 0 */
export function setConnectionIds(workerIndex: number): void {
  lastId = Math.max(workerIndex, 0) * 2 ** 40 - 1
}

/**
 * So much may wait for the kernel before producers are told to stop, whatever more the buffer limit allows: the kernel's own
 * buffer is full by then, and keeps the peer busy until they go on. 200 readers that stall would hold 200 MiB of Envoy's limit.
 */
const mostUnsentBytes = 32 * 1024

export interface SocketConnectionOptions {
  readonly localAddress: Address
  readonly remoteAddress: Address
  /** 0 = no limit. */
  readonly bufferLimitBytes: number
  /** False: `onConnectDone` will tell. */
  readonly connected: boolean
}

export class SocketConnection implements UpstreamTcpConnection, HandleOwner, Flushable, ConnectionTiming {
  readonly id = ++lastId
  localAddress: Address
  readonly remoteAddress: Address
  readonly bufferLimitBytes: number
  state: 'open' | 'closing' | 'closed' = 'open'
  aboveHighWatermark = false
  transportFailureReason = ''
  localCloseReason = ''
  nextProtocol = ''
  delayedCloseTimeoutMs = 0
  /** The peer closed with RST rather than FIN. */
  remoteReset = false
  readonly beginMs = performance.now()
  endMs: number | undefined = undefined
  #connectedMs: number | undefined
  #localReset = false
  batchWrites = false

  readonly #handle: StreamHandle
  /** One write at a time: TLS. */
  readonly #serial: boolean
  #connected: boolean
  #callbacks: ConnectionCallbacks[] = []
  #reader: ConnectionReader | undefined = undefined
  #stats: ConnectionStats | undefined = undefined
  #writeFilter: ((data: Uint8Array | string, endStream: boolean) => void) | undefined = undefined
  #halfClose = false

  #readBuffer: ReadBuffer = sharedReadBuffer
  #reading = false
  #readDisabled = 0
  #readEnded = false

  #dirty = false
  #first: Uint8Array | string | undefined = undefined
  #rest: (Uint8Array | string)[] | undefined = undefined
  #waitingBytes = 0
  #waitingPins: ReadBuffer[] | undefined = undefined
  /** Unfinished writes, and their bytes that the kernel has not taken. */
  #writing = 0
  #writingBytes = 0
  readonly #highWatermarkBytes: number
  #writeEnded = false
  #shutdownSent = false
  #closeType: CloseType = 'no-flush'
  #delayedCloseTimer: NodeJS.Timeout | undefined = undefined

  constructor(handle: StreamHandle, options: SocketConnectionOptions) {
    this.#handle = handle
    this.#serial = handle.oneWriteAtATime === true
    this.localAddress = options.localAddress
    this.remoteAddress = options.remoteAddress
    this.bufferLimitBytes = options.bufferLimitBytes
    this.#highWatermarkBytes = Math.min(options.bufferLimitBytes, mostUnsentBytes)
    this.#connected = options.connected
    this.#connectedMs = options.connected ? this.beginMs : undefined
    attach(handle, this, sharedReadBuffer.bytes)
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#writingBytes
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Undefined without TLS. */
  get tls(): TlsConnectionInfo | undefined {
    return this.#handle.tls
  }

  get timing(): ConnectionTiming {
    return this
  }

  get connectedMs(): number | undefined {
    return this.tls?.handshakeBeginMs ?? this.#connectedMs
  }

  get handshakeBeginMs(): number | undefined {
    return this.tls?.handshakeBeginMs
  }

  get handshakeEndMs(): number | undefined {
    return this.tls?.handshakeEndMs
  }

  get detectedCloseType(): DetectedCloseType {
    if (this.remoteReset) return 'RemoteReset'
    return this.#localReset ? 'LocalReset' : 'Normal'
  }

  enableHalfClose(enabled: boolean): void {
    this.#halfClose = enabled
  }

  addCallbacks(callbacks: ConnectionCallbacks): void {
    this.#callbacks.push(callbacks)
  }

  removeCallbacks(callbacks: ConnectionCallbacks): void {
    this.#callbacks = this.#callbacks.filter(each => each !== callbacks)
  }

  setConnectionStats(stats: ConnectionStats): void {
    this.#stats = stats
  }

  setNoDelay(enabled: boolean): void {
    if (this.state !== 'closed') this.#handle.setNoDelay?.(enabled)
  }

  setKeepAlive(idleSeconds: number, intervalSeconds: number, probes: number): void {
    if (this.state !== 'closed') this.#handle.setKeepAlive?.(true, idleSeconds, intervalSeconds, probes)
  }

  /** Reading begins with the first reader. */
  setReader(reader: ConnectionReader): void {
    this.#reader = reader
    this.#updateReading()
  }

  readDisable(disable: boolean): void {
    if (disable) this.#readDisabled++
    else if (this.#readDisabled > 0) this.#readDisabled--
    this.#updateReading()
  }

  /** Write filters see what is written; what they let pass comes back by `writeUnfiltered`. */
  setWriteFilter(filter: (data: Uint8Array | string, endStream: boolean) => void): void {
    this.#writeFilter = filter
  }

  write(data: Uint8Array | string, endStream: boolean): void {
    if (this.#writeFilter === undefined) this.writeUnfiltered(data, endStream)
    else this.#writeFilter(data, endStream)
  }

  writeUnfiltered(data: Uint8Array | string, endStream: boolean): void {
    if (this.state !== 'open' || this.#writeEnded) return
    if (data.length > 0) this.#append(data)
    if (endStream) this.#writeEnded = true
    if (!this.#dirty) {
      this.#dirty = true
      if (this.batchWrites) flushAfterReads(this)
      else flushLater(this)
    }
    // A large chunk is written while it is valid, not copied.
    if (this.batchWrites && typeof data !== 'string' && data.length > joinBelowBytes) flushLater(this)
    if (this.#waitingBytes >= flushFromBytes) this.#writeOut()
    this.#checkHighWatermark()
  }

  writeLater(data: Uint8Array | string): void {
    if (this.#writeFilter !== undefined) return this.write(data, false)
    if (this.state !== 'open' || this.#writeEnded) return
    this.#append(data)
    if (!this.#dirty) flushAfterNextReads(this)
    this.#checkHighWatermark()
  }

  close(type: CloseType, reason?: string): void {
    if (this.state === 'closed') return
    if (reason !== undefined) this.localCloseReason = reason
    if (type === 'abort-reset') {
      this.#closeNow('local-close', true)
      return
    }
    this.#writeOut()
    // Writing may have found the connection broken.
    if ((this.state as string) === 'closed') return
    if (type === 'no-flush' || !this.#connected) {
      this.#closeNow('local-close', false)
      return
    }
    this.state = 'closing'
    this.#closeType = this.delayedCloseTimeoutMs > 0 ? type : 'flush-write'
    if (this.#writing === 0) this.#finishClose()
    else this.#startDelayedClose()
  }

  /** Runs code of this connection's users as one turn; a bug in it costs this connection only. */
  guard(work: () => void): void {
    enterTurn()
    try {
      work()
    } catch (error) {
      this.#onBug(error)
    }
    leaveTurn()
  }

  // ── events of the handle ──

  onRead(count: number): Uint8Array | undefined {
    if (count === 0 || this.state === 'closed') return undefined
    const buffer = this.#readBuffer
    setActiveReadBuffer(buffer)
    enterTurn()
    try {
      if (count > 0) {
        this.#stats?.readTotal.add(count)
        if (this.state === 'open') this.#reader?.onData(buffer.bytes.subarray(0, count), false)
      } else this.#onReadEnd(count)
    } catch (error) {
      this.#onBug(error)
    }
    // libuv reads again at once when a read has filled the buffer.
    leaveTurn(count === buffer.bytes.length)
    setActiveReadBuffer(undefined)
    return count > 0 ? this.#nextReadBuffer(buffer, count) : undefined
  }

  onWriteDone(req: WriteRequest, status: number): void {
    enterTurn()
    this.#unpin(req.pins)
    this.#writing--
    if (this.state !== 'closed') {
      this.#writingBytes = this.#handle.writeQueueSize
      try {
        if (status < 0) this.#fail(status)
        else if (this.#writing === 0) this.#writeOut()
        this.#checkLowWatermark()
        if (this.state === 'closing' && this.#writing === 0) this.#finishClose()
      } catch (error) {
        this.#onBug(error)
      }
    }
    leaveTurn()
  }

  onShutdownDone(): void {
    if (this.state === 'closed' || !this.#readEnded) return
    enterTurn()
    this.#closeNow('local-close', false)
    leaveTurn()
  }

  onConnectDone(status: number): void {
    if (this.state === 'closed') return
    enterTurn()
    try {
      if (status < 0) {
        this.transportFailureReason = `delayed connect error: ${errorText(status)}`
        this.#closeNow('remote-close', false)
      } else {
        this.#connected = true
        this.#connectedMs = performance.now()
        this.nextProtocol = this.#handle.nextProtocol ?? ''
        this.#updateReading()
        this.#fire('connected')
        this.flush(false)
      }
    } catch (error) {
      this.#onBug(error)
    }
    leaveTurn()
  }

  onTransportFailed(reason: string): void {
    if (this.state === 'closed') return
    this.transportFailureReason = reason
    enterTurn()
    try {
      this.#closeNow('remote-close', false)
    } catch (error) {
      this.#onBug(error)
    }
    leaveTurn()
  }

  /** The connect call itself was refused: told from the next turn on, when the owner has set its callbacks. */
  failConnect(status: number): void {
    this.transportFailureReason = `immediate connect error: ${errorText(status)}`
    setImmediate(() => this.#closeNow('local-close', false))
  }

  flush(moreFollows: boolean): void {
    this.#dirty = false
    if (this.state === 'closed') return
    // The head of a message whose body is coming leaves with it.
    if (moreFollows && typeof this.#first === 'string' && this.#rest === undefined && !this.#writeEnded) {
      flushAfterReads(this)
      return
    }
    try {
      if (this.#writing === 0 || (!this.#serial && (this.#waitingBytes >= followBytes || this.#writeEnded)))
        this.#writeOut()
      this.#checkLowWatermark()
      this.#checkHighWatermark()
    } catch (error) {
      this.#onBug(error)
    }
  }

  // ── reading ──

  #updateReading(): void {
    const wanted =
      this.#connected &&
      !this.#readEnded &&
      this.state !== 'closed' &&
      this.#reader !== undefined &&
      (this.#readDisabled === 0 || this.state === 'closing')
    if (wanted === this.#reading) return
    this.#reading = wanted
    if (wanted) this.#handle.readStart()
    else if (this.state !== 'closed') this.#handle.readStop()
  }

  #onReadEnd(status: number): void {
    this.#readEnded = true
    this.#reading = false
    if (status !== eof) {
      this.#fail(status)
      return
    }
    if (this.state === 'closing' || !this.#halfClose) {
      this.#closeNow('remote-close', false)
      return
    }
    this.#reader?.onData(nothing, true)
    if (this.#shutdownSent) this.#closeNow('remote-close', false)
  }

  /** The chunk has been delivered and flushed; its bytes may be overwritten unless pinned or kept. */
  #nextReadBuffer(buffer: ReadBuffer, count: number): Uint8Array | undefined {
    if (this.state === 'closed' || this.#serial) return undefined
    const streaming = count >= streamingReadBytes
    if (buffer === sharedReadBuffer ? !streaming : streaming && !buffer.kept && buffer.pins === 0) return undefined
    this.#readBuffer = streaming ? takeReadBuffer() : sharedReadBuffer
    returnReadBuffer(buffer)
    return this.#readBuffer.bytes
  }

  // ── writing ──

  #append(data: Uint8Array | string): void {
    this.#waitingBytes += data.length
    if (typeof data !== 'string') {
      if (data.length <= joinBelowBytes && (typeof this.#last() === 'string' || this.#mustHold(data)))
        data = latin1Slice.call(data, 0, data.length)
      else if (this.#mustHold(data)) data = this.#hold(data)
    }
    if (this.#first === undefined) this.#first = data
    else if (this.#rest === undefined) {
      if (typeof data === 'string' && typeof this.#first === 'string') this.#first += data
      else this.#rest = [data]
    } else {
      const last = this.#rest.length - 1
      if (typeof data === 'string' && typeof this.#rest[last] === 'string') this.#rest[last] += data
      else this.#rest.push(data)
    }
  }

  #last(): Uint8Array | string | undefined {
    return this.#rest === undefined ? this.#first : this.#rest[this.#rest.length - 1]
  }

  /** Whether the chunk would be overwritten before it can be written. */
  #mustHold(data: Uint8Array): boolean {
    if (this.#connected && (this.#writing === 0 || (data.length >= followBytes && !this.#serial))) return false
    return isTransient(data)
  }

  #hold(data: Uint8Array): Uint8Array {
    if (shouldCopy(data)) return Buffer.from(data)
    this.#keepPinned(pin(data))
    return data
  }

  /** Hands everything that waits to the kernel, then FIN if our side has ended. */
  #writeOut(): void {
    if (!this.#connected || this.state === 'closed') return
    if (this.#serial && this.#writing > 0) return
    const first = this.#first
    if (first === undefined) {
      if (this.#writeEnded && !this.#shutdownSent) this.#sendShutdown()
      return
    }
    const rest = this.#rest
    const bytes = this.#waitingBytes
    const req = writeRequest()
    let status: number
    let transient = false
    if (rest !== undefined) {
      const chunks = gather(first, rest, this.#serial)
      transient = chunks.transient
      status = this.#handle.writev(req, chunks.list, chunks.allBuffers)
    } else if (typeof first === 'string') status = this.#handle.writeLatin1String(req, first)
    else {
      const chunk = this.#serial ? first : settle(first)
      transient = !this.#serial && isTransient(chunk)
      status = this.#handle.writeBuffer(req, chunk)
    }
    this.#first = undefined
    this.#rest = undefined
    this.#waitingBytes = 0
    if (status !== 0) {
      this.#fail(status)
      return
    }
    this.#stats?.writeTotal.add(bytes)
    if (wasAsync(req, this)) {
      this.#writing++
      this.#writingBytes = this.#handle.writeQueueSize
      if (transient) for (const each of pinTransient()) this.#keepPinned(each)
      req.pins = this.#waitingPins
    } else this.#unpin(this.#waitingPins)
    this.#waitingPins = undefined
    if (this.#writeEnded && !(this.#serial && this.#writing > 0)) this.#sendShutdown()
  }

  #sendShutdown(): void {
    if (this.#shutdownSent) return
    this.#shutdownSent = true
    const status = shutdown(this.#handle, this)
    if (status !== 0) this.#fail(status)
  }

  #keepPinned(buffer: ReadBuffer): void {
    if (this.#waitingPins === undefined) this.#waitingPins = [buffer]
    else this.#waitingPins.push(buffer)
  }

  #unpin(buffers: readonly ReadBuffer[] | undefined): void {
    if (buffers !== undefined) for (const buffer of buffers) unpin(buffer)
  }

  #checkHighWatermark(): void {
    if (this.aboveHighWatermark || this.bufferLimitBytes === 0 || this.state === 'closed') return
    // What this turn still hands to the kernel does not count.
    if (this.#writing === 0 && this.#connected) return
    if (this.bufferedBytes <= this.#highWatermarkBytes) return
    this.aboveHighWatermark = true
    for (const each of this.#callbacks) each.onAboveWriteBufferHighWatermark?.()
  }

  #checkLowWatermark(): void {
    if (!this.aboveHighWatermark || this.state === 'closed') return
    if (this.bufferedBytes > this.#highWatermarkBytes / 2) return
    this.aboveHighWatermark = false
    for (const each of this.#callbacks) each.onBelowWriteBufferLowWatermark?.()
  }

  // ── closing ──

  /** All that was written is with the kernel. */
  #finishClose(): void {
    if (this.#closeType === 'flush-write') {
      this.#closeNow('local-close', false)
      return
    }
    this.#sendShutdown()
    this.#startDelayedClose()
    // What the peer still sends is read and dropped, so that the kernel does not answer with RST.
    this.#updateReading()
  }

  #startDelayedClose(): void {
    clearTimeout(this.#delayedCloseTimer)
    if (this.state === 'closed' || this.delayedCloseTimeoutMs === 0) return
    const queued = this.#handle.writeQueueSize
    this.#delayedCloseTimer = setTimeout(() => {
      if (this.#handle.writeQueueSize < queued) {
        this.#startDelayedClose()
        return
      }
      this.#stats?.delayedCloseTimeouts?.inc()
      this.#closeNow('local-close', false)
    }, this.delayedCloseTimeoutMs)
  }

  #fail(status: number): void {
    this.remoteReset = status === connectionReset
    this.#closeNow('remote-close', false)
  }

  #onBug(error: unknown): void {
    log.critical(`connection ${this.id} closed by a bug: ${error instanceof Error ? error.stack : String(error)}`)
    this.localCloseReason = 'internal_error'
    try {
      this.#closeNow('local-close', true)
    } catch (second) {
      log.critical(`and another while closing: ${second instanceof Error ? second.stack : String(second)}`)
    }
  }

  #closeNow(event: ConnectionEvent, reset: boolean): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.endMs = performance.now()
    this.#localReset = reset
    this.#reading = false
    clearTimeout(this.#delayedCloseTimer)
    if (reset && this.#connected && this.#handle.reset !== undefined) this.#handle.reset()
    else this.#handle.close()
    returnReadBuffer(this.#readBuffer)
    this.#unpin(this.#waitingPins)
    this.#waitingPins = undefined
    this.#first = undefined
    this.#rest = undefined
    this.#waitingBytes = 0
    this.#fire(event)
  }

  #fire(event: ConnectionEvent): void {
    for (const each of this.#callbacks) each.onEvent(event)
  }
}

/** A chunk that survives an unfinished write: one of the shared read buffer is copied, since it cannot be pinned. */
function settle(chunk: Uint8Array): Uint8Array {
  return chunk.buffer === sharedReadBuffer.bytes.buffer ? Buffer.from(chunk) : chunk
}

/** @param copied the handle copies what it is given */
function gather(
  first: Uint8Array | string,
  rest: readonly (Uint8Array | string)[],
  copied: boolean,
): { list: (Uint8Array | string)[]; allBuffers: boolean; transient: boolean } {
  let allBuffers = typeof first !== 'string'
  for (const piece of rest) if (typeof piece === 'string') allBuffers = false
  const list: (Uint8Array | string)[] = []
  let transient = false
  for (let i = -1; i < rest.length; i++) {
    const piece = i < 0 ? first : (rest[i] as Uint8Array | string)
    if (typeof piece === 'string') list.push(piece, 'latin1')
    else {
      const chunk = copied ? piece : settle(piece)
      if (!copied && isTransient(chunk)) transient = true
      list.push(chunk)
      if (!allBuffers) list.push('buffer')
    }
  }
  return { list, allBuffers, transient }
}
