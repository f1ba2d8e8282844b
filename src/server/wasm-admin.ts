/** Wasm seen from the main thread: `/wasm`, hot swaps and watched files. Plugins are tried in a context of its own. */
import { makeClusterPolicies } from '../router/cluster-policies.ts'
import { Http1ClientConnection } from '../codec/http1/client.ts'
import type { WasmReloadResult, WasmStatus } from '../core/wasm-status.ts'
import type { Scope } from '../stats/scope.ts'
import { ClusterManager } from '../upstream/cluster-manager.ts'
import { WasmReloader } from '../wasm/reload.ts'
import { WasmThread } from '../wasm/wasm-thread.ts'
import { ThreadContext } from './factory-context.ts'
import type { ProcessState } from './process-state.ts'
import { RuntimeValues } from './runtime-values.ts'
import type { Snapshot } from './snapshot.ts'
import { makeStatsStore } from './stats-config.ts'
import type { Workers } from './workers.ts'

export interface WasmAdminParts {
  readonly snapshot: Snapshot
  readonly state: ProcessState
  readonly stats: Scope
  readonly workers: Workers
  /** Of what runs on the main thread. */
  readonly main: ThreadContext
}

export class WasmAdmin {
  readonly #parts: WasmAdminParts
  readonly #reloader: WasmReloader
  #canary: ThreadContext | undefined

  constructor(parts: WasmAdminParts) {
    const { snapshot, stats, workers, main } = parts
    this.#parts = parts
    this.#reloader = new WasmReloader({
      canary: () => (this.#canary ??= this.#makeCanary()),
      singletons: snapshot.singletons,
      stats,
      swap: async (step, code) => [
        ...(WasmThread.existing(main.clusters)?.swap(step, code) ?? []),
        ...(await workers.callAll('swapWasm', step, code)).flat(),
      ],
    })
  }

  /** Changed files are reloaded by themselves from now on, unless the runtime says no. */
  start(): void {
    const { layeredRuntime } = this.#parts.snapshot.bootstrap
    const runtime = new RuntimeValues(layeredRuntime?.layers ?? [], this.#parts.snapshot.runtimeOverrides)
    if (runtime.getBoolean('sluice.wasm.watch_files', true)) this.#reloader.watch()
  }

  async status(): Promise<WasmStatus> {
    const workers = await this.#parts.workers.callAll('wasmStatus')
    const main = WasmThread.existing(this.#parts.main.clusters)?.status()
    return { plugins: this.#reloader.plugins(), workers, ...(main === undefined ? {} : { main_thread: main }) }
  }

  reload(name: string): Promise<readonly WasmReloadResult[] | undefined> {
    return this.#reloader.reload(name)
  }

  close(): void {
    this.#reloader.close()
    const canary = this.#canary
    void canary?.close()
    ;(canary?.clusters as ClusterManager | undefined)?.close()
  }

  /** As the check of a configuration: all clusters, which are not started, and stats that nobody reads. */
  #makeCanary(): ThreadContext {
    const { snapshot, state } = this.#parts
    const { statsConfig, staticResources } = snapshot.bootstrap
    const stats = makeStatsStore(statsConfig, () => undefined)
    const context = new ThreadContext(snapshot, { workerIndex: -1, state, stats, openFiles: false })
    context.clusters = new ClusterManager(staticResources?.clusters ?? [], context, {
      makeHttp1Client: (connection, callbacks, settings) => new Http1ClientConnection(connection, callbacks, settings),
      makePolicies: makeClusterPolicies,
    })
    return context
  }
}
