/**
 * A worker seen from the main thread: starts the thread, calls its methods by message, notices when it dies or when
 * its event loop has stopped turning, and hands that on. The thread's side is worker-main.ts.
 */
import { Worker } from 'node:worker_threads'
import type { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'
import type { WorkerMethods } from './worker-runtime.ts'
import type { StatDefinition } from '../stats/store.ts'

/** The first message to it. */
export interface WorkerTask {
  readonly index: number
  readonly snapshot: Snapshot
  readonly state: ProcessState['buffers']
}

export type WorkerRequest = {
  readonly id: number
  readonly method: keyof WorkerMethods
  readonly args: readonly unknown[]
}
export type WorkerMessage =
  | { readonly kind: 'built' }
  | { readonly kind: 'build-failed'; readonly error: string }
  | { readonly kind: 'defined'; readonly definitions: readonly StatDefinition[] }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: string }

export interface WorkerThreadEvents {
  onStats(definitions: readonly StatDefinition[]): void
  /** Once: the thread has ended by itself, with the reason. Not called after `terminate`. */
  onDeath(reason: string): void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A thread that loads the program and waits for its task. */
export function launchWorker(index: number): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./worker-main.${extension}`, import.meta.url), { name: `worker_${index}` })
}

export class WorkerThread {
  readonly index: number
  /** Resolves when the configuration is built and the clusters are ready. */
  readonly built: Promise<void>
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #over = false

  /** @param worker of `launchWorker` */
  constructor(worker: Worker, { index, snapshot, state }: WorkerTask, events: WorkerThreadEvents) {
    this.index = index
    this.#worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.built = promise
    this.built.catch(() => undefined)
    const die = (reason: string): void => {
      if (this.#over) return
      this.#over = true
      const error = new Error(`worker ${index}: ${reason}`)
      reject(error)
      for (const each of this.#pending.values()) each.reject(error)
      this.#pending.clear()
      events.onDeath(reason)
    }
    this.#worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'defined') events.onStats(message.definitions)
      else if (message.kind === 'built') resolve()
      else if (message.kind === 'build-failed') reject(new Error(message.error))
      else this.#settle(message)
    })
    this.#worker.on('error', error => die(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    this.#worker.on('exit', code => die(`ended with exit code ${code}`))
    const task: WorkerTask = { index, snapshot, state }
    this.#worker.postMessage(task)
  }

  /** Calls a method of the worker's runtime. Rejects when it throws or the thread dies. */
  call<M extends keyof WorkerMethods>(method: M, ...args: Parameters<WorkerMethods[M]>): ReturnType<WorkerMethods[M]> {
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (this.#over) reject(new Error(`worker ${this.index} has ended`))
    else {
      this.#pending.set(id, { resolve, reject })
      const request: WorkerRequest = { id, method, args }
      this.#worker.postMessage(request)
    }
    return promise as ReturnType<WorkerMethods[M]>
  }

  /** Ends the thread, whatever it does. */
  async terminate(): Promise<void> {
    this.#over = true
    const error = new Error(`worker ${this.index} was ended`)
    for (const each of this.#pending.values()) each.reject(error)
    this.#pending.clear()
    await this.#worker.terminate()
  }

  #settle(message: Extract<WorkerMessage, { kind: 'result' | 'error' }>): void {
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (message.kind === 'result') pending?.resolve(message.value)
    else pending?.reject(new Error(message.error))
  }
}
