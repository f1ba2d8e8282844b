/** One worker thread: builds the snapshot it was given and answers the main thread's calls. */
import { parentPort, workerData } from 'node:worker_threads'
import { setUpLog } from './log-setup.ts'
import { ProcessState } from './process-state.ts'
import { makeStatsStore } from './stats-config.ts'
import { WorkerRuntime } from './worker-runtime.ts'
import type { WorkerData, WorkerMessage, WorkerRequest } from './worker-thread.ts'

const heartbeatMs = 100
const { index, snapshot, state: buffers } = workerData as WorkerData
const port = parentPort
if (port === null) throw new Error('worker-main.ts runs as a worker thread only')

const post = (message: WorkerMessage): void => port.postMessage(message)
setUpLog(snapshot.log)

const state = new ProcessState(index + 1, buffers.threads, buffers)
const stats = makeStatsStore(snapshot.bootstrap.statsConfig, definitions => post({ kind: 'defined', definitions }))
setInterval(() => state.beat(index), heartbeatMs)

try {
  const runtime = new WorkerRuntime(snapshot, { workerIndex: index, state, stats })
  port.on('message', ({ id, method, args }: WorkerRequest) => {
    const call = runtime[method] as (...args: readonly unknown[]) => Promise<unknown>
    call.apply(runtime, [...args]).then(
      value => post({ kind: 'result', id, value }),
      (error: Error) => post({ kind: 'error', id, error: error.message }),
    )
  })
  await runtime.ready
  post({ kind: 'built' })
} catch (error) {
  post({ kind: 'build-failed', error: (error as Error).message })
}
