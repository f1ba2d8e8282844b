/** The one worker of `--concurrency 0`: the same runtime in the calling thread, behind the pool's interface. */
import type { Scope } from '../stats/scope.ts'
import type { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'
import { type BoundListener, type WorkerMethods, WorkerRuntime } from './worker-runtime.ts'
import type { Workers } from './workers.ts'

export class LocalWorker implements Workers {
  readonly #make: () => WorkerRuntime
  #runtime: WorkerRuntime | undefined

  constructor(snapshot: Snapshot, state: ProcessState, stats: Scope) {
    this.#make = () => new WorkerRuntime(snapshot, { workerIndex: 0, state, stats })
  }

  /** Rejects with a ConfigError. */
  async start(): Promise<void> {
    this.#runtime = this.#make()
    await this.#runtime.ready
  }

  async listen(): Promise<readonly BoundListener[]> {
    return this.#runtime?.listen([]) ?? []
  }

  async callAll<M extends keyof WorkerMethods>(
    method: M,
    ...args: Parameters<WorkerMethods[M]>
  ): Promise<Awaited<ReturnType<WorkerMethods[M]>>[]> {
    const runtime = this.#runtime
    if (runtime === undefined) return []
    const call = runtime[method] as (...args: Parameters<WorkerMethods[M]>) => ReturnType<WorkerMethods[M]>
    return [await call.apply(runtime, args)]
  }

  async close(): Promise<void> {
    await this.#runtime?.close()
  }
}
