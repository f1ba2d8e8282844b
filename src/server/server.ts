/**
 * The composition root: checks the configuration, starts admin and the workers, and takes everything down again.
 * The order is Envoy's (source/server/server.cc): a fault is told before anything listens.
 */
import { readFileSync } from 'node:fs'
import { logger } from '../base/log.ts'
import type { Address } from '../core/address.ts'
import type { Gauge } from '../stats/scope.ts'
import { MergedStats } from '../stats/merged-stats.ts'
import { StatsStore } from '../stats/store.ts'
import { ServerAdmin } from './server-admin.ts'
import { checkConfiguration } from './check.ts'
import { openLog } from './log-setup.ts'
import type { ServerOptions } from './options.ts'
import { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'
import { ServingThreads } from './serving-threads.ts'
import type { BoundListener } from './worker-runtime.ts'

const log = logger('main')

export type ServerState = 'PRE_INITIALIZING' | 'INITIALIZING' | 'LIVE' | 'DRAINING'

export class Server {
  readonly options: ServerOptions
  /** Resolves when everything is closed. */
  readonly closed: Promise<void>
  readonly #resolveClosed: () => void
  readonly #stats = new StatsStore()
  readonly #merged = new MergedStats()
  readonly #startMs = Date.now()
  #processState: ProcessState | undefined
  #threads: ServingThreads | undefined
  #admin: ServerAdmin | undefined
  #bound: readonly BoundListener[] = []
  #initialized = false
  #closing: Promise<void> | undefined
  #liveGauge: Gauge | undefined

  constructor(options: ServerOptions) {
    this.options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolveClosed = resolve
  }

  /** Rejects with `ConfigErrors`, or with one clear line when a port, file or worker is the fault. */
  async start(): Promise<void> {
    openLog(this.options)
    const { snapshot, warnings } = await checkConfiguration(this.options)
    for (const warning of warnings) logger('config').warn(warning)
  }
}
