/** All admin endpoints, as `/help` lists them. */
import type { AdminPath } from './admin-path.ts'
import { clustersPath } from './clusters.ts'
import { configDumpPath } from './config-dump.ts'
import { helpPath, homePath } from './home.ts'
import { listenersPath } from './listeners.ts'
import { loggingPath } from './logging.ts'
import { serverCommandPaths } from './server-commands.ts'
import { serverInfoPaths } from './server-info.ts'
import { statsPaths } from './stats.ts'
import { wasmPaths } from './wasm.ts'

export const adminPaths: readonly AdminPath[] = [
  homePath(() => adminPaths),
  helpPath(() => adminPaths),
  clustersPath,
  configDumpPath,
  listenersPath,
  loggingPath,
  ...serverCommandPaths,
  ...serverInfoPaths,
  ...statsPaths,
  ...wasmPaths,
].sort((a, b) => (a.path < b.path ? -1 : 1))
