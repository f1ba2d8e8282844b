/** The `cluster.<name>.` stats. Follows Envoy's `ALL_CLUSTER_*_STATS` (envoy/upstream/upstream.h) and `CodeStatsImpl`. */
import type { ClusterStats } from '../core/cluster.ts'
import { responseCodeNames } from '../core/response-codes.ts'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'

/** Shown from the start, as Envoy does, though nothing counts them yet. */
const otherCounters = `assignment_stale assignment_timeout_received assignment_use_cached bind_errors
lb_local_cluster_not_ok lb_recalculate_zone_structures lb_subsets_created lb_subsets_fallback lb_subsets_fallback_panic lb_subsets_removed
lb_subsets_selected lb_zone_cluster_too_small lb_zone_no_capacity_left lb_zone_routing_all_directly
lb_zone_routing_cross_zone lb_zone_routing_sampled original_dst_host_invalid
upstream_cx_connect_with_0_rtt upstream_cx_http3_total upstream_cx_preconnect_skipped
upstream_http3_broken upstream_rq_0rtt
upstream_rq_rx_reset_no_error`.split(/\s+/)
/** Shown once there is an HTTP/1 connection pool. */
const http1Counters =
  'dropped_headers_with_underscores metadata_not_supported_error requests_rejected_with_underscores_in_headers response_flood'.split(
    ' ',
  )
const otherGauges =
  'lb_subsets_active version upstream_cx_rx_bytes_buffered upstream_cx_tx_bytes_buffered upstream_queue_overloaded'.split(
    ' ',
  )

export class ClusterStatistics implements ClusterStats {
  readonly scope: Scope
  readonly upstreamRqTotal: Counter
  readonly upstreamRqActive: Gauge
  readonly upstreamRqCompleted: Counter
  readonly upstreamRqTimeout: Counter
  readonly upstreamRqPerTryTimeout: Counter
  readonly upstreamRqPerTryIdleTimeout: Counter
  readonly upstreamRqMaxDurationReached: Counter
  readonly upstreamRqRxReset: Counter
  readonly upstreamRqTxReset: Counter
  readonly upstreamRqRetry: Counter
  readonly upstreamRqRetrySuccess: Counter
  readonly upstreamRqRetryOverflow: Counter
  readonly upstreamRqRetryLimitExceeded: Counter
  readonly upstreamRqRetryBackoffExponential: Counter
  readonly upstreamRqRetryBackoffRatelimited: Counter
  readonly retryOrShadowAbandoned: Counter
  readonly upstreamRqPendingTotal: Counter
  readonly upstreamRqPendingActive: Gauge
  readonly upstreamRqPendingOverflow: Counter
  /** Of the circuit breaker `max_requests`. */
  readonly upstreamRqActiveOverflow: Counter
  readonly upstreamRqPendingFailureEject: Counter
  readonly upstreamRqMaintenanceMode: Counter
  readonly upstreamRqCancelled: Counter
  readonly upstreamRqPerCx: Histogram
  readonly #requestTime: RequestTime

  readonly upstreamCxTotal: Counter
  readonly upstreamCxActive: Gauge
  readonly upstreamCxHttp1Total: Counter
  readonly upstreamCxHttp2Total: Counter
  readonly upstreamCxConnectFail: Counter
  readonly upstreamCxConnectTimeout: Counter
  readonly upstreamCxConnectAttemptsExceeded: Counter
  readonly upstreamCxOverflow: Counter
  readonly upstreamCxPoolOverflow: Counter
  readonly upstreamCxNoneHealthy: Counter
  readonly upstreamCxIdleTimeout: Counter
  readonly upstreamCxMaxDurationReached: Counter
  readonly upstreamCxMaxRequests: Counter
  readonly upstreamCxProtocolError: Counter
  readonly upstreamCxCloseNotify: Counter
  readonly upstreamCxDestroy: Counter
  readonly upstreamCxDestroyLocal: Counter
  readonly upstreamCxDestroyRemote: Counter
  readonly upstreamCxDestroyWithActiveRq: Counter
  readonly upstreamCxDestroyLocalWithActiveRq: Counter
  readonly upstreamCxDestroyRemoteWithActiveRq: Counter
  readonly upstreamCxRxBytesTotal: Counter
  readonly upstreamCxTxBytesTotal: Counter
  readonly upstreamCxConnectMs: Histogram
  readonly upstreamCxLengthMs: Histogram

  readonly upstreamFlowControlPausedReadingTotal: Counter
  readonly upstreamFlowControlResumedReadingTotal: Counter
  readonly upstreamFlowControlBackedUpTotal: Counter
  readonly upstreamFlowControlDrainedTotal: Counter
  readonly upstreamInternalRedirectSucceededTotal: Counter
  readonly upstreamInternalRedirectFailedTotal: Counter

  readonly membershipChange: Counter
  readonly membershipTotal: Gauge
  readonly membershipHealthy: Gauge
  readonly membershipDegraded: Gauge
  readonly membershipExcluded: Gauge
  readonly maxHostWeight: Gauge
  readonly lbHealthyPanic: Counter
  /** Transport sockets chosen for hosts; `default` is the cluster's own. */
  readonly transportSocketMatch: Counter

