/** Keep-alive connections for HTTP/1 requests. Follows Envoy's `Http1::ConnPoolImpl` and `CodecClient`. */
import type { Cancellable, HttpConnectionPool, HttpPoolCallbacks, ResourceManager } from '../core/cluster.ts'
import type { ResponseDecoder } from '../core/codec.ts'
import type { ConnectionEvent } from '../core/connection.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { SocketConnection } from '../network/connection.ts'
import { ConnectionPool, type PendingStream, type PoolClient, type PoolSettings } from './connection-pool.ts'
import { HttpPoolClient, type MakeCodec, PendingRequest } from './http-client.ts'
import type { UpstreamHost } from './host.ts'

const nothing = new Uint8Array(0)

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

  protected override get alpn(): readonly string[] {
    return ['http/1.1']
  }

  protected override makeClient(connection: SocketConnection): PoolClient {
    this.settings.stats.upstreamCxHttp1Total.inc()
    return new Http1Client(this, connection, this.#makeCodec)
  }

  protected override attach(client: PoolClient, pending: PendingStream): void {
    const { decoder, callbacks } = pending as PendingRequest
    ;(client as Http1Client).start(decoder, callbacks)
  }
}

/** A connection and its codec. Stands between codec and user as the decoder, to learn of the end of a response. */
class Http1Client extends HttpPoolClient implements ResponseDecoder {
  #decoder: ResponseDecoder | undefined = undefined

  override get room(): number {
    return !this.active && this.codec.reusable && this.usable ? 1 : 0
  }

  start(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): void {
    this.#decoder = decoder
    this.begin()
    callbacks.onPoolReady(this.codec.newStream(this), this.pool.host, this)
  }

  protected override onConnectionEnd(event: ConnectionEvent): void {
    super.onConnectionEnd(event)
    // The end of the connection is the end of a body without a length.
    if (event === 'remote-close' && !this.connection.remoteReset && this.#decoder !== undefined)
      this.dispatch(nothing, true)
  }

  protected override onConnectionClosed(): void {
    this.#decoder = undefined
    super.onConnectionClosed()
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
    const { maxRequestsPerConnection, stats } = this.pool.settings
    if (!this.codec.reusable) {
      stats.upstreamCxCloseNotify.inc()
      this.close()
    } else if (maxRequestsPerConnection > 0 && this.streams >= maxRequestsPerConnection) {
      stats.upstreamCxMaxRequests.inc()
      this.close()
    } else if (!this.usable) this.close()
    else this.onIdle()
  }
}
