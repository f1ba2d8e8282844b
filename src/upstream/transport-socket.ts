/** How a cluster reaches its hosts: plain sockets, or what its transport socket makes of them. */
import type { TransportSocket } from '../config/v3.ts'
import type { ClusterFactoryContext } from '../core/extension.ts'
import { connect, type ConnectOptions } from '../network/connect.ts'
import type { SocketConnection } from '../network/connection.ts'

export interface TransportSocketFactory {
  /** Never throws; a failure is a close event before 'connected'. */
  connect(options: ConnectOptions): SocketConnection
  /** Whether peers' certificates are validated; undefined without TLS. */
  readonly validates?: boolean
}

/** @throws ConfigError for a type that sluice does not have, and for what is wrong with its settings */
export function makeTransportSocketFactory(
  message: TransportSocket | undefined,
  context: ClusterFactoryContext,
): TransportSocketFactory {
  const tls = message === undefined ? undefined : context.extensions.upstreamTransportSocket(message, context)
  return tls === undefined
    ? { connect }
    : { connect: options => connect({ ...options, tls }), validates: tls.verifier.validates }
}
