/** The stats of a connection manager, found once per configuration. Names of Envoy's `conn_manager_config.h`. */
import type { ConnectionStats } from '../core/connection.ts'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'

/** `downstream_rq_completed` and `downstream_rq_<n>xx`, under `http.<prefix>.` and `listener.<address>.http.<prefix>.`. */
class ResponseStats {
  readonly completed: Counter
  /** By first digit of the status; index 0 is unused. */
  readonly byClass: readonly Counter[]

  constructor(scope: Scope) {
    this.completed = scope.counter('downstream_rq_completed')
    this.byClass = [0, 1, 2, 3, 4, 5].map(digit => scope.counter(`downstream_rq_${digit || 1}xx`))
  }

  charge(status: number): void {
    this.completed.inc()
    const digit = (status / 100) | 0
    if (digit >= 1 && digit <= 5) (this.byClass[digit] as Counter).inc()
  }
}

export class HttpStats {
  readonly scope: Scope
  readonly #own: ResponseStats
  readonly #listener: ResponseStats

  readonly cxTotal: Counter
  readonly cxActive: Gauge
  readonly cxSslTotal: Counter
  readonly cxSslActive: Gauge
  readonly cxHttp1Total: Counter
  readonly cxHttp1Active: Gauge
  readonly cxHttp2Total: Counter
  readonly cxHttp2Active: Gauge
  readonly cxDestroy: Counter
  readonly cxDestroyActiveRq: Counter
  readonly cxDestroyLocal: Counter
  readonly cxDestroyLocalActiveRq: Counter
  readonly cxDestroyRemote: Counter
  readonly cxDestroyRemoteActiveRq: Counter
  readonly cxDrainClose: Counter
  readonly cxHttp1SoftDrain: Gauge
  readonly cxIdleTimeout: Counter
  readonly cxLengthMs: Histogram
  readonly cxMaxDurationReached: Counter
  readonly cxMaxRequestsReached: Counter
  readonly cxProtocolError: Counter
  readonly droppedUnderscores: Counter
  readonly rejectedUnderscores: Counter
  readonly connection: ConnectionStats
  readonly metadataNotSupported: Counter
  readonly cxUpgradesTotal: Counter
  readonly cxUpgradesActive: Gauge
  readonly flowControlPausedReadingTotal: Counter
  readonly flowControlResumedReadingTotal: Counter
  readonly rqTotal: Counter
  readonly rqActive: Gauge
  readonly rqHttp1Total: Counter
  readonly rqHttp2Total: Counter
  readonly rqTime: Histogram
  readonly rqFailedPathNormalization: Counter
  readonly rqHeaderTimeout: Counter
  readonly rqIdleTimeout: Counter
  readonly rqMaxDurationReached: Counter
  readonly rqNonRelativePath: Counter
  readonly rqRedirectedWithNormalizedPath: Counter
  readonly rqResponseBeforeRqComplete: Counter
  readonly rqRxReset: Counter
  readonly rqRejectedViaIpDetection: Counter
  readonly rqTimeout: Counter
  readonly rqTooLarge: Counter
  readonly rqTooManyPrematureResets: Counter
  readonly rqTxReset: Counter
  readonly rqWsOnNonWsRoute: Counter
  readonly rsTooLarge: Counter

