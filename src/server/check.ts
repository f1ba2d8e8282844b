/** Loads a configuration and builds everything that it describes once, on a throw-away stats store, without a socket. */
import { hostname } from 'node:os'
import { allowedDeprecations, loadBootstrap } from '../config/load-bootstrap.ts'
import type { ResourceChecks } from '../config/load-resource.ts'
import type { Bootstrap } from '../config/v3.ts'
import type { LocalNode } from '../core/extension.ts'
import type { LogSettings } from './log-setup.ts'
import type { ServerOptions } from './options.ts'
import { ProcessState } from './process-state.ts'
import { makeAdminAccessLogs } from './server-admin.ts'
import type { Snapshot } from './snapshot.ts'
import { makeHistogramBuckets, makeStatsStore, makeTagExtraction } from './stats-config.ts'
import { WorkerRuntime } from './worker-runtime.ts'

export interface CheckedConfiguration {
  readonly snapshot: Snapshot
  /** Unsupported fields (`--allow-unsupported`), deprecated ones, and the like. */
  readonly warnings: readonly string[]
  /** What the configuration was built in: new versions of discovered resources are tried there. */
  readonly checker: WorkerRuntime
  /** What every discovered resource goes through. */
  readonly checks: ResourceChecks
}

/**
 * @param runPlugins also starts and configures every wasm plugin; without, the workers do when they are built
 * @throws ConfigErrors with every fault that was found, each with its place
 */
export function checkConfiguration(options: ServerOptions, runPlugins: boolean): CheckedConfiguration {
  const { bootstrap, warnings } = loadBootstrap({
    configPath: options.configPath,
    configYaml: options.configYaml,
    allowUnsupported: options.allowUnsupported,
    serviceNode: options.serviceNode,
    serviceCluster: options.serviceCluster,
  })
  const singletons = new Map<string, unknown>()
  const snapshot: Snapshot = {
    version: 1,
    bootstrap,
    node: localNode(options, bootstrap),
    singletons,
    resources: new Map(),
    runtimeOverrides: new Map(),
    drainTimeMs: options.drainTimeMs,
    drainStrategy: options.drainStrategy,
    fileFlushIntervalMs: options.fileFlushIntervalMs,
    fileFlushMinBytes: options.fileFlushMinBytes,
    log: logSettings(options, bootstrap),
  }
  const checks = {
    allowUnsupported: options.allowUnsupported ?? false,
    allowedDeprecations: allowedDeprecations(bootstrap),
  }
  return { snapshot, warnings, checks, checker: buildOnce(snapshot, runPlugins) }
}

function localNode(options: ServerOptions, { node }: Bootstrap): LocalNode {
  const id = options.serviceNode ?? node?.id ?? hostname()
  const cluster = options.serviceCluster ?? node?.cluster ?? ''
  const zone = options.serviceZone ?? node?.locality?.zone ?? ''
  const locality = { region: '', subZone: '', ...node?.locality, zone }
  const none = { dynamicParameters: {}, extensions: [], clientFeatures: [], listeningAddresses: [] }
  return { id, cluster, zone, message: { ...none, ...node, id, cluster, locality, userAgentName: 'envoy' } }
}

/** Everything that serving will build, for the faults that only building finds. @throws ConfigError */
function buildOnce(snapshot: Snapshot, runPlugins: boolean): WorkerRuntime {
  const { admin, statsConfig, statsSinks } = snapshot.bootstrap
  const state = new ProcessState(0, 1)
  const stats = makeStatsStore(statsConfig, () => undefined)
  makeTagExtraction(statsConfig)
  makeHistogramBuckets(statsConfig)
  const runtime = new WorkerRuntime(snapshot, { workerIndex: -1, state, stats, trials: { needed: runPlugins } })
  const { context } = runtime
  for (const each of statsSinks) context.extensions.statSink(each, context)
  if (admin !== undefined) makeAdminAccessLogs(admin, context)
  return runtime
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
