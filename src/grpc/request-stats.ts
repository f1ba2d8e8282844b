/**
 * What is counted of gRPC requests to a cluster, `cluster.<name>.grpc.<service>.<method>.…`. Follows Envoy's
 * `Grpc::ContextImpl`. Names come from clients, so a cluster has a limited number of them.
 */
import type { ClusterManager, ClusterStats } from '../core/cluster.ts'
import { serviceAndMethod } from '../core/grpc.ts'
import type { HttpFilterCallbacks } from '../core/http-filter.ts'
import type { Counter, Histogram, Scope } from '../stats/scope.ts'

/** Further ones are counted without their names, and in `request_names_overflow`. */
const maxNames = 1000
const noNames = ''

/** Of one service and method, or of all that have none. A counter exists from its first count. */
export class GrpcRequestStats {
  readonly #scope: Scope
  readonly #counters = new Map<string, Counter>()
  #upstreamRqTime: Histogram | undefined

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** Nothing happens without a `grpc-status`. */
  chargeStatus(grpcStatus: string | undefined): void {
    if (grpcStatus === undefined) return
    this.#counter(/^\d{1,3}$/.test(grpcStatus) ? grpcStatus : 'invalid').inc()
    this.chargeSuccess(grpcStatus === '0')
  }

  chargeSuccess(success: boolean): void {
    this.#counter(success ? 'success' : 'failure').inc()
    this.#counter('total').inc()
  }

  chargeRequestMessages(count: number): void {
    this.#counter('request_message_count').add(count)
  }

  chargeResponseMessages(count: number): void {
    this.#counter('response_message_count').add(count)
  }

  recordUpstreamTime(ms: number): void {
    this.#upstreamRqTime ??= this.#scope.histogram('upstream_rq_time', 'milliseconds')
    this.#upstreamRqTime.record(ms)
  }

  #counter(name: string): Counter {
    let counter = this.#counters.get(name)
    if (counter === undefined) this.#counters.set(name, (counter = this.#scope.counter(name)))
    return counter
  }
}

/** Of the cluster that a request's route sends it to; undefined when there is none. */
export function clusterStatsOf(
  callbacks: HttpFilterCallbacks,
  clusters: Pick<ClusterManager, 'get'>,
): ClusterStats | undefined {
  const name = callbacks.route()?.entry?.clusterName
  return name === undefined ? undefined : clusters.get(name)?.info.stats
}

/** Of all clusters; one for each filter configuration. */
export class GrpcStatsByCluster {
  readonly #protocol: 'grpc' | 'grpc-web'
  readonly #clusters = new Map<ClusterStats, Map<string, GrpcRequestStats>>()

  constructor(protocol: 'grpc' | 'grpc-web' = 'grpc') {
    this.#protocol = protocol
  }

  /** @param names `Service.Method` as it is to stand in the stat's name; undefined: without one */
  of(cluster: ClusterStats, names: string | undefined): GrpcRequestStats {
    let known = this.#clusters.get(cluster)
    if (known === undefined) this.#clusters.set(cluster, (known = new Map()))
    const stats = known.get(names ?? noNames)
    if (stats !== undefined) return stats
    const scope = cluster.scope.scope(this.#protocol)
    if (names !== undefined && known.size >= maxNames) {
      scope.counter('request_names_overflow').inc()
      return this.of(cluster, undefined)
    }
    const made = new GrpcRequestStats(names === undefined ? scope : scope.scope(names))
    known.set(names ?? noNames, made)
    return made
  }

  /** Of the service and method of a path; undefined when it has none. */
  ofPath(cluster: ClusterStats, path: string): GrpcRequestStats | undefined {
    const names = serviceAndMethod(path)
    return names === undefined ? undefined : this.of(cluster, `${names.service}.${names.method}`)
  }
}
