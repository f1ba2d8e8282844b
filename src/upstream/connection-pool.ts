/**
 * What HTTP and TCP pools have in common: the queue of those who wait for a connection, connecting, limits, stats.
 * One pool a host and priority; a connection has room for one stream or for many. Follows Envoy's `ConnPoolImplBase`.
 */
import type { Cancellable, PoolFailureReason, ResourceManager } from '../core/cluster.ts'
import type { ConnectionCallbacks, ConnectionEvent } from '../core/connection.ts'
import type { TlsInfo } from '../core/stream-info.ts'
import type { ConnectOptions } from '../network/connect.ts'
import type { SocketConnection } from '../network/connection.ts'
import type { ServerIdentity } from './auto-sni.ts'
import type { ClusterStatistics } from './cluster-stats.ts'
import type { UpstreamHost } from './host.ts'
import type { TransportSocketFactory } from './transport-socket.ts'

/** What a pool needs of its cluster. */
export interface PoolSettings {
  readonly stats: ClusterStatistics
  readonly transportSocket: TransportSocketFactory
  readonly connectTimeoutMs: number
  readonly bufferLimitBytes: number
  readonly sourceAddress: ConnectOptions['sourceAddress']
  readonly keepAlive: ConnectOptions['keepAlive']
  /** HTTP connections without a request; 0 = for ever. */
  readonly idleTimeoutMs: number
  /** HTTP; 0 = for ever. */
  readonly maxConnectionDurationMs: number
  /** Each connection lasts longer by a random part of up to so much of it. */
  readonly maxConnectionDurationJitterPercent: number
  /** HTTP; 0 = no limit. */
  readonly maxRequestsPerConnection: number
}

/** Somebody who waits for a connection. */
export abstract class PendingStream implements Cancellable {
  readonly #pool: ConnectionPool

  constructor(pool: ConnectionPool) {
    this.#pool = pool
  }

  abstract fail(reason: PoolFailureReason, transportFailureReason: string): void

  cancel(): void {
    this.#pool.cancel(this)
  }
}

export abstract class ConnectionPool {
  readonly host: UpstreamHost
  readonly settings: PoolSettings
  readonly resources: ResourceManager
  readonly #pending: PendingStream[] = []
  readonly #clients = new Set<PoolClient>()
  /** Connections with room. The one used last is used next: the others get a chance to time out. */
  readonly #ready: PoolClient[] = []
  /** Room of the connections that are being made. */
  #connectingRoom = 0
  /** A connecting one that is being closed because nobody waits for it. */
  #excess: PoolClient | undefined = undefined
  #draining = false
  #counted = true

  constructor(host: UpstreamHost, settings: PoolSettings, resources: ResourceManager) {
    this.host = host
    this.settings = settings
    this.resources = resources
    resources.connectionPools.inc()
  }

  protected abstract makeClient(connection: SocketConnection): PoolClient
  /** Gives the connection to the one who waits. */
  protected abstract attach(client: PoolClient, pending: PendingStream): void

  /** What is offered by ALPN where the cluster's transport socket says nothing. */
  protected get alpn(): readonly string[] {
    return []
  }

  /** What connections ask of servers beyond what the transport socket says. */
  protected get identity(): ServerIdentity | undefined {
    return undefined
  }

  /** There is no connection, and nobody waits. */
  protected onEmpty(): void {
    // Most pools stay as long as their host.
  }

  /** A connection with room, for one stream; undefined: there is none. */
  protected takeReady(): PoolClient | undefined {
    const ready = this.#ready
    for (;;) {
      const client = ready[ready.length - 1]
      if (client === undefined) return undefined
      const room = client.room
      if (room > 1) return client
      ready.pop()
      client.isReady = false
      if (room > 0) return client
    }
  }

  /** Whether another stream may begin; if not, `pending` has been told. */
  protected admit(pending: PendingStream): boolean {
    if (this.resources.requests.canCreate()) return true
    this.settings.stats.upstreamRqActiveOverflow.inc()
    pending.fail('overflow', '')
    return false
  }

  /** Queues `pending` and opens a connection for it, within the limits. */
  protected enqueue(pending: PendingStream): Cancellable | undefined {
    const { stats } = this.settings
    if (!this.resources.pendingRequests.canCreate()) {
      stats.upstreamRqPendingOverflow.inc()
      pending.fail('overflow', '')
      this.#checkEmpty()
      return undefined
    }
    this.#pending.push(pending)
    this.resources.pendingRequests.inc()
    this.host.pendingRequests++
    stats.upstreamRqPendingTotal.inc()
    stats.upstreamRqPendingActive.inc()
    this.#connectIfNeeded()
    return pending
  }

