/** What the admin endpoints may ask of the server and tell it. Implemented by the composition root. */
import type { LogLevel } from '../base/log.ts'
import type { Bootstrap } from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import type { HostStats } from '../core/cluster.ts'
import type { MergedStats } from '../stats/merged-stats.ts'

export type ServerState = 'LIVE' | 'DRAINING' | 'PRE_INITIALIZING' | 'INITIALIZING'

export interface AdminContext {
  readonly stats: MergedStats
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
  /** Runtime values by key, for each layer in order. */
  runtime(): readonly RuntimeLayer[]
  setHealthCheckFailed(failed: boolean): void
  drainListeners(options: DrainOptions): void
  /** Begins to end the process; the answer is still sent. */
  quit(): void
  /** All loggers of the main thread, by name. */
  logLevels(): ReadonlyMap<string, LogLevel>
  /** On all threads. @param component '' for every logger */
  setLogLevel(component: string, level: LogLevel): void
  reopenLogs(): void
}

/** The command line, for `/server_info`. */
export interface AdminOptions {
  readonly configPath: string | undefined
  readonly configYaml: string | undefined
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

export interface CircuitBreakerLimits {
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  readonly maxRetries: number
}

export interface ClusterStatus {
  readonly name: string
  /** `alt_stat_name` or the name. */
  readonly observabilityName: string
  readonly addedViaApi: boolean
  readonly defaultPriority: CircuitBreakerLimits
  readonly highPriority: CircuitBreakerLimits
  readonly hosts: readonly HostStatus[]
}

export interface HostStatus {
  readonly address: Address
  readonly hostname: string
  /** `healthy`, or `/failed_active_hc`, `/failed_eds_health/degraded_active_hc`, … */
  readonly healthFlags: string
  readonly edsHealthStatus: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY' | 'DRAINING' | 'TIMEOUT' | 'DEGRADED'
  readonly weight: number
  readonly priority: number
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string }
  /** Plain numbers, of one worker. */
  readonly stats: HostStats & { readonly rqPendingActive?: number }
}
