/** How a cluster reaches its hosts: plain sockets here, TLS and others by the same interface. */
import { configError } from '../config/position.ts'
import type { TransportSocket } from '../config/v3.ts'
import { connect, type ConnectOptions } from '../network/connect.ts'
import type { SocketConnection } from '../network/connection.ts'

export interface TransportSocketFactory {
  /** Never throws; a failure is a close event before 'connected'. */
  connect(options: ConnectOptions): SocketConnection
}

const rawBuffer: TransportSocketFactory = { connect }
const rawBufferType = 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'

/** @throws ConfigError for a type that sluice does not have */
export function makeTransportSocketFactory(message: TransportSocket | undefined): TransportSocketFactory {
  const typeUrl = message?.typedConfig?.typeUrl
  if (message !== undefined && typeUrl !== rawBufferType)
    throw configError(message, 'typedConfig', `${typeUrl ?? message.name} is not a transport socket that sluice has`)
  return rawBuffer
}
