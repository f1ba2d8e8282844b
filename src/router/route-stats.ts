/** `vhost.<name>.vcluster.<name>.` and `vhost.<name>.route.<stat_prefix>.`. Follows Envoy's `VirtualClusterStats`, `RouteStats` and `CodeStatsImpl`. */
import { configError } from '../config/position.ts'
import type { VirtualCluster as VirtualClusterMessage } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { responseCodeNames } from '../core/response-codes.ts'
import type { RequestStats, VirtualCluster } from '../core/route.ts'
import { allMatch, makeHeaderMatcher } from '../matching/header-matcher.ts'
import type { Counter, Histogram, Scope } from '../stats/scope.ts'

/** Of a route, or of a virtual cluster. */
export class RouteStats implements RequestStats {
  readonly total: Counter
  readonly timeout: Counter
  readonly retry: Counter
  readonly retrySuccess: Counter
  readonly retryOverflow: Counter
  readonly retryLimitExceeded: Counter
  readonly #scope: Scope
  /** By status; each with the ones of its class and of all. */
  readonly #codes: (readonly Counter[] | undefined)[] = []
  #time: Histogram | undefined = undefined

  constructor(scope: Scope) {
    this.#scope = scope
    this.total = scope.counter('upstream_rq_total')
    this.timeout = scope.counter('upstream_rq_timeout')
    this.retry = scope.counter('upstream_rq_retry')
    this.retrySuccess = scope.counter('upstream_rq_retry_success')
    this.retryOverflow = scope.counter('upstream_rq_retry_overflow')
    this.retryLimitExceeded = scope.counter('upstream_rq_retry_limit_exceeded')
  }

  chargeResponseCode(status: number): void {
    let counters = this.#codes[status]
    if (counters === undefined) {
      counters = responseCodeNames(status).map(name => this.#scope.counter(`upstream_rq_${name}`))
      this.#codes[status] = counters
    }
    for (const counter of counters) counter.inc()
  }

  recordTime(ms: number): void {
    this.#time ??= this.#scope.histogram('upstream_rq_time', 'milliseconds')
    this.#time.record(ms)
  }
}

/** Finds the first virtual cluster that takes a request; undefined when none is configured. @param scope `vhost.<name>.` */
export function makeVirtualClusters(
  messages: readonly VirtualClusterMessage[],
  scope: Scope,
): ((headers: HeaderMap) => VirtualCluster) | undefined {
  if (messages.length === 0) return undefined
  const clusters = messages.map(message => {
    if (message.headers.length === 0) throw configError(message, 'headers', "virtual clusters must define 'headers'")
    const matchers = message.headers.map(makeHeaderMatcher)
    return { name: message.name, matchers, stats: new RouteStats(scope.scope(`vcluster.${message.name}`)) }
  })
  const other: VirtualCluster = { name: undefined, stats: new RouteStats(scope.scope('vcluster.other')) }
  return headers => clusters.find(each => allMatch(each.matchers, headers)) ?? other
}