  /**
   * @param scope `http.<stat_prefix>`
   * @param listenerScope `listener.<address>.http.<stat_prefix>`
   * @param root for the codec's stats
   */
  constructor(scope: Scope, listenerScope: Scope, root: Scope) {
    this.scope = scope
    this.#own = new ResponseStats(scope)
    this.#listener = new ResponseStats(listenerScope)
    this.cxTotal = scope.counter('downstream_cx_total')
    this.cxActive = scope.gauge('downstream_cx_active')
    this.cxSslTotal = scope.counter('downstream_cx_ssl_total')
    this.cxSslActive = scope.gauge('downstream_cx_ssl_active')
    this.cxHttp1Total = scope.counter('downstream_cx_http1_total')
    this.cxHttp1Active = scope.gauge('downstream_cx_http1_active')
    this.cxHttp2Total = scope.counter('downstream_cx_http2_total')
    this.cxHttp2Active = scope.gauge('downstream_cx_http2_active')
    this.cxDestroy = scope.counter('downstream_cx_destroy')
    this.cxDestroyActiveRq = scope.counter('downstream_cx_destroy_active_rq')
    this.cxDestroyLocal = scope.counter('downstream_cx_destroy_local')
    this.cxDestroyLocalActiveRq = scope.counter('downstream_cx_destroy_local_active_rq')
    this.cxDestroyRemote = scope.counter('downstream_cx_destroy_remote')
    this.cxDestroyRemoteActiveRq = scope.counter('downstream_cx_destroy_remote_active_rq')
    this.cxDrainClose = scope.counter('downstream_cx_drain_close')
    this.cxHttp1SoftDrain = scope.gauge('downstream_cx_http1_soft_drain')
    this.cxIdleTimeout = scope.counter('downstream_cx_idle_timeout')
    this.cxLengthMs = scope.histogram('downstream_cx_length_ms', 'milliseconds')
    this.cxMaxDurationReached = scope.counter('downstream_cx_max_duration_reached')
    this.cxMaxRequestsReached = scope.counter('downstream_cx_max_requests_reached')
    this.cxProtocolError = scope.counter('downstream_cx_protocol_error')
    this.droppedUnderscores = root.counter('http1.dropped_headers_with_underscores')
    this.rejectedUnderscores = root.counter('http1.requests_rejected_with_underscores_in_headers')
    this.connection = {
      readTotal: scope.counter('downstream_cx_rx_bytes_total'),
      writeTotal: scope.counter('downstream_cx_tx_bytes_total'),
      delayedCloseTimeouts: scope.counter('downstream_cx_delayed_close_timeout'),
    }
    this.cxUpgradesTotal = scope.counter('downstream_cx_upgrades_total')
    this.cxUpgradesActive = scope.gauge('downstream_cx_upgrades_active')
    this.flowControlPausedReadingTotal = scope.counter('downstream_flow_control_paused_reading_total')
    this.flowControlResumedReadingTotal = scope.counter('downstream_flow_control_resumed_reading_total')
    this.rqTotal = scope.counter('downstream_rq_total')
    this.rqActive = scope.gauge('downstream_rq_active')
    this.rqHttp1Total = scope.counter('downstream_rq_http1_total')
    this.rqHttp2Total = scope.counter('downstream_rq_http2_total')
    this.rqTime = scope.histogram('downstream_rq_time', 'milliseconds')
    this.rqFailedPathNormalization = scope.counter('downstream_rq_failed_path_normalization')
    this.rqHeaderTimeout = scope.counter('downstream_rq_header_timeout')
    this.rqIdleTimeout = scope.counter('downstream_rq_idle_timeout')
    this.rqMaxDurationReached = scope.counter('downstream_rq_max_duration_reached')
    this.rqNonRelativePath = scope.counter('downstream_rq_non_relative_path')
    this.rqRedirectedWithNormalizedPath = scope.counter('downstream_rq_redirected_with_normalized_path')
    this.rqResponseBeforeRqComplete = scope.counter('downstream_rq_response_before_rq_complete')
    this.rqRxReset = scope.counter('downstream_rq_rx_reset')
    this.rqRejectedViaIpDetection = scope.counter('downstream_rq_rejected_via_ip_detection')
    this.rqTimeout = scope.counter('downstream_rq_timeout')
    this.rqTooLarge = scope.counter('downstream_rq_too_large')
    this.rqTooManyPrematureResets = scope.counter('downstream_rq_too_many_premature_resets')
    this.rqTxReset = scope.counter('downstream_rq_tx_reset')
    this.rqWsOnNonWsRoute = scope.counter('downstream_rq_ws_on_non_ws_route')
    this.rsTooLarge = scope.counter('rs_too_large')
    // Kept at 0 for what sluice never does, so that dashboards and checks find the names.
    for (const name of unusedCounters) scope.counter(name)
    for (const name of unusedGauges) scope.gauge(name)
    this.metadataNotSupported = root.counter('http1.metadata_not_supported_error')
    root.counter('http1.response_flood')
  }

  /** A status that was sent to the client. */
  chargeResponse(status: number): void {
    this.#own.charge(status)
    this.#listener.charge(status)
  }

  /** Its name is not Envoy's, so it exists from the first bug on. */
  chargeFilterError(): void {
    this.scope.counter('downstream_rq_filter_error').inc()
  }
}

const unusedCounters = [
  'downstream_cx_http3_total',
  'downstream_cx_overload_disable_keepalive',
  'downstream_rq_http3_total',
  'downstream_rq_overload_close',
  'tracing.client_enabled',
  'tracing.health_check',
  'tracing.not_traceable',
  'tracing.random_sampling',
  'tracing.service_forced',
]
const unusedGauges = [
  'downstream_cx_http3_active',
  'downstream_cx_rx_bytes_buffered',
  'downstream_cx_tx_bytes_buffered',
]
