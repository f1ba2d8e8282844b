/** `envoy.filters.http.health_check`: answers health checks, itself or from a cache, or passes them on marked as such. Follows Envoy's `health_check.cc`. */
import { performance } from '../../../../base/clock.ts'
import { configError } from '../../../../config/position.ts'
import { HealthCheckFilter as HealthCheckMessage } from '../../../../config/v3.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { HttpFilterContext, HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  LocalReply,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import { ResponseFlag } from '../../../../core/stream-info.ts'
import { allMatch, type HeaderPredicate, makeHeaderMatcher } from '../../../../matching/header-matcher.ts'
import { toBytes } from '../../../../base/latin1.ts'

interface Settings {
  readonly passThrough: boolean
  readonly cache: ResponseCache | undefined
  /** Percent by cluster. */
  readonly minHealthy: ReadonlyMap<string, number>
  readonly matchers: readonly HeaderPredicate[]
  readonly clusters: Pick<ClusterManager, 'get'>
  readonly ownCluster: string
  readonly failed: () => boolean
}

export const healthCheckFilter: HttpFilterExtension<HealthCheckMessage> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.health_check',
  message: HealthCheckMessage,
  terminal: false,
  create(message, context) {
    const settings = makeSettings(message, context)
    return callbacks => new HealthCheck(settings, callbacks)
  },
}

function makeSettings(message: HealthCheckMessage, context: HttpFilterContext): Settings {
  const passThrough = message.passThroughMode === true
  const cacheTimeMs = message.cacheTime ?? 0
  const minHealthy = Object.entries(message.clusterMinHealthyPercentages)
  if (!passThrough && cacheTimeMs > 0)
    throw configError(message, 'cacheTime', 'must not be set when pass_through_mode is disabled')
  if (passThrough && minHealthy.length > 0)
    throw configError(message, 'clusterMinHealthyPercentages', 'must not be set when pass_through_mode is enabled')
  return {
    passThrough,
    cache: cacheTimeMs > 0 ? new ResponseCache(cacheTimeMs) : undefined,
    minHealthy: new Map(minHealthy.map(([name, percent]) => [name, Math.trunc(percent.value)])),
    matchers: message.headers.map(makeHeaderMatcher),
    clusters: context.clusters,
    ownCluster: toBytes(context.node.cluster),
    failed: () => context.healthCheckFailed(),
  }
}

/** The last answer of the upstream. It is forgotten at fixed intervals, however old it is. */
class ResponseCache {
  status = 200
  degraded = false
  readonly #intervalMs: number
  readonly #startMs = performance.now()
  #storedIn = -1

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  get #interval(): number {
    return Math.floor((performance.now() - this.#startMs) / this.#intervalMs)
  }

  get fresh(): boolean {
    return this.#storedIn === this.#interval
  }

  store(status: number, degraded: boolean): void {
    this.status = status
    this.degraded = degraded
    this.#storedIn = this.#interval
  }
}

class HealthCheck implements HttpFilter {
  readonly #settings: Settings
  readonly #callbacks: HttpFilterCallbacks
  #isHealthCheck = false
  #answers = false

  constructor(settings: Settings, callbacks: HttpFilterCallbacks) {
    this.#settings = settings
    this.#callbacks = callbacks
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const { matchers, passThrough, cache, failed } = this.#settings
    if (!allMatch(matchers, headers)) return 'continue'
    this.#isHealthCheck = true
    this.#callbacks.streamInfo.healthCheck = true
    this.#answers = !passThrough || failed() || cache?.fresh === true
    if (!this.#answers) return 'continue'
    if (endStream) this.#answer()
    return 'stop'
  }

  decodeData(_data: Uint8Array, endStream: boolean): DataStatus {
    if (!this.#answers) return 'continue'
    if (endStream) this.#answer()
    return 'stop-no-buffer'
  }

  decodeTrailers(): TrailersStatus {
    if (!this.#answers) return 'continue'
    this.#answer()
    return 'stop'
  }

  encodeHeaders(headers: HeaderMap): HeadersStatus {
    const { cache, ownCluster, failed } = this.#settings
    if (this.#isHealthCheck) {
      cache?.store(headers.status, headers.has('x-envoy-degraded'))
      headers.set('x-envoy-upstream-healthchecked-cluster', ownCluster)
    } else if (failed()) headers.set('x-envoy-immediate-health-check-fail', 'true')
    return 'continue'
  }

  #answer(): void {
    const { cache, failed } = this.#settings
    if (failed()) return this.#reply(503, 'health_check_failed')
    if (cache !== undefined) return this.#reply(cache.status, 'health_check_cached', cache.degraded)
    const unhealthy = this.#unhealthyCluster()
    if (unhealthy !== undefined) return this.#reply(503, unhealthy)
    this.#reply(200, this.#settings.minHealthy.size > 0 ? 'health_check_ok_cluster_healthy' : 'health_check_ok')
  }

  /** Details of the first of the clusters that has too few hosts. */
  #unhealthyCluster(): string | undefined {
    const { minHealthy, clusters } = this.#settings
    for (const [name, percent] of minHealthy) {
      const hosts = clusters.get(name)?.hosts
      if (hosts === undefined) return 'health_check_failed_no_cluster_found'
      if (hosts.length === 0) {
        if (percent > 0) return 'health_check_failed_cluster_empty'
        continue
      }
      const usable = hosts.filter(host => host.healthy || host.degraded).length
      if (100 * usable < hosts.length * percent) return 'health_check_failed_cluster_unhealthy'
    }
    return undefined
  }

  #reply(status: number, details: string, degraded = false): void {
    const failed = status < 200 || status > 299
    const reply: LocalReply = { status, details, flags: failed ? ResponseFlag.failedLocalHealthCheck : 0 }
    this.#callbacks.sendLocalReply(
      degraded ? { ...reply, modifyHeaders: headers => headers.set('x-envoy-degraded', '') } : reply,
    )
  }
}
