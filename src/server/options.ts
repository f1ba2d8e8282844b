/** What starts a server: Envoy's command-line flags as data. */
import type { LogLevel } from '../base/log.ts'

export interface ServerOptions {
  /** Bootstrap file; `.yaml` and `.yml` are YAML, anything else JSON. */
  readonly configPath: string | undefined
  /** Merged over the file, or the whole configuration. */
  readonly configYaml: string | undefined
  /** Worker threads, 0 to 64; 0: all in the calling thread. */
  readonly concurrency: number
  readonly allowUnsupported: boolean
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
  /** As given, for `/server_info`. */
  readonly commandLine: readonly string[]
}
