/**
 * Runs the network filters of one connection. Follows Envoy's `FilterManagerImpl`
 * (`source/common/network/filter_manager_impl.cc`).
 *
 * A filter that answers 'stop' to bytes, and is not the last one, has them kept here, as Envoy keeps them in the
 * connection's read buffer; `continueReading` hands all of them to the next filter. More than the connection's buffer
 * limit is never kept: reading stops until then. 'consumed' drops them: the filter used or will inject them. For the
 * last filter every answer means consumed.
 */
import { keep } from '../base/read-buffer.ts'
import type { Address } from '../core/address.ts'
import type {
  Connection,
  ConnectionCallbacks,
  ConnectionEvent,
  ConnectionReader,
  NetworkFilter,
  NetworkFilterCallbacks,
  NetworkFilterFactory,
} from '../core/connection.ts'
import type { Metadata } from '../core/cluster.ts'
import type {
  ConnectionTiming,
  DetectedCloseType,
  DownstreamInfo,
  FilterStateObject,
  StreamInfo,
  TlsInfo,
} from '../core/stream-info.ts'
import type { SocketConnection } from './connection.ts'
import { StreamInformation } from './stream-info.ts'

const nothing = new Uint8Array(0)

export interface FilterChainNames {
  readonly listenerName: string
  readonly filterChainName: string
  readonly listenerMetadata?: Metadata | undefined
  readonly filterChainMetadata?: Metadata | undefined
}

export class NetworkFilterChain implements ConnectionReader, ConnectionCallbacks {
  readonly connection: SocketConnection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  readonly #entries: Entry[] = []

  constructor(connection: SocketConnection, factories: readonly NetworkFilterFactory[], names: FilterChainNames) {
    this.connection = connection
    this.downstream = new ConnectionInfo(connection, names)
    this.streamInfo = new StreamInformation(this.downstream)
    let hasWriteFilter = false
    for (const factory of factories) {
      const entry = new Entry(this, this.#entries.length)
      entry.filter = factory(entry)
      this.#entries.push(entry)
      if (entry.filter.onWrite !== undefined) hasWriteFilter = true
    }
    if (hasWriteFilter)
      connection.setWriteFilter((data, endStream) => this.write(this.#entries.length, data, endStream))
    connection.addCallbacks(this)
  }

  /** Tells the filters of the connection, then begins to read. The connection may be closed afterwards. */
  start(): void {
    this.connection.guard(() => {
      this.read(0, nothing, false)
      this.connection.setReader(this)
    })
  }

  onData(data: Uint8Array, endStream: boolean): void {
    this.read(0, data, endStream)
  }

  onEvent(event: ConnectionEvent): void {
    if (event === 'connected') return
    for (const entry of this.#entries) entry.filter.onDestroy?.()
  }

  /** Tells the filters that the listener drains. */
  drain(): void {
    this.connection.guard(() => {
      for (const entry of this.#entries) entry.filter.onDrain?.()
    })
  }

  /** For `Entry`: gives bytes to the filters from `first` on. */
  read(first: number, data: Uint8Array, endStream: boolean): void {
    const entries = this.#entries
    for (let i = first; i < entries.length; i++) {
      const entry = entries[i] as Entry
      if (!entry.told) {
        entry.told = true
        if (entry.filter.onNewConnection?.() === 'stop') {
          entry.keep(data, endStream)
          return
        }
        if (this.connection.state !== 'open') return
      }
      if (data.length === 0 && !endStream) continue
      const status = entry.filter.onData?.(data, endStream) ?? 'continue'
      if (this.connection.state !== 'open') return
      if (status === 'continue') continue
      if (status === 'stop' && i < entries.length - 1) entry.keep(data, endStream)
      return
    }
  }

  /** For `Entry`: gives bytes to the filters before `end`, the last of them first, then to the socket. */
  write(end: number, data: Uint8Array | string, endStream: boolean): void {
    for (let i = end - 1; i >= 0; i--) {
      const status = (this.#entries[i] as Entry).filter.onWrite?.(data, endStream) ?? 'continue'
      if (status !== 'continue') return
    }
    this.connection.writeUnfiltered(data, endStream)
  }
}

class Entry implements NetworkFilterCallbacks {
  filter: NetworkFilter = {}
  told = false
  readonly #chain: NetworkFilterChain
  readonly #index: number
  #kept: Uint8Array[] | undefined = undefined
  #keptBytes = 0
  #keptEnd = false
  #pausedReading = false

  constructor(chain: NetworkFilterChain, index: number) {
    this.#chain = chain
    this.#index = index
  }

  get connection(): Connection {
    return this.#chain.connection
  }

  get downstream(): DownstreamInfo {
    return this.#chain.downstream
  }

  get streamInfo(): StreamInfo {
    return this.#chain.streamInfo
  }

  keep(data: Uint8Array, endStream: boolean): void {
    if (endStream) this.#keptEnd = true
    if (data.length === 0) return
    const chunk = keep(data)
    if (this.#kept === undefined) this.#kept = [chunk]
    else this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    const { bufferLimitBytes } = this.connection
    if (this.#pausedReading || bufferLimitBytes === 0 || this.#keptBytes <= bufferLimitBytes) return
    this.#pausedReading = true
    this.connection.readDisable(true)
  }

  continueReading(): void {
    const kept = this.#kept ?? []
    const endStream = this.#keptEnd
    this.#kept = undefined
    this.#keptBytes = 0
    this.#keptEnd = false
    this.#chain.connection.guard(() => {
      const last = kept.pop() ?? nothing
      for (const chunk of kept) this.#chain.read(this.#index + 1, chunk, false)
      this.#chain.read(this.#index + 1, last, endStream)
    })
    if (!this.#pausedReading) return
    this.#pausedReading = false
    this.connection.readDisable(false)
  }

  injectReadData(data: Uint8Array, endStream: boolean): void {
    this.#chain.read(this.#index + 1, data, endStream)
  }

  injectWriteData(data: Uint8Array | string, endStream: boolean): void {
    this.#chain.write(this.#index, data, endStream)
  }
}

class ConnectionInfo implements DownstreamInfo {
  readonly connectionId: number
  readonly localAddress: Address
  readonly directRemoteAddress: Address
  readonly remoteAddress: Address
  readonly requestedServerName: string | undefined = undefined
  readonly tls: TlsInfo | undefined
  readonly listenerName: string
  readonly filterChainName: string
  filterState: Map<string, FilterStateObject> | undefined = undefined
  readonly listenerMetadata: Metadata | undefined
  readonly filterChainMetadata: Metadata | undefined
  readonly #connection: SocketConnection

  constructor(connection: SocketConnection, names: FilterChainNames) {
    this.#connection = connection
    this.connectionId = connection.id
    this.localAddress = connection.localAddress
    this.directRemoteAddress = connection.remoteAddress
    this.remoteAddress = connection.remoteAddress
    this.tls = connection.tls
    this.listenerName = names.listenerName
    this.filterChainName = names.filterChainName
    this.listenerMetadata = names.listenerMetadata
    this.filterChainMetadata = names.filterChainMetadata
  }

  get timing(): ConnectionTiming {
    return this.#connection
  }

  get localCloseReason(): string {
    return this.#connection.localCloseReason
  }

  get detectedCloseType(): DetectedCloseType {
    return this.#connection.detectedCloseType
  }

  get transportFailureReason(): string {
    return this.#connection.transportFailureReason
  }
}
