/** Stats by Envoy's dotted names. A scope adds a prefix; asking twice for a name gives the same object. */
export interface Counter {
  inc(): void
  add(n: number): void
  readonly value: number
}

export interface Gauge {
  inc(): void
  dec(): void
  add(n: number): void
  sub(n: number): void
  set(value: number): void
  readonly value: number
}

export interface Histogram {
  /** A non-negative value in the histogram's unit. */
  record(value: number): void
}

export type HistogramUnit = 'unspecified' | 'bytes' | 'microseconds' | 'milliseconds' | 'percent'

export interface Scope {
  /** `scope('cluster.a')` of the root names its stats `cluster.a.…`. */
  scope(prefix: string): Scope
  /**
   * `accumulate`: workers add up; `highest`: the worker that counted most counts, for what every worker does for itself
   * and the process once, such as adding a cluster.
   */
  counter(name: string, mode?: 'accumulate' | 'highest'): Counter
  /** `accumulate`: workers add up; `never-import`: the main thread's value alone counts. */
  gauge(name: string, mode?: 'accumulate' | 'never-import'): Gauge
  histogram(name: string, unit?: HistogramUnit): Histogram
  /** A string-valued stat (`/stats` prints it quoted). */
  text(name: string, value: string): void
}
