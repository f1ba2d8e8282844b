/**
 * One listener on one worker: binds, accepts, and gives each connection its filter chain.
 * Follows Envoy's `source/common/listener_manager` (active_tcp_listener, listener_impl).
 */
import { chmodSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import type { SharedCell, SharedCells } from '../base/shared-cells.ts'
import { logger } from '../base/log.ts'
import type { AccessLog } from '../core/access-log.ts'
import { type Address, addressToString } from '../core/address.ts'
import type { Metadata } from '../core/cluster.ts'
import type { ConnectionCallbacks, ConnectionEvent, NetworkFilterFactory } from '../core/connection.ts'
import type { Runtime } from '../core/extension.ts'
import type { TlsServerSettings } from '../core/transport-socket.ts'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'
import { acceptHandles, makeServerConnection } from '../network/accept.ts'
import type { SocketConnection } from '../network/connection.ts'
import { NetworkFilterChain } from '../network/filter-chain.ts'
import type { StreamHandle } from '../network/stream-handle.ts'

const log = logger('connection')

export interface FilterChain {
  readonly name: string
  readonly metadata: Metadata | undefined
  readonly factories: readonly NetworkFilterFactory[]
  /** Undefined: plain sockets. */
  readonly tls: TlsServerSettings | undefined
  /** Longest handshake; 0: no limit. */
  readonly transportSocketConnectTimeoutMs: number
}

export interface ListenerSettings {
  readonly name: string
  readonly metadata: Metadata | undefined
  readonly addresses: readonly Address[]
  /** 0: no limit. */
  readonly perConnectionBufferLimitBytes: number
  readonly backlog: number
  readonly reusePort: boolean
  readonly bindToPort: boolean
  readonly trafficDirection: 'UNSPECIFIED' | 'INBOUND' | 'OUTBOUND'
  readonly filterChain: FilterChain
  /** Connection access logs of the listener itself. */
  readonly accessLogs: readonly AccessLog[]
}

export interface ListenerContext {
  readonly workerIndex: number
  /** `listener.<address>.` */
  readonly stats: Scope
  readonly shared: SharedCells
  readonly runtime: Runtime
}

export class Listener {
  readonly settings: ListenerSettings
  /** Where it is bound, once `listen` has resolved. */
  bound: readonly Address[] = []
  readonly #servers: net.Server[] = []
  readonly #connections = new Set<AcceptedConnection>()
  /** Of several workers the one that accepts what cannot be shared. */
  readonly #first: boolean
  readonly #stats: ListenerStats
  readonly #runtime: Runtime
  /** Connections of this listener over all workers. */
  readonly #processConnections: SharedCell
  readonly #limitKey: string
  #onIdle: (() => void) | undefined

  constructor(settings: ListenerSettings, context: ListenerContext) {
    this.settings = settings
    this.#first = context.workerIndex <= 0
    this.#stats = new ListenerStats(context.stats, context.workerIndex)
    this.#runtime = context.runtime
    this.#processConnections = context.shared.cell(`listener.${settings.name}.connections`)
    this.#limitKey = `envoy.resource_limits.listener.${settings.name}.connection_limit`
  }

  /**
   * Binds every address. @param bound the addresses that another worker, or the one that this one replaces, got (port 0
   * resolved); [] when there was none. Rejects with Envoy's words when an address cannot be bound.
   */
  async listen(bound: readonly Address[]): Promise<readonly Address[]> {
    if (!this.settings.bindToPort) return []
    const addresses = bound.length === 0 ? this.settings.addresses : bound
    // Without SO_REUSEPORT (Unix sockets, enable_reuse_port: false) the first worker accepts for all.
    const shared = (address: Address): boolean => address.kind === 'ip' && this.settings.reusePort
    this.bound = await Promise.all(
      addresses.map(address => (this.#first || shared(address) ? this.#bind(address) : Promise.resolve(address))),
    )
    return this.bound
  }

  /** New connections are refused from here on. */
  stopAccepting(): void {
    for (const server of this.#servers.splice(0)) server.close()
  }

  /** Idle connections are closed, the others when they are. Resolves when the last one has gone. */
  drain(): Promise<void> {
    for (const each of [...this.#connections]) each.drain()
    return this.#whenIdle()
  }

  /** Ends every connection at once. */
  closeConnections(): void {
    for (const each of [...this.#connections]) each.connection.close('no-flush', 'listener_closed')
  }

  #whenIdle(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#onIdle = resolve
    })
  }

  async #bind(address: Address): Promise<Address> {
    const server = net.createServer()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(address, error)))
    server.listen(listenOptions(address, this.settings), resolve)
    await promise
    acceptHandles(
      server,
      handle => this.#accept(handle),
      reason => {
        log.warn(`listener "${this.settings.name}" ${addressToString(address)}: accept failed: ${reason}`)
        this.#stats.acceptFailed.inc()
      },
    )
    this.#servers.push(server)
    if (address.kind !== 'ip') {
      if (address.kind === 'pipe' && address.mode) chmodSync(address.path, address.mode)
      return address
    }
    return { ...address, port: (server.address() as net.AddressInfo).port }
  }

  #accept(handle: StreamHandle): void {
    const limit = this.#runtime.getInteger(this.#limitKey, Number.MAX_SAFE_INTEGER)
    if (limit !== Number.MAX_SAFE_INTEGER && this.#processConnections.sum() >= limit) {
      this.#stats.overflow.inc()
      handle.close()
      return
    }
    this.#processConnections.add(1)
    const { perConnectionBufferLimitBytes, filterChain } = this.settings
    const connection = makeServerConnection(handle, perConnectionBufferLimitBytes, undefined, filterChain.tls)
    const accepted = new AcceptedConnection(this, connection)
    this.#connections.add(accepted)
    accepted.start()
  }

  /** Called by `AcceptedConnection` alone. */
  onClosed(closed: AcceptedConnection, durationMs: number): void {
    this.#connections.delete(closed)
    this.#processConnections.add(-1)
    this.#stats.closed(durationMs)
    if (this.#connections.size === 0) this.#onIdle?.()
  }

  get stats(): ListenerStats {
    return this.#stats
  }
}

class AcceptedConnection implements ConnectionCallbacks {
  readonly connection: SocketConnection
  readonly #listener: Listener
  readonly #chain: NetworkFilterChain
  readonly #startMs = performance.now()
  #handshakeTimer: NodeJS.Timeout | undefined = undefined

  constructor(listener: Listener, connection: SocketConnection) {
    this.#listener = listener
    this.connection = connection
    listener.stats.opened()
    const { filterChain, name } = listener.settings
    this.#chain = new NetworkFilterChain(connection, filterChain.factories, {
      listenerName: name,
      filterChainName: filterChain.name,
      listenerMetadata: listener.settings.metadata,
      filterChainMetadata: filterChain.metadata,
    })
    // After the filters' own: they have completed the stream info when the access log is written.
    connection.addCallbacks(this)
    const timeoutMs = filterChain.transportSocketConnectTimeoutMs
    if (timeoutMs > 0 && !connection.connected)
      this.#handshakeTimer = setTimeout(() => {
        listener.stats.transportSocketConnectTimeout.inc()
        this.#chain.streamInfo.connectionTerminationDetails = 'transport socket timeout was reached'
        connection.close('no-flush')
      }, timeoutMs)
  }

  /** The filters may close the connection at once. */
  start(): void {
    this.#chain.start()
  }

  drain(): void {
    this.#chain.drain()
  }

  onEvent(event: ConnectionEvent): void {
    clearTimeout(this.#handshakeTimer)
    if (event === 'connected') return
    const { accessLogs } = this.#listener.settings
    if (accessLogs.length > 0) {
      const streamInfo = this.#chain.streamInfo
      streamInfo.durationMs = performance.now() - this.#startMs
      for (const each of accessLogs)
        each.log({
          requestHeaders: undefined,
          responseHeaders: undefined,
          responseTrailers: undefined,
          streamInfo,
          localReplyBody: '',
          logType: 'NotSet',
        })
    }
    this.#listener.onClosed(this, performance.now() - this.#startMs)
  }
}

