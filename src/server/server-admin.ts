/** Admin of one server: answers what the admin endpoints ask (admin/admin-context.ts) and runs their listener. */
import { readFileSync } from 'node:fs'
import { adminAccessLog } from '../admin/admin-access-log.ts'
import type {
  AdminContext,
  AdminOptions,
  DiscoveredResource,
  DrainOptions,
  ListenerStatus,
  RuntimeLayer,
  ServerState,
} from '../admin/admin-context.ts'
import { AdminServer } from '../admin/admin-server.ts'
import { allLoggers, type LogLevel, logger, setLogLevel } from '../base/log.ts'
import type { AccessLog } from '../core/access-log.ts'
import type { ClusterStatus } from '../core/cluster.ts'
import type { FactoryContext } from '../core/extension.ts'
import { fileAccessLog } from '../extensions/access-loggers/file/file.ts'
import type { Admin, Bootstrap } from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import type { TlsContextStatus } from '../core/transport-socket.ts'
import { contextStatus } from '../extensions/transport-sockets/tls/context-status.ts'
import { makeAccessLog } from '../extensions/access-loggers/common/make-access-log.ts'
import { makeStringMatcher } from '../matching/string-matcher.ts'
import { addressFromMessage } from '../network/address.ts'
import type { MergedStats } from '../stats/merged-stats.ts'
import type { Scope } from '../stats/scope.ts'
import type { ThreadContext } from './factory-context.ts'
import type { DiscoveryService } from './discovery-service.ts'
import type { MainServices } from './main-services.ts'
import type { ProcessState } from './process-state.ts'
import type { Server } from './server.ts'
import type { Snapshot } from './snapshot.ts'
import { RuntimeStats } from './runtime-stats.ts'
import { makeHistogramBuckets } from './stats-config.ts'
import type { WasmAdmin } from './wasm-admin.ts'
import type { Workers } from './workers.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** `access_log` and the older `access_log_path`. @throws ConfigError */
export function makeAdminAccessLogs(message: Admin, context: FactoryContext): readonly AccessLog[] {
  const logs = message.accessLog.map(each => makeAccessLog(each, context))
  return message.accessLogPath ? [...logs, fileAccessLog.create({ path: message.accessLogPath }, context)] : logs
}

export interface ServerAdminParts {
  readonly snapshot: Snapshot
  readonly state: ProcessState
  readonly merged: MergedStats
  readonly stats: Scope
  readonly workers: Workers
  readonly wasm: WasmAdmin
  readonly services: MainServices
  readonly discovery: DiscoveryService
}

export class ServerAdmin implements AdminContext {
  readonly stats: MergedStats
  readonly bootstrap: Bootstrap
  readonly startTimeMs: number
  readonly version = `sluice/${version}/Envoy-1.40`
  readonly node: Snapshot['node']
  readonly options: AdminOptions
  readonly wasm: WasmAdmin
  readonly histogramBuckets: (name: string) => readonly number[]
  /** Where it is bound; undefined without `admin.address` in the configuration. */
  address: Address | undefined
  readonly #server: Server
  readonly #parts: ServerAdminParts
  readonly #context: ThreadContext
  readonly #runtimeStats: RuntimeStats
  #listener: AdminServer | undefined

  constructor(server: Server, parts: ServerAdminParts) {
    const { snapshot, merged } = parts
    this.#server = server
    this.#parts = parts
    this.stats = merged
    this.wasm = parts.wasm
    this.bootstrap = snapshot.bootstrap
    this.startTimeMs = server.startTimeMs
    this.node = snapshot.node
    this.options = server.options
    this.histogramBuckets = makeHistogramBuckets(snapshot.bootstrap.statsConfig)
    this.#context = parts.services.context
    this.#runtimeStats = new RuntimeStats(parts.stats, this.#context.runtime)
  }

  /** Rejects when its address is taken. */
  async start(): Promise<void> {
    const message = this.bootstrap.admin
    if (message?.address === undefined) return
    const logs = makeAdminAccessLogs(message, this.#context)
    this.#listener = new AdminServer(this, {
      address: addressFromMessage(message.address),
      addressPath: this.options.adminAddressPath,
      allowPaths: message.allowPaths.map(each => makeStringMatcher(each)),
      stats: this.#parts.stats,
      onRequest: logs.length > 0 ? adminAccessLog(logs) : undefined,
    })
    this.address = await this.#listener.listen()
  }

  async close(): Promise<void> {
    await this.#listener?.close()
  }

  flushStats(): void {
    this.#parts.services.flushStats()
  }

  state(): ServerState {
    return this.#parts.state.healthCheckFailed ? 'DRAINING' : this.#server.state
  }

  async clusters(): Promise<readonly (readonly ClusterStatus[])[]> {
    return this.#parts.workers.callAll('clusterStatus')
  }

  listeners(): readonly ListenerStatus[] {
    return this.#server.boundListeners
  }

  discovered(): readonly DiscoveredResource[] {
    return this.#parts.discovery.subscriptions()
  }

  certificates(): readonly TlsContextStatus[] {
    return contextStatus(this.#parts.snapshot.singletons)
  }

  runtime(): readonly RuntimeLayer[] {
    return this.#context.runtime.layers
  }

  async overrideRuntime(changes: ReadonlyMap<string, string>): Promise<boolean> {
    if (!this.#context.runtime.override(changes)) return false
    this.#runtimeStats.refresh()
    await this.#parts.workers.callAll('overrideRuntime', changes)
    return true
  }

  setHealthCheckFailed(failed: boolean): void {
    this.#parts.state.healthCheckFailed = failed
  }

  drainListeners({ graceful, skipExit, inboundOnly }: DrainOptions): void {
    void this.#server.drainListeners({ graceful, skipExit, inboundOnly })
  }

  quit(): void {
    // After this turn, so that the answer is sent first.
    setImmediate(() => void this.#server.close())
  }

  logLevels(): ReadonlyMap<string, LogLevel> {
    return new Map([...allLoggers()].map(each => [each.component, each.level]))
  }

  setLogLevel(component: string, level: LogLevel): void {
    if (component === '') setLogLevel(level)
    else logger(component).level = level
    void this.#parts.workers.callAll('setLogLevel', component, level)
  }

  reopenLogs(): void {
    this.#context.logs.reopen()
    this.#server.reopenLogs()
  }
}
