/** What the admin endpoints may ask of the server and tell it. Implemented by the composition root. */
import type { TlsContextStatus } from '../core/transport-socket.ts'
import type { LogLevel } from '../base/log.ts'
import type { Bootstrap } from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import type { ClusterStatus } from '../core/cluster.ts'
import type { WasmReloadResult, WasmStatus } from '../core/wasm-status.ts'
import type { MergedStats } from '../stats/merged-stats.ts'

export type ServerState = 'LIVE' | 'DRAINING' | 'PRE_INITIALIZING' | 'INITIALIZING'

export interface AdminContext {
  readonly stats: MergedStats
  /** Ends a flush interval (`stats_flush_on_admin`). */
  flushStats(): void
  /** Upper bounds of a histogram's buckets (`histogram_bucket_settings`), in its unit. */
  histogramBuckets(name: string): readonly number[]
  /** The configuration that is served, defaults merged. */
  readonly bootstrap: Bootstrap
  /** Wall clock, ms: when the configuration was taken, and the uptime's begin. */
  readonly startTimeMs: number
  /** Of `/server_info`: `<revision>/<version>/…`. */
  readonly version: string
  readonly node: { readonly id: string; readonly cluster: string; readonly zone: string }
  readonly options: AdminOptions
  state(): ServerState
  /** One list a worker, each with all clusters in the same order; the handler adds them up. */
  clusters(): Promise<readonly (readonly ClusterStatus[])[]>
  listeners(): readonly ListenerStatus[]
  /** What files and control planes have brought. */
  discovered(): readonly DiscoveredResource[]
  /** Of every TLS context of the configuration. */
  certificates(): readonly TlsContextStatus[]
  /** Runtime values by key, for each layer in order. */
  runtime(): readonly RuntimeLayer[]
  /** Overrides runtime values on all threads; '' takes an override back. @returns false without an admin layer */
  overrideRuntime(changes: ReadonlyMap<string, string>): Promise<boolean>
  setHealthCheckFailed(failed: boolean): void
  drainListeners(options: DrainOptions): void
  /** Begins to end the process; the answer is still sent. */
  quit(): void
  /** All loggers of the main thread, by name. */
  logLevels(): ReadonlyMap<string, LogLevel>
  /** On all threads. @param component '' for every logger */
  setLogLevel(component: string, level: LogLevel): void
  reopenLogs(): void
  readonly wasm: {
    status(): Promise<WasmStatus>
    /** @param name '' for all plugins @returns undefined when there is none of that name */
    reload(name: string): Promise<readonly WasmReloadResult[] | undefined>
  }
}

/** A resource in use. */
export interface DiscoveredResource {
  readonly typeUrl: string
  readonly name: string
  readonly version: string
  readonly lastUpdated: Date
  /** Undefined until it has come. */
  readonly message: object | undefined
}

/** The command line: Envoy's flags as data. */
export interface AdminOptions {
  /** Bootstrap file; `.yaml` and `.yml` are YAML, anything else JSON. */
  readonly configPath: string | undefined
  /** Merged over the file, or the whole configuration. */
  readonly configYaml: string | undefined
  /** Worker threads, 0 to 64; 0: all in the calling thread. */
  readonly concurrency: number
  readonly logLevel: LogLevel
  readonly componentLogLevels: ReadonlyMap<string, LogLevel>
  readonly logPath: string | undefined
  readonly logFormat: string | undefined
  readonly logFormatEscaped: boolean
  readonly serviceCluster: string | undefined
  readonly serviceNode: string | undefined
  readonly serviceZone: string | undefined
  readonly drainTimeMs: number
  readonly drainStrategy: 'gradual' | 'immediate'
  /** File that gets `ADDRESS:PORT` of the admin listener. */
  readonly adminAddressPath: string | undefined
  readonly fileFlushIntervalMs: number
  readonly fileFlushMinBytes: number
}

export interface DrainOptions {
  /** Connections are told to close during the drain time before the listeners stop. */
  readonly graceful: boolean
  /** Connections are drained, listeners go on. */
  readonly skipExit: boolean
  /** Only listeners whose `traffic_direction` is INBOUND. */
  readonly inboundOnly: boolean
}

export interface ListenerStatus {
  readonly name: string
  /** As bound; the first is the listener's `address`, others are its `additional_addresses`. */
  readonly addresses: readonly Address[]
}

export interface RuntimeLayer {
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}
