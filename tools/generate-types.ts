/**
 * Writes src/config/v3.ts: TypeScript types of the decoded configuration messages that the program uses.
 * Add a message to `roots` and run `node tools/generate-types.ts`.
 */
import { writeFileSync } from 'node:fs'
import { enumSchema, messageSchema } from '../src/config/protos.ts'
import {
  type Field,
  type ScalarType,
  typeUrlPrefix,
  type ValueType,
  wellKnown,
  wrappedScalar,
} from '../src/config/schema.ts'

/** Each also becomes a `MessageType` constant; what they refer to gets a type only. */
const roots: readonly string[] = [
  'envoy.config.bootstrap.v3.Bootstrap',
  'envoy.config.listener.v3.Listener',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.route.v3.Route',
  'envoy.config.route.v3.RouteList',
  'envoy.config.route.v3.FilterConfig',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.config.route.v3.ScopedRouteConfiguration',
  'envoy.config.core.v3.TypedExtensionConfig',
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryResponse',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  'envoy.service.discovery.v3.Resource',
  'envoy.extensions.transport_sockets.tls.v3.Secret',
  // Network filters.
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  'envoy.extensions.filters.network.echo.v3.Echo',
  'envoy.extensions.filters.network.direct_response.v3.Config',
  'envoy.extensions.filters.network.wasm.v3.Wasm',
  'envoy.extensions.filters.network.sni_cluster.v3.SniCluster',
  'envoy.extensions.filters.network.set_filter_state.v3.Config',
  // HTTP filters.
  'envoy.extensions.filters.http.router.v3.Router',
  'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
  'envoy.extensions.filters.http.wasm.v3.Wasm',
  'envoy.extensions.filters.http.buffer.v3.Buffer',
  'envoy.extensions.filters.http.buffer.v3.BufferPerRoute',
  'envoy.extensions.filters.http.cors.v3.Cors',
  'envoy.extensions.filters.http.cors.v3.CorsPolicy',
  'envoy.extensions.filters.http.grpc_http1_bridge.v3.Config',
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig',
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb',
  'envoy.extensions.filters.http.health_check.v3.HealthCheck',
  'envoy.extensions.filters.http.composite.v3.Composite',
  'envoy.extensions.filters.http.composite.v3.ExecuteFilterAction',
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute',
  'envoy.extensions.filters.http.header_to_metadata.v3.Config',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
  'envoy.extensions.filters.http.rbac.v3.RBAC',
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute',
  'envoy.extensions.filters.http.set_filter_state.v3.Config',
  'envoy.extensions.filters.http.set_metadata.v3.Config',
  'envoy.extensions.common.matching.v3.ExtensionWithMatcher',
  'envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute',
  'envoy.extensions.filters.common.matcher.action.v3.SkipFilter',
  // Routing.
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
  'envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig',
  'envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction',
  'envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier',
  'envoy.extensions.early_data.v3.DefaultEarlyDataPolicy',
  'envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  'envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate',
  'envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig',
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
  // Matching.
  'envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
  'envoy.type.matcher.v3.HttpRequestTrailerMatchInput',
  'envoy.type.matcher.v3.HttpResponseHeaderMatchInput',
  'envoy.type.matcher.v3.HttpResponseTrailerMatchInput',
  'envoy.type.matcher.v3.HttpRequestQueryParamMatchInput',
  'envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput',
  'envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput',
  'envoy.type.matcher.v3.HttpResponseLocalReplyMatchInput',
  'envoy.extensions.matching.common_inputs.environment_variable.v3.Config',
  'envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput',
  'envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput',
  'envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput',
  'envoy.extensions.matching.common_inputs.network.v3.DirectSourceIPInput',
  'envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput',
  'envoy.extensions.matching.common_inputs.network.v3.FilterStateInput',
  'envoy.extensions.matching.common_inputs.network.v3.ServerNameInput',
  'envoy.extensions.matching.common_inputs.network.v3.SourceIPInput',
  'envoy.extensions.matching.common_inputs.network.v3.SourcePortInput',
  'envoy.extensions.matching.common_inputs.network.v3.SourceTypeInput',
  'envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput',
  'envoy.extensions.matching.common_inputs.ssl.v3.DnsSanInput',
  'envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput',
  'envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput',
  'envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing',
  'envoy.extensions.matching.input_matchers.ip.v3.Ip',
  'envoy.extensions.matching.input_matchers.metadata.v3.Metadata',
  'envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction',
  'xds.type.matcher.v3.HttpAttributesCelMatchInput',
  'xds.type.matcher.v3.IPMatcher',
  'xds.type.matcher.v3.ServerNameMatcher',
  // Listener filters.
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
  // Transport sockets.
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
  // Clusters and load balancing.
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev',
  'envoy.extensions.load_balancing_policies.random.v3.Random',
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
  'envoy.extensions.load_balancing_policies.subset.v3.Subset',
  // Access logs.
  'envoy.extensions.access_loggers.file.v3.FileAccessLog',
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog',
  'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
  'envoy.extensions.formatter.cel.v3.Cel',
  'envoy.extensions.formatter.metadata.v3.Metadata',
  'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery',
  'envoy.extensions.access_loggers.wasm.v3.WasmAccessLog',
  // Extensions of the connection manager and its codecs.
  'envoy.extensions.http.original_ip_detection.xff.v3.XffConfig',
  'envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig',
  'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
  'envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig',
  'envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertConfig',
  // Wasm.
  'envoy.extensions.wasm.v3.PluginConfig',
  'envoy.extensions.wasm.v3.WasmService',
  'envoy.extensions.stat_sinks.wasm.v3.Wasm',
]

