/** What all streams through one router filter share. Follows Envoy's `Router::FilterConfig`. */
import type { Deadlines } from '../base/deadlines.ts'
import type { Router } from '../config/v3.ts'
import type { AccessLog } from '../core/access-log.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { HttpFilterContext } from '../core/extension.ts'
import type { MakeUpstreamFilterChain } from '../core/upstream-filters.ts'
import type { RedirectRefusal } from './internal-redirect.ts'
import { localAddress } from '../network/local-address.ts'
import type { Counter, Scope } from '../stats/scope.ts'
import { makeUpstreamLogSettings, type UpstreamLogSettings } from './upstream-log.ts'

export interface RouterSettings {
  readonly clusters: ClusterManager
  readonly stats: RouterStats
  /** Of every attempt, unless the cluster has filters of its own. */
  readonly upstreamFilters: MakeUpstreamFilterChain | undefined
  readonly upstreamLog: UpstreamLogSettings | undefined
  readonly suppressEnvoyHeaders: boolean
  readonly respectExpectedRqTimeout: boolean
  /** CONNECT whose client does not wait for the answer is refused. */
  readonly rejectConnectEarlyData: boolean
  readonly dynamicStats: boolean
  /** Response codes of gRPC calls are not counted under the cluster itself. */
  readonly suppressGrpcCodeStats: boolean
  readonly strictCheckHeaders: readonly string[]
  /** Appended to `x-forwarded-for` of requests that the router makes itself. */
  readonly localAddress: string
  /** Of the routes' timeouts, by their length in ms. */
  readonly deadlines: Map<number, Deadlines>
}

interface RouterStats {
  readonly rqTotal: Counter
  readonly noRoute: Counter
  readonly noCluster: Counter
  readonly rqDirectResponse: Counter
  readonly rqResetAfterDownstreamResponseStarted: Counter
  readonly passthroughInternalRedirect: Readonly<Record<RedirectRefusal, Counter>>
}

/** @param upstreamLogs of `upstream_log` */
export function makeRouterSettings(
  message: Router,
  context: HttpFilterContext,
  upstreamLogs: readonly AccessLog[] = [],
): RouterSettings {
  return {
    clusters: context.clusters,
    stats: makeStats(context.httpStats),
    upstreamFilters: context.extensions.upstreamHttpFilters(message.upstreamHttpFilters, context),
    upstreamLog: makeUpstreamLogSettings(upstreamLogs, message.upstreamLogOptions),
    suppressEnvoyHeaders: message.suppressEnvoyHeaders,
    respectExpectedRqTimeout: message.respectExpectedRqTimeout,
    rejectConnectEarlyData: message.rejectConnectRequestEarlyData ?? false,
    dynamicStats: message.dynamicStats ?? true,
    suppressGrpcCodeStats: message.suppressGrpcRequestFailureCodeStats,
    strictCheckHeaders: message.strictCheckHeaders.map(name => name.toLowerCase()),
    localAddress: localAddress(),
    deadlines: new Map(),
  }
}

/** Those that Envoy shows at 0 and we never count are made too, so that the list of names is the same. */
function makeStats(scope: Scope): RouterStats {
  const silent = ['rq_overload_local_reply', 'rq_redirect']
  for (const name of silent) scope.counter(name)
  const passthrough = (reason: RedirectRefusal): Counter => scope.counter(`passthrough_internal_redirect_${reason}`)
  return {
    rqTotal: scope.counter('rq_total'),
    noRoute: scope.counter('no_route'),
    noCluster: scope.counter('no_cluster'),
    rqDirectResponse: scope.counter('rq_direct_response'),
    rqResetAfterDownstreamResponseStarted: scope.counter('rq_reset_after_downstream_response_started'),
    passthroughInternalRedirect: {
      bad_location: passthrough('bad_location'),
      unsafe_scheme: passthrough('unsafe_scheme'),
      too_many_redirects: passthrough('too_many_redirects'),
      no_route: passthrough('no_route'),
      predicate: passthrough('predicate'),
    },
  }
}
