/** One worker thread: builds the snapshot that it is given and answers the main thread's calls. */
import { parentPort } from 'node:worker_threads'
import { setUpLog } from './log-setup.ts'
import { ProcessState } from './process-state.ts'
import { makeStatsStore } from './stats-config.ts'
import { WorkerRuntime } from './worker-runtime.ts'
import type { WorkerMessage, WorkerRequest, WorkerTask } from './worker-thread.ts'

const heartbeatMs = 100
const port = parentPort
if (port === null) throw new Error('worker-serve.ts runs in a worker thread only')

const post = (message: WorkerMessage): void => port.postMessage(message)
port.once('message', ({ index, snapshot, state: buffers }: WorkerTask) => {
  setUpLog(snapshot.log)
  const state = new ProcessState(index + 1, buffers.threads, buffers)
  const stats = makeStatsStore(snapshot.bootstrap.statsConfig, definitions => post({ kind: 'defined', definitions }))
  setInterval(() => state.beat(index), heartbeatMs)
  const fail = (error: Error): void => post({ kind: 'build-failed', error: error.message })
  try {
    const runtime = new WorkerRuntime(snapshot, { workerIndex: index, state, stats })
    port.on('message', ({ id, method, args }: WorkerRequest) => {
      const call = runtime[method] as (...args: readonly unknown[]) => Promise<unknown>
      call.apply(runtime, [...args]).then(
        value => post({ kind: 'result', id, value }),
        (error: Error) => post({ kind: 'error', id, error: error.message }),
      )
    })
    runtime.ready.then(() => post({ kind: 'built' }), fail)
  } catch (error) {
    fail(error as Error)
  }
})
