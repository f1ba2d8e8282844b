/**
 * What Envoy refuses in a bootstrap beyond the rules of the API, as far as the messages alone can tell: addresses, names
 * that must be unique or known, regular expressions, extensions without a type.
 */
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ConfigError } from '../base/errors.ts'
import { type AnyMessage, emptyAny } from './build-message.ts'
import { configError } from './position.ts'
import type { Message } from './schema.ts'
import type {
  Address,
  ApiConfigSource,
  Bootstrap,
  Cluster,
  ConfigSource,
  GrpcService,
  HttpConnectionManager,
  LayeredRuntime,
  Listener,
  RouteConfiguration,
} from './v3.ts'
import { walkMessage } from './walk.ts'

export interface SemanticOptions {
  /** Throws with the reason when the pattern is not one. */
  readonly compileRegex?: ((pattern: string) => unknown) | undefined
  /** `--service-node` and `--service-cluster`. */
  readonly serviceNode?: string | undefined
  readonly serviceCluster?: string | undefined
}

export function checkSemantics(bootstrap: Bootstrap, options: SemanticOptions): ConfigError[] {
  const errors: ConfigError[] = []
  const clusters = bootstrap.staticResources?.clusters ?? []
  checkClusters(clusters, errors)
  for (const listener of bootstrap.staticResources?.listeners ?? []) checkListener(listener, errors)
  checkListenerAddresses(bootstrap.staticResources?.listeners ?? [], errors)
  checkIp(bootstrap.admin?.address, errors)
  checkRuntime(bootstrap.layeredRuntime, errors)
  checkEverywhere(bootstrap, clusters, options, errors)
  return errors
}

function checkClusters(clusters: readonly Cluster[], errors: ConfigError[]): void {
  const names = new Set<string>()
  for (const cluster of clusters) {
    if (names.has(cluster.name)) errors.push(configError(cluster, 'name', `duplicate cluster "${cluster.name}"`))
    names.add(cluster.name)
    checkLoadBalancing(cluster, errors)
    if (cluster.clusterType !== undefined) continue
    const type = cluster.type ?? 'STATIC'
    const endpoints = (cluster.loadAssignment?.endpoints ?? []).flatMap(locality => locality.lbEndpoints)
    if (type === 'STATIC') {
      for (const lbEndpoint of endpoints) {
        const { endpoint } = lbEndpoint
        if (endpoint?.address === undefined) {
          errors.push(
            configError(endpoint ?? lbEndpoint, undefined, 'an endpoint of a STATIC cluster must have an address'),
          )
        }
        const address = endpoint?.address?.socketAddress
        if (address === undefined || address.resolverName !== '' || isIP(address.address) !== 0) continue
        const reason = `"${address.address}" is not an IP address: a name needs a cluster of type STRICT_DNS or LOGICAL_DNS`
        errors.push(configError(address, 'address', reason))
      }
    } else if (type === 'LOGICAL_DNS' && endpoints.length !== 1) {
      errors.push(configError(cluster, 'loadAssignment', 'a LOGICAL_DNS cluster must have exactly one endpoint'))
    } else if (type === 'EDS' && cluster.edsClusterConfig === undefined) {
      errors.push(configError(cluster, 'type', 'a cluster of type EDS must have eds_cluster_config'))
    }
  }
}

function checkLoadBalancing(cluster: Cluster, errors: ConfigError[]): void {
  if (cluster.lbPolicy === 'LOAD_BALANCING_POLICY_CONFIG' && cluster.loadBalancingPolicy === undefined) {
    errors.push(configError(cluster, 'lbPolicy', 'LOAD_BALANCING_POLICY_CONFIG needs load_balancing_policy'))
  }
  if (cluster.lbPolicy === 'CLUSTER_PROVIDED' && cluster.clusterType === undefined && cluster.type !== 'ORIGINAL_DST') {
    errors.push(
      configError(cluster, 'lbPolicy', `a cluster of type ${cluster.type ?? 'STATIC'} provides no load balancer`),
    )
  }
  const bothProtocols = cluster.httpProtocolOptions !== undefined && cluster.http2ProtocolOptions !== undefined
  if (bothProtocols && cluster.protocolSelection === 'USE_CONFIGURED_PROTOCOL') {
    const reason =
      'http_protocol_options and http2_protocol_options exclude each other unless protocol_selection is set'
    errors.push(configError(cluster, 'http2ProtocolOptions', reason))
  }
}

function checkListener(listener: Listener, errors: ConfigError[]): void {
  if (listener.apiListener !== undefined || listener.internalListener !== undefined) return
  if (listener.address === undefined) errors.push(configError(listener, undefined, 'a listener must have an address'))
  if (listener.filterChains.length === 0 && listener.defaultFilterChain === undefined && !isUdp(listener)) {
    errors.push(configError(listener, undefined, 'a listener must have a filter chain'))
  }
  const matches = new Set<string>()
  for (const chain of listener.filterChains) {
    const match = JSON.stringify(chain.filterChainMatch ?? {})
    if (matches.has(match) && listener.filterChainMatcher === undefined) {
      errors.push(configError(chain, undefined, 'matches the same connections as an earlier filter chain'))
    }
    matches.add(match)
  }
  for (const address of addressesOf(listener)) checkIp(address, errors)
}

