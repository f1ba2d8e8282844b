/** What a tcp_proxy configuration comes to: stats, access logs, and which cluster a connection goes to. */
import { xxHash64 } from '../../../../base/xxhash64.ts'
import { configError } from '../../../../config/position.ts'
import type { TcpProxy } from '../../../../config/v3.ts'
import type { AccessLog } from '../../../../core/access-log.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { ListenerFactoryContext } from '../../../../core/extension.ts'
import { filterStateOf, type StreamInfo } from '../../../../core/stream-info.ts'
import type { Counter, Gauge, Scope } from '../../../../stats/scope.ts'
import { makeAccessLog } from '../../../access-loggers/common/make-access-log.ts'

const defaultIdleTimeoutMs = 3_600_000

export class TcpProxySettings {
  readonly clusters: ClusterManager
  readonly stats: TcpProxyStats
  readonly accessLogs: readonly AccessLog[]
  /** 0 = none. */
  readonly idleTimeoutMs: number
  /** 0 = none. */
  readonly maxDurationMs: number
  readonly maxConnectAttempts: number
  readonly logOnStart: boolean
  readonly logOnConnected: boolean
  /** 0 = none. */
  readonly logIntervalMs: number
  /** For a cluster that filter state names. */
  readonly metadataMatch: MetadataMatch
  readonly hash: ((streamInfo: StreamInfo) => bigint | undefined) | undefined
  readonly #choices: readonly TcpRoute[]
  /** Sums of the weights up to and with each choice. */
  readonly #limits: readonly number[]

  /** @throws ConfigError */
  constructor(message: TcpProxy, context: ListenerFactoryContext) {
    this.clusters = context.clusters
    this.stats = new TcpProxyStats(context.stats.scope(`tcp.${message.statPrefix}`))
    this.accessLogs = message.accessLog.map(each => makeAccessLog(each, context))
    this.idleTimeoutMs = message.idleTimeout ?? defaultIdleTimeoutMs
    this.maxDurationMs = message.maxDownstreamConnectionDuration ?? 0
    this.maxConnectAttempts = message.maxConnectAttempts ?? 1
    const ownMatch = message.metadataMatch?.filterMetadata['envoy.lb']
    this.metadataMatch = ownMatch
    this.hash = makeHash(message)
    const options = message.accessLogOptions
    for (const old of ['accessLogFlushInterval', 'flushAccessLogOnConnected'] as const)
      if (options !== undefined && message[old])
        throw configError(message, old, 'cannot be set beside access_log_options, which has it too')
    this.logOnStart = options?.flushAccessLogOnStart ?? false
    this.logOnConnected = options?.flushAccessLogOnConnected ?? message.flushAccessLogOnConnected
    this.logIntervalMs = options?.accessLogFlushInterval ?? message.accessLogFlushInterval ?? 0
    const choices = message.weightedClusters?.clusters ?? [{ name: message.cluster ?? '', weight: 1 }]
    this.#choices = choices.map(each => ({
      clusterName: each.name,
      metadataMatch: mergeMetadata(ownMatch, each.metadataMatch?.filterMetadata['envoy.lb']),
    }))
    let sum = 0
    this.#limits = choices.map(each => (sum += each.weight))
    if (sum === 0) throw configError(message, 'weightedClusters', 'the weights of the clusters must not all be 0')
  }

  /** @param random uniform in [0, 1) */
  chooseRoute(random: number): TcpRoute {
    if (this.#choices.length === 1) return this.#choices[0] as TcpRoute
    const point = random * (this.#limits.at(-1) as number)
    return this.#choices[this.#limits.findIndex(limit => point < limit)] as TcpRoute
  }
}

export type MetadataMatch = Readonly<Record<string, unknown>> | undefined

export interface TcpRoute {
  readonly clusterName: string
  readonly metadataMatch: MetadataMatch
}

/** What the second says, and of the first what it does not say. */
export function mergeMetadata(less: MetadataMatch, more: MetadataMatch): MetadataMatch {
  if (less === undefined || more === undefined) return more ?? less
  return { ...less, ...more }
}

function makeHash(message: TcpProxy): TcpProxySettings['hash'] {
  const [policy] = message.hashPolicy
  if (policy?.sourceIp !== undefined)
    return ({ downstream }) => {
      const { remoteAddress } = downstream
      return remoteAddress.kind === 'ip' ? xxHash64(remoteAddress.ip) : undefined
    }
  const { filterState } = policy ?? {}
  if (filterState === undefined) return undefined
  return streamInfo => {
    const value = filterStateOf(streamInfo, filterState.key)?.hashInput?.()
    return value === undefined ? undefined : xxHash64(value)
  }
}

/** `tcp.<stat_prefix>.` */
export class TcpProxyStats {
  readonly cxTotal: Counter
  readonly cxNoRoute: Counter
  readonly rxBytesTotal: Counter
  readonly txBytesTotal: Counter
  readonly pausedReadingTotal: Counter
  readonly resumedReadingTotal: Counter
  readonly idleTimeout: Counter
  readonly maxDuration: Counter
  readonly flushTotal: Counter
  readonly flushActive: Gauge

  constructor(scope: Scope) {
    this.cxTotal = scope.counter('downstream_cx_total')
    this.cxNoRoute = scope.counter('downstream_cx_no_route')
    this.rxBytesTotal = scope.counter('downstream_cx_rx_bytes_total')
    this.txBytesTotal = scope.counter('downstream_cx_tx_bytes_total')
    this.pausedReadingTotal = scope.counter('downstream_flow_control_paused_reading_total')
    this.resumedReadingTotal = scope.counter('downstream_flow_control_resumed_reading_total')
    this.idleTimeout = scope.counter('idle_timeout')
    this.maxDuration = scope.counter('max_downstream_connection_duration')
    this.flushTotal = scope.counter('upstream_flush_total')
    this.flushActive = scope.gauge('upstream_flush_active')
    for (const name of ['downstream_cx_drain_close', 'downstream_cx_overload_close', 'early_data_received_count_total'])
      scope.counter(name)
    scope.counter('route_delayed_total')
    scope.gauge('downstream_cx_rx_bytes_buffered')
    scope.gauge('downstream_cx_tx_bytes_buffered')
  }
}
