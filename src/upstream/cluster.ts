/** One cluster on one worker: its settings, hosts, load balancing and pools. Follows Envoy's `ClusterInfoImpl`. */
import { defaultUpstreamHttp1Settings, type Http1Settings, http1Settings } from '../codec/http1/settings.ts'
import { Http2ClientConnection } from '../codec/http2/client.ts'
import { defaultUpstreamHttp2Settings, http2Settings } from '../codec/http2/settings.ts'
import { makeLazyStats } from '../codec/http2/stats.ts'
import { ownCell, type SharedCells } from '../base/shared-cells.ts'
import { configError } from '../config/position.ts'
import {
  type Cluster as ClusterMessage,
  type ClusterHttpProtocolOptions,
  ClusterHttpProtocolOptions as clusterHttpProtocolOptionsType,
  type Http1ProtocolOptions,
  type Http2ProtocolOptions,
} from '../config/v3.ts'
import type {
  Cancellable,
  Cluster,
  ClusterInfo,
  ClusterRequestPolicies,
  HttpConnectionPool,
  HttpPoolCallbacks,
  LoadBalancerContext,
  Metadata,
  Priority,
  ResourceManager,
  TcpPoolCallbacks,
} from '../core/cluster.ts'
import type { ClientConnection, ClientConnectionCallbacks, ResponseDecoder } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import type { FactoryContext, Runtime } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HashPolicy } from '../core/route.ts'
import type { Protocol } from '../core/stream-info.ts'
import type { MakeUpstreamFilterChain } from '../core/upstream-filters.ts'
import { makeAnyOf } from '../matching/any-of.ts'
import { makeHashPolicy } from '../matching/hash-policy.ts'
import { addressFromMessage } from '../network/address.ts'
import { type AutoSni, makeAutoSni } from './auto-sni.ts'
import { makeResourceManager } from './circuit-breakers.ts'
import { ClusterStatistics } from './cluster-stats.ts'
import type { PoolSettings } from './connection-pool.ts'
import { randomHash } from './consistent-hashing.ts'
import type { DnsResolver } from './dns.ts'
import { type EndpointSource, makeEndpointSource } from './endpoints.ts'
import type { UpstreamHost } from './host.ts'
import { HostSet, type HostSetSettings } from './host-set.ts'
import { type HttpCodecs, HttpPool, type HttpVersion } from './http-pool.ts'
import type { Random } from './load-balancer.ts'
import { makeLoadBalancing } from './load-balancing-policy.ts'
import { SubsetSet } from './subset-set.ts'
import { TcpPool } from './tcp-pool.ts'
import { makeTransportSocketFactory } from './transport-socket.ts'

const defaultConnectTimeoutMs = 5000
const defaultBufferLimitBytes = 1024 * 1024
const defaultIdleTimeoutMs = 3_600_000
const defaultOverprovisioningPercent = 140
const defaultPanicThresholdPercent = 50

export interface ClusterDependencies {
  makeHttp1Client(
    connection: Connection,
    callbacks: ClientConnectionCallbacks,
    settings: Http1Settings,
  ): ClientConnection
  /** What the cluster itself says about requests. @throws ConfigError */
  makePolicies(options: ClusterHttpProtocolOptions | undefined, context: FactoryContext): ClusterRequestPolicies
  readonly resolver: DnsResolver
  readonly random: Random
}

export class UpstreamCluster implements Cluster, ClusterInfo {
  readonly message: ClusterMessage
  readonly name: string
  readonly statName: string
  readonly connectTimeoutMs: number
  readonly perConnectionBufferLimitBytes: number
  readonly maxRequestsPerConnection: number
  readonly maxStreamDurationMs: number
  readonly metadata: Metadata | undefined
  readonly http1: boolean
  readonly http2: boolean
  readonly upstreamFilters: MakeUpstreamFilterChain | undefined
  readonly policies: ClusterRequestPolicies
  readonly stats: ClusterStatistics
  readonly #defaultResources: ResourceManager
  readonly #highResources: ResourceManager
  readonly #hostSet: HostSet | SubsetSet
  readonly #byHash: boolean
  readonly #hashPolicy: HashPolicy | undefined
  readonly #random: Random
  readonly #poolSettings: PoolSettings
  readonly #codecs: HttpCodecs
  readonly #protocol: HttpVersion | 'downstream'
  readonly #autoSni: AutoSni | undefined
  readonly #source: EndpointSource
  readonly #refusing: HttpConnectionPool
  readonly #shared: SharedCells
  readonly runtime: Runtime
  readonly #maintenanceKey: string
  /** Hosts count their connections over all workers. */
  readonly #limitsHosts: boolean
  #closed = false

