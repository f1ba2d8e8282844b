/** From an `ApiConfigSource` to a discovery stream. Follows Envoy's `SubscriptionFactoryImpl`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { ApiConfigSource, Node } from '../config/v3.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { Scope } from '../stats/scope.ts'
import { GrpcMux } from './grpc-mux.ts'
import { incremental, stateOfTheWorld } from './protocol.ts'
import type { ResourceKind } from './resource-kind.ts'

export interface GrpcSourceParts {
  readonly clusters: () => ClusterManager
  readonly node: Node | undefined
  readonly stats: Scope
  readonly random: () => number
}

/** A gRPC service, and its methods after `Stream` and `Delta`. */
type DiscoveryService = Pick<ResourceKind, 'service' | 'method'>

export const aggregated: DiscoveryService = {
  service: 'envoy.service.discovery.v3.AggregatedDiscoveryService',
  method: 'AggregatedResources',
}

/** Envoy's, of streams that end. */
const defaultBaseMs = 500
const defaultMaxMs = 30_000

/** Throws `ConfigError`. */
export function makeGrpcMux(
  source: ApiConfigSource,
  { service, method }: DiscoveryService,
  { clusters, node, stats, random }: GrpcSourceParts,
): GrpcMux {
  const [grpcService] = source.grpcServices
  const envoyGrpc = grpcService?.envoyGrpc
  if (grpcService === undefined || envoyGrpc === undefined)
    throw configError(grpcService ?? source, undefined, 'needs grpc_services with envoy_grpc')
  const { clusterName, authority, retryPolicy } = envoyGrpc
  const protocol = source.apiType === 'DELTA_GRPC' ? incremental : stateOfTheWorld
  const backOff = retryPolicy?.retryBackOff
  const baseMs = backOff?.baseInterval ?? defaultBaseMs
  return new GrpcMux(
    {
      protocol,
      request: {
        service,
        method: `${protocol.methodPrefix}${method}`,
        authority: authority === '' ? clusterName : authority,
        metadata: grpcService.initialMetadata.flatMap(({ key, value }) => [key.toLowerCase(), toBytes(value)]),
        timeoutMs: 0,
      },
      clusterName,
      node,
      nodeOnFirstMessageOnly: source.setNodeOnFirstMessageOnly,
      baseMs,
      maxMs: Math.max(backOff?.maxInterval ?? defaultMaxMs, baseMs),
    },
    { cluster: () => clusters().get(clusterName), stats, random },
  )
}
