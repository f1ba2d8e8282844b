/** What attributes are read from. Log contexts are such sources, and streams of wasm plugins. */
import type { ClusterManager } from '../core/cluster.ts'
import type { FactoryContext, ListenerFactoryContext } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Route } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'

export interface AttributeSource {
  readonly streamInfo: StreamInfo
  readonly requestHeaders: HeaderMap | undefined
  readonly responseHeaders: HeaderMap | undefined
  readonly responseTrailers: HeaderMap | undefined
  /** Asked instead of `streamInfo.route`: it may have to be found first. */
  route?(): Route | undefined
}

/** What is the same for all streams of one configuration. */
export interface AttributeEnvironment {
  readonly clusters: Pick<ClusterManager, 'get'>
  readonly node: FactoryContext['node']
  /** Undefined outside of listeners. */
  readonly trafficDirection: ListenerFactoryContext['trafficDirection'] | undefined
  readonly listenerMetadata: Readonly<Record<string, unknown>> | undefined
}

/** Of what a factory makes; many contexts are those of a listener's extension. */
export function attributeEnvironment(
  context: Pick<FactoryContext, 'clusters' | 'node'> &
    Partial<Pick<ListenerFactoryContext, 'trafficDirection' | 'listenerMetadata'>>,
): AttributeEnvironment {
  const { clusters, node, trafficDirection, listenerMetadata } = context
  return { clusters, node, trafficDirection, listenerMetadata }
}
