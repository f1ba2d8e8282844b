/** What the factories of one thread get: made once for a worker, the main thread's check, and admin. */
import { AccessLogFiles } from '../base/access-log-file.ts'
import type { Cluster, ClusterManager } from '../core/cluster.ts'
import type { FactoryContext } from '../core/extension.ts'
import { builtinExtensions } from '../extensions/builtin.ts'
import { ExtensionRegistry } from '../extensions/registry.ts'
import type { Scope } from '../stats/scope.ts'
import { ThreadDiscovery } from '../xds/thread-discovery.ts'
import type { ProcessState } from './process-state.ts'
import { RuntimeValues } from './runtime-values.ts'
import type { Snapshot } from './snapshot.ts'

export interface ThreadOptions {
  /** 0 … N-1; -1: the main thread. */
  readonly workerIndex: number
  readonly state: ProcessState
  readonly stats: Scope
  /** False: log files are not opened. */
  readonly openFiles: boolean
  /** See `FactoryContext`. */
  readonly checking?: boolean
  /** See `FactoryContext`. */
  readonly trials?: { needed: boolean }
}

export class ThreadContext implements FactoryContext {
  readonly stats: Scope
  readonly shared: FactoryContext['shared']
  readonly workerIndex: number
  readonly checking: boolean
  readonly trials: { needed: boolean }
  readonly node: FactoryContext['node']
  readonly runtime: RuntimeValues
  readonly extensions = new ExtensionRegistry(builtinExtensions)
  readonly singletons: Map<string, unknown>
  readonly discovery: ThreadDiscovery
  readonly logs: AccessLogFiles
  /** Set by the thread's owner before any factory runs. */
  clusters: ClusterManager = noClusters
  readonly #state: ProcessState
  readonly #closers: (() => void)[] = []

  constructor(snapshot: Snapshot, { workerIndex, state, stats, openFiles, checking, trials }: ThreadOptions) {
    this.stats = stats
    this.shared = state.cells
    this.workerIndex = workerIndex
    this.checking = checking ?? false
    this.trials = trials ?? { needed: true }
    this.node = snapshot.node
    this.singletons = snapshot.singletons
    this.discovery = new ThreadDiscovery(snapshot.resources)
    this.#state = state
    this.runtime = new RuntimeValues(snapshot.bootstrap.layeredRuntime?.layers ?? [], snapshot.runtimeOverrides)
    this.logs = new AccessLogFiles({
      flushIntervalMs: snapshot.fileFlushIntervalMs,
      flushMinBytes: snapshot.fileFlushMinBytes,
      stats,
      openFiles,
    })
  }

  // Properties, so that a listener's context can be this one spread and added to.
  readonly drainClose = (): boolean => this.#state.drainClose
  readonly healthCheckFailed = (): boolean => this.#state.healthCheckFailed
  readonly openAccessLog: FactoryContext['openAccessLog'] = path => this.logs.open(path)
  readonly onClose = (close: () => void): void => {
    this.#closers.push(close)
  }
  readonly onThreadEnd = this.onClose

  /** Runs what factories asked for, latest first, and closes the log files; resolves when they are written. */
  close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) close()
    return this.logs.close()
  }
}

const noClusters: ClusterManager = { clusters: new Map<string, Cluster>(), get: () => undefined }
