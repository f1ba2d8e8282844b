/**
 * A byte-stream connection, downstream or upstream, and the network filters on it.
 * Follows Envoy's `Network::Connection` and `envoy/network/filter.h`.
 */
import type { ConnectionTiming, DetectedCloseType, DownstreamInfo, StreamInfo, TlsInfo } from './stream-info.ts'
import type { Address } from './address.ts'

export type ConnectionEvent =
  | 'connected'
  /** The peer closed or reset. */
  | 'remote-close'
  /** We closed. */
  | 'local-close'

/** `flush-write`: pending bytes first, then FIN; `no-flush`: at once; `abort-reset`: RST. */
export type CloseType = 'flush-write' | 'flush-write-and-delay' | 'no-flush' | 'abort-reset'

export interface ConnectionCallbacks {
  /** Fired once with a close event; nothing comes after it. */
  onEvent(event: ConnectionEvent): void
  /** The write buffer has passed `bufferLimitBytes`: stop producing. */
  onAboveWriteBufferHighWatermark?(): void
  /** It has fallen to half of it: go on. */
  onBelowWriteBufferLowWatermark?(): void
}

/** Where a connection counts: `read` and `write` in bytes. */
export interface ConnectionStats {
  readonly readTotal: { add(n: number): void }
  readonly writeTotal: { add(n: number): void }
  readonly delayedCloseTimeouts?: { inc(): void }
}

export interface Connection {
  /** Unique in the process. */
  readonly id: number
  readonly localAddress: Address
  readonly remoteAddress: Address
  readonly state: 'open' | 'closing' | 'closed'
  /** `per_connection_buffer_limit_bytes`; 0 = no limit. */
  readonly bufferLimitBytes: number
  /** Bytes accepted by `write` that the kernel has not taken. */
  readonly bufferedBytes: number
  readonly aboveHighWatermark: boolean
  /** Why the transport failed (`%UPSTREAM_TRANSPORT_FAILURE_REASON%`), '' otherwise. */
  readonly transportFailureReason: string
  /** With 'remote-close': whether the peer sent RST rather than FIN. */
  readonly remoteReset?: boolean
  /** Why the connection was closed by us, for logs; set before `close`. */
  localCloseReason: string
  readonly detectedCloseType?: DetectedCloseType
  readonly timing?: ConnectionTiming
  /** Negotiated by ALPN, '' without. */
  readonly nextProtocol: string
  /** Undefined without TLS. Its facts are there from 'connected' on. */
  readonly tls?: TlsInfo | undefined
  /** Whether a peer's FIN is an end of stream (true, TCP proxy) or a close (false, HTTP). */
  enableHalfClose(enabled: boolean): void

  addCallbacks(callbacks: ConnectionCallbacks): void
  removeCallbacks(callbacks: ConnectionCallbacks): void
  /**
   * Queues bytes; a string is latin1. What is written within one turn (while one read is being handled, or one
   * timer) leaves as one write at its end, so callers write pieces as they come. A chunk of the read buffer may
   * be passed as it is. With `endStream` our side is half closed after the bytes.
   */
  write(data: Uint8Array | string, endStream: boolean): void
  /**
   * As `write`, for what nobody waits for: it leaves with what is written next, and at the latest when the sockets that are
   * ready after those of now have been read.
   */
  writeLater?(data: Uint8Array | string): void
  /** Counted: two `readDisable(true)` need two `readDisable(false)`. */
  readDisable(disable: boolean): void
  close(type: CloseType, reason?: string): void
  setNoDelay(enabled: boolean): void
  /**
   * How long a closing connection waits for the peer to take what was written and, with `flush-write-and-delay`, to
   * close. 0, the default: for ever, and `flush-write-and-delay` is `flush-write`.
   */
  delayedCloseTimeoutMs?: number
  setConnectionStats?(stats: ConnectionStats): void
  /** Writes leave when all sockets that are ready have been read, not with each turn: for connections that many share. */
  batchWrites?: boolean
  /** Runs work that no socket event began as one turn; what it throws costs this connection only. */
  guard?(work: () => void): void
}

/** Who reads a connection's bytes when no network filter chain does (upstream codecs and TCP pools). */
export interface ConnectionReader {
  /** `data` is valid until the call returns (see base/read-buffer.ts). `endStream`: the peer sent FIN. */
  onData(data: Uint8Array, endStream: boolean): void
}

/**
 * 'stop': later filters do not see the bytes before `continueReading`, the chain keeps them until then.
 * 'consumed': the bytes are used up, or will be injected in another shape. The last filter consumes whatever it says.
 */
export type NetworkFilterStatus = 'continue' | 'stop' | 'consumed'

/** One network filter on one connection. Methods may be left out; they return at once. */
export interface NetworkFilter {
  /** Before the first byte. 'stop': later filters wait for `continueReading`. */
  onNewConnection?(): NetworkFilterStatus
  /** Bytes from downstream. */
  onData?(data: Uint8Array, endStream: boolean): NetworkFilterStatus
  /** Bytes on their way to downstream, filters in reverse order. Anything but 'continue' ends their way here. */
  onWrite?(data: Uint8Array | string, endStream: boolean): NetworkFilterStatus
  /** The listener drains: a terminal filter closes the connection when it is idle. */
  onDrain?(): void
  /** The connection is closed: stop timers here and nowhere else. */
  onDestroy?(): void
}

/** A filter's handle on its connection; one a filter. */
export interface NetworkFilterCallbacks {
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  /** After a 'stop' of `onNewConnection` or `onData`: hand the kept bytes to the next filter. */
  continueReading(): void
  /** Passes bytes to the filters after this one, as if read. */
  injectReadData(data: Uint8Array, endStream: boolean): void
  /** Passes bytes to the filters before this one (towards downstream), as if written. */
  injectWriteData(data: Uint8Array | string, endStream: boolean): void
}

/** Made once per configuration, called once per connection. */
export type NetworkFilterFactory = (callbacks: NetworkFilterCallbacks) => NetworkFilter