  cancel(pending: PendingStream): void {
    const index = this.#pending.indexOf(pending)
    if (index < 0) return
    this.#pending.splice(index, 1)
    this.#noLongerPending()
    this.settings.stats.upstreamRqCancelled.inc()
    if (!this.closesExcess || this.#connectingRoom <= this.#pending.length) return
    for (const client of this.#clients) {
      if (!client.connecting) continue
      this.#excess = client
      client.close()
      return
    }
  }

  /** A TCP connection that nobody waits for any more is closed, an HTTP one is kept for later. */
  protected get closesExcess(): boolean {
    return false
  }

  /** The host is gone: idle connections close now, the others when their stream is over. */
  drain(): void {
    this.#draining = true
    for (const client of this.#ready.splice(0)) {
      client.isReady = false
      if (!client.active) client.close()
    }
    this.#releaseIfDone()
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Closes everything at once. */
  close(): void {
    this.#draining = true
    for (const client of this.#clients) client.close()
  }

  // ── told by the clients ──

  onConnected(client: PoolClient): void {
    this.#connectingRoom -= client.roomWhenConnected
    this.onReady(client)
    // It may have less room than was hoped for.
    if (client.roomWhenConnected > 1) this.#connectIfNeeded()
  }

  /** The client has room, or is of no further use. */
  onReady(client: PoolClient): void {
    while (this.#pending.length > 0 && client.room > 0) {
      const pending = this.#pending.shift() as PendingStream
      this.#noLongerPending()
      if (this.admit(pending)) this.attach(client, pending)
    }
    if (client.isReady || client.room === 0) return
    if (!this.#draining && !this.closesExcess) {
      client.isReady = true
      this.#ready.push(client)
    } else if (!client.active) client.close()
  }

  onClosed(client: PoolClient, connectFailure: PoolFailureReason | undefined): void {
    this.#clients.delete(client)
    if (client.isReady) this.#ready.splice(this.#ready.indexOf(client), 1)
    client.isReady = false
    if (connectFailure === undefined) this.#connectIfNeeded()
    else {
      this.#connectingRoom -= client.roomWhenConnected
      // Nobody waited for one that was too many.
      if (client === this.#excess) this.#excess = undefined
      else this.#failPending(connectFailure, client.connection.transportFailureReason)
    }
    this.#checkEmpty()
    this.#releaseIfDone()
  }

  #checkEmpty(): void {
    if (this.#clients.size === 0 && this.#pending.length === 0) this.onEmpty()
  }

  /** All who wait learn of a failed connection, as with Envoy: they decide what to do. */
  #failPending(reason: PoolFailureReason, transportFailureReason: string): void {
    for (const pending of this.#pending.splice(0)) {
      this.#noLongerPending()
      this.settings.stats.upstreamRqPendingFailureEject.inc()
      pending.fail(reason, transportFailureReason)
    }
  }

  #noLongerPending(): void {
    this.resources.pendingRequests.dec()
    this.host.pendingRequests--
    this.settings.stats.upstreamRqPendingActive.dec()
  }

  #connectIfNeeded(): void {
    while (this.#pending.length > this.#connectingRoom) {
      // At the limit a pool without any connection still gets one, or its streams would wait for ever.
      if (!this.#canConnect()) {
        this.settings.stats.upstreamCxOverflow.inc()
        if (this.#clients.size > 0) return
      }
      const { host, settings } = this
      const connection = settings.transportSocket.connect({
        address: host.address,
        bufferLimitBytes: settings.bufferLimitBytes,
        sourceAddress: settings.sourceAddress,
        keepAlive: settings.keepAlive,
        hostname: host.hostname,
        alpnFallback: this.alpn,
        serverName: this.identity?.serverName,
        expectedSan: this.identity?.expectedSan,
      })
      const client = this.makeClient(connection)
      this.#connectingRoom += client.roomWhenConnected
      this.#clients.add(client)
    }
  }

  #canConnect(): boolean {
    const ofHost = this.host.connections
    return (
      this.resources.connections.canCreate() &&
      (ofHost === undefined || ofHost.sum() < this.resources.maxConnectionsPerHost)
    )
  }

  #releaseIfDone(): void {
    if (!this.#draining || !this.#counted || this.#clients.size > 0) return
    this.#counted = false
    this.resources.connectionPools.dec()
  }
}

/** One connection of a pool, from connecting to closed. */
export abstract class PoolClient implements ConnectionCallbacks {
  readonly connection: SocketConnection
  readonly #pool: ConnectionPool
  readonly #startMs = performance.now()
  connecting = true
  #timedOut = false
  /** In the pool's list of those with room. */
  isReady = false
  /** Streams that it will have room for, as far as is known before it is connected. */
  readonly roomWhenConnected: number = 1
  #streams = 0
  #activeStreams = 0
  #connectTimer: NodeJS.Timeout | undefined

