/** The codec's stats: `http2.` of downstream, `cluster.<name>.http2.` of upstream. Names of Envoy's `http2/codec_stats.h`. */
import type { Counter, Gauge, Scope } from '../../stats/scope.ts'

/** Shown though nothing counts them: what Envoy counts there cannot happen here, or has no counterpart. */
const otherCounters = `headers_cb_no_stream cookies_total_bytes_too_large
nghttp2_downstream_connections nghttp2_upstream_connections oghttp2_downstream_connections oghttp2_upstream_connections`.split(
  /\s+/,
)
const otherHistograms = ['cookie_count', 'cookie_size', 'header_count', 'header_list_size']
const otherGauges = ['deferred_stream_close', 'outbound_frames_active', 'outbound_control_frames_active']

export class Http2Stats {
  readonly droppedUnderscores: Counter
  readonly rejectedUnderscores: Counter
  readonly goAwaySent: Counter
  readonly metadataEmptyFrames: Counter
  readonly headerListSizeTooLarge: Counter
  readonly headerOverflow: Counter
  readonly inboundEmptyFramesFlood: Counter
  readonly inboundPriorityFramesFlood: Counter
  readonly inboundWindowUpdateFramesFlood: Counter
  readonly keepaliveTimeout: Counter
  readonly outboundControlFlood: Counter
  readonly outboundFlood: Counter
  readonly rxMessagingError: Counter
  readonly rxReset: Counter
  readonly streamRefusedErrors: Counter
  readonly trailers: Counter
  readonly txFlushTimeout: Counter
  readonly txReset: Counter
  readonly streamsActive: Gauge
  readonly pendingSendBytes: Gauge

  /** @param scope of `http2` */
  constructor(scope: Scope) {
    this.droppedUnderscores = scope.counter('dropped_headers_with_underscores')
    this.rejectedUnderscores = scope.counter('requests_rejected_with_underscores_in_headers')
    this.goAwaySent = scope.counter('goaway_sent')
    this.metadataEmptyFrames = scope.counter('metadata_empty_frames')
    this.headerListSizeTooLarge = scope.counter('header_list_size_too_large')
    this.headerOverflow = scope.counter('header_overflow')
    this.inboundEmptyFramesFlood = scope.counter('inbound_empty_frames_flood')
    this.inboundPriorityFramesFlood = scope.counter('inbound_priority_frames_flood')
    this.inboundWindowUpdateFramesFlood = scope.counter('inbound_window_update_frames_flood')
    this.keepaliveTimeout = scope.counter('keepalive_timeout')
    this.outboundControlFlood = scope.counter('outbound_control_flood')
    this.outboundFlood = scope.counter('outbound_flood')
    this.rxMessagingError = scope.counter('rx_messaging_error')
    this.rxReset = scope.counter('rx_reset')
    this.streamRefusedErrors = scope.counter('stream_refused_errors')
    this.trailers = scope.counter('trailers')
    this.txFlushTimeout = scope.counter('tx_flush_timeout')
    this.txReset = scope.counter('tx_reset')
    this.streamsActive = scope.gauge('streams_active')
    this.pendingSendBytes = scope.gauge('pending_send_bytes')
    for (const name of otherCounters) scope.counter(name)
    for (const name of otherGauges) scope.gauge(name)
    for (const name of otherHistograms) scope.histogram(name)
  }
}

/** Envoy shows these stats from the first HTTP/2 connection on: so are they made. */
export function makeLazyStats(scope: Scope): () => Http2Stats {
  let stats: Http2Stats | undefined
  return () => (stats ??= new Http2Stats(scope))
}
