/**
 * What runs on the main thread while the proxy serves: remote wasm code is fetched, `bootstrap_extensions` that exist once a
 * process, `stats_sinks` and their flushes. It has clusters of its own for them, if there is anything that may call one.
 */
import { makeClusterPolicies } from '../router/cluster-policies.ts'
import { Http1ClientConnection } from '../codec/http1/client.ts'
import type { StatSink } from '../core/stat-sink.ts'
import type { MergedStats } from '../stats/merged-stats.ts'
import type { Scope } from '../stats/scope.ts'
import { ClusterManager } from '../upstream/cluster-manager.ts'
import { fetchRemoteCode, needsRemoteCode } from '../wasm/remote-code.ts'
import { ThreadContext } from './factory-context.ts'
import type { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'

const defaultFlushMs = 5000

export interface MainServicesParts {
  readonly snapshot: Snapshot
  readonly state: ProcessState
  readonly merged: MergedStats
  readonly stats: Scope
}

export class MainServices {
  /** For everything that the main thread makes. */
  readonly context: ThreadContext
  readonly #parts: MainServicesParts
  #clusters: ClusterManager | undefined
  #sinks: readonly StatSink[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(parts: MainServicesParts) {
    const { snapshot, state, stats } = parts
    this.#parts = parts
    this.context = new ThreadContext(snapshot, { workerIndex: -1, state, stats, openFiles: true })
  }

  /** Resolves when the workers may be built: remote code is there, or could not be had. @throws ConfigError */
  async start(): Promise<void> {
    const { snapshot, stats } = this.#parts
    const { statsSinks, bootstrapExtensions, statsFlushOnAdmin, statsFlushInterval } = snapshot.bootstrap
    const { context } = this
    if (statsSinks.length > 0 || bootstrapExtensions.length > 0 || needsRemoteCode(snapshot.singletons))
      await this.startClusters()
    await fetchRemoteCode({
      ...{ singletons: snapshot.singletons, clusters: context.clusters, stats, random: Math.random },
    })
    for (const each of bootstrapExtensions) context.extensions.bootstrapExtension(each, context)
    this.#sinks = statsSinks.map(each => context.extensions.statSink(each, context))
    if (statsFlushOnAdmin) return
    this.#timer = setInterval(() => this.flushStats(), statsFlushInterval ?? defaultFlushMs)
    this.#timer.unref()
  }

  /** Ends a flush interval. */
  flushStats(): void {
    const { merged } = this.#parts
    merged.mergeHistograms()
    if (this.#sinks.length === 0) return
    const snapshot = {
      counters: [...merged.counters.values()].map(counter => ({ counter, delta: counter.latch() })),
      gauges: [...merged.gauges.values()],
      histograms: [...merged.histograms.values()],
      texts: [...merged.texts.values()],
    }
    for (const sink of this.#sinks) sink.flush(snapshot)
  }

  /** The last flush, as Envoy's at its end. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#timer !== undefined) this.flushStats()
    await this.context.close()
    this.#clusters?.close()
  }

  /** For what calls one; the second time nothing happens. */
  async startClusters(): Promise<void> {
    if (this.#clusters !== undefined) return
    const messages = this.#parts.snapshot.bootstrap.staticResources?.clusters ?? []
    this.#clusters = new ClusterManager(messages, this.context, {
      makeHttp1Client: (connection, callbacks, settings) => new Http1ClientConnection(connection, callbacks, settings),
      makePolicies: makeClusterPolicies,
    })
    this.context.clusters = this.#clusters
    await this.#clusters.start()
  }
}
