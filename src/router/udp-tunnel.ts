/** CONNECT-UDP that ends here: the datagrams in its capsules go to a UDP socket. Follows Envoy's `source/extensions/upstreams/http/udp`. */
import { createSocket, type Socket } from 'node:dgram'
import type { Cancellable, Host, HttpConnectionPool, HttpPoolCallbacks } from '../core/cluster.ts'
import type { CodecStream, RequestEncoder, ResponseDecoder, StreamCallbacks } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import { ipAddress, noAddress } from '../network/address.ts'
import { CapsuleReader, datagramCapsule } from './capsule.ts'
import { TunnelBytes } from './tunnel-bytes.ts'

/** Stands in the place of a pool of HTTP connections. */
export class UdpTunnels implements HttpConnectionPool {
  readonly host: Host
  readonly #onDropped: () => void

  /** @param onDropped a datagram for a client that does not read is lost */
  constructor(host: Host, onDropped: () => void) {
    this.host = host
    this.#onDropped = onDropped
  }

  newStream(decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): Cancellable | undefined {
    const { address } = this.host
    if (address.kind !== 'ip') {
      callbacks.onPoolFailure('local-connection-failure', '', this.host)
      return undefined
    }
    const socket = createSocket(address.version === 4 ? 'udp4' : 'udp6')
    const onError = (error: Error): void => {
      socket.close()
      callbacks.onPoolFailure('local-connection-failure', error.message, this.host)
    }
    socket.once('error', onError)
    socket.connect(address.port, address.ip, () => {
      socket.off('error', onError)
      const local = socket.address()
      callbacks.onPoolReady(new UdpTunnel(socket, decoder, this.#onDropped), this.host, {
        id: 0,
        localAddress: ipAddress(local.address, local.port) ?? noAddress,
        remoteAddress: address,
        protocol: 'HTTP/1.1',
      })
    })
    return {
      cancel() {
        socket.removeAllListeners()
        socket.on('error', () => {})
        socket.close()
      },
    }
  }
}

class UdpTunnel extends TunnelBytes implements RequestEncoder, CodecStream {
  readonly codecDetails = ''
  readonly bufferedBytes = 0
  readonly #socket: Socket
  readonly #decoder: ResponseDecoder
  readonly #onDropped: () => void
  readonly #capsules: CapsuleReader
  #callbacks: StreamCallbacks | undefined = undefined
  #readDisables = 0
  #over = false

  constructor(socket: Socket, decoder: ResponseDecoder, onDropped: () => void) {
    super()
    this.#socket = socket
    this.#decoder = decoder
    this.#onDropped = onDropped
    this.#capsules = new CapsuleReader(payload => this.#send(payload))
    socket.on('error', () => this.#fail())
    socket.on('message', message => this.#onMessage(message))
  }

  get stream(): CodecStream {
    return this
  }

  setCallbacks(callbacks: StreamCallbacks): void {
    this.#callbacks = callbacks
  }

  /** UDP waits for nobody. */
  readDisable(disable: boolean): void {
    this.#readDisables += disable ? 1 : -1
  }

  resetStream(): void {
    this.#close()
  }

  /** There is a socket, so the request has succeeded. To HTTP/2 clients their codec says 200. */
  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    if (endStream) {
      this.#close()
      this.#callbacks?.onResetStream('connect-error', '')
      return
    }
    const upgrade = headers.get('upgrade') ?? 'connect-udp'
    const accepted = [':status', '101', 'connection', 'upgrade', 'upgrade', upgrade, 'capsule-protocol', '?1']
    this.#decoder.decodeHeaders(new HeaderMap(accepted), false)
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    if (this.#over) return
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    if (!this.#capsules.read(bytes)) {
      this.#close()
      this.#callbacks?.onResetStream('protocol-error', '')
    } else if (endStream) this.#end()
  }

  encodeTrailers(): void {
    this.#end()
  }

  #send(payload: Uint8Array): void {
    this.wireBytesSent += payload.length
    // What the socket takes later must not change meanwhile.
    this.#socket.send(Buffer.from(payload), error => {
      if (error !== null) this.#onDropped()
    })
  }

  #onMessage(message: Buffer): void {
    if (this.#over) return
    this.wireBytesReceived += message.length
    if (this.#readDisables > 0) this.#onDropped()
    else this.#decoder.decodeData(datagramCapsule(message), false)
  }

  /** The client has ended the tunnel: nothing could be asked for any more. */
  #end(): void {
    if (this.#over) return
    this.#close()
    this.#decoder.decodeData(Buffer.alloc(0), true)
  }

  #fail(): void {
    if (this.#over) return
    this.#close()
    this.#callbacks?.onResetStream('connection-termination', '')
  }

  #close(): void {
    if (this.#over) return
    this.#over = true
    this.#socket.close()
  }
}