  /** @throws ConfigError */
  constructor(message: ClusterMessage, context: FactoryContext, dependencies: ClusterDependencies) {
    this.message = message
    this.name = message.name
    this.statName = message.altStatName || message.name
    const scope = context.stats.scope(`cluster.${this.statName}`)
    this.stats = new ClusterStatistics(scope)
    const resources = (priority: Priority): ResourceManager =>
      makeResourceManager(this.name, priority, message.circuitBreakers, context, scope)
    this.#defaultResources = resources('default')
    this.#highResources = resources('high')
    this.#shared = context.shared
    this.runtime = context.runtime
    this.#maintenanceKey = `upstream.maintenance_mode.${this.name}`
    this.#limitsHosts = (message.circuitBreakers?.perHostThresholds.length ?? 0) > 0
    this.connectTimeoutMs = message.connectTimeout ?? defaultConnectTimeoutMs
    this.perConnectionBufferLimitBytes = message.perConnectionBufferLimitBytes ?? defaultBufferLimitBytes
    this.metadata = message.metadata?.filterMetadata

    const http = httpOptions(message)
    this.policies = dependencies.makePolicies(http, context)
    const common = http?.commonHttpProtocolOptions ?? message.commonHttpProtocolOptions
    this.maxRequestsPerConnection = common?.maxRequestsPerConnection ?? message.maxRequestsPerConnection ?? 0
    this.maxStreamDurationMs = common?.maxStreamDuration ?? 0
    const { protocol, http1, http2 } = protocolOptions(message, http)
    this.#protocol = protocol
    this.http1 = protocol !== 'http2'
    this.http2 = protocol !== 'http1'
    const limits = {
      ...(common?.maxHeadersCount === undefined ? {} : { maxHeadersCount: common.maxHeadersCount }),
      ...(common?.maxResponseHeadersKb === undefined ? {} : { maxHeadersKb: common.maxResponseHeadersKb }),
    }
    const codecSettings: Http1Settings = {
      ...http1Settings(http1, defaultUpstreamHttp1Settings, context, makeAnyOf(http1?.ignoreHttp11Upgrade ?? [])),
      ...limits,
    }
    const codecSettings2 = { ...http2Settings(http2, defaultUpstreamHttp2Settings), ...limits }
    const http2Stats = makeLazyStats(scope.scope('http2'))
    this.#codecs = {
      http1: (connection, callbacks) => dependencies.makeHttp1Client(connection, callbacks, codecSettings),
      http2: (connection, callbacks) => new Http2ClientConnection(connection, callbacks, codecSettings2, http2Stats()),
      maxConcurrentStreams: codecSettings2.maxConcurrentStreams,
    }

