/** Loads a configuration and builds everything that it describes once, on a throw-away stats store, without a socket. */
import { hostname } from 'node:os'
import { loadBootstrap } from '../config/load-bootstrap.ts'
import type { Bootstrap } from '../config/v3.ts'
import { StatsStore } from '../stats/store.ts'
import type { LogSettings } from './log-setup.ts'
import type { ServerOptions } from './options.ts'
import { ProcessState } from './process-state.ts'
import type { Snapshot } from './snapshot.ts'
import { WorkerRuntime } from './worker-runtime.ts'

export interface CheckedConfiguration {
  readonly snapshot: Snapshot
  /** Unsupported fields (`--allow-unsupported`), deprecated ones, and the like. */
  readonly warnings: readonly string[]
}

/** @throws ConfigErrors with every fault that was found, each with its place */
export async function checkConfiguration(options: ServerOptions): Promise<CheckedConfiguration> {
  const { bootstrap, warnings } = loadBootstrap({
    configPath: options.configPath,
    configYaml: options.configYaml,
    allowUnsupported: options.allowUnsupported,
  })
  const singletons = new Map<string, unknown>()
  const snapshot: Snapshot = {
    version: 1,
    bootstrap,
    node: {
      id: options.serviceNode ?? bootstrap.node?.id ?? hostname(),
      cluster: options.serviceCluster ?? bootstrap.node?.cluster ?? '',
      zone: options.serviceZone ?? bootstrap.node?.locality?.zone ?? '',
    },
    singletons,
    drainTimeMs: options.drainTimeMs,
    drainStrategy: options.drainStrategy,
    fileFlushIntervalMs: options.fileFlushIntervalMs,
    fileFlushMinBytes: options.fileFlushMinBytes,
    log: logSettings(options, bootstrap),
  }
  const trial = new WorkerRuntime(snapshot, {
    workerIndex: -1,
    state: new ProcessState(0, 1),
    stats: new StatsStore(),
  })
  await trial.close()
  return { snapshot, warnings }
}

function logSettings(options: ServerOptions, bootstrap: Bootstrap): LogSettings {
  const configured = bootstrap.applicationLogConfig?.logFormat
  return {
    level: options.logLevel,
    componentLevels: options.componentLogLevels,
    path: options.logPath,
    format: options.logFormat ?? configured?.textFormat,
    escaped: options.logFormatEscaped,
    jsonFormat: configured?.jsonFormat,
  }
}
