/**
 * What serves on one thread: clusters, listeners and the factories' context, built from a snapshot. The same code
 * runs in worker threads, in the calling thread (`--concurrency 0`), and on the main thread as the check of a
 * configuration (worker index -1: built, never listened).
 */
import { AccessLogFiles } from '../base/access-log-file.ts'
import { type LogLevel, logger, setLogLevel } from '../base/log.ts'
import { builtinExtensions } from '../extensions/builtin.ts'
import { ExtensionRegistry } from '../extensions/registry.ts'
import type { Address } from '../core/address.ts'
import type { FactoryContext } from '../core/extension.ts'
import { Http1ClientConnection } from '../codec/http1/client.ts'
import type { Scope } from '../stats/scope.ts'
import { ClusterManager, type ClusterStatus } from '../upstream/cluster-manager.ts'
import type { Listener } from '../listener/listener.ts'
import { makeListener } from './make-listener.ts'
import type { ProcessState } from './process-state.ts'
import { StaticRuntime } from './runtime-values.ts'
import type { Snapshot } from './snapshot.ts'

export interface BoundListener {
  readonly name: string
  readonly addresses: readonly Address[]
}

export interface WorkerRuntimeOptions {
  /** 0 … N-1; -1 to check. */
  readonly workerIndex: number
  readonly state: ProcessState
  readonly stats: Scope
}

/** What the main thread calls, directly or by message: plain data in and out. */
export interface WorkerMethods {
  /** @param bound what another worker got, [] on the first */
  listen(bound: readonly BoundListener[]): Promise<readonly BoundListener[]>
  stopListening(inboundOnly: boolean): Promise<void>
  /** Resolves when no connection is left, or after `timeoutMs`; then ends those that are. */
  drainConnections(timeoutMs: number): Promise<void>
  clusterStatus(): Promise<readonly ClusterStatus[]>
  reopenLogs(): Promise<void>
  /** '' sets every logger. */
  setLogLevel(component: string, level: LogLevel): Promise<void>
  close(): Promise<void>
}

export class WorkerRuntime implements WorkerMethods {
  /** Clusters have their first hosts. */
  readonly ready: Promise<void>
  readonly #clusters: ClusterManager
  readonly #listeners: readonly Listener[]
  readonly #logs: AccessLogFiles
  readonly #closers: (() => void)[] = []

  /** @throws ConfigError for what only building can find */
  constructor(snapshot: Snapshot, { workerIndex, state, stats }: WorkerRuntimeOptions) {
    const { bootstrap } = snapshot
    const staticResources = bootstrap.staticResources
    const logs = new AccessLogFiles({
      flushIntervalMs: snapshot.fileFlushIntervalMs,
      flushMinBytes: snapshot.fileFlushMinBytes,
      stats,
      openFiles: workerIndex >= 0,
    })
    this.#logs = logs
    const context: FactoryContext & { clusters: ClusterManager } = {
      clusters: undefined as unknown as ClusterManager,
      stats,
      shared: state.cells,
      workerIndex,
      node: snapshot.node,
      drainClose: () => state.drainClose,
      runtime: new StaticRuntime(
        (bootstrap.layeredRuntime?.layers ?? []).flatMap(layer => (layer.staticLayer ? [layer.staticLayer] : [])),
      ),
      openAccessLog: path => logs.open(path),
      extensions: new ExtensionRegistry(builtinExtensions),
      singletons: snapshot.singletons as Map<string, unknown>,
      onClose: close => this.#closers.push(close),
    }
    context.clusters = new ClusterManager(staticResources?.clusters ?? [], context, {
      makeHttp1Client: (connection, callbacks, settings) => new Http1ClientConnection(connection, callbacks, settings),
    })
    this.#clusters = context.clusters
    this.#listeners = (staticResources?.listeners ?? []).map(message => makeListener(message, context))
    this.ready = workerIndex < 0 ? Promise.resolve() : this.#clusters.start()
  }

  async listen(bound: readonly BoundListener[]): Promise<readonly BoundListener[]> {
    return Promise.all(
      this.#listeners.map(async (listener, index) => ({
        name: listener.settings.name,
        addresses: await listener.listen(bound[index]?.addresses ?? []),
      })),
    )
  }

  async stopListening(inboundOnly: boolean): Promise<void> {
    for (const listener of this.#listeners)
      if (!inboundOnly || listener.settings.trafficDirection === 'INBOUND') listener.stopAccepting()
  }

  async drainConnections(timeoutMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([late, Promise.all(this.#listeners.map(listener => listener.whenIdle()))])
    clearTimeout(timer)
    for (const listener of this.#listeners) listener.closeConnections()
  }

  async clusterStatus(): Promise<readonly ClusterStatus[]> {
    return this.#clusters.status()
  }

  async reopenLogs(): Promise<void> {
    this.#logs.reopen()
  }

  async setLogLevel(component: string, level: LogLevel): Promise<void> {
    if (component === '') setLogLevel(level)
    else logger(component).level = level
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) {
      listener.stopAccepting()
      listener.closeConnections()
    }
    for (const close of this.#closers.splice(0).reverse()) close()
    this.#clusters.close()
    this.#logs.close()
  }
}
