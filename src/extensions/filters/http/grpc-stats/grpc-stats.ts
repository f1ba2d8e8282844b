/** `envoy.filters.http.grpc_stats`: counts gRPC and Connect calls and their messages. Follows Envoy's `grpc_stats_filter.cc`. */
import { GrpcStatsFilter as GrpcStatsMessage } from '../../../../config/v3.ts'
import type { ClusterManager, ClusterStats } from '../../../../core/cluster.ts'
import type { HttpFilterContext, HttpFilterExtension } from '../../../../core/extension.ts'
import { isGrpcRequest, isGrpcResponse, serviceAndMethod } from '../../../../core/grpc.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import type { FilterStateObject } from '../../../../core/stream-info.ts'
import { ConnectFrameCounter, FrameCounter } from '../../../../grpc/frame-counter.ts'
import { clusterStatsOf, type GrpcRequestStats, GrpcStatsByCluster } from '../../../../grpc/request-stats.ts'

const filterName = 'envoy.filters.http.grpc_stats'

interface Settings {
  readonly clusters: Pick<ClusterManager, 'get'>
  readonly emitFilterState: boolean
  readonly enableUpstreamStats: boolean
  /** Undefined: a request is no gRPC by its path. */
  statsOf(cluster: ClusterStats, path: string): GrpcRequestStats | undefined
}

export const grpcStatsFilter: HttpFilterExtension<GrpcStatsMessage> = {
  kind: 'http-filter',
  name: filterName,
  message: GrpcStatsMessage,
  terminal: false,
  create(message, context) {
    const settings = makeSettings(message, context)
    return callbacks => new GrpcStats(settings, callbacks)
  },
}

function makeSettings(message: GrpcStatsMessage, context: HttpFilterContext): Settings {
  const { statsForAllMethods = false, individualMethodStatsAllowlist, replaceDotsInGrpcServiceName } = message
  const byCluster = new GrpcStatsByCluster()
  const allowed = new Set(
    individualMethodStatsAllowlist?.services.flatMap(({ name, methodNames }) =>
      methodNames.map(method => `${name}.${method}`),
    ),
  )
  return {
    clusters: context.clusters,
    emitFilterState: message.emitFilterState,
    enableUpstreamStats: message.enableUpstreamStats,
    statsOf(cluster, path) {
      const names = serviceAndMethod(path)
      if (names === undefined) return undefined
      const { service, method } = names
      if (statsForAllMethods)
        return byCluster.of(
          cluster,
          `${replaceDotsInGrpcServiceName ? service.replaceAll('.', '_') : service}.${method}`,
        )
      const full = `${service}.${method}`
      return byCluster.of(cluster, allowed.has(full) ? full : undefined)
    },
  }
}

/** What `%FILTER_STATE(envoy.filters.http.grpc_stats)%` tells. */
class MessageCounts implements FilterStateObject {
  requests = 0
  responses = 0

  serializeAsString(): undefined {
    return undefined
  }

  /** `envoy.extensions.filters.http.grpc_stats.v3.FilterObject` */
  serializeAsProto(): Record<string, string> {
    return {
      ...(this.requests > 0 ? { requestMessageCount: String(this.requests) } : {}),
      ...(this.responses > 0 ? { responseMessageCount: String(this.responses) } : {}),
    }
  }
}

type Kind = 'grpc' | 'connect-unary' | 'connect-streaming' | 'other'

function kindOf(headers: HeaderMap): Kind {
  if (isGrpcRequest(headers)) return 'grpc'
  if (headers.get('content-type')?.startsWith('application/connect+') === true) return 'connect-streaming'
  return headers.has('connect-protocol-version') ? 'connect-unary' : 'other'
}

class GrpcStats implements HttpFilter {
  readonly #settings: Settings
  readonly #callbacks: HttpFilterCallbacks
  #kind: Kind = 'other'
  #stats: GrpcRequestStats | undefined
  #requests: FrameCounter | undefined
  #responses: FrameCounter | undefined
  #counts: MessageCounts | undefined

  constructor(settings: Settings, callbacks: HttpFilterCallbacks) {
    this.#settings = settings
    this.#callbacks = callbacks
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    this.#kind = kindOf(headers)
    if (this.#kind === 'other') return 'continue'
    if (this.#kind !== 'connect-unary') this.#requests = new FrameCounter()
    const cluster = clusterStatsOf(this.#callbacks, this.#settings.clusters)
    if (cluster !== undefined) this.#stats = this.#settings.statsOf(cluster, headers.path)
    return 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    const messages = this.#kind === 'connect-unary' ? Number(endStream) : (this.#requests?.inspect(data) ?? 0)
    if (messages > 0) {
      this.#filterState((this.#counts?.requests ?? 0) + messages, this.#counts?.responses ?? 0)
      this.#stats?.chargeRequestMessages(messages)
    }
    return 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const kind = this.#kind
    if (kind === 'connect-streaming') this.#responses = new ConnectFrameCounter()
    else if (isGrpcResponse(headers, endStream)) this.#responses = new FrameCounter()
    if (kind === 'connect-unary') this.#stats?.chargeSuccess(headers.get(':status') === '200')
    else if (headers.get('content-type')?.startsWith('application/connect+') !== true)
      this.#stats?.chargeStatus(headers.get('grpc-status'))
    if (endStream) this.#recordUpstreamTime()
    return 'continue'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    const unary = this.#kind === 'connect-unary'
    const messages = unary ? Number(endStream) : (this.#responses?.inspect(data) ?? 0)
    if (messages > 0) {
      this.#filterState(this.#counts?.requests ?? 0, (this.#counts?.responses ?? 0) + messages)
      this.#stats?.chargeResponseMessages(messages)
    }
    if (endStream && this.#kind !== 'grpc') {
      if (this.#responses instanceof ConnectFrameCounter) this.#stats?.chargeSuccess(this.#responses.succeeded)
      this.#recordUpstreamTime()
    }
    return 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (this.#kind === 'grpc') {
      this.#stats?.chargeStatus(trailers.get('grpc-status'))
      this.#recordUpstreamTime()
    }
    return 'continue'
  }

  #filterState(requests: number, responses: number): void {
    if (!this.#settings.emitFilterState) return
    if (this.#counts === undefined) {
      this.#counts = new MessageCounts()
      const info = this.#callbacks.streamInfo
      info.filterState ??= new Map()
      info.filterState.set(filterName, this.#counts)
    }
    this.#counts.requests = requests
    this.#counts.responses = responses
  }

  #recordUpstreamTime(): void {
    const { lastUpstreamTxMs, lastUpstreamRxMs } = this.#callbacks.streamInfo
    if (this.#settings.enableUpstreamStats && lastUpstreamTxMs !== undefined && lastUpstreamRxMs !== undefined)
      this.#stats?.recordUpstreamTime(Math.max(0, Math.trunc(lastUpstreamRxMs - lastUpstreamTxMs)))
  }
}
