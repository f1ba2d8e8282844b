/**
 * Where the hosts of a cluster come from: written in its load assignment (STATIC), or its names resolved again and
 * again (STRICT_DNS: every address is a host; LOGICAL_DNS: one host that moves to the first address). Follows Envoy's
 * `StaticClusterImpl`, `StrictDnsClusterImpl` and `LogicalDnsCluster`.
 */
import { logger } from '../base/log.ts'
import { configError } from '../config/position.ts'
import type { Cluster as ClusterMessage, Endpoint, LbEndpoint, LocalityLbEndpoints } from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import { addressFromMessage, ipAddress } from '../network/address.ts'
import type { ClusterStatistics } from './cluster-stats.ts'
import type { DnsResolver, ResolvedAddress } from './dns.ts'
import { type HostSettings, UpstreamHost } from './host.ts'
import type { Random } from './load-balancer.ts'

const log = logger('upstream')
const defaultRefreshMs = 5000
const noLocality = { region: '', zone: '', subZone: '' }

export interface EndpointSource {
  /** Resolves when the first hosts are known, or known not to be had. Rejects never. */
  start(): Promise<void>
  close(): void
}

/** Called with all hosts whenever they change; hosts that stay are the same objects. */
export type OnHosts = (hosts: readonly UpstreamHost[]) => void

interface ConfiguredEndpoint {
  readonly message: Endpoint
  readonly settings: HostSettings
}

/** @throws ConfigError for endpoints that do not suit the cluster's type */
export function makeEndpointSource(
  message: ClusterMessage,
  resolver: DnsResolver,
  stats: ClusterStatistics,
  random: Random,
  onHosts: OnHosts,
): EndpointSource {
  const endpoints = configuredEndpoints(message)
  const type = message.type ?? 'STATIC'
  switch (type) {
    case 'STATIC': {
      const hosts = endpoints.map(({ message, settings }) => new UpstreamHost(endpointAddress(message), settings))
      onHosts(hosts)
      return { start: () => Promise.resolve(), close: () => {} }
    }
    case 'STRICT_DNS':
      return new StrictDns(message, endpoints, resolver, stats, random, onHosts)
    case 'LOGICAL_DNS':
      if (endpoints.length !== 1)
        throw configError(
          message,
          'loadAssignment',
          'LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint',
        )
      return new LogicalDns(message, endpoints[0] as ConfiguredEndpoint, resolver, stats, random, onHosts)
    default:
      throw configError(message, 'type', `clusters of type ${type} are not supported by sluice yet`)
  }
}

function configuredEndpoints(message: ClusterMessage): ConfiguredEndpoint[] {
  const assignment = message.loadAssignment
  if (assignment === undefined) return []
  return assignment.endpoints.flatMap(locality =>
    locality.lbEndpoints.map(each => configuredEndpoint(message, locality, each)),
  )
}

function configuredEndpoint(
  cluster: ClusterMessage,
  locality: LocalityLbEndpoints,
  message: LbEndpoint,
): ConfiguredEndpoint {
  const endpoint = message.endpoint
  if (endpoint?.address === undefined) throw configError(message, 'endpoint', 'an endpoint needs an address')
  return {
    message: endpoint,
    settings: {
      clusterName: cluster.name,
      hostname: endpoint.hostname,
      weight: message.loadBalancingWeight ?? 1,
      priority: locality.priority,
      locality: locality.locality ?? noLocality,
      localityWeight: locality.loadBalancingWeight ?? 0,
      metadata: message.metadata?.filterMetadata,
      healthStatus: message.healthStatus,
    },
  }
}

function endpointAddress(endpoint: Endpoint): Address {
  if (endpoint.address === undefined) throw configError(endpoint, 'address', 'an endpoint needs an address')
  return addressFromMessage(endpoint.address)
}

/** A name (or literal address) that is resolved again and again. */
class Target {
  readonly name: string
  readonly port: number
  readonly settings: HostSettings
  hosts: readonly UpstreamHost[] = []
  readonly #refreshMs: number
  readonly #failureBaseMs: number
  readonly #failureMaxMs: number
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false
  readonly #cluster: ClusterMessage
  readonly #resolver: DnsResolver
  readonly #stats: ClusterStatistics
  readonly #random: Random
  readonly #onResolved: (target: Target, addresses: readonly ResolvedAddress[]) => void