  readonly updateAttempt: Counter
  readonly updateSuccess: Counter
  readonly updateFailure: Counter
  readonly updateEmpty: Counter
  readonly updateNoRebuild: Counter

  readonly #codes: (ResponseCodeStats | undefined)[] = []
  readonly #canaryCodes: (ResponseCodeStats | undefined)[] = []
  readonly #retryCodes: (ResponseCodeStats | undefined)[] = []

  /** @param scope of `cluster.<name>` */
  constructor(scope: Scope) {
    this.scope = scope
    const counter = (name: string): Counter => scope.counter(name)
    this.upstreamRqTotal = counter('upstream_rq_total')
    this.upstreamRqActive = scope.gauge('upstream_rq_active')
    this.upstreamRqCompleted = counter('upstream_rq_completed')
    this.upstreamRqTimeout = counter('upstream_rq_timeout')
    this.upstreamRqPerTryTimeout = counter('upstream_rq_per_try_timeout')
    this.upstreamRqPerTryIdleTimeout = counter('upstream_rq_per_try_idle_timeout')
    this.upstreamRqMaxDurationReached = counter('upstream_rq_max_duration_reached')
    this.upstreamRqRxReset = counter('upstream_rq_rx_reset')
    this.upstreamRqTxReset = counter('upstream_rq_tx_reset')
    this.upstreamRqRetry = counter('upstream_rq_retry')
    this.upstreamRqRetrySuccess = counter('upstream_rq_retry_success')
    this.upstreamRqRetryOverflow = counter('upstream_rq_retry_overflow')
    this.upstreamRqRetryLimitExceeded = counter('upstream_rq_retry_limit_exceeded')
    this.upstreamRqRetryBackoffExponential = counter('upstream_rq_retry_backoff_exponential')
    this.upstreamRqRetryBackoffRatelimited = counter('upstream_rq_retry_backoff_ratelimited')
    this.retryOrShadowAbandoned = counter('retry_or_shadow_abandoned')
    this.upstreamRqPendingTotal = counter('upstream_rq_pending_total')
    this.upstreamRqPendingActive = scope.gauge('upstream_rq_pending_active')
    this.upstreamRqPendingOverflow = counter('upstream_rq_pending_overflow')
    this.upstreamRqActiveOverflow = counter('upstream_rq_active_overflow')
    this.upstreamRqPendingFailureEject = counter('upstream_rq_pending_failure_eject')
    this.upstreamRqMaintenanceMode = counter('upstream_rq_maintenance_mode')
    this.upstreamRqCancelled = counter('upstream_rq_cancelled')
    this.upstreamRqPerCx = scope.histogram('upstream_rq_per_cx')
    this.#requestTime = new RequestTime(scope)

    this.upstreamCxTotal = counter('upstream_cx_total')
    this.upstreamCxActive = scope.gauge('upstream_cx_active')
    this.upstreamCxHttp1Total = counter('upstream_cx_http1_total')
    this.upstreamCxHttp2Total = counter('upstream_cx_http2_total')
    this.upstreamCxConnectFail = counter('upstream_cx_connect_fail')
    this.upstreamCxConnectTimeout = counter('upstream_cx_connect_timeout')
    this.upstreamCxConnectAttemptsExceeded = counter('upstream_cx_connect_attempts_exceeded')
    this.upstreamCxOverflow = counter('upstream_cx_overflow')
    this.upstreamCxPoolOverflow = counter('upstream_cx_pool_overflow')
    this.upstreamCxNoneHealthy = counter('upstream_cx_none_healthy')
    this.upstreamCxIdleTimeout = counter('upstream_cx_idle_timeout')
    this.upstreamCxMaxDurationReached = counter('upstream_cx_max_duration_reached')
    this.upstreamCxMaxRequests = counter('upstream_cx_max_requests')
    this.upstreamCxProtocolError = counter('upstream_cx_protocol_error')
    this.upstreamCxCloseNotify = counter('upstream_cx_close_notify')
    this.upstreamCxDestroy = counter('upstream_cx_destroy')
    this.upstreamCxDestroyLocal = counter('upstream_cx_destroy_local')
    this.upstreamCxDestroyRemote = counter('upstream_cx_destroy_remote')
    this.upstreamCxDestroyWithActiveRq = counter('upstream_cx_destroy_with_active_rq')
    this.upstreamCxDestroyLocalWithActiveRq = counter('upstream_cx_destroy_local_with_active_rq')
    this.upstreamCxDestroyRemoteWithActiveRq = counter('upstream_cx_destroy_remote_with_active_rq')
    this.upstreamCxRxBytesTotal = counter('upstream_cx_rx_bytes_total')
    this.upstreamCxTxBytesTotal = counter('upstream_cx_tx_bytes_total')
    this.upstreamCxConnectMs = scope.histogram('upstream_cx_connect_ms', 'milliseconds')
    this.upstreamCxLengthMs = scope.histogram('upstream_cx_length_ms', 'milliseconds')

    this.upstreamFlowControlPausedReadingTotal = counter('upstream_flow_control_paused_reading_total')
    this.upstreamFlowControlResumedReadingTotal = counter('upstream_flow_control_resumed_reading_total')
    this.upstreamFlowControlBackedUpTotal = counter('upstream_flow_control_backed_up_total')
    this.upstreamFlowControlDrainedTotal = counter('upstream_flow_control_drained_total')
    this.upstreamInternalRedirectSucceededTotal = counter('upstream_internal_redirect_succeeded_total')
    this.upstreamInternalRedirectFailedTotal = counter('upstream_internal_redirect_failed_total')

    this.membershipChange = scope.counter('membership_change', 'highest')
    this.membershipTotal = scope.gauge('membership_total', 'never-import')
    this.membershipHealthy = scope.gauge('membership_healthy', 'never-import')
    this.membershipDegraded = scope.gauge('membership_degraded', 'never-import')
    this.membershipExcluded = scope.gauge('membership_excluded', 'never-import')
    this.maxHostWeight = scope.gauge('max_host_weight', 'never-import')
    this.lbHealthyPanic = counter('lb_healthy_panic')
    this.transportSocketMatch = scope.counter('default.total_match_count', 'highest')

    this.updateAttempt = scope.counter('update_attempt', 'highest')
    this.updateSuccess = scope.counter('update_success', 'highest')
    this.updateFailure = scope.counter('update_failure', 'highest')
    this.updateEmpty = scope.counter('update_empty', 'highest')
    this.updateNoRebuild = scope.counter('update_no_rebuild', 'highest')
    for (const name of otherCounters) scope.counter(name)
    for (const name of otherGauges) scope.gauge(name)
    scope.gauge('warming_state').set(0)
  }

