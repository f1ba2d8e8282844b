/** HTTP/2 connections, each shared by many requests. Follows Envoy's `Http2::ConnPoolImpl` and `MultiplexedActiveClientBase`. */
import type { Cancellable, HttpConnectionPool, HttpPoolCallbacks, ResourceManager } from '../core/cluster.ts'
import type { ResponseDecoder } from '../core/codec.ts'
import { Http2ClientConnection } from '../codec/http2/client.ts'
import type { Http2Settings } from '../codec/http2/settings.ts'
import type { Http2Stats } from '../codec/http2/stats.ts'
import type { SocketConnection } from '../network/connection.ts'
import { ConnectionPool, type PendingStream, type PoolClient, type PoolSettings } from './connection-pool.ts'
import { HttpPoolClient, PendingRequest } from './http-client.ts'
import type { UpstreamHost } from './host.ts'

export class Http2Pool extends ConnectionPool implements HttpConnectionPool {
  readonly http2: Http2Settings
  readonly http2Stats: Http2Stats

  constructor(
    host: UpstreamHost,
    settings: PoolSettings,
    resources: ResourceManager,
    http2: Http2Settings,
    http2Stats: Http2Stats,
  ) {
    super(host, settings, resources)
    this.http2 = http2
    this.http2Stats = http2Stats
  }

  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined {
    const client = this.takeReady() as Http2Client | undefined
    if (client === undefined) return this.enqueue(new PendingRequest(this, decoder, callbacks))
    if (this.resources.requests.canCreate()) client.start(decoder, callbacks)
    else {
      this.admit(new PendingRequest(this, decoder, callbacks))
      this.onReady(client)
    }
    return undefined
  }

  protected override get alpn(): readonly string[] {
    return ['h2']
  }

  protected override makeClient(connection: SocketConnection): PoolClient {
    this.settings.stats.upstreamCxHttp2Total.inc()
    return new Http2Client(this, connection)
  }

  protected override attach(client: PoolClient, pending: PendingStream): void {
    const { decoder, callbacks } = pending as PendingRequest
    ;(client as Http2Client).start(decoder, callbacks)
  }
}

class Http2Client extends HttpPoolClient {
  override readonly roomWhenConnected: number
  readonly #maxStreams: number
  #closeNotified = false

  constructor(pool: Http2Pool, connection: SocketConnection) {
    super(
      pool,
      connection,
      (each, callbacks) => new Http2ClientConnection(each, callbacks, pool.http2, pool.http2Stats),
    )
    const { maxRequestsPerConnection } = pool.settings
    this.#maxStreams = maxRequestsPerConnection > 0 ? maxRequestsPerConnection : Infinity
    this.roomWhenConnected = Math.min(pool.http2.maxConcurrentStreams, this.#maxStreams)
  }

  override get room(): number {
    if (!this.usable || !this.codec.reusable) return 0
    return Math.max(0, Math.min(this.codec.maxConcurrentStreams - this.activeStreams, this.#maxStreams - this.streams))
  }

  start(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): void {
    this.begin()
    if (this.streams === this.#maxStreams) this.pool.settings.stats.upstreamCxMaxRequests.inc()
    callbacks.onPoolReady(this.codec.newStream(decoder), this.pool.host, this)
  }

  // ── from the codec ──

  override onGoAway(): void {
    this.#closeNotified = true
    this.pool.settings.stats.upstreamCxCloseNotify.inc()
    if (!this.active) this.close()
  }

  override onMaxStreamsChanged(): void {
    if (!this.connecting) this.pool.onReady(this)
  }

  onStreamClosed(): void {
    this.end()
    if (this.connection.state !== 'open') return
    const usedUp = this.#closeNotified || !this.usable || this.streams >= this.#maxStreams
    if (!usedUp) this.onIdle()
    else if (!this.active) this.close()
  }
}