  constructor(
    cluster: ClusterMessage,
    endpoint: ConfiguredEndpoint,
    resolver: DnsResolver,
    stats: ClusterStatistics,
    random: Random,
    onResolved: (target: Target, addresses: readonly ResolvedAddress[]) => void,
  ) {
    const socket = endpoint.message.address?.socketAddress
    if (socket === undefined)
      throw configError(endpoint.message, 'address', 'endpoints of DNS clusters need a socket_address')
    if (socket.portValue === undefined) throw configError(socket, 'portValue', 'a DNS endpoint needs a port')
    this.name = socket.address
    this.port = socket.portValue
    this.settings = { ...endpoint.settings, hostname: endpoint.settings.hostname || this.name }
    this.#cluster = cluster
    this.#resolver = resolver
    this.#stats = stats
    this.#random = random
    this.#onResolved = onResolved
    this.#refreshMs = cluster.dnsRefreshRate ?? defaultRefreshMs
    const failure = cluster.dnsFailureRefreshRate
    this.#failureBaseMs = failure?.baseInterval ?? this.#refreshMs
    this.#failureMaxMs = failure === undefined ? this.#refreshMs : (failure.maxInterval ?? this.#failureBaseMs * 10)
  }

  /** Resolves after one attempt, whatever came of it; the next one is planned then. */
  async resolve(): Promise<void> {
    const { dnsLookupFamily, respectDnsTtl } = this.#cluster
    this.#stats.updateAttempt.inc()
    let nextMs: number
    try {
      const addresses = await this.#resolver.resolve(this.name, dnsLookupFamily, respectDnsTtl)
      if (this.#closed) return
      this.#failures = 0
      this.#stats.updateSuccess.inc()
      if (addresses.length === 0) this.#stats.updateEmpty.inc()
      this.#onResolved(this, addresses)
      nextMs = this.#refreshMs
      if (respectDnsTtl) {
        const ttls = addresses.flatMap(each => (each.ttlSeconds === undefined ? [] : [each.ttlSeconds]))
        if (ttls.length > 0) nextMs = Math.max(Math.min(...ttls), 1) * 1000
      }
      nextMs += this.#random() * (this.#cluster.dnsJitter ?? 0)
    } catch (error) {
      if (this.#closed) return
      this.#stats.updateFailure.inc()
      log.warn(`cluster ${this.#cluster.name}: cannot resolve ${this.name}: ${(error as Error).message}`)
      const most = Math.min(this.#failureBaseMs * 2 ** this.#failures, this.#failureMaxMs)
      this.#failures = Math.min(this.#failures + 1, 30)
      nextMs = most === this.#refreshMs ? most : Math.max(this.#random() * most, 1)
    }
    this.#timer = setTimeout(() => void this.resolve(), nextMs)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  address(resolved: ResolvedAddress): Address {
    return ipAddress(resolved.ip, this.port) as Address
  }
}

class StrictDns implements EndpointSource {
  readonly #targets: readonly Target[]
  readonly #stats: ClusterStatistics
  readonly #onHosts: OnHosts

  constructor(
    message: ClusterMessage,
    endpoints: readonly ConfiguredEndpoint[],
    resolver: DnsResolver,
    stats: ClusterStatistics,
    random: Random,
    onHosts: OnHosts,
  ) {
    this.#stats = stats
    this.#onHosts = onHosts
    const onResolved = (target: Target, addresses: readonly ResolvedAddress[]): void => this.#update(target, addresses)
    this.#targets = endpoints.map(each => new Target(message, each, resolver, stats, random, onResolved))
  }

  async start(): Promise<void> {
    await Promise.all(this.#targets.map(target => target.resolve()))
  }

  close(): void {
    for (const target of this.#targets) target.close()
  }

  #update(target: Target, addresses: readonly ResolvedAddress[]): void {
    const known = new Map(target.hosts.map(host => [host.addressString, host]))
    const next = new Map<string, UpstreamHost>()
    for (const each of addresses) {
      const host = new UpstreamHost(target.address(each), target.settings)
      next.set(host.addressString, known.get(host.addressString) ?? host)
    }
    const same = next.size === known.size && [...next.keys()].every(key => known.has(key))
    if (same) {
      this.#stats.updateNoRebuild.inc()
      return
    }
    target.hosts = [...next.values()]
    // Two names may lead to one address: it is one host a priority.
    const all = new Map<string, UpstreamHost>()
    for (const host of this.#targets.flatMap(each => each.hosts)) {
      const key = `${host.priority} ${host.addressString}`
      if (!all.has(key)) all.set(key, host)
    }
    this.#onHosts([...all.values()])
  }
}

class LogicalDns implements EndpointSource {
  readonly #target: Target

  constructor(
    message: ClusterMessage,
    endpoint: ConfiguredEndpoint,
    resolver: DnsResolver,
    stats: ClusterStatistics,
    random: Random,
    onHosts: OnHosts,
  ) {
    this.#target = new Target(message, endpoint, resolver, stats, random, (target, addresses) => {
      const [first] = addresses
      if (first === undefined) return
      const address = target.address(first)
      const [host] = target.hosts
      if (host === undefined) {
        target.hosts = [new UpstreamHost(address, target.settings)]
        onHosts(target.hosts)
      } else host.moveTo(address)
    })
  }

  start(): Promise<void> {
    return this.#target.resolve()
  }

  close(): void {
    this.#target.close()
  }
}
