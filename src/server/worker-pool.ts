/**
 * The workers of a proxy: starts N threads, gives all the same listeners (the first one binds, so that port 0 means
 * one port), watches their heartbeats, and replaces a dead or stuck one while the others serve.
 */
import type { Worker } from 'node:worker_threads'
import { logger } from '../base/log.ts'
import type { StatDefinition } from '../stats/store.ts'
import type { Counter, Scope } from '../stats/scope.ts'
import type { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'
import type { BoundListener, WorkerMethods } from './worker-runtime.ts'
import { launchWorker, WorkerThread } from './worker-thread.ts'
import type { Workers } from './workers.ts'

const log = logger('main')
const watchIntervalMs = 250
const firstRestartDelayMs = 100
const maxRestartDelayMs = 10_000
/** How long a closing worker may take to flush its logs. */
const closeTimeoutMs = 2000
/** A worker that has served this long is healthy: the next restart is quick again. */
const healthyAfterMs = 30_000

export interface WorkerPoolOptions {
  /** One for each worker. */
  readonly launched: readonly Worker[]
  readonly state: ProcessState
  readonly stats: Scope
  /** An event loop that has not turned for this long is stuck. */
  readonly stuckAfterMs: number
  readonly onStats: (workerIndex: number, definitions: readonly StatDefinition[]) => void
  /** A worker's thread is gone: keep its counters, drop its gauges. */
  readonly onRetired: (workerIndex: number) => void
}

interface Slot {
  thread: WorkerThread
  beats: number
  lastTurnMs: number
  startedMs: number
  restartDelayMs: number
  restartTimer: NodeJS.Timeout | undefined
  /** Building its configuration: it may take longer than a turn may. */
  building: boolean
}

export class WorkerPool implements Workers {
  readonly #options: WorkerPoolOptions
  readonly #snapshot: Snapshot
  readonly #slots: Slot[] = []
  #bound: readonly BoundListener[] = []
  #listening = false
  #closed = false
  #watchTimer: NodeJS.Timeout | undefined
  readonly #restarts: Counter
  readonly #stuck: Counter

  constructor(snapshot: Snapshot, options: WorkerPoolOptions) {
    this.#snapshot = snapshot
    this.#options = options
    this.#restarts = options.stats.counter('server.worker_restarts')
    this.#stuck = options.stats.counter('server.watchdog_mega_miss')
  }

  /** Rejects with the first worker's error. */
  async start(): Promise<void> {
    for (const [index, worker] of this.#options.launched.entries()) this.#slots.push(this.#newSlot(index, worker))
    await Promise.all(this.#slots.map(slot => slot.thread.built))
    this.#watchTimer = setInterval(() => this.#watch(), watchIntervalMs)
    this.#watchTimer.unref()
  }

  /** The first worker binds alone, then the others on the addresses that it got. */
  async listen(): Promise<readonly BoundListener[]> {
    const [first, ...others] = this.#slots as [Slot, ...Slot[]]
    this.#bound = await first.thread.call('listen', [])
    this.#listening = true
    await Promise.all(others.map(slot => slot.thread.call('listen', this.#bound)))
    return this.#bound
  }

  async callAll<M extends keyof WorkerMethods>(
    method: M,
    ...args: Parameters<WorkerMethods[M]>
  ): Promise<Awaited<ReturnType<WorkerMethods[M]>>[]> {
    if (method === 'stopListening') this.#listening = false
    const results = await Promise.allSettled(this.#slots.map(slot => slot.thread.call(method, ...args)))
    return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#watchTimer)
    for (const slot of this.#slots) clearTimeout(slot.restartTimer)
    const closed = Promise.allSettled(this.#slots.map(slot => slot.thread.call('close')))
    await Promise.race([closed, new Promise(resolve => setTimeout(resolve, closeTimeoutMs).unref())])
    await Promise.all(this.#slots.map(slot => slot.thread.terminate()))
  }

  #newSlot(index: number, worker: Worker): Slot {
    const now = performance.now()
    return {
      thread: this.#newThread(index, worker),
      beats: this.#options.state.beats(index),
      lastTurnMs: now,
      startedMs: now,
      restartDelayMs: firstRestartDelayMs,
      restartTimer: undefined,
      building: false,
    }
  }

  #newThread(index: number, worker: Worker): WorkerThread {
    const task = { index, snapshot: this.#snapshot, state: this.#options.state.buffers }
    return new WorkerThread(worker, task, {
      onStats: definitions => this.#options.onStats(index, definitions),
      onDeath: reason => this.#replace(index, reason),
    })
  }

  #watch(): void {
    const now = performance.now()
    for (const [index, slot] of this.#slots.entries()) {
      if (slot.restartTimer !== undefined || slot.building) continue
      const beats = this.#options.state.beats(index)
      if (beats !== slot.beats) {
        slot.beats = beats
        slot.lastTurnMs = now
      } else if (now - slot.lastTurnMs > this.#options.stuckAfterMs) {
        this.#stuck.inc()
        void slot.thread.terminate()
        this.#replace(index, `event loop has not turned for ${Math.round(now - slot.lastTurnMs)} ms`)
      }
    }
  }

  #replace(index: number, reason: string): void {
    const slot = this.#slots[index]
    if (this.#closed || slot === undefined || slot.restartTimer !== undefined) return
    const now = performance.now()
    if (now - slot.startedMs > healthyAfterMs) slot.restartDelayMs = firstRestartDelayMs
    log.critical(`worker ${index} is lost and will be replaced in ${slot.restartDelayMs} ms: ${reason}`)
    this.#restarts.inc()
    this.#options.onRetired(index)
    this.#options.state.cells.clearColumn(index + 1)
    slot.restartTimer = setTimeout(() => void this.#restart(index, slot), slot.restartDelayMs)
    slot.restartDelayMs = Math.min(slot.restartDelayMs * 2, maxRestartDelayMs)
  }

  async #restart(index: number, slot: Slot): Promise<void> {
    slot.thread = this.#newThread(index, launchWorker(index))
    slot.restartTimer = undefined
    slot.building = true
    try {
      await slot.thread.built
      slot.startedMs = slot.lastTurnMs = performance.now()
      slot.building = false
      if (this.#listening) await slot.thread.call('listen', this.#bound)
      log.info(`worker ${index} serves again`)
    } catch (error) {
      slot.building = false
      await slot.thread.terminate()
      this.#replace(index, (error as Error).message)
    }
  }
}
