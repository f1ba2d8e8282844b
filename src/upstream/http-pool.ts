/**
 * Connections for HTTP requests: one request at a time on each (HTTP/1), or many (HTTP/2). Which version is spoken is
 * fixed by the cluster, or negotiated by ALPN. Follows Envoy's `HttpConnPoolImplBase`, `HttpConnPoolImplMixed` and
 * `CodecClient`.
 */
import { performance } from '../base/clock.ts'
import type {
  Cancellable,
  HttpConnectionPool,
  HttpPoolCallbacks,
  PoolFailureReason,
  ResourceManager,
  UpstreamConnectionInfo,
} from '../core/cluster.ts'
import type { Address } from '../core/address.ts'
import type { ClientConnection, ClientConnectionCallbacks, ResponseDecoder } from '../core/codec.ts'
import type { Connection, ConnectionEvent, ConnectionReader } from '../core/connection.ts'
import type { ConnectionTiming, Protocol } from '../core/stream-info.ts'
import type { SocketConnection } from '../network/connection.ts'
import type { ServerIdentity } from './auto-sni.ts'
import { ConnectionPool, PendingStream, PoolClient, type PoolSettings } from './connection-pool.ts'
import type { UpstreamHost } from './host.ts'

const nothing = new Uint8Array(0)

export type MakeCodec = (connection: Connection, callbacks: ClientConnectionCallbacks) => ClientConnection

/** 'auto': HTTP/2 where ALPN says `h2`, otherwise HTTP/1. */
export type HttpVersion = 'http1' | 'http2' | 'auto'

export interface HttpCodecs {
  readonly http1: MakeCodec
  readonly http2: MakeCodec
  /** Of HTTP/2, before the peer has told its limit. */
  readonly maxConcurrentStreams: number
}

/** Offered by ALPN where the transport socket says nothing. */
const alpn: Readonly<Record<HttpVersion, readonly string[]>> = {
  http1: ['http/1.1'],
  http2: ['h2'],
  auto: ['h2', 'http/1.1'],
}

export class HttpPool extends ConnectionPool implements HttpConnectionPool {
  readonly version: HttpVersion
  readonly codecs: HttpCodecs
  readonly #identity: ServerIdentity | undefined
  readonly #onEmpty: ((pool: HttpPool) => void) | undefined

  /** @param named for requests of one server name only; `onEmpty` may let the pool go */
  constructor(
    host: UpstreamHost,
    settings: PoolSettings,
    resources: ResourceManager,
    version: HttpVersion,
    codecs: HttpCodecs,
    named?: { readonly identity: ServerIdentity; readonly onEmpty: (pool: HttpPool) => void },
  ) {
    super(host, settings, resources)
    this.version = version
    this.codecs = codecs
    this.#identity = named?.identity
    this.#onEmpty = named?.onEmpty
  }

  protected override get identity(): ServerIdentity | undefined {
    return this.#identity
  }

  protected override onEmpty(): void {
    this.#onEmpty?.(this)
  }

  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined {
    const client = this.takeReady() as HttpClient | undefined
    if (client === undefined) return this.enqueue(new PendingRequest(this, decoder, callbacks))
    if (this.resources.requests.canCreate()) {
      client.start(decoder, callbacks)
      return undefined
    }
    this.admit(new PendingRequest(this, decoder, callbacks))
    this.onReady(client)
    return undefined
  }

  protected override get alpn(): readonly string[] {
    return alpn[this.version]
  }

  protected override makeClient(connection: SocketConnection): PoolClient {
    return new HttpClient(this, connection)
  }

  protected override attach(client: PoolClient, pending: PendingStream): void {
    const { decoder, callbacks } = pending as PendingRequest
    ;(client as HttpClient).start(decoder, callbacks)
  }
}

class PendingRequest extends PendingStream {
  readonly decoder: ResponseDecoder
  readonly callbacks: HttpPoolCallbacks
  readonly #host: UpstreamHost

  constructor(pool: HttpPool, decoder: ResponseDecoder, callbacks: HttpPoolCallbacks) {
    super(pool)
    this.decoder = decoder
    this.callbacks = callbacks
    this.#host = pool.host
  }

  override fail(reason: PoolFailureReason, transportFailureReason: string): void {
    this.callbacks.onPoolFailure(reason, transportFailureReason, this.#host)
  }
}

/** A connection and its codec. */
class HttpClient extends PoolClient implements ConnectionReader, UpstreamConnectionInfo, ClientConnectionCallbacks {
  override readonly roomWhenConnected: number
  readonly #pool: HttpPool
  /** `max_requests_per_connection`. */
  readonly #maxStreams: number
  /** With 'auto', undefined until connected. */
  #codec: ClientConnection | undefined = undefined
  #protocolError = false
  #idleTimer: NodeJS.Timeout | undefined
  #idleSinceMs = performance.now()
  #durationTimer: NodeJS.Timeout | undefined
  #durationReached = false

