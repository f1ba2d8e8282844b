/** All workers of a proxy, however they run: threads (worker-pool.ts) or the calling thread (local-worker.ts). */
import type { BoundListener, WorkerMethods } from './worker-runtime.ts'

export interface Workers {
  /** Builds the configuration everywhere; resolves when the clusters have their first hosts. */
  start(): Promise<void>
  /** Binds the listeners everywhere. */
  listen(): Promise<readonly BoundListener[]>
  /** Calls a method on every living worker; what a dying one would have answered is left out. */
  callAll<M extends keyof WorkerMethods>(
    method: M,
    ...args: Parameters<WorkerMethods[M]>
  ): Promise<Awaited<ReturnType<WorkerMethods[M]>>[]>
  close(): Promise<void>
}
