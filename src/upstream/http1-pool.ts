/** Keep-alive connections for HTTP/1 requests. Follows Envoy's `Http1::ConnPoolImpl` and `CodecClient`. */
import type {
  Cancellable,
  HttpConnectionPool,
  HttpPoolCallbacks,
  PoolFailureReason,
  ResourceManager,
  UpstreamConnectionInfo,
} from '../core/cluster.ts'
import type { ClientConnection, ClientConnectionCallbacks, ResponseDecoder } from '../core/codec.ts'
import type { Connection, ConnectionEvent, ConnectionReader } from '../core/connection.ts'
import type { Address } from '../core/address.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Protocol } from '../core/stream-info.ts'
import type { SocketConnection } from '../network/connection.ts'
import { ConnectionPool, PendingStream, PoolClient, type PoolSettings } from './connection-pool.ts'
import type { UpstreamHost } from './host.ts'

const nothing = new Uint8Array(0)

export type MakeCodec = (connection: Connection, callbacks: ClientConnectionCallbacks) => ClientConnection

/** HTTP/1 has neither of these. */
const codecCallbacks: ClientConnectionCallbacks = { onGoAway: () => {}, onMaxStreamsChanged: () => {} }

export class Http1Pool extends ConnectionPool implements HttpConnectionPool {
  readonly #makeCodec: MakeCodec

  constructor(host: UpstreamHost, settings: PoolSettings, resources: ResourceManager, makeCodec: MakeCodec) {
    super(host, settings, resources)
    this.#makeCodec = makeCodec
  }

  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined {
    const client = this.takeReady() as Http1Client | undefined
    if (client === undefined) return this.enqueue(new PendingRequest(this, decoder, callbacks))
    if (this.resources.requests.canCreate()) client.start(decoder, callbacks)
    else {
      this.admit(new PendingRequest(this, decoder, callbacks))
      this.onReady(client)
    }
    return undefined
  }

  protected override makeClient(connection: SocketConnection): PoolClient {
    this.settings.stats.upstreamCxHttp1Total.inc()
    return new Http1Client(this, connection, this.#makeCodec(connection, codecCallbacks))
  }

  protected override attach(client: PoolClient, pending: PendingStream): void {
    const { decoder, callbacks } = pending as PendingRequest
    ;(client as Http1Client).start(decoder, callbacks)
  }
}

class PendingRequest extends PendingStream {
  readonly decoder: ResponseDecoder
  readonly callbacks: HttpPoolCallbacks
  readonly #host: UpstreamHost

  constructor(pool: Http1Pool, decoder: ResponseDecoder, callbacks: HttpPoolCallbacks) {
    super(pool)
    this.decoder = decoder
    this.callbacks = callbacks
    this.#host = pool.host
  }

  override fail(reason: PoolFailureReason, transportFailureReason: string): void {
    this.callbacks.onPoolFailure(reason, transportFailureReason, this.#host)
  }
}

/** A connection and its codec. Stands between codec and user as the decoder, to learn of the end of a response. */
class Http1Client extends PoolClient implements ConnectionReader, ResponseDecoder, UpstreamConnectionInfo {
  readonly #pool: Http1Pool
  readonly #codec: ClientConnection
  #decoder: ResponseDecoder | undefined = undefined
  #protocolError = false
  #idleTimer: NodeJS.Timeout | undefined
  #idleSinceMs = performance.now()
  #durationTimer: NodeJS.Timeout | undefined
  #durationReached = false

  constructor(pool: Http1Pool, connection: SocketConnection, codec: ClientConnection) {
    super(pool, connection)
    this.#pool = pool
    this.#codec = codec
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
    return this.#codec.protocol
  }

  override get reusable(): boolean {
    return this.#codec.reusable && this.connection.state === 'open' && !this.#durationReached
  }

  start(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): void {
    this.#decoder = decoder
    this.begin()
    callbacks.onPoolReady(this.#codec.newStream(this), this.#pool.host, this)
  }

  override onEvent(event: ConnectionEvent): void {
    if (event === 'connected') {
      this.connection.setReader(this)
      this.#startTimers()
    }
    super.onEvent(event)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#codec.onUnderlyingConnectionAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#codec.onUnderlyingConnectionBelowWriteBufferLowWatermark()
  }

  onData(data: Uint8Array, endStream: boolean): void {
    if (!this.#dispatch(data, endStream)) this.close()
  }

  #dispatch(data: Uint8Array, endStream: boolean): boolean {
    if (this.#codec.dispatch(data, endStream) === 'ok') return true
    this.#protocolError = true
    this.#pool.settings.stats.upstreamCxProtocolError.inc()
    return false
  }

  protected override onConnectionEnd(event: ConnectionEvent): void {
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#durationTimer)
    // The end of the connection is the end of a body without a length.
    if (event === 'remote-close' && !this.connection.remoteReset && this.#decoder !== undefined)
      this.#dispatch(nothing, true)
    if (!this.connecting) this.#pool.settings.stats.upstreamRqPerCx.record(this.streams)
  }

  protected override onConnectionClosed(): void {
    this.#decoder = undefined
    this.#codec.onConnectionClosed(
      this.#protocolError ? 'protocol-error' : 'connection-termination',
      this.connection.transportFailureReason,
    )
  }

  // ── from the codec ──

  decode1xxHeaders(headers: HeaderMap): void {
    this.#decoder?.decode1xxHeaders(headers)
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.#decoder?.decodeHeaders(headers, endStream)
    if (endStream) this.#finish()
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    this.#decoder?.decodeData(data, endStream)
    if (endStream) this.#finish()
  }

  decodeTrailers(trailers: HeaderMap): void {
    this.#decoder?.decodeTrailers(trailers)
    this.#finish()
  }

  /** The response is complete. */
  #finish(): void {
    this.#decoder = undefined
    this.end()
    if (this.connection.state !== 'open') return
    const { maxRequestsPerConnection, stats } = this.#pool.settings
    if (!this.#codec.reusable) {
      stats.upstreamCxCloseNotify.inc()
      this.close()
    } else if (maxRequestsPerConnection > 0 && this.streams >= maxRequestsPerConnection) {
      stats.upstreamCxMaxRequests.inc()
      this.close()
    } else if (this.#durationReached || this.#pool.draining) this.close()
    else {
      this.#idleSinceMs = performance.now()
      this.#pool.onReady(this)
    }
  }

  // ── time limits ──

  #startTimers(): void {
    const { idleTimeoutMs, maxConnectionDurationMs, stats } = this.#pool.settings
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
    const { idleTimeoutMs, stats } = this.#pool.settings
    const leftMs = this.active ? idleTimeoutMs : this.#idleSinceMs + idleTimeoutMs - performance.now()
    if (leftMs > 0) {
      this.#idleTimer = setTimeout(() => this.#checkIdle(), leftMs)
      return
    }
    stats.upstreamCxIdleTimeout.inc()
    this.close()
  }
}