function addressesOf(listener: Listener): readonly (Address | undefined)[] {
  return [listener.address, ...listener.additionalAddresses.map(additional => additional.address)]
}

function checkIp(address: Address | undefined, errors: ConfigError[]): void {
  const socket = address?.socketAddress
  if (socket === undefined || socket.resolverName !== '' || isIP(socket.address) !== 0) return
  errors.push(
    configError(socket, 'address', `"${socket.address}" is not an IP address, as an address to listen on must be`),
  )
}

function isUdp(listener: Listener): boolean {
  return listener.address?.socketAddress?.protocol === 'UDP'
}

function checkListenerAddresses(listeners: readonly Listener[], errors: ConfigError[]): void {
  const owners = new Map<string, Listener>()
  for (const listener of listeners) {
    for (const address of addressesOf(listener)) {
      const text = addressText(address)
      if (text === undefined) continue
      const owner = owners.get(text)
      // A later listener of the same name replaces the earlier one.
      if (owner !== undefined && owner !== listener && (owner.name !== listener.name || owner.name === '')) {
        errors.push(configError(listener, 'address', `${text} is already the address of listener "${owner.name}"`))
      }
      owners.set(text, listener)
    }
  }
}

/** Port 0 is a new one each time. */
function addressText(address: Address | undefined): string | undefined {
  if (address?.pipe !== undefined) return address.pipe.path
  const socket = address?.socketAddress
  if (socket === undefined || (socket.portValue ?? 0) === 0) return undefined
  const ip = socket.address.includes(':') ? `[${socket.address}]` : socket.address
  const place = `${socket.networkNamespaceFilepath}${socket.protocol === 'UDP' ? ' UDP' : ''}`.trim()
  return `${ip}:${socket.portValue}${place === '' ? '' : ` (${place})`}`
}

function checkRuntime(runtime: LayeredRuntime | undefined, errors: ConfigError[]): void {
  const names = new Set<string>()
  let admin = false
  for (const layer of runtime?.layers ?? []) {
    if (names.has(layer.name)) errors.push(configError(layer, 'name', `duplicate layer name "${layer.name}"`))
    names.add(layer.name)
    if (layer.adminLayer !== undefined && admin)
      errors.push(configError(layer, 'adminLayer', 'is the second admin layer'))
    admin ||= layer.adminLayer !== undefined
  }
}

/** Everything dynamic is asked for in the name of a node. Envoy looks at LDS only when it serves, not to validate. */
function checkNode(
  bootstrap: Bootstrap,
  sources: readonly ConfigSource[],
  options: SemanticOptions,
  errors: ConfigError[],
): void {
  const id = options.serviceNode || bootstrap.node?.id
  const cluster = options.serviceCluster || bootstrap.node?.cluster
  if (id && cluster) return
  const resources = bootstrap.dynamicResources
  const dynamic = [resources?.cdsConfig, resources?.adsConfig, ...sources].find(config => config !== undefined)
  if (dynamic === undefined) return
  errors.push(
    configError(dynamic, undefined, 'needs node.id and node.cluster, here or by --service-node and --service-cluster'),
  )
}

/** What may stand anywhere: regular expressions, names of clusters, extensions. */
function checkEverywhere(
  bootstrap: Bootstrap,
  clusters: readonly Cluster[],
  options: SemanticOptions,
  errors: ConfigError[],
): void {
  const lds: unknown = bootstrap.dynamicResources?.ldsConfig
  const byName = new Map(clusters.map(cluster => [cluster.name, cluster]))
  const sources: ConfigSource[] = []
  walkMessage('envoy.config.bootstrap.v3.Bootstrap', bootstrap as unknown as Message, (fullName, message) => {
    switch (fullName) {
      case 'envoy.type.matcher.v3.RegexMatcher':
      case 'xds.type.matcher.v3.RegexMatcher':
        checkRegex(message, options, errors)
        break
      case 'envoy.config.core.v3.ConfigSource':
        if (message === lds) break
        sources.push(message as unknown as ConfigSource)
        checkConfigSource(message as unknown as ConfigSource, byName, errors)
        break
      case 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager': {
        const routes = (message as unknown as HttpConnectionManager).routeConfig
        if (routes !== undefined) errors.push(...checkRouteClusters(routes, name => byName.has(name)))
        break
      }
      default:
        if (extensionPoints.has(fullName)) checkExtension(message, errors)
    }
  })
  checkNode(bootstrap, sources, options, errors)
  if (bootstrap.dynamicResources?.adsConfig !== undefined) {
    checkApiConfigSource(bootstrap.dynamicResources.adsConfig, byName, errors)
  }
}

