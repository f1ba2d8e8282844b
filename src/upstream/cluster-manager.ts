/** All clusters of one worker, by name. Follows Envoy's `ClusterManagerImpl`. */
import { ConfigError } from '../base/errors.ts'
import { configError } from '../config/position.ts'
import type { Cluster as ClusterMessage } from '../config/v3.ts'
import type {
  CircuitBreakerLimits,
  ClusterManager as ClusterManagerContract,
  ClusterStatus,
  HostStatus,
  Priority,
} from '../core/cluster.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { Counter, Gauge } from '../stats/scope.ts'
import { type ClusterDependencies, UpstreamCluster } from './cluster.ts'
import { systemResolver } from './dns.ts'
import type { UpstreamHost } from './host.ts'

export type ClusterManagerOptions = Pick<ClusterDependencies, Required> & Partial<Omit<ClusterDependencies, Required>>
type Required = 'makeHttp1Client' | 'makePolicies'

export class ClusterManager implements ClusterManagerContract {
  readonly #clusters = new Map<string, UpstreamCluster>()
  readonly #context: FactoryContext
  readonly #dependencies: ClusterDependencies
  readonly #active: Gauge
  readonly #added: Counter
  readonly #modified: Counter
  readonly #removed: Counter
  #started = false

  /** Builds every cluster; nothing is resolved before `start`. @throws ConfigError */
  constructor(messages: readonly ClusterMessage[], context: FactoryContext, options: ClusterManagerOptions) {
    // Filters of clusters may call any of them.
    this.#context = { ...context, clusters: this }
    this.#dependencies = { resolver: systemResolver, random: Math.random, ...options }
    const scope = context.stats.scope('cluster_manager')
    this.#active = scope.gauge('active_clusters', 'never-import')
    this.#added = scope.counter('cluster_added', 'highest')
    this.#modified = scope.counter('cluster_modified', 'highest')
    this.#removed = scope.counter('cluster_removed', 'highest')
    for (const name of ['cluster_updated', 'cluster_updated_via_merge', 'update_merge_cancelled']) scope.counter(name)
    scope.counter('update_out_of_merge_window')
    scope.gauge('warming_clusters', 'never-import').set(0)
    for (const message of messages) {
      if (this.#clusters.has(message.name))
        throw configError(message, 'name', `cluster manager: duplicate cluster '${message.name}'`)
      this.#clusters.set(message.name, this.#make(message))
      this.#added.inc()
    }
    this.#active.set(this.#clusters.size)
  }

  get(name: string): UpstreamCluster | undefined {
    return this.#clusters.get(name)
  }

  get clusters(): ReadonlyMap<string, UpstreamCluster> {
    return this.#clusters
  }

  /** Resolves when every cluster has its first hosts, or knows that it cannot have them. */
  async start(): Promise<void> {
    this.#started = true
    await Promise.all([...this.#clusters.values()].map(cluster => cluster.start()))
  }

  /** Puts a cluster in place of the one of its name, which drains. @throws ConfigError, and nothing has changed */
  async addOrUpdate(message: ClusterMessage): Promise<void> {
    const next = this.#make(message)
    if (this.#started) await next.start()
    const old = this.#clusters.get(message.name)
    this.#clusters.set(message.name, next)
    this.#active.set(this.#clusters.size)
    if (old === undefined) this.#added.inc()
    else {
      this.#modified.inc()
      old.drain()
    }
  }

  /** Whether there was one. */
  remove(name: string): boolean {
    const cluster = this.#clusters.get(name)
    if (cluster === undefined) return false
    this.#clusters.delete(name)
    this.#active.set(this.#clusters.size)
    this.#removed.inc()
    cluster.drain()
    return true
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close()
    this.#clusters.clear()
  }

  status(): ClusterStatus[] {
    return [...this.#clusters.values()].map(clusterStatus)
  }

  #make(message: ClusterMessage): UpstreamCluster {
    if (message.name === '') throw new ConfigError('a cluster needs a name')
    return new UpstreamCluster(message, this.#context, this.#dependencies)
  }
}

function clusterStatus(cluster: UpstreamCluster): ClusterStatus {
  return {
    name: cluster.name,
    observabilityName: cluster.statName,
    addedViaApi: false,
    defaultPriority: limits(cluster, 'default'),
    highPriority: limits(cluster, 'high'),
    hosts: cluster.hosts.map(hostStatus),
  }
}

function limits(cluster: UpstreamCluster, priority: Priority): CircuitBreakerLimits {
  const { connections, pendingRequests, requests, retries } = cluster.resourceManager(priority)
  return {
    maxConnections: connections.max,
    maxPendingRequests: pendingRequests.max,
    maxRequests: requests.max,
    maxRetries: retries.max,
  }
}

function hostStatus(host: UpstreamHost): HostStatus {
  return {
    address: host.address,
    hostname: host.hostname,
    healthFlags: host.healthy ? 'healthy' : host.degraded ? '/degraded_eds_health' : '/failed_eds_health',
    edsHealthStatus: host.healthStatus === 'UNKNOWN' ? 'HEALTHY' : host.healthStatus,
    weight: host.weight,
    priority: host.priority,
    locality: host.locality,
    stats: { ...host.stats, rqPendingActive: host.pendingRequests },
  }
}