/** Clearer names, for these and what is nested in them, where several messages share the last part of the name. */
const renamed: readonly (readonly [fullName: string, name: string])[] = [
  ['envoy.config.cluster.v3.Filter', 'ClusterFilter'],
  ['envoy.config.common.matcher.v3.Matcher', 'OldMatcher'],
  ['envoy.config.core.v3.RetryPolicy', 'CoreRetryPolicy'],
  ['envoy.config.listener.v3.Filter', 'NetworkFilter'],
  ['envoy.extensions.filters.http.cors.v3.CorsPolicy', 'CorsFilterPolicy'],
  ['envoy.extensions.filters.http.grpc_http1_bridge.v3.Config', 'GrpcHttp1Bridge'],
  ['envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', 'GrpcStatsFilter'],
  ['envoy.extensions.filters.http.header_to_metadata.v3.Config', 'HeaderToMetadata'],
  ['envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', 'HeaderMutationFilter'],
  ['envoy.extensions.filters.http.health_check.v3.HealthCheck', 'HealthCheckFilter'],
  ['envoy.extensions.filters.http.set_filter_state.v3.Config', 'SetFilterState'],
  ['envoy.extensions.filters.http.set_metadata.v3.Config', 'SetMetadata'],
  ['envoy.extensions.filters.network.set_filter_state.v3.Config', 'NetworkSetFilterState'],
  ['envoy.extensions.matching.common_inputs.environment_variable.v3.Config', 'EnvironmentVariableInput'],
  ['envoy.extensions.matching.input_matchers.metadata.v3.Metadata', 'MetadataInputMatcher'],
  ['envoy.extensions.filters.http.rbac.v3.RBAC', 'RBACFilter'],
  ['envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', 'EarlyHeaderMutation'],
  ['envoy.extensions.filters.network.direct_response.v3.Config', 'DirectResponseFilter'],
  ['envoy.extensions.filters.network.wasm.v3.Wasm', 'NetworkWasm'],
  ['envoy.extensions.stat_sinks.wasm.v3.Wasm', 'WasmStatSink'],
  ['envoy.extensions.upstreams.http.v3.HttpProtocolOptions', 'ClusterHttpProtocolOptions'],
]

const messages = new Set<string>()
const enums = new Set<string>()
for (const root of roots) reach(root)
const names = shortNames([...messages, ...enums])

if (import.meta.main) writeFileSync(new URL('../src/config/v3.ts', import.meta.url), generateTypes())

