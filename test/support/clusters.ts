/** Clusters for tests: messages from JSON, a factory context whose stats can be read, random numbers that repeat. */
import { ThreadDiscovery } from '../../src/xds/thread-discovery.ts'
import type { ConfigError } from '../../src/base/errors.ts'
import { SharedCells } from '../../src/base/shared-cells.ts'
import { Http1ClientConnection } from '../../src/codec/http1/client.ts'
import { decodeJson } from '../../src/config/decode-json.ts'
import { type JsonValue, parseJson } from '../../src/config/json-source.ts'
import type { Cluster as ClusterMessage } from '../../src/config/v3.ts'
import type { LoadBalancerContext } from '../../src/core/cluster.ts'
import { makeClusterPolicies } from '../../src/router/cluster-policies.ts'
import type { ExtensionResolver, ListenerFactoryContext } from '../../src/core/extension.ts'
import { StatsStore } from '../../src/stats/store.ts'
import { ClusterManager, type ClusterManagerOptions } from '../../src/upstream/cluster-manager.ts'

/** The message of a JSON value. Throws the first fault. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the type that belongs to the name
export function decode<T>(fullName: string, json: JsonValue): T {
  const { value, source } = parseJson(JSON.stringify(json), 'test.json')
  const errors: ConfigError[] = []
  const message = decodeJson(fullName, value, source, errors)
  if (errors[0] !== undefined) throw errors[0]
  return message as T
}

export function clusterMessage(json: JsonValue): ClusterMessage {
  return decode('envoy.config.cluster.v3.Cluster', json)
}

/** A cluster named `c` with endpoints at these ports of 127.0.0.1, and other fields. */
export function staticCluster(ports: readonly number[], more: Record<string, JsonValue> = {}): ClusterMessage {
  return clusterMessage({
    name: 'c',
    load_assignment: {
      cluster_name: 'c',
      endpoints: [{ lb_endpoints: ports.map(port => ({ endpoint: { address: socketAddress('127.0.0.1', port) } })) }],
    },
    ...more,
  })
}

export function socketAddress(address: string, port: number): JsonValue {
  return { socket_address: { address, port_value: port } }
}

/** Uniform in [0, 1), the same every time (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const noExtensions: ExtensionResolver = {
  knows: () => false,
  networkFilter: () => fail(),
  upstreamHttpFilters: () => undefined,
  httpFilter: () => fail(),
  perFilterConfig: () => fail(),
  accessLog: () => fail(),
  accessLogFilter: () => fail(),
  formatter: () => fail(),
  downstreamTransportSocket: () => fail(),
  upstreamTransportSocket: () => fail(),
  originalIpDetection: () => fail(),
  earlyHeaderMutation: () => fail(),
  requestIds: () => fail(),
  headerKeyFormatter: () => fail(),
  clusterSpecifier: () => {
    throw new Error('not here')
  },
  statSink: () => fail(),
  bootstrapExtension: () => fail(),
}

function fail(): never {
  throw new Error('this test has no extensions')
}

/** A context on its own stats store. `clusters` is set by `makeClusters`. */
export class TestContext implements ListenerFactoryContext {
  readonly store = new StatsStore()
  readonly stats = this.store
  readonly listenerStats = this.store
  readonly shared = new SharedCells(0)
  readonly workerIndex = 0
  readonly node = { id: 'n', cluster: 'n', zone: '' }
  readonly runtime = {
    getInteger: (_key: string, value: number) => value,
    getDouble: (_key: string, value: number) => value,
    getBoolean: (_key: string, value: boolean) => value,
    featureEnabled: () => false,
  }
  readonly singletons = new Map<string, unknown>()
  readonly listenerName = 'l'
  readonly trafficDirection = 'UNSPECIFIED'
  readonly listenerMetadata = undefined
  extensions: ExtensionResolver = noExtensions
  clusters = new ClusterManager([], this, { makeHttp1Client, makePolicies: makeClusterPolicies })
  drainClose(): boolean {
    return false
  }
  healthCheckFailed(): boolean {
    return false
  }
  openAccessLog(): never {
    throw new Error('no files')
  }
  readonly discovery = new ThreadDiscovery(new Map())
  onThreadEnd(): void {}
  onClose(): void {
    // Nothing is kept.
  }

  counter(name: string): number {
    return this.store.counter(name).value
  }

  gauge(name: string): number {
    return this.store.gauge(name).value
  }
}

const makeHttp1Client: ClusterManagerOptions['makeHttp1Client'] = (connection, callbacks, settings) =>
  new Http1ClientConnection(connection, callbacks, settings)

/** Builds clusters with the real codec; `close` them when done. */
export function makeClusters(
  messages: readonly ClusterMessage[],
  options: Partial<ClusterManagerOptions> = {},
): { clusters: ClusterManager; context: TestContext } {
  const context = new TestContext()
  const clusters = new ClusterManager(messages, context, {
    makeHttp1Client,
    makePolicies: makeClusterPolicies,
    random: seededRandom(1),
    ...options,
  })
  context.clusters = clusters
  return { clusters, context }
}

/** Of a connection without a downstream. */
export const noContext: LoadBalancerContext = {
  downstreamConnection: undefined,
  requestHeaders: undefined,
  metadataMatch: undefined,
  computeHashKey: () => undefined,
  shouldSelectAnotherHost: () => false,
}
