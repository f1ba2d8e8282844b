/** What all threads of one proxy share in memory: counters by name, drain flags and the workers' heartbeats. */
import { SharedCells, setThreadCount } from '../base/shared-cells.ts'

const flag = { draining: 0, healthCheckFailed: 1, firstHeartbeat: 2 } as const

/** Posted to a worker as it is. */
export interface ProcessStateBuffers {
  readonly cells: SharedArrayBuffer
  readonly words: SharedArrayBuffer
  readonly threads: number
}

export class ProcessState {
  readonly cells: SharedCells
  readonly buffers: ProcessStateBuffers
  readonly #words: Int32Array

  /** @param column 0: main thread; 1 + worker index: that worker */
  constructor(column: number, threads: number, from?: ProcessStateBuffers) {
    const words = from?.words ?? new SharedArrayBuffer((flag.firstHeartbeat + threads) * 4)
    this.#words = new Int32Array(words)
    this.cells = new SharedCells(column, from?.cells)
    this.buffers = { cells: this.cells.buffer, words, threads }
    setThreadCount(threads)
  }

  /** Connections should close as they become idle: draining, or failed by `/healthcheck/fail`. */
  get drainClose(): boolean {
    return this.#words[flag.draining] === 1 || this.#words[flag.healthCheckFailed] === 1
  }

  set draining(value: boolean) {
    Atomics.store(this.#words, flag.draining, value ? 1 : 0)
  }

  get draining(): boolean {
    return this.#words[flag.draining] === 1
  }

  set healthCheckFailed(value: boolean) {
    Atomics.store(this.#words, flag.healthCheckFailed, value ? 1 : 0)
  }

  get healthCheckFailed(): boolean {
    return this.#words[flag.healthCheckFailed] === 1
  }

  /** A worker says that its event loop turns. */
  beat(workerIndex: number): void {
    Atomics.add(this.#words, flag.firstHeartbeat + workerIndex, 1)
  }

  beats(workerIndex: number): number {
    return Atomics.load(this.#words, flag.firstHeartbeat + workerIndex)
  }
}
