/**
 * The composition root: checks the configuration, starts admin and the workers, and takes everything down again.
 * A fault is told before anything listens. Follows Envoy's source/server/server.cc.
 */
import type { Worker } from 'node:worker_threads'
import type { DrainOptions, ServerState } from '../admin/admin-context.ts'
import type { LogOutput } from '../base/log-output.ts'
import { logger } from '../base/log.ts'
import type { Address } from '../core/address.ts'
import { mainThread, MergedStats } from '../stats/merged-stats.ts'
import { type CheckedConfiguration, checkConfiguration } from './check.ts'
import { DiscoveryService } from './discovery-service.ts'
import { LocalWorker } from './local-worker.ts'
import { setUpLog } from './log-setup.ts'
import { MainServices } from './main-services.ts'
import type { ServerOptions } from './options.ts'
import { ProcessState } from './process-state.ts'
import { ServerAdmin } from './server-admin.ts'
import { ServerStats } from './server-stats.ts'
import { makeStatsStore, makeTagExtraction } from './stats-config.ts'
import type { BoundListener } from './worker-runtime.ts'
import { forgetWorker } from '../wasm/wasm-thread.ts'
import { WasmAdmin } from './wasm-admin.ts'
import { WorkerPool } from './worker-pool.ts'
import { launchWorker } from './worker-thread.ts'
import type { Workers } from './workers.ts'

const log = logger('main')
const defaultStuckAfterMs = 5000

export class Server {
  readonly options: ServerOptions
  readonly startTimeMs = Date.now()
  /** Resolves when everything is closed. */
  readonly closed: Promise<void>
  state: ServerState = 'PRE_INITIALIZING'
  boundListeners: readonly BoundListener[] = []
  readonly #resolveClosed: () => void
  #logOutput: LogOutput | undefined
  #running: Running | undefined
  #closing: Promise<void> | undefined

  constructor(options: ServerOptions) {
    this.options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolveClosed = resolve
  }

  /** Rejects with `ConfigErrors`, or with one clear line when a port, a file or a worker is the fault. */
  async start(): Promise<void> {
    // They load the program while this thread reads the configuration.
    const launched = Array.from({ length: this.options.concurrency }, (_, index) => launchWorker(index))
    let checked: CheckedConfiguration
    try {
      checked = checkConfiguration(this.options, false)
    } catch (error) {
      await Promise.all(launched.map(worker => worker.terminate()))
      throw error
    }
    this.#logOutput = setUpLog(checked.snapshot.log)
    for (const warning of checked.warnings) logger('config').warn(warning)
    const running = this.#makeRunning(checked, launched)
    this.#running = running
    await running.admin.start()
    this.state = 'INITIALIZING'
    await running.services.start()
    await running.discovery.start()
    await running.workers.start().catch(error => this.#explain(error))
    this.boundListeners = await running.workers.listen()
    this.state = 'LIVE'
    running.serverStats.live()
    running.wasm.start()
    for (const { name, addresses } of this.boundListeners)
      log.debug(`listener "${name}" accepts on ${JSON.stringify(addresses)}`)
    log.info(`all dependencies initialized, serving with ${this.options.concurrency} workers`)
  }

  /** A worker could not be built: what the fault is and where, if running the wasm plugins here finds it too. */
  #explain(error: unknown): never {
    checkConfiguration(this.options, true)
    throw error
  }

  get adminAddress(): Address | undefined {
    return this.#running?.admin.address
  }

  /** The merged value of a counter or gauge. */
  stat(name: string): number | undefined {
    const merged = this.#running?.merged
    return (merged?.counters.get(name) ?? merged?.gauges.get(name))?.value
  }

  /** New connections are refused, idle ones closed; the others may finish until the drain time is over. Then `close`. */
  async drainAndClose(): Promise<void> {
    if (this.#running !== undefined) {
      await this.drainListeners({ graceful: true, skipExit: false, inboundOnly: false })
      await this.#running.workers.callAll('drainConnections', this.options.drainTimeMs)
    }
    await this.close()
  }

  /** `/drain_listeners`: see `DrainOptions`. */
  async drainListeners({ graceful, skipExit, inboundOnly }: DrainOptions): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.state = 'DRAINING'
    running.state.draining = graceful || skipExit
    if (!skipExit) await running.workers.callAll('stopListening', inboundOnly)
  }

  /** `SIGUSR1` and `/reopen_logs`. */
  reopenLogs(): void {
    this.#logOutput?.reopen()
    void this.#running?.workers.callAll('reopenLogs')
  }

  /** Closes everything at once; a second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#running?.wasm.close()
    await this.#running?.workers.close()
    await this.#running?.admin.close()
    await this.#running?.services.close()
    await this.#running?.discovery.close()
    this.#running?.serverStats.close()
    log.info('exiting')
    this.#resolveClosed()
  }

  #makeRunning({ snapshot, checker, checks }: CheckedConfiguration, launched: readonly Worker[]): Running {
    const { concurrency } = this.options
    const state = new ProcessState(0, Math.max(concurrency, 1) + 1)
    const { statsConfig } = snapshot.bootstrap
    const merged = new MergedStats(makeTagExtraction(statsConfig))
    const stats = makeStatsStore(statsConfig, definitions => merged.define(mainThread, definitions))
    const serverStats = new ServerStats(stats, this)
    const workers =
      concurrency === 0
        ? new LocalWorker(snapshot, state, stats)
        : new WorkerPool(snapshot, {
            launched,
            state,
            stats,
            stuckAfterMs: snapshot.bootstrap.watchdogs?.workerWatchdog?.killTimeout || defaultStuckAfterMs,
            onStats: (worker, definitions) => merged.define(worker, definitions),
            onRetired(worker) {
              forgetWorker(snapshot.singletons, merged.gaugesOf(worker))
              merged.retire(worker)
            },
          })
    const services = new MainServices({ snapshot, state, merged, stats })
    const discovery = new DiscoveryService({ snapshot, checker, checks, stats, workers, services })
    const wasm = new WasmAdmin({ snapshot, state, stats, workers, main: services.context })
    const admin = new ServerAdmin(this, { snapshot, state, merged, stats, workers, wasm, services, discovery })
    return { state, merged, serverStats, workers, wasm, admin, services, discovery }
  }
}

/** What exists once the configuration is accepted. */
interface Running {
  readonly state: ProcessState
  readonly merged: MergedStats
  readonly serverStats: ServerStats
  readonly workers: Workers
  readonly wasm: WasmAdmin
  readonly admin: ServerAdmin
  readonly services: MainServices
  readonly discovery: DiscoveryService
}