/** The text of the file. */
export function generateTypes(): string {
  const lines = [
    '// Made by tools/generate-types.ts from the API descriptors: do not edit. Shape: see decode-json.ts.',
    "import type { AnyMessage } from './build-message.ts'",
    "import type { JsonObject } from './json-source.ts'",
    "import type { MessageType } from './message-type.ts'",
    '',
    'export type { AnyMessage, JsonObject }',
    '',
  ]
  for (const fullName of [...enums].sort()) {
    const values = enumSchema(fullName).values.map(value => `'${value.name}'`)
    lines.push(`/** ${fullName} */`, `export type ${short(fullName)} =`, ...values.map(value => `  | ${value}`), '')
  }
  for (const fullName of [...messages].sort()) {
    const schema = messageSchema(fullName)
    lines.push(`/** ${fullName} */`, `export interface ${short(fullName)} {`)
    for (const field of schema.fields) {
      if (field.deprecated) lines.push('  /** Deprecated. */')
      lines.push(`  readonly ${field.key}${field.presence ? '?' : ''}: ${fieldType(field)}`)
    }
    lines.push('}', '')
  }
  for (const root of roots) {
    const name = short(root)
    lines.push(`export const ${name}: MessageType<${name}> = { typeUrl: '${typeUrlPrefix}${root}' }`)
  }
  if (new Set(names.values()).size < names.size) throw new Error('two messages got the same name: add one to `renamed`')
  return `${lines.join('\n')}\n`
}

function reach(fullName: string): void {
  if (messages.has(fullName)) return
  messages.add(fullName)
  for (const field of messageSchema(fullName).fields) {
    const { type } = field
    if (type.kind === 'enum') {
      if (type.typeName !== 'google.protobuf.NullValue') enums.add(type.typeName)
    } else if (type.kind === 'message' && wellKnown(type.typeName) === undefined) reach(type.typeName)
  }
}

/**
 * The name below the package, nested ones joined by `_`. One that several packages have gets words of its package in
 * front, the last that tell it apart: `envoy.extensions.filters.http.cors.v3.CorsPolicy` → `CorsCorsPolicy`.
 */
function shortNames(fullNames: readonly string[]): Map<string, string> {
  const result = new Map<string, string>()
  const groups = Map.groupBy(fullNames, localName)
  for (const [local, group] of groups) {
    for (const fullName of group) {
      const others = group.filter(other => other !== fullName)
      // The newer home of a message keeps the plain name: config and type packages are what others refer to.
      const plain = others.every(other => rank(other) > rank(fullName))
      result.set(fullName, plain ? local : `${packageWord(fullName)}${local}`)
    }
  }
  return result
}

function rank(fullName: string): number {
  const order = ['envoy.config.', 'envoy.type.', 'envoy.extensions.', 'xds.']
  const position = order.findIndex(prefix => fullName.startsWith(prefix))
  return position < 0 ? order.length : position
}

function localName(fullName: string): string {
  for (const [known, name] of renamed) {
    if (fullName === known) return name
    if (fullName.startsWith(`${known}.`)) return `${name}_${fullName.slice(known.length + 1).replaceAll('.', '_')}`
  }
  const parts = fullName.split('.')
  return parts.slice(parts.findIndex(part => /^[A-Z]/.test(part))).join('_')
}

function packageWord(fullName: string): string {
  const parts = fullName.split('.').filter(part => !/^v\d/.test(part))
  const first = parts.findIndex(part => /^[A-Z]/.test(part))
  const prefix = fullName.startsWith('xds.') ? 'xds_' : ''
  return `${prefix}${parts[first - 1] ?? ''}`.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function short(fullName: string): string {
  const name = names.get(fullName)
  if (name === undefined) throw new Error(`${fullName} has no name`)
  return name
}

function fieldType(field: Field): string {
  const type = valueTypeText(field.type)
  if (field.mapKey !== undefined) return `Readonly<Record<string, ${type}>>`
  return field.repeated ? `readonly ${type.includes(' ') ? `(${type})` : type}[]` : type
}

function valueTypeText(type: ValueType): string {
  if (type.kind === 'scalar') return scalarText(type.scalar)
  if (type.typeName === 'google.protobuf.NullValue') return "'NULL_VALUE'"
  if (type.kind === 'enum') return short(type.typeName)
  switch (wellKnown(type.typeName)) {
    case undefined:
      return short(type.typeName)
    case 'any':
      return 'AnyMessage'
    case 'duration':
    case 'timestamp':
      return 'number'
    case 'struct':
      return 'JsonObject'
    case 'value':
      return "JsonObject['']"
    case 'list-value':
      return "readonly JsonObject[''][]"
    case 'field-mask':
      return '{ readonly paths: readonly string[] }'
    case 'wrapper':
      return scalarText(wrappedScalar(type.typeName))
  }
}

function scalarText(scalar: ScalarType): string {
  if (scalar === 'string') return 'string'
  if (scalar === 'bool') return 'boolean'
  if (scalar === 'bytes') return 'Uint8Array'
  return scalar.includes('64') ? 'bigint' : 'number'
}
