/** Connections for raw TCP: each is given away whole. Follows Envoy's `Tcp::ConnPoolImpl`. */
import type { Cancellable, PoolFailureReason, TcpPoolCallbacks } from '../core/cluster.ts'
import type { SocketConnection } from '../network/connection.ts'
import { ConnectionPool, PendingStream, PoolClient } from './connection-pool.ts'
import type { UpstreamHost } from './host.ts'

export class TcpPool extends ConnectionPool {
  newConnection(callbacks: TcpPoolCallbacks): Cancellable | undefined {
    return this.enqueue(new PendingConnection(this, callbacks))
  }

  protected override get closesExcess(): boolean {
    return true
  }

  protected override makeClient(connection: SocketConnection): PoolClient {
    return new TcpClient(this, connection)
  }

  protected override attach(client: PoolClient, pending: PendingStream): void {
    ;(client as TcpClient).start()
    ;(pending as PendingConnection).callbacks.onPoolReady(client.connection, this.host)
  }
}

class PendingConnection extends PendingStream {
  readonly callbacks: TcpPoolCallbacks
  readonly #host: UpstreamHost

  constructor(pool: TcpPool, callbacks: TcpPoolCallbacks) {
    super(pool)
    this.callbacks = callbacks
    this.#host = pool.host
  }

  override fail(reason: PoolFailureReason, transportFailureReason: string): void {
    this.callbacks.onPoolFailure(reason, transportFailureReason, this.#host)
  }
}

class TcpClient extends PoolClient {
  start(): void {
    this.begin()
  }

  protected override onConnectionEnd(): void {
    // As below.
  }

  protected override onConnectionClosed(): void {
    // The user has callbacks of its own on the connection.
  }
}
