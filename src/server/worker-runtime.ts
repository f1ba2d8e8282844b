/**
 * What serves on one thread: clusters, listeners and the factories' context, built from a snapshot. The same code
 * runs in worker threads, in the calling thread (`--concurrency 0`), and on the main thread as the check of a
 * configuration (worker index -1: built, never listened).
 */
import { type LogLevel, logger, setLogLevel } from '../base/log.ts'
import type { Address } from '../core/address.ts'
import { makeClusterPolicies } from '../router/cluster-policies.ts'
import { Http1ClientConnection } from '../codec/http1/client.ts'
import type { Scope } from '../stats/scope.ts'
import type { ClusterStatus } from '../core/cluster.ts'
import { ClusterManager } from '../upstream/cluster-manager.ts'
import { setConnectionIds } from '../network/connection.ts'
import type { Listener } from '../listener/listener.ts'
import type { WasmWorkerStatus } from '../core/wasm-status.ts'
import { type CompiledCode, type SwapStep, WasmThread } from '../wasm/wasm-thread.ts'
import { ThreadContext } from './factory-context.ts'
import { makeListener } from './make-listener.ts'
import type { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'

const log = logger('config')

export interface BoundListener {
  readonly name: string
  readonly addresses: readonly Address[]
}

export interface WorkerRuntimeOptions {
  /** 0 … N-1; -1 to check. */
  readonly workerIndex: number
  readonly state: ProcessState
  readonly stats: Scope
  /** See `FactoryContext`. */
  readonly trials?: { needed: boolean }
}

/** What the main thread calls, directly or by message: plain data in and out. */
export interface WorkerMethods {
  /** @param bound what another worker got, [] on the first */
  listen(bound: readonly BoundListener[]): Promise<readonly BoundListener[]>
  stopListening(inboundOnly: boolean): Promise<void>
  /** Closes idle connections, waits for the others up to `timeoutMs`, then ends them. */
  drainConnections(timeoutMs: number): Promise<void>
  clusterStatus(): Promise<readonly ClusterStatus[]>
  reopenLogs(): Promise<void>
  /** '' sets every logger. */
  setLogLevel(component: string, level: LogLevel): Promise<void>
  /** `/runtime_modify`: see `RuntimeValues.override`. */
  overrideRuntime(changes: ReadonlyMap<string, string>): Promise<void>
  /** See `WasmThread.swap`. @returns what went wrong, by plugin */
  swapWasm(step: SwapStep, code: CompiledCode): Promise<readonly string[]>
  wasmStatus(): Promise<WasmWorkerStatus>
  /**
   * A new version of a discovered resource, undefined when it is gone: the main thread has checked it, and made the
   * singletons for it.
   */
  updateResource(key: string, resource: object | undefined, singletons: ReadonlyMap<string, unknown>): Promise<void>
  close(): Promise<void>
}

export class WorkerRuntime implements WorkerMethods {
  /** Clusters have their first hosts. */
  readonly ready: Promise<void>
  readonly #clusters: ClusterManager
  readonly #listeners: readonly Listener[]
  readonly context: ThreadContext

  /** @throws ConfigError for what only building can find */
  constructor(snapshot: Snapshot, { workerIndex, state, stats, trials }: WorkerRuntimeOptions) {
    const { bootstrap } = snapshot
    const staticResources = bootstrap.staticResources
    setConnectionIds(workerIndex)
    const checking = workerIndex < 0
    const context = new ThreadContext(snapshot, {
      workerIndex,
      state,
      stats,
      openFiles: !checking,
      checking,
      ...(trials && { trials }),
    })
    this.context = context
    this.#clusters = new ClusterManager(staticResources?.clusters ?? [], context, {
      makeHttp1Client: (connection, callbacks, settings) => new Http1ClientConnection(connection, callbacks, settings),
      makePolicies: makeClusterPolicies,
    })
    context.clusters = this.#clusters
    for (const each of bootstrap.bootstrapExtensions) context.extensions.bootstrapExtension(each, context)
    this.#listeners = (staticResources?.listeners ?? []).map(message => makeListener(message, context))
    this.ready = checking ? Promise.resolve() : this.#clusters.start()
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
    await Promise.race([late, Promise.all(this.#listeners.map(listener => listener.drain()))])
    clearTimeout(timer)
    for (const listener of this.#listeners) listener.closeConnections()
  }

  async clusterStatus(): Promise<readonly ClusterStatus[]> {
    return this.#clusters.status()
  }

  async reopenLogs(): Promise<void> {
    this.context.logs.reopen()
  }

  async setLogLevel(component: string, level: LogLevel): Promise<void> {
    if (component === '') setLogLevel(level)
    else logger(component).level = level
  }

  async overrideRuntime(changes: ReadonlyMap<string, string>): Promise<void> {
    this.context.runtime.override(changes)
  }

  async swapWasm(step: SwapStep, code: CompiledCode): Promise<readonly string[]> {
    return WasmThread.of(this.context).swap(step, code)
  }

  async wasmStatus(): Promise<WasmWorkerStatus> {
    return WasmThread.existing(this.#clusters)?.status() ?? { vms: [], traps: [] }
  }

  async updateResource(
    key: string,
    resource: object | undefined,
    singletons: ReadonlyMap<string, unknown>,
  ): Promise<void> {
    for (const [name, value] of singletons) this.context.singletons.set(name, value)
    try {
      this.context.discovery.update(key, resource)
    } catch (error) {
      log.error(`a discovered resource could not be used: ${(error as Error).message}`)
    }
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) {
      listener.stopAccepting()
      listener.closeConnections()
    }
    const written = this.context.close()
    this.#clusters.close()
    await written
  }
}
