/** The entry of a worker thread, which has a compile cache of its own to turn on first. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./worker-serve.ts')