  constructor(pool: ConnectionPool, connection: SocketConnection) {
    this.#pool = pool
    this.connection = connection
    const { host, settings, resources } = pool
    const { stats } = settings
    stats.upstreamCxTotal.inc()
    stats.upstreamCxActive.inc()
    host.stats.cxTotal++
    host.stats.cxActive++
    host.connections?.add(1)
    resources.connections.inc()
    connection.setConnectionStats({ readTotal: stats.upstreamCxRxBytesTotal, writeTotal: stats.upstreamCxTxBytesTotal })
    connection.addCallbacks(this)
    this.#connectTimer = setTimeout(() => {
      this.#timedOut = true
      stats.upstreamCxConnectTimeout.inc()
      this.close()
    }, settings.connectTimeoutMs)
  }

  get tls(): TlsInfo | undefined {
    return this.connection.tls
  }

  /** Further streams that it can take now. */
  get room(): number {
    return this.#activeStreams === 0 && this.connection.state === 'open' ? 1 : 0
  }

  get streams(): number {
    return this.#streams
  }

  get active(): boolean {
    return this.#activeStreams > 0
  }

  get activeStreams(): number {
    return this.#activeStreams
  }

  close(): void {
    this.connection.close('no-flush')
  }

  /** A stream begins. */
  protected begin(): void {
    const { host, settings, resources } = this.#pool
    this.#activeStreams++
    this.#streams++
    host.activeRequests++
    host.stats.rqTotal++
    host.stats.rqActive++
    resources.requests.inc()
    resources.onRequest()
    settings.stats.upstreamRqTotal.inc()
    settings.stats.upstreamRqActive.inc()
  }

  /** The stream is over. */
  protected end(): void {
    if (this.#activeStreams === 0) return
    const { host, settings, resources } = this.#pool
    this.#activeStreams--
    host.activeRequests--
    host.stats.rqActive--
    resources.requests.dec()
    settings.stats.upstreamRqActive.dec()
  }

  /** The connection has closed; a stream that ends regularly with it may still do so. */
  protected abstract onConnectionEnd(event: ConnectionEvent): void
  /** Then whoever still uses it learns that it is gone. */
  protected abstract onConnectionClosed(): void

  onEvent(event: ConnectionEvent): void {
    const pool = this.#pool
    const { stats } = pool.settings
    clearTimeout(this.#connectTimer)
    if (event === 'connected') {
      this.connecting = false
      stats.upstreamCxConnectMs.record(performance.now() - this.#startMs)
      pool.onConnected(this)
      return
    }
    this.onConnectionEnd(event)
    const local = event === 'local-close'
    stats.upstreamCxDestroy.inc()
    ;(local ? stats.upstreamCxDestroyLocal : stats.upstreamCxDestroyRemote).inc()
    if (this.active) {
      stats.upstreamCxDestroyWithActiveRq.inc()
      ;(local ? stats.upstreamCxDestroyLocalWithActiveRq : stats.upstreamCxDestroyRemoteWithActiveRq).inc()
    }
    stats.upstreamCxActive.dec()
    pool.host.stats.cxActive--
    pool.host.connections?.add(-1)
    pool.resources.connections.dec()
    let failure: PoolFailureReason | undefined
    if (this.connecting) {
      stats.upstreamCxConnectFail.inc()
      pool.host.stats.cxConnectFail++
      failure = this.#timedOut ? 'timeout' : local ? 'local-connection-failure' : 'remote-connection-failure'
    }
    stats.upstreamCxLengthMs.record(performance.now() - this.#startMs)
    while (this.active) this.end()
    this.onConnectionClosed()
    pool.onClosed(this, failure)
  }
}
