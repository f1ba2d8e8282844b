/** Opens client connections. Follows Envoy's `ClientConnectionImpl`. */
import type { Address } from '../core/address.ts'
import { localAddressOf, noAddress } from './address.ts'
import type { TlsClientSettings } from '../core/transport-socket.ts'
import { SocketConnection } from './connection.ts'
import {
  makePipeConnectRequest,
  makePipeHandle,
  makeTcpConnectRequest,
  makeTcpHandle,
  type StreamHandle,
  type TcpHandle,
} from './stream-handle.ts'
import { TlsClientStream } from './tls-stream.ts'

export interface ConnectOptions {
  readonly address: Address
  /** 0 = no limit. */
  readonly bufferLimitBytes: number
  /** Bound to before connecting. */
  readonly sourceAddress?: Address | undefined
  /** 0: the system's default. */
  readonly keepAlive?:
    | { readonly idleSeconds: number; readonly intervalSeconds: number; readonly probes: number }
    | undefined
  /** Undefined: a plain socket. */
  readonly tls?: TlsClientSettings | undefined
  /** ALPN where the transport socket has none of its own: what the user of the connection speaks. */
  readonly alpnFallback?: readonly string[]
  /** SNI before anything that the transport socket says; undefined without. */
  readonly serverName?: string | undefined
  /** Name or address that the peer's certificate must be for. */
  readonly expectedSan?: string | undefined
  /** Name of the host that is connected to, '' without; for `auto_host_sni`. */
  readonly hostname?: string
}

/**
 * Never throws: a failure is told as a close event with `transportFailureReason`, 'local-close' when the call itself
 * was refused, 'remote-close' when the peer or the network refused.
 */
export function connect(options: ConnectOptions): SocketConnection {
  const { address } = options
  if (address.kind === 'internal') throw new Error(`internal address ${address.listener} cannot be connected to`)
  if (address.kind === 'pipe') {
    const handle = makePipeHandle()
    const tls = secure(handle, options)
    const connection = new SocketConnection(tls ?? handle, connectionOptions(options, noAddress))
    const path = address.path.startsWith('@') ? `\0${address.path.slice(1)}` : address.path
    refused(connection, handle.connect(makePipeConnectRequest(tls ?? connection), path))
    return connection
  }
  const handle = makeTcpHandle()
  const tls = secure(handle, options)
  const connection = new SocketConnection(tls ?? handle, connectionOptions(options, noAddress))
  const bound = bindSource(handle, options.sourceAddress)
  if (bound !== 0) {
    refused(connection, bound)
    return connection
  }
  const req = makeTcpConnectRequest(tls ?? connection)
  const status =
    address.version === 4
      ? handle.connect(req, address.ip, address.port)
      : handle.connect6(req, address.ip, address.port)
  if (refused(connection, status)) return connection
  handle.setNoDelay?.(true)
  if (options.keepAlive !== undefined) {
    const { idleSeconds, intervalSeconds, probes } = options.keepAlive
    connection.setKeepAlive(idleSeconds, intervalSeconds, probes)
  }
  connection.localAddress = localAddressOf(handle)
  return connection
}

function secure(
  handle: StreamHandle,
  { tls, hostname, serverName, expectedSan, alpnFallback = [] }: ConnectOptions,
): TlsClientStream | undefined {
  if (tls === undefined) return undefined
  return new TlsClientStream(handle, tls, {
    serverName: serverName ?? (tls.serverNameOfHost && hostname ? hostname : tls.serverName),
    expectedSan,
    alpnProtocols: tls.alpnProtocols.length > 0 ? tls.alpnProtocols : alpnFallback,
  })
}

function connectionOptions(options: ConnectOptions, localAddress: Address) {
  return {
    localAddress,
    remoteAddress: options.address,
    bufferLimitBytes: options.bufferLimitBytes,
    connected: false,
  }
}

function bindSource(handle: TcpHandle, source: Address | undefined): number {
  if (source === undefined || source.kind !== 'ip') return 0
  return source.version === 4 ? handle.bind(source.ip, source.port) : handle.bind6(source.ip, source.port, 0)
}

function refused(connection: SocketConnection, status: number): boolean {
  if (status === 0) return false
  connection.failConnect(status)
  return true
}
