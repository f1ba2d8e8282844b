/** The `server.*`, `listener_manager.*` and `main_thread` stats of Envoy that this process can answer. */
import type { Gauge, Scope } from '../stats/scope.ts'
import type { Server } from './server.ts'

const refreshMs = 1000

export class ServerStats {
  readonly #server: Server
  readonly #live: Gauge
  readonly #uptime: Gauge
  readonly #memoryAllocated: Gauge
  readonly #memoryHeapSize: Gauge
  readonly #memoryPhysicalSize: Gauge
  readonly #workersStarted: Gauge
  readonly #listenersActive: Gauge
  readonly #timer: NodeJS.Timeout
  readonly #initializationMs: (ms: number) => void
  readonly #startedMs = performance.now()

  constructor(stats: Scope, server: Server) {
    this.#server = server
    const scope = stats.scope('server')
    this.#live = scope.gauge('live', 'never-import')
    this.#uptime = scope.gauge('uptime')
    this.#memoryAllocated = scope.gauge('memory_allocated')
    this.#memoryHeapSize = scope.gauge('memory_heap_size')
    this.#memoryPhysicalSize = scope.gauge('memory_physical_size')
    scope.gauge('concurrency', 'never-import').set(server.options.concurrency)
    scope.gauge('hot_restart_epoch', 'never-import').set(0)
    const histogram = scope.histogram('initialization_time_ms', 'milliseconds')
    this.#initializationMs = ms => histogram.record(ms)
    this.#live.set(0)
    this.#workersStarted = stats.gauge('listener_manager.workers_started', 'never-import')
    this.#listenersActive = stats.gauge('listener_manager.total_listeners_active', 'never-import')
    this.#workersStarted.set(0)
    this.#timer = setInterval(() => this.#refresh(), refreshMs)
    this.#timer.unref()
    this.#refresh()
  }

  /** All workers serve. */
  live(): void {
    this.#live.set(1)
    this.#workersStarted.set(1)
    this.#listenersActive.set(this.#server.boundListeners.length)
    this.#initializationMs(performance.now() - this.#startedMs)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #refresh(): void {
    const memory = process.memoryUsage()
    this.#uptime.set(Math.floor((Date.now() - this.#server.startTimeMs) / 1000))
    this.#memoryAllocated.set(memory.heapUsed + memory.external)
    this.#memoryHeapSize.set(memory.heapTotal)
    this.#memoryPhysicalSize.set(memory.rss)
  }
}