  defineHttp1(): void {
    for (const name of http1Counters) this.scope.counter(`http1.${name}`)
  }

  /** Counts `upstream_rq_completed` too. */
  chargeResponseCode(status: number, internal: boolean, quiet = false, canary = false): void {
    if (canary) this.#chargeCanary(status, quiet)
    const index = status * 4 + (internal ? 1 : 0) + (quiet ? 2 : 0)
    let stats = this.#codes[index]
    if (stats === undefined) {
      const origin = internal ? 'internal.' : 'external.'
      stats = quiet
        ? new ResponseCodeStats(this.scope, status, [origin], [''])
        : new ResponseCodeStats(this.scope, status, ['', origin])
      this.#codes[index] = stats
    }
    stats.inc()
  }

  #chargeCanary(status: number, quiet: boolean): void {
    const index = status * 2 + (quiet ? 1 : 0)
    let stats = this.#canaryCodes[index]
    if (stats === undefined) {
      stats = new ResponseCodeStats(this.scope, status, quiet ? [] : ['canary.'], quiet ? ['canary.'] : [])
      this.#canaryCodes[index] = stats
    }
    stats.inc()
  }

  recordRequestTime(ms: number, internal: boolean, canary: boolean): void {
    this.#requestTime.record(ms, internal, canary)
  }

  chargeRetryResponseCode(status: number, quiet = false): void {
    const index = status * 2 + (quiet ? 1 : 0)
    let stats = this.#retryCodes[index]
    if (stats === undefined) {
      stats = new ResponseCodeStats(this.scope, status, quiet ? [] : ['retry.'], quiet ? ['retry.'] : [])
      this.#retryCodes[index] = stats
    }
    stats.inc()
  }
}

/** What one response of a status counts under each prefix. */
class ResponseCodeStats {
  readonly #counters: readonly Counter[]

  /** @param quiet prefixes under which it counts as completed and no more */
  constructor(scope: Scope, status: number, prefixes: readonly string[], quiet: readonly string[] = []) {
    const names = responseCodeNames(status).map(name => `upstream_rq_${name}`)
    this.#counters = [
      ...quiet.map(prefix => scope.counter(`${prefix}upstream_rq_completed`)),
      ...prefixes.flatMap(prefix => names.map(name => scope.counter(prefix + name))),
    ]
  }

  inc(): void {
    for (const counter of this.#counters) counter.inc()
  }
}

/** `upstream_rq_time` and its twins, which Envoy shows from the first response of their kind on. */
class RequestTime {
  readonly #scope: Scope
  #all: Histogram | undefined
  #external: Histogram | undefined
  #internal: Histogram | undefined
  #canary: Histogram | undefined

  constructor(scope: Scope) {
    this.#scope = scope
  }

  record(ms: number, internal: boolean, canary: boolean): void {
    const all = (this.#all ??= this.#make(''))
    all.record(ms)
    const origin = internal
      ? (this.#internal ??= this.#make('internal.'))
      : (this.#external ??= this.#make('external.'))
    origin.record(ms)
    if (!canary) return
    this.#canary ??= this.#make('canary.')
    this.#canary.record(ms)
  }

  #make(prefix: string): Histogram {
    return this.#scope.histogram(`${prefix}upstream_rq_time`, 'milliseconds')
  }
}
