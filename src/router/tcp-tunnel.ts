/** CONNECT that ends here: the bytes inside go to a TCP connection of the cluster. Follows Envoy's `source/extensions/upstreams/http/tcp`. */
import type {
  Cancellable,
  Cluster,
  Host,
  HttpConnectionPool,
  HttpPoolCallbacks,
  Priority,
  UpstreamTcpConnection,
} from '../core/cluster.ts'
import type { CodecStream, RequestEncoder, ResponseDecoder, StreamCallbacks } from '../core/codec.ts'
import type { ConnectionCallbacks, ConnectionEvent, ConnectionReader } from '../core/connection.ts'
import { HeaderMap } from '../core/header-map.ts'
import { TunnelBytes } from './tunnel-bytes.ts'

/** Stands in the place of a pool of HTTP connections. */
export class TcpTunnels implements HttpConnectionPool {
  readonly host: Host
  readonly #cluster: Cluster
  readonly #priority: Priority
  readonly #preamble: Uint8Array | string

  /** @param preamble goes before the bytes of each tunnel */
  constructor(cluster: Cluster, host: Host, priority: Priority, preamble: Uint8Array | string) {
    this.#cluster = cluster
    this.host = host
    this.#priority = priority
    this.#preamble = preamble
  }

  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined {
    const preamble = this.#preamble
    return this.#cluster.newTcpConnection(this.host, this.#priority, {
      onPoolReady(connection, host) {
        callbacks.onPoolReady(new TcpTunnel(connection, decoder, preamble), host, {
          id: connection.id,
          localAddress: connection.localAddress,
          remoteAddress: connection.remoteAddress,
          protocol: 'HTTP/1.1',
          tls: connection.tls,
          timing: connection.timing,
        })
      },
      onPoolFailure: (reason, failure, host) => callbacks.onPoolFailure(reason, failure, host),
    })
  }
}

class TcpTunnel extends TunnelBytes implements RequestEncoder, CodecStream, ConnectionCallbacks, ConnectionReader {
  readonly codecDetails = ''
  readonly #connection: UpstreamTcpConnection
  readonly #decoder: ResponseDecoder
  #callbacks: StreamCallbacks | undefined = undefined
  #over = false

  constructor(connection: UpstreamTcpConnection, decoder: ResponseDecoder, preamble: Uint8Array | string) {
    super()
    this.#connection = connection
    this.#decoder = decoder
    connection.enableHalfClose(true)
    connection.addCallbacks(this)
    if (preamble.length > 0) connection.write(preamble, false)
  }

  get stream(): CodecStream {
    return this
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  setCallbacks(callbacks: StreamCallbacks): void {
    this.#callbacks = callbacks
  }

  readDisable(disable: boolean): void {
    this.#connection.readDisable(disable)
  }

  resetStream(): void {
    this.#over = true
    this.#connection.close('no-flush')
  }

  /** There is a connection, so CONNECT has succeeded. */
  encodeHeaders(): void {
    this.#decoder.decodeHeaders(new HeaderMap([':status', '200']), false)
    if (!this.#over) this.#connection.setReader(this)
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    this.wireBytesSent += data.length
    this.#connection.write(data, endStream)
  }

  encodeTrailers(): void {
    this.#connection.write('', true)
  }

  onData(data: Uint8Array, endStream: boolean): void {
    if (this.#over) return
    this.wireBytesReceived += data.length
    this.#decoder.decodeData(data, endStream)
  }

  onEvent(event: ConnectionEvent): void {
    if (event === 'connected' || this.#over) return
    this.#over = true
    this.#callbacks?.onResetStream('connection-termination', '')
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#callbacks?.onAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#callbacks?.onBelowWriteBufferLowWatermark()
  }
}