  constructor(pool: HttpPool, connection: SocketConnection) {
    super(pool, connection)
    this.#pool = pool
    const { maxRequestsPerConnection } = pool.settings
    this.#maxStreams = maxRequestsPerConnection > 0 ? maxRequestsPerConnection : Infinity
    this.roomWhenConnected = pool.version === 'http2' ? Math.min(pool.codecs.maxConcurrentStreams, this.#maxStreams) : 1
    if (pool.version !== 'auto') this.#makeCodec(pool.version)
  }

  #makeCodec(version: 'http1' | 'http2'): void {
    const { codecs, settings } = this.#pool
    ;(version === 'http1' ? settings.stats.upstreamCxHttp1Total : settings.stats.upstreamCxHttp2Total).inc()
    this.#codec = codecs[version](this.connection, this)
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

  get timing(): ConnectionTiming {
    return this.connection
  }

  get protocol(): Protocol {
    return this.#codec?.protocol ?? 'HTTP/1.1'
  }

  override get room(): number {
    const codec = this.#codec
    if (codec === undefined || this.#usedUp(codec)) return 0
    const room = codec.maxConcurrentStreams - this.activeStreams
    return Math.max(0, Math.min(room, this.#maxStreams - this.streams))
  }

  /** No further request will be sent. */
  #usedUp(codec: ClientConnection): boolean {
    return (
      this.#durationReached ||
      this.#pool.draining ||
      this.streams >= this.#maxStreams ||
      this.connection.state !== 'open' ||
      !codec.reusable
    )
  }

  start(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): void {
    this.begin()
    if (this.streams === this.#maxStreams) this.#pool.settings.stats.upstreamCxMaxRequests.inc()
    callbacks.onPoolReady((this.#codec as ClientConnection).newStream(decoder), this.#pool.host, this)
  }

  override onEvent(event: ConnectionEvent): void {
    if (event === 'connected') {
      if (this.#codec === undefined) this.#makeCodec(this.connection.nextProtocol === 'h2' ? 'http2' : 'http1')
      this.connection.setReader(this)
      this.#startTimers()
    }
    super.onEvent(event)
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#codec?.onUnderlyingConnectionAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#codec?.onUnderlyingConnectionBelowWriteBufferLowWatermark()
  }

  onData(data: Uint8Array, endStream: boolean): void {
    if (!this.#dispatch(data, endStream)) this.close()
  }

  #dispatch(data: Uint8Array, endStream: boolean): boolean {
    if (this.#codec?.dispatch(data, endStream) !== 'protocol-error') return true
    this.#protocolError = true
    this.#pool.settings.stats.upstreamCxProtocolError.inc()
    return false
  }

  protected override onConnectionEnd(event: ConnectionEvent): void {
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#durationTimer)
    // The end of the connection is the end of an HTTP/1 body without a length.
    if (event === 'remote-close' && this.active) this.#dispatch(nothing, true)
    if (!this.connecting) this.#pool.settings.stats.upstreamRqPerCx.record(this.streams)
  }

  protected override onConnectionClosed(): void {
    this.#codec?.onConnectionClosed(
      this.#protocolError ? 'protocol-error' : 'connection-termination',
      this.connection.transportFailureReason,
    )
  }

  // ── from the codec ──

  onStreamClosed(): void {
    this.end()
    const codec = this.#codec as ClientConnection
    if (this.connection.state !== 'open') return
    if (!this.#usedUp(codec)) {
      this.#idleSinceMs = performance.now()
      this.#pool.onReady(this)
    } else if (!this.active) {
      if (codec.protocol !== 'HTTP/2' && !codec.reusable) this.#pool.settings.stats.upstreamCxCloseNotify.inc()
      this.close()
    }
  }

  onGoAway(): void {
    this.#pool.settings.stats.upstreamCxCloseNotify.inc()
    if (!this.active) this.close()
  }

  onMaxStreamsChanged(): void {
    if (!this.connecting) this.#pool.onReady(this)
  }

  // ── time limits ──

  #startTimers(): void {
    const { idleTimeoutMs, maxConnectionDurationMs, maxConnectionDurationJitterPercent, stats } = this.#pool.settings
    if (idleTimeoutMs > 0) this.#idleTimer = setTimeout(() => this.#checkIdle(), idleTimeoutMs)
    if (maxConnectionDurationMs === 0) return
    const jitterMs = (Math.random() * maxConnectionDurationMs * maxConnectionDurationJitterPercent) / 100
    this.#durationTimer = setTimeout(() => {
      this.#durationReached = true
      stats.upstreamCxMaxDurationReached.inc()
      if (!this.active) this.close()
    }, maxConnectionDurationMs + jitterMs)
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
