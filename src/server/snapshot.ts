/** One state of the configuration as plain data: what main hands to every worker, applied whole or not at all. */
import type { Bootstrap } from '../config/v3.ts'
import type { LocalNode } from '../core/extension.ts'
import type { ResourceMap } from '../xds/thread-discovery.ts'
import type { LogSettings } from './log-setup.ts'

export interface Snapshot {
  readonly version: number
  readonly bootstrap: Bootstrap
  readonly node: LocalNode
  /** Values that the main thread made while it checked the configuration, such as compiled wasm modules, by key. */
  readonly singletons: Map<string, unknown>
  /** Discovered resources as they are now. */
  readonly resources: ResourceMap
  /** What `/runtime_modify` has set so far, for workers that start later. */
  readonly runtimeOverrides: Map<string, string>
  readonly drainTimeMs: number
  readonly drainStrategy: 'gradual' | 'immediate'
  readonly fileFlushIntervalMs: number
  readonly fileFlushMinBytes: number
  readonly log: LogSettings
}
