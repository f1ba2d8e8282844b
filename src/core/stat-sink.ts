/** Where stats go in intervals (`stats_sinks`). Follows `envoy/stats/sink.h`. */
import type { MergedCounter, MergedGauge, MergedHistogram, MergedText } from '../stats/merged-stats.ts'

/** The stats of the process at the end of a flush interval; all of them, used or not. */
export interface MetricSnapshot {
  readonly counters: readonly {
    readonly counter: MergedCounter
    /** What was added since the last flush. */
    readonly delta: number
  }[]
  readonly gauges: Iterable<MergedGauge>
  /** Their `interval` is the one that has just ended. */
  readonly histograms: Iterable<MergedHistogram>
  readonly texts: Iterable<MergedText>
}

export interface StatSink {
  /** On the main thread, every `stats_flush_interval`, or when /stats is asked for with `stats_flush_on_admin`. */
  flush(snapshot: MetricSnapshot): void
}