    const keepAlive = message.upstreamConnectionOptions?.tcpKeepalive
    const source = message.upstreamBindConfig?.sourceAddress
    this.#poolSettings = {
      stats: this.stats,
      transportSocket: makeTransportSocketFactory(message.transportSocket, {
        ...context,
        clusterName: this.name,
        clusterStats: scope,
      }),
      connectTimeoutMs: this.connectTimeoutMs,
      bufferLimitBytes: this.perConnectionBufferLimitBytes,
      sourceAddress: source === undefined ? undefined : addressFromMessage({ socketAddress: source }),
      keepAlive:
        keepAlive === undefined
          ? undefined
          : {
              idleSeconds: keepAlive.keepaliveTime ?? 0,
              intervalSeconds: keepAlive.keepaliveInterval ?? 0,
              probes: keepAlive.keepaliveProbes ?? 0,
            },
      idleTimeoutMs: common?.idleTimeout ?? defaultIdleTimeoutMs,
      maxConnectionDurationMs: common?.maxConnectionDuration ?? 0,
      maxConnectionDurationJitterPercent: common?.maxConnectionDurationJitter?.value ?? 0,
      maxRequestsPerConnection: this.maxRequestsPerConnection,
    }
    this.#autoSni = makeAutoSni(http?.upstreamHttpProtocolOptions, this.#poolSettings.transportSocket.validates)
    this.upstreamFilters =
      http === undefined
        ? undefined
        : context.extensions.upstreamHttpFilters(http.httpFilters, {
            ...context,
            listenerName: '',
            trafficDirection: 'UNSPECIFIED',
            listenerMetadata: undefined,
            listenerStats: scope,
            httpStats: scope,
          })
    this.#refusing = new RefusingPool(this.stats)
    const { makePicker, byHash, hashPolicy, subsets, localityWeighted, failsOnPanic } = makeLoadBalancing(
      message,
      scope,
    )
    this.#byHash = byHash
    this.#hashPolicy = hashPolicy ?? makeHashPolicy(http?.hashPolicy ?? [])
    this.#random = dependencies.random
    const hostSettings: HostSetSettings = {
      makePicker,
      random: dependencies.random,
      overprovisioningPercent: message.loadAssignment?.policy?.overprovisioningFactor ?? defaultOverprovisioningPercent,
      panicThresholdPercent: message.commonLbConfig?.healthyPanicThreshold?.value ?? defaultPanicThresholdPercent,
      failsOnPanic,
      localityWeighted,
      onPanic: () => this.stats.lbHealthyPanic.inc(),
    }
    this.#hostSet = subsets === undefined ? new HostSet(hostSettings) : new SubsetSet(subsets, hostSettings, scope)
    this.#source = makeEndpointSource(message, dependencies.resolver, this.stats, dependencies.random, hosts =>
      this.#setHosts(hosts),
    )
  }

  /** By runtime, for a share of the requests. */
  get maintenanceMode(): boolean {
    return this.runtime.featureEnabled(this.#maintenanceKey, 0, 100, Math.floor(Math.random() * 1_000_000))
  }

  get info(): ClusterInfo {
    return this
  }

  get hosts(): readonly UpstreamHost[] {
    return this.#hostSet.hosts
  }

  resourceManager(priority: Priority): ResourceManager {
    return priority === 'high' ? this.#highResources : this.#defaultResources
  }

  /** Resolves when the first hosts are there, or known not to be had. */
  start(): Promise<void> {
    return this.#source.start()
  }

  chooseHost(context: LoadBalancerContext): UpstreamHost | undefined {
    const hash = this.#byHash ? (this.#hashOf(context) ?? randomHash(this.#random)) : undefined
    const { metadataMatch, retryPriority } = context
    let host = this.#hostSet.pick(hash, 0, metadataMatch, retryPriority)
    const retries = context.hostSelectionRetryCount ?? 0
    for (let i = 1; host !== undefined && i <= retries && context.shouldSelectAnotherHost(host); i++)
      host = this.#hostSet.pick(hash, i, metadataMatch, retryPriority)
    return host
  }

  #hashOf(context: LoadBalancerContext): bigint | undefined {
    return this.#hashPolicy === undefined ? context.computeHashKey() : context.computeHashBy?.(this.#hashPolicy)
  }

  httpConnectionPool(
    host: UpstreamHost,
    priority: Priority,
    downstreamProtocol: Protocol,
    headers?: HeaderMap,
  ): HttpConnectionPool {
    const index = priority === 'high' ? 1 : 0
    const version =
      this.#protocol !== 'downstream' ? this.#protocol : downstreamProtocol === 'HTTP/2' ? 'http2' : 'http1'
    const identity = headers === undefined ? undefined : this.#autoSni?.identity(headers)
    const pools = host.httpPools[version]
    const key = identity === undefined ? '' : `${version} ${index} ${identity.serverName} ${identity.expectedSan}`
    const found = identity === undefined ? pools[index] : host.namedHttpPools.get(key)
    if (found !== undefined) return found
    const resources = this.resourceManager(priority)
    if (!resources.connectionPools.canCreate()) {
      this.stats.upstreamCxPoolOverflow.inc()
      return this.#refusing
    }
    if (version !== 'http2') this.stats.defineHttp1()
    if (identity === undefined) {
      const pool = new HttpPool(host, this.#poolSettings, resources, version, this.#codecs)
      pools[index] = pool
      return pool
    }
    const onEmpty = (empty: HttpPool): void => {
      if (host.namedHttpPools.get(key) === empty) host.namedHttpPools.delete(key)
      empty.drain()
    }
    const pool = new HttpPool(host, this.#poolSettings, resources, version, this.#codecs, { identity, onEmpty })
    host.namedHttpPools.set(key, pool)
    return pool
  }

  newTcpConnection(host: UpstreamHost, priority: Priority, callbacks: TcpPoolCallbacks): Cancellable | undefined {
    const index = priority === 'high' ? 1 : 0
    let pool = host.tcpPools[index]
    if (pool === undefined) {
      const resources = this.resourceManager(priority)
      if (!resources.connectionPools.canCreate()) {
        this.stats.upstreamCxPoolOverflow.inc()
        callbacks.onPoolFailure('overflow', '', host)
        return undefined
      }
      pool = new TcpPool(host, this.#poolSettings, resources)
      host.tcpPools[index] = pool
    }
    return pool.newConnection(callbacks)
  }

  /** Streams in progress go on; connections close as they become idle. */
  drain(): void {
    this.#closed = true
    this.#source.close()
    for (const host of this.hosts) for (const pool of host.pools) pool.drain()
  }

  close(): void {
    this.#closed = true
    this.#source.close()
    for (const host of this.hosts) for (const pool of host.pools) pool.close()
  }

  #onNewHost(host: UpstreamHost): void {
    this.stats.transportSocketMatch.inc()
    if (!this.#limitsHosts || host.connections !== undefined) return
    try {
      host.connections = this.#shared.cell(`cluster.${this.name}.connections.${host.addressString}`)
    } catch {
      // All cells are taken: the limit is then one for each worker.
      host.connections = ownCell()
    }
  }

  #setHosts(hosts: readonly UpstreamHost[]): void {
    if (this.#closed) return
    const before = new Set(this.#hostSet.hosts)
    const after = new Set(hosts)
    for (const host of before) if (!after.has(host)) for (const pool of host.pools) pool.drain()
    for (const host of after) if (!before.has(host)) this.#onNewHost(host)
    this.#hostSet.update(hosts)
    if (before.size > 0 || after.size > 0) {
      this.stats.membershipChange.inc()
      this.stats.membershipTotal.set(hosts.length)
      this.stats.membershipHealthy.set(hosts.filter(host => host.healthy).length)
      this.stats.membershipDegraded.set(hosts.filter(host => host.degraded).length)
      this.stats.membershipExcluded.set(0)
    }
    // Envoy tells it of clusters that are discovered, not of written ones.
    if (this.message.type === 'STATIC' || this.message.type === undefined) return
    this.stats.maxHostWeight.set(hosts.reduce((most, host) => Math.max(most, host.weight), 0))
  }
}

/** Stands for the pool that `max_connection_pools` does not allow. */
class RefusingPool implements HttpConnectionPool {
  readonly #stats: ClusterStatistics

  constructor(stats: ClusterStatistics) {
    this.#stats = stats
  }

  get host(): never {
    throw new Error('no pool, no host')
  }

  newStream(_decoder: ResponseDecoder, callbacks: HttpPoolCallbacks): undefined {
    this.#stats.upstreamRqPendingOverflow.inc()
    callbacks.onPoolFailure('overflow', '', undefined)
  }
}

const httpOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

function httpOptions(message: ClusterMessage): ClusterHttpProtocolOptions | undefined {
  for (const [key, any] of Object.entries(message.typedExtensionProtocolOptions)) {
    if (key !== httpOptionsKey || any.typeUrl !== clusterHttpProtocolOptionsType.typeUrl)
      throw configError(
        message,
        'typedExtensionProtocolOptions',
        `${any.typeUrl} under "${key}" is not supported by sluice: ${httpOptionsKey} is`,
      )
    return any.value as ClusterHttpProtocolOptions
  }
  return undefined
}

/** @returns 'downstream': the version that the client speaks */
function protocolOptions(
  message: ClusterMessage,
  http: ClusterHttpProtocolOptions | undefined,
): {
  protocol: HttpVersion | 'downstream'
  http1: Http1ProtocolOptions | undefined
  http2: Http2ProtocolOptions | undefined
} {
  const options =
    http === undefined ? message : (http.useDownstreamProtocolConfig ?? http.autoConfig ?? http.explicitHttpConfig)
  const http1 = options?.httpProtocolOptions
  const http2 = options?.http2ProtocolOptions
  const downstream =
    http === undefined
      ? message.protocolSelection === 'USE_DOWNSTREAM_PROTOCOL'
      : http.useDownstreamProtocolConfig !== undefined
  if (downstream) return { protocol: 'downstream', http1, http2 }
  if (http?.autoConfig === undefined) return { protocol: http2 === undefined ? 'http1' : 'http2', http1, http2 }
  if (message.transportSocket === undefined)
    throw configError(http, 'autoConfig', 'needs a transport socket with ALPN, such as TLS')
  return { protocol: 'auto', http1, http2 }
}
