/** What a tcp_proxy configuration comes to: stats, access logs, and which cluster a connection goes to. */
import { configError } from '../../../../config/position.ts'
import type { TcpProxy } from '../../../../config/v3.ts'
import type { AccessLog } from '../../../../core/access-log.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { ListenerFactoryContext } from '../../../../core/extension.ts'
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
  readonly #names: readonly string[]
  /** Sums of the weights up to and with each name. */
  readonly #limits: readonly number[]

  /** @throws ConfigError */
  constructor(message: TcpProxy, context: ListenerFactoryContext) {
    this.clusters = context.clusters
    this.stats = new TcpProxyStats(context.stats.scope(`tcp.${message.statPrefix}`))
    this.accessLogs = message.accessLog.map(each => makeAccessLog(each, context))
    this.idleTimeoutMs = message.idleTimeout ?? defaultIdleTimeoutMs
    this.maxDurationMs = message.maxDownstreamConnectionDuration ?? 0
    this.maxConnectAttempts = message.maxConnectAttempts ?? 1
    const choices = message.weightedClusters?.clusters ?? [{ name: message.cluster ?? '', weight: 1 }]
    this.#names = choices.map(each => each.name)
    let sum = 0
    this.#limits = choices.map(each => (sum += each.weight))
    if (sum === 0) throw configError(message, 'weightedClusters', 'the weights of the clusters must not all be 0')
  }

  /** @param random uniform in [0, 1) */
  chooseCluster(random: number): string {
    if (this.#names.length === 1) return this.#names[0] as string
    const point = random * (this.#limits.at(-1) as number)
    return this.#names[this.#limits.findIndex(limit => point < limit)] as string
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
