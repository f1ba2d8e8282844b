/** An `AdminContext` for tests: answers from plain values and writes down what it is told. */
import type {
  AdminContext,
  ListenerStatus,
  RuntimeLayer,
  ServerState,
  DiscoveredResource,
} from '../../src/admin/admin-context.ts'
import type { ClusterStatus } from '../../src/core/cluster.ts'
import { AdminServer, type AdminServerOptions } from '../../src/admin/admin-server.ts'
import type { LogLevel } from '../../src/base/log.ts'
import type { Bootstrap } from '../../src/config/v3.ts'
import { defaultBuckets } from '../../src/stats/histogram.ts'
import { mainThread, MergedStats } from '../../src/stats/merged-stats.ts'
import { StatsStore } from '../../src/stats/store.ts'
import { TagExtraction, type TagRule } from '../../src/stats/tags.ts'

export class TestContext implements AdminContext {
  discovered(): readonly DiscoveredResource[] {
    return []
  }

  readonly stats: MergedStats
  readonly store: StatsStore
  readonly calls: string[] = []
  bootstrap = {} as Bootstrap
  flushStats = () => this.stats.mergeHistograms()
  startTimeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  version = 'revision/1.40.0/Clean/RELEASE/BoringSSL'
  node = { id: 'n', cluster: 'c', zone: '' }
  options = {
    configPath: 'a.yaml',
    configYaml: undefined,
    concurrency: 2,
    logLevel: 'info',
    componentLogLevels: new Map<string, LogLevel>([['http', 'debug']]),
    logPath: undefined,
    logFormat: undefined,
    logFormatEscaped: false,
    serviceCluster: undefined,
    serviceNode: undefined,
    serviceZone: undefined,
    drainTimeMs: 600_000,
    drainStrategy: 'gradual',
    adminAddressPath: undefined,
    fileFlushIntervalMs: 10_000,
    fileFlushMinBytes: 65_536,
  } as const
  serverState: ServerState = 'LIVE'
  clusterStatuses: readonly (readonly ClusterStatus[])[] = []
  listenerStatuses: readonly ListenerStatus[] = []
  layers: readonly RuntimeLayer[] = []
  levels = new Map<string, LogLevel>([
    ['main', 'info'],
    ['http', 'debug'],
  ])

  constructor(tags: readonly TagRule[] = []) {
    this.stats = new MergedStats(new TagExtraction(tags))
    this.store = new StatsStore({ onDefine: definitions => this.stats.define(mainThread, definitions) })
  }

  readonly wasm = {
    status: async () => ({ plugins: [], workers: [] }),
    reload: async () => undefined,
  }

  histogramBuckets(): readonly number[] {
    return defaultBuckets
  }

  state(): ServerState {
    return this.serverState
  }

  certificates(): readonly [] {
    return []
  }

  async clusters(): Promise<readonly (readonly ClusterStatus[])[]> {
    return this.clusterStatuses
  }

  listeners(): readonly ListenerStatus[] {
    return this.listenerStatuses
  }

  runtime(): readonly RuntimeLayer[] {
    return this.layers
  }

  setHealthCheckFailed(failed: boolean): void {
    this.calls.push(`healthcheck ${failed ? 'fail' : 'ok'}`)
  }

  drainListeners(options: object): void {
    this.calls.push(`drain ${JSON.stringify(options)}`)
  }

  quit(): void {
    this.calls.push('quit')
  }

  logLevels(): ReadonlyMap<string, LogLevel> {
    return this.levels
  }

  setLogLevel(component: string, level: LogLevel): void {
    for (const name of this.levels.keys()) if (component === '' || component === name) this.levels.set(name, level)
  }

  async overrideRuntime(changes: ReadonlyMap<string, string>): Promise<boolean> {
    if (this.layers.length === 0) return false
    this.calls.push(`runtime ${JSON.stringify([...changes])}`)
    return true
  }

  reopenLogs(): void {
    this.calls.push('reopen')
  }
}

export interface RunningAdmin extends AsyncDisposable {
  /** `http://127.0.0.1:1234` */
  readonly url: string
  get(path: string): Promise<string>
  post(path: string): Promise<string>
}

/** A server on a free port; closed by `await using`. Its own stats go to a store that nobody shows. */
export async function startAdmin(
  context: AdminContext,
  options: Partial<AdminServerOptions> = {},
): Promise<RunningAdmin> {
  const server = new AdminServer(context, {
    address: { kind: 'ip', ip: '127.0.0.1', port: 0, version: 4 },
    allowPaths: [],
    stats: new StatsStore(),
    ...options,
  })
  const address = await server.listen()
  const url = address.kind === 'ip' ? `http://127.0.0.1:${address.port}` : ''
  return {
    url,
    get: async path => (await fetch(url + path)).text(),
    post: async path => (await fetch(url + path, { method: 'POST' })).text(),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
