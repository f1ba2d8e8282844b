/** What a pooled connection of HTTP/1 and one of HTTP/2 do alike. Follows Envoy's `CodecClient` and `HttpConnPoolImplBase`. */
import { performance } from '../base/clock.ts'
import type { Address } from '../core/address.ts'
import type { HttpPoolCallbacks, PoolFailureReason, UpstreamConnectionInfo } from '../core/cluster.ts'
import type { ClientConnection, ClientConnectionCallbacks, ResponseDecoder } from '../core/codec.ts'
import type { Connection, ConnectionEvent, ConnectionReader } from '../core/connection.ts'
import type { Protocol } from '../core/stream-info.ts'
import type { SocketConnection } from '../network/connection.ts'
import { type ConnectionPool, PendingStream, PoolClient } from './connection-pool.ts'
import type { UpstreamHost } from './host.ts'

export type MakeCodec = (connection: Connection, callbacks: ClientConnectionCallbacks) => ClientConnection

/** A request that waits for a connection. */
export class PendingRequest extends PendingStream {
  readonly decoder: ResponseDecoder
  readonly callbacks: HttpPoolCallbacks
  readonly #host: UpstreamHost

  constructor(pool: ConnectionPool, decoder: ResponseDecoder, callbacks: HttpPoolCallbacks) {
    super(pool)
    this.decoder = decoder
    this.callbacks = callbacks
    this.#host = pool.host
  }

  override fail(reason: PoolFailureReason, transportFailureReason: string): void {
    this.callbacks.onPoolFailure(reason, transportFailureReason, this.#host)
  }
}

export abstract class HttpPoolClient
  extends PoolClient
  implements ConnectionReader, UpstreamConnectionInfo, ClientConnectionCallbacks
{
  readonly pool: ConnectionPool
  protected readonly codec: ClientConnection
  #protocolError = false
  #idleTimer: NodeJS.Timeout | undefined
  #idleSinceMs = performance.now()
  #durationTimer: NodeJS.Timeout | undefined
  #durationReached = false

  constructor(pool: ConnectionPool, connection: SocketConnection, makeCodec: MakeCodec) {
    super(pool, connection)
    this.pool = pool
    this.codec = makeCodec(connection, this)
  }

  get id(): number {
    return this.connection.id
  }

  get localAddress(): Address {
    return this.connection.localAddress
  }

  get remoteAddress(): Address {
    return this.connection.remoteAddress
  }

  get protocol(): Protocol {
    return this.codec.protocol
  }

  /** Nothing of the connection or the pool speaks against further requests. */
  protected get usable(): boolean {
    return this.connection.state === 'open' && !this.#durationReached && !this.pool.draining
  }

  /** A request is over and the connection has room for others. */
  protected onIdle(): void {
    this.#idleSinceMs = performance.now()
    this.pool.onReady(this)
  }

  override onEvent(event: ConnectionEvent): void {
    if (event === 'connected') {
      this.connection.setReader(this)
      this.#startTimers()
    }
    super.onEvent(event)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.codec.onUnderlyingConnectionAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.codec.onUnderlyingConnectionBelowWriteBufferLowWatermark()
  }

  onData(data: Uint8Array, endStream: boolean): void {
    if (!this.dispatch(data, endStream)) this.close()
  }

  protected dispatch(data: Uint8Array, endStream: boolean): boolean {
    if (this.codec.dispatch(data, endStream) === 'ok') return true
    this.#protocolError = true
    this.pool.settings.stats.upstreamCxProtocolError.inc()
    return false
  }

  protected override onConnectionEnd(_event: ConnectionEvent): void {
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#durationTimer)
    if (!this.connecting) this.pool.settings.stats.upstreamRqPerCx.record(this.streams)
  }

  protected override onConnectionClosed(): void {
    this.codec.onConnectionClosed(
      this.#protocolError ? 'protocol-error' : 'connection-termination',
      this.connection.transportFailureReason,
    )
  }

  onGoAway(): void {
    // HTTP/1 has no such message.
  }

  onMaxStreamsChanged(): void {
    // It is one for HTTP/1.
  }

  // ── time limits ──

  #startTimers(): void {
    const { idleTimeoutMs, maxConnectionDurationMs, stats } = this.pool.settings
    if (idleTimeoutMs > 0) this.#idleTimer = setTimeout(() => this.#checkIdle(), idleTimeoutMs)
    if (maxConnectionDurationMs === 0) return
    this.#durationTimer = setTimeout(() => {
      this.#durationReached = true
      stats.upstreamCxMaxDurationReached.inc()
      if (!this.active) this.close()
    }, maxConnectionDurationMs)
  }

  /** One timer a connection, moved only when it fires: requests do not touch it. */
  #checkIdle(): void {
    const { idleTimeoutMs, stats } = this.pool.settings
    const leftMs = this.active ? idleTimeoutMs : this.#idleSinceMs + idleTimeoutMs - performance.now()
    if (leftMs > 0) {
      this.#idleTimer = setTimeout(() => this.#checkIdle(), leftMs)
      return
    }
    stats.upstreamCxIdleTimeout.inc()
    this.close()
  }
}
