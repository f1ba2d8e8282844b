/** Takes accepted connections from a `net.Server` as bare handles, before a `net.Socket` is made for each. */
import type { Server } from 'node:net'
import type { Address } from '../core/address.ts'
import type { TlsServerSettings } from '../core/transport-socket.ts'
import { localAddressOf, remoteAddressOf } from './address.ts'
import { SocketConnection } from './connection.ts'
import { errorText, type StreamHandle } from './stream-handle.ts'
import { TlsServerStream } from './tls-stream.ts'

interface ServerHandle {
  onconnection: (error: number, client: StreamHandle | undefined) => void
}

/**
 * Call once the server listens. From then on it makes no sockets and emits no 'connection'; it counts none either,
 * so its `close` does not wait for them.
 */
export function acceptHandles(
  server: Server,
  onAccept: (handle: StreamHandle) => void,
  onError: (reason: string) => void,
): void {
  const handle = (server as unknown as { _handle: ServerHandle | null })._handle
  if (handle === null) throw new Error('the server does not listen')
  handle.onconnection = (error, client) => {
    if (client === undefined) onError(errorText(error))
    else onAccept(client)
  }
}

/**
 * A server-side connection; it reads nothing before `setReader`. With TLS it is connected when the handshake is done,
 * which begins at once.
 */
export function makeServerConnection(
  handle: StreamHandle,
  bufferLimitBytes: number,
  remoteAddress: Address = remoteAddressOf(handle),
  tls?: TlsServerSettings,
): SocketConnection {
  handle.setNoDelay?.(true)
  const stream = tls === undefined ? undefined : new TlsServerStream(handle, tls)
  const connection = new SocketConnection(stream ?? handle, {
    localAddress: localAddressOf(handle),
    remoteAddress,
    bufferLimitBytes,
    connected: stream === undefined,
  })
  stream?.start()
  return connection
}