/** `listener.<address>.downstream_cx_*` and the worker's own pair. */
class ListenerStats {
  readonly overflow: Counter
  readonly acceptFailed: Counter
  readonly transportSocketConnectTimeout: Counter
  readonly #total: Counter
  readonly #destroy: Counter
  readonly #active: Gauge
  readonly #lengthMs: Histogram
  readonly #workerTotal: Counter
  readonly #workerActive: Gauge

  constructor(scope: Scope, workerIndex: number) {
    const worker = scope.scope(workerIndex < 0 ? 'main_thread' : `worker_${workerIndex}`)
    this.overflow = scope.counter('downstream_cx_overflow')
    this.acceptFailed = scope.counter('downstream_listener_accept_failed')
    this.transportSocketConnectTimeout = scope.counter('downstream_cx_transport_socket_connect_timeout')
    this.#total = scope.counter('downstream_cx_total')
    this.#destroy = scope.counter('downstream_cx_destroy')
    this.#active = scope.gauge('downstream_cx_active')
    this.#lengthMs = scope.histogram('downstream_cx_length_ms', 'milliseconds')
    this.#workerTotal = worker.counter('downstream_cx_total')
    this.#workerActive = worker.gauge('downstream_cx_active')
    for (const name of [
      'downstream_cx_overload_reject',
      'downstream_global_cx_overflow',
      'downstream_pre_cx_timeout',
      'no_filter_chain_match',
    ])
      scope.counter(name)
    scope.gauge('downstream_pre_cx_active')
  }

  opened(): void {
    this.#total.inc()
    this.#active.inc()
    this.#workerTotal.inc()
    this.#workerActive.inc()
  }

  closed(durationMs: number): void {
    this.#destroy.inc()
    this.#active.dec()
    this.#workerActive.dec()
    this.#lengthMs.record(durationMs)
  }
}

function listenOptions(address: Address, settings: ListenerSettings): net.ListenOptions {
  if (address.kind === 'ip')
    return {
      host: address.ip,
      port: address.port,
      backlog: settings.backlog,
      reusePort: settings.reusePort,
      ipv6Only: address.version === 6,
    }
  if (address.kind === 'internal') throw new Error('internal listeners bind no socket')
  if (!address.path.startsWith('@')) removeStaleSocket(address.path)
  return { path: address.path.replace(/^@/, '\0'), backlog: settings.backlog }
}

/** A socket file that a dead process left would make the bind fail; Envoy unlinks it too. */
function removeStaleSocket(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function bindError(address: Address, error: NodeJS.ErrnoException): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'Address already in use',
    EACCES: 'Permission denied',
    EADDRNOTAVAIL: 'Cannot assign requested address',
  }
  return new Error(`cannot bind '${addressToString(address)}': ${reasons[error.code ?? ''] ?? error.message}`)
}