function checkRegex(message: Message, { compileRegex }: SemanticOptions, errors: ConfigError[]): void {
  if (compileRegex === undefined) return
  try {
    compileRegex(String(message['regex']))
  } catch (error) {
    errors.push(configError(message, 'regex', `not a regular expression: ${(error as Error).message}`))
  }
}

type ClustersByName = ReadonlyMap<string, Cluster>

function checkConfigSource(source: ConfigSource, clusters: ClustersByName, errors: ConfigError[]): void {
  const file = source.pathConfigSource ?? { path: source.path ?? '' }
  const reason = (path: string) => `paths must refer to an existing path in the system: '${path}' does not exist`
  if (file.path !== '' && !existsSync(file.path))
    errors.push(configError(source.pathConfigSource ?? source, 'path', reason(file.path)))
  if (source.apiConfigSource !== undefined) checkApiConfigSource(source.apiConfigSource, clusters, errors)
}

/** Follows `Utility::checkApiConfigSourceNames` of source/common/config/utility.cc. */
function checkApiConfigSource(source: ApiConfigSource, clusters: ClustersByName, errors: ConfigError[]): void {
  const grpc = source.apiType.endsWith('GRPC')
  const [wanted, other] = grpc ? ['grpc_services', 'cluster_names'] : ['cluster_names', 'grpc_services']
  const [given, foreign] = grpc
    ? [source.grpcServices, source.clusterNames]
    : [source.clusterNames, source.grpcServices]
  if (foreign.length > 0)
    errors.push(configError(source, undefined, `api_type ${source.apiType} takes ${wanted}, not ${other}`))
  if (given.length === 0) errors.push(configError(source, undefined, `api_type ${source.apiType} needs ${wanted}`))
  for (const service of source.grpcServices) checkGrpcCluster(service, clusters, errors)
  for (const name of source.clusterNames) checkSourceCluster(source, name, clusters, errors)
}

function checkGrpcCluster(service: GrpcService, clusters: ClustersByName, errors: ConfigError[]): void {
  const name = service.envoyGrpc?.clusterName
  if (service.envoyGrpc !== undefined && name !== undefined)
    checkSourceCluster(service.envoyGrpc, name, clusters, errors)
}

function checkSourceCluster(at: object, name: string, clusters: ClustersByName, errors: ConfigError[]): void {
  const cluster = clusters.get(name)
  if (cluster !== undefined && cluster.type !== 'EDS') return
  const reason = `"${name}" must be a static cluster of another type than EDS${cluster === undefined ? ', and there is none of this name' : ''}`
  errors.push(configError(at, undefined, reason))
}

/** Routes to clusters that do not exist, unless `validate_clusters` is false. */
function checkRouteClusters(routes: RouteConfiguration, exists: (name: string) => boolean): ConfigError[] {
  const errors: ConfigError[] = []
  if (routes.validateClusters === false) return errors
  for (const { route } of routes.virtualHosts.flatMap(host => host.routes)) {
    if (route === undefined) continue
    if (route.cluster !== undefined && !exists(route.cluster)) {
      errors.push(configError(route, 'cluster', `unknown cluster "${route.cluster}"`))
    }
    for (const weighted of route.weightedClusters?.clusters ?? []) {
      if (weighted.name === '' || exists(weighted.name)) continue
      errors.push(configError(weighted, 'name', `unknown cluster "${weighted.name}"`))
    }
    for (const { cluster } of route.requestMirrorPolicies) {
      if (cluster !== '' && !exists(cluster))
        errors.push(configError(route, 'requestMirrorPolicies', `unknown cluster "${cluster}"`))
    }
  }
  return errors
}

/** Messages that name an extension and are nothing without its type. */
const extensionPoints = new Set([
  'envoy.config.listener.v3.Filter',
  'envoy.config.listener.v3.ListenerFilter',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter',
  'envoy.config.accesslog.v3.AccessLog',
  'envoy.config.core.v3.TransportSocket',
  'envoy.config.accesslog.v3.ExtensionFilter',
  'envoy.config.metrics.v3.StatsSink',
  'envoy.config.overload.v3.ResourceMonitor',
  'envoy.config.trace.v3.Tracing.Http',
  'envoy.config.cluster.v3.Filter',
  'envoy.config.cluster.v3.Cluster.CustomClusterType',
  'envoy.config.core.v3.HealthCheck.CustomHealthCheck',
  'envoy.config.route.v3.RetryPolicy.RetryPriority',
  'envoy.config.route.v3.RetryPolicy.RetryHostPredicate',
])

function checkExtension(message: Message, errors: ConfigError[]): void {
  const any = message['typedConfig'] as AnyMessage | undefined
  if ((any !== undefined && any.typeUrl !== emptyAny.typeUrl) || message['configDiscovery'] !== undefined) return
  if (message['isOptional'] === true) return
  const reason = `"${String(message['name'])}" has no typed_config: extensions are found by its "@type", not by name`
  errors.push(configError(message, undefined, reason))
}
