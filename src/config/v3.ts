// Made by tools/generate-types.ts from the API descriptors: do not edit. Shape: see decode-json.ts.
import type { AnyMessage } from './build-message.ts'
import type { JsonObject } from './json-source.ts'
import type { MessageType } from './message-type.ts'

export type { AnyMessage, JsonObject }

/** envoy.config.accesslog.v3.ComparisonFilter.Op */
export type ComparisonFilter_Op =
  | 'EQ'
  | 'GE'
  | 'LE'
  | 'NE'

/** envoy.config.accesslog.v3.GrpcStatusFilter.Status */
export type GrpcStatusFilter_Status =
  | 'OK'
  | 'CANCELED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED'

/** envoy.config.bootstrap.v3.CustomInlineHeader.InlineHeaderType */
export type CustomInlineHeader_InlineHeaderType =
  | 'REQUEST_HEADER'
  | 'REQUEST_TRAILER'
  | 'RESPONSE_HEADER'
  | 'RESPONSE_TRAILER'

/** envoy.config.bootstrap.v3.Watchdog.WatchdogAction.WatchdogEvent */
export type Watchdog_WatchdogAction_WatchdogEvent =
  | 'UNKNOWN'
  | 'KILL'
  | 'MULTIKILL'
  | 'MEGAMISS'
  | 'MISS'

/** envoy.config.cluster.v3.Cluster.ClusterProtocolSelection */
export type Cluster_ClusterProtocolSelection =
  | 'USE_CONFIGURED_PROTOCOL'
  | 'USE_DOWNSTREAM_PROTOCOL'

/** envoy.config.cluster.v3.Cluster.DiscoveryType */
export type Cluster_DiscoveryType =
  | 'STATIC'
  | 'STRICT_DNS'
  | 'LOGICAL_DNS'
  | 'EDS'
  | 'ORIGINAL_DST'

/** envoy.config.cluster.v3.Cluster.DnsLookupFamily */
export type Cluster_DnsLookupFamily =
  | 'AUTO'
  | 'V4_ONLY'
  | 'V6_ONLY'
  | 'V4_PREFERRED'
  | 'ALL'

/** envoy.config.cluster.v3.Cluster.LbPolicy */
export type Cluster_LbPolicy =
  | 'ROUND_ROBIN'
  | 'LEAST_REQUEST'
  | 'RING_HASH'
  | 'RANDOM'
  | 'MAGLEV'
  | 'CLUSTER_PROVIDED'
  | 'LOAD_BALANCING_POLICY_CONFIG'

/** envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetFallbackPolicy */
export type Cluster_LbSubsetConfig_LbSubsetFallbackPolicy =
  | 'NO_FALLBACK'
  | 'ANY_ENDPOINT'
  | 'DEFAULT_SUBSET'

/** envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetMetadataFallbackPolicy */
export type Cluster_LbSubsetConfig_LbSubsetMetadataFallbackPolicy =
  | 'METADATA_NO_FALLBACK'
  | 'FALLBACK_LIST'

/** envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector.LbSubsetSelectorFallbackPolicy */
export type Cluster_LbSubsetConfig_LbSubsetSelector_LbSubsetSelectorFallbackPolicy =
  | 'NOT_DEFINED'
  | 'NO_FALLBACK'
  | 'ANY_ENDPOINT'
  | 'DEFAULT_SUBSET'
  | 'KEYS_SUBSET'

/** envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction */
export type Cluster_RingHashLbConfig_HashFunction =
  | 'XX_HASH'
  | 'MURMUR_HASH_2'

/** envoy.config.cluster.v3.UpstreamConnectionOptions.FirstAddressFamilyVersion */
export type UpstreamConnectionOptions_FirstAddressFamilyVersion =
  | 'DEFAULT'
  | 'V4'
  | 'V6'
  | 'PIPE'
  | 'INTERNAL'

/** envoy.config.core.v3.ApiConfigSource.ApiType */
export type ApiConfigSource_ApiType =
  | 'DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE'
  | 'REST'
  | 'GRPC'
  | 'DELTA_GRPC'
  | 'AGGREGATED_GRPC'
  | 'AGGREGATED_DELTA_GRPC'

/** envoy.config.core.v3.ApiVersion */
export type ApiVersion =
  | 'AUTO'
  | 'V2'
  | 'V3'

/** envoy.config.core.v3.HeaderValueOption.HeaderAppendAction */
export type HeaderValueOption_HeaderAppendAction =
  | 'APPEND_IF_EXISTS_OR_ADD'
  | 'ADD_IF_ABSENT'
  | 'OVERWRITE_IF_EXISTS_OR_ADD'
  | 'OVERWRITE_IF_EXISTS'

/** envoy.config.core.v3.HealthStatus */
export type HealthStatus =
  | 'UNKNOWN'
  | 'HEALTHY'
  | 'UNHEALTHY'
  | 'DRAINING'
  | 'TIMEOUT'
  | 'DEGRADED'

/** envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction */
export type HttpProtocolOptions_HeadersWithUnderscoresAction =
  | 'ALLOW'
  | 'REJECT_REQUEST'
  | 'DROP_HEADER'

/** envoy.config.core.v3.KeyValueAppend.KeyValueAppendAction */
export type KeyValueAppend_KeyValueAppendAction =
  | 'APPEND_IF_EXISTS_OR_ADD'
  | 'ADD_IF_ABSENT'
  | 'OVERWRITE_IF_EXISTS_OR_ADD'
  | 'OVERWRITE_IF_EXISTS'

/** envoy.config.core.v3.ProxyProtocolConfig.Version */
export type ProxyProtocolConfig_Version =
  | 'V1'
  | 'V2'

/** envoy.config.core.v3.ProxyProtocolPassThroughTLVs.PassTLVsMatchType */
export type ProxyProtocolPassThroughTLVs_PassTLVsMatchType =
  | 'INCLUDE_ALL'
  | 'INCLUDE'

/** envoy.config.core.v3.RequestMethod */
export type RequestMethod =
  | 'METHOD_UNSPECIFIED'
  | 'GET'
  | 'HEAD'
  | 'POST'
  | 'PUT'
  | 'DELETE'
  | 'CONNECT'
  | 'OPTIONS'
  | 'TRACE'
  | 'PATCH'

/** envoy.config.core.v3.RoutingPriority */
export type RoutingPriority =
  | 'DEFAULT'
  | 'HIGH'

/** envoy.config.core.v3.SocketAddress.Protocol */
export type SocketAddress_Protocol =
  | 'TCP'
  | 'UDP'

/** envoy.config.core.v3.SocketOption.SocketIpVersion */
export type SocketOption_SocketIpVersion =
  | 'SOCKET_IP_VERSION_UNSPECIFIED'
  | 'SOCKET_IP_VERSION_IPV4'
  | 'SOCKET_IP_VERSION_IPV6'

/** envoy.config.core.v3.SocketOption.SocketState */
export type SocketOption_SocketState =
  | 'STATE_PREBIND'
  | 'STATE_BOUND'
  | 'STATE_LISTENING'

/** envoy.config.core.v3.TrafficDirection */
export type TrafficDirection =
  | 'UNSPECIFIED'
  | 'INBOUND'
  | 'OUTBOUND'

/** envoy.config.listener.v3.FilterChainMatch.ConnectionSourceType */
export type FilterChainMatch_ConnectionSourceType =
  | 'ANY'
  | 'SAME_IP_OR_LOOPBACK'
  | 'EXTERNAL'

/** envoy.config.listener.v3.Listener.DrainType */
export type Listener_DrainType =
  | 'DEFAULT'
  | 'MODIFY_ONLY'

/** envoy.config.rbac.v3.MetadataSource */
export type MetadataSource =
  | 'DYNAMIC'
  | 'ROUTE'

/** envoy.config.rbac.v3.RBAC.Action */
export type RBAC_Action =
  | 'ALLOW'
  | 'DENY'
  | 'LOG'

/** envoy.config.rbac.v3.RBAC.AuditLoggingOptions.AuditCondition */
export type RBAC_AuditLoggingOptions_AuditCondition =
  | 'NONE'
  | 'ON_DENY'
  | 'ON_ALLOW'
  | 'ON_DENY_AND_ALLOW'

/** envoy.config.route.v3.RateLimit.Action.MetaData.Source */
export type RateLimit_Action_MetaData_Source =
  | 'DYNAMIC'
  | 'ROUTE_ENTRY'
  | 'CLUSTER_ENTRY'
  | 'CLUSTER_LOCALITY_ENTRY'

/** envoy.config.route.v3.RateLimit.XRateLimitOption */
export type RateLimit_XRateLimitOption =
  | 'UNSPECIFIED'
  | 'OFF'
  | 'DRAFT_VERSION_03'

/** envoy.config.route.v3.RedirectAction.RedirectResponseCode */
export type RedirectAction_RedirectResponseCode =
  | 'MOVED_PERMANENTLY'
  | 'FOUND'
  | 'SEE_OTHER'
  | 'TEMPORARY_REDIRECT'
  | 'PERMANENT_REDIRECT'

/** envoy.config.route.v3.RetryPolicy.ResetHeaderFormat */
export type RetryPolicy_ResetHeaderFormat =
  | 'SECONDS'
  | 'UNIX_TIMESTAMP'

/** envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode */
export type RouteAction_ClusterNotFoundResponseCode =
  | 'SERVICE_UNAVAILABLE'
  | 'NOT_FOUND'
  | 'INTERNAL_SERVER_ERROR'

/** envoy.config.route.v3.RouteAction.InternalRedirectAction */
export type RouteAction_InternalRedirectAction =
  | 'PASS_THROUGH_INTERNAL_REDIRECT'
  | 'HANDLE_INTERNAL_REDIRECT'

/** envoy.config.route.v3.VirtualHost.TlsRequirementType */
export type VirtualHost_TlsRequirementType =
  | 'NONE'
  | 'EXTERNAL_ONLY'
  | 'ALL'

/** envoy.data.accesslog.v3.AccessLogType */
export type AccessLogType =
  | 'NotSet'
  | 'TcpUpstreamConnected'
  | 'TcpPeriodic'
  | 'TcpConnectionStart'
  | 'TcpConnectionEnd'
  | 'DownstreamStart'
  | 'DownstreamPeriodic'
  | 'DownstreamEnd'
  | 'UpstreamPoolReady'
  | 'UpstreamPeriodic'
  | 'UpstreamEnd'
  | 'DownstreamTunnelSuccessfullyEstablished'
  | 'UdpTunnelUpstreamConnected'
  | 'UdpPeriodic'
  | 'UdpSessionEnd'

/** envoy.extensions.common.ratelimit.v3.VhRateLimitsOptions */
export type VhRateLimitsOptions =
  | 'OVERRIDE'
  | 'INCLUDE'
  | 'IGNORE'

/** envoy.extensions.common.ratelimit.v3.XRateLimitHeadersRFCVersion */
export type XRateLimitHeadersRFCVersion =
  | 'OFF'
  | 'DRAFT_VERSION_03'

/** envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue.SharedWithUpstream */
export type FilterStateValue_SharedWithUpstream =
  | 'NONE'
  | 'ONCE'
  | 'TRANSITIVE'

/** envoy.extensions.filters.http.header_to_metadata.v3.Config.ValueEncode */
export type HeaderToMetadata_ValueEncode =
  | 'NONE'
  | 'BASE64'

/** envoy.extensions.filters.http.header_to_metadata.v3.Config.ValueType */
export type HeaderToMetadata_ValueType =
  | 'STRING'
  | 'NUMBER'
  | 'PROTOBUF_VALUE'

/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.KeyValuePair.ValueStringEncoding */
export type ProxyProtocol_KeyValuePair_ValueStringEncoding =
  | 'UNSPECIFIED'
  | 'SANITIZED_UTF8'
  | 'BASE64'

/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.TlvLocation */
export type ProxyProtocol_TlvLocation =
  | 'DYNAMIC_METADATA'
  | 'FILTER_STATE'

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType */
export type HttpConnectionManager_CodecType =
  | 'AUTO'
  | 'HTTP1'
  | 'HTTP2'
  | 'HTTP3'

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails */
export type HttpConnectionManager_ForwardClientCertDetails =
  | 'SANITIZE'
  | 'FORWARD_ONLY'
  | 'APPEND_FORWARD'
  | 'SANITIZE_SET'
  | 'ALWAYS_FORWARD_ONLY'

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertFormat */
export type HttpConnectionManager_ForwardClientCertFormat =
  | 'TEXT'
  | 'JSON'

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction */
export type HttpConnectionManager_PathWithEscapedSlashesAction =
  | 'IMPLEMENTATION_SPECIFIC_DEFAULT'
  | 'KEEP_UNCHANGED'
  | 'REJECT_REQUEST'
  | 'UNESCAPE_AND_REDIRECT'
  | 'UNESCAPE_AND_FORWARD'

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation */
export type HttpConnectionManager_ServerHeaderTransformation =
  | 'OVERWRITE'
  | 'APPEND_IF_ABSENT'
  | 'PASS_THROUGH'

/** envoy.extensions.filters.network.tcp_proxy.v3.ProxyProtocolTlvMergePolicy */
export type ProxyProtocolTlvMergePolicy =
  | 'ADD_IF_ABSENT'
  | 'OVERWRITE_BY_TYPE_IF_EXISTS_OR_ADD'
  | 'APPEND_IF_EXISTS_OR_ADD'

/** envoy.extensions.filters.network.tcp_proxy.v3.UpstreamConnectMode */
export type UpstreamConnectMode =
  | 'IMMEDIATE'
  | 'ON_DOWNSTREAM_DATA'
  | 'ON_DOWNSTREAM_TLS_HANDSHAKE'

/** envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig.FormatterTypeOnEnvoyHeaders */
export type PreserveCaseFormatterConfig_FormatterTypeOnEnvoyHeaders =
  | 'DEFAULT'
  | 'PROPER_CASE'

/** envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig.LocalityBasis */
export type LocalityLbConfig_ZoneAwareLbConfig_LocalityBasis =
  | 'HEALTHY_HOSTS_NUM'
  | 'HEALTHY_HOSTS_WEIGHT'

/** envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest.SelectionMethod */
export type LeastRequest_SelectionMethod =
  | 'N_CHOICES'
  | 'FULL_SCAN'

/** envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash.HashFunction */
export type RingHash_HashFunction =
  | 'DEFAULT_HASH'
  | 'XX_HASH'
  | 'MURMUR_HASH_2'

/** envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetFallbackPolicy */
export type Subset_LbSubsetFallbackPolicy =
  | 'NO_FALLBACK'
  | 'ANY_ENDPOINT'
  | 'DEFAULT_SUBSET'

/** envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetMetadataFallbackPolicy */
export type Subset_LbSubsetMetadataFallbackPolicy =
  | 'METADATA_NO_FALLBACK'
  | 'FALLBACK_LIST'

/** envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetSelector.LbSubsetSelectorFallbackPolicy */
export type Subset_LbSubsetSelector_LbSubsetSelectorFallbackPolicy =
  | 'NOT_DEFINED'
  | 'NO_FALLBACK'
  | 'ANY_ENDPOINT'
  | 'DEFAULT_SUBSET'
  | 'KEYS_SUBSET'

/** envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification */
export type CertificateValidationContext_TrustChainVerification =
  | 'VERIFY_TRUST_CHAIN'
  | 'ACCEPT_UNTRUSTED'

/** envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext.OcspStaplePolicy */
export type DownstreamTlsContext_OcspStaplePolicy =
  | 'LENIENT_STAPLING'
  | 'STRICT_STAPLING'
  | 'MUST_STAPLE'

/** envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType */
export type SubjectAltNameMatcher_SanType =
  | 'SAN_TYPE_UNSPECIFIED'
  | 'EMAIL'
  | 'DNS'
  | 'URI'
  | 'IP_ADDRESS'
  | 'OTHER_NAME'

/** envoy.extensions.transport_sockets.tls.v3.TlsParameters.CompliancePolicy */
export type TlsParameters_CompliancePolicy =
  | 'FIPS_202205'
  | 'CNSA2_202603'
  | 'CNSA1_202603'

/** envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol */
export type TlsParameters_TlsProtocol =
  | 'TLS_AUTO'
  | 'TLSv1_0'
  | 'TLSv1_1'
  | 'TLSv1_2'
  | 'TLSv1_3'

/** envoy.extensions.wasm.v3.FailurePolicy */
export type FailurePolicy =
  | 'UNSPECIFIED'
  | 'FAIL_RELOAD'
  | 'FAIL_CLOSED'
  | 'FAIL_OPEN'

/** envoy.type.tracing.v3.CustomTag.ValueType */
export type CustomTag_ValueType =
  | 'UNSPECIFIED'
  | 'STRING'
  | 'INT'
  | 'DOUBLE'
  | 'BOOL'

/** envoy.type.v3.CodecClientType */
export type CodecClientType =
  | 'HTTP1'
  | 'HTTP2'
  | 'HTTP3'

/** envoy.type.v3.FractionalPercent.DenominatorType */
export type FractionalPercent_DenominatorType =
  | 'HUNDRED'
  | 'TEN_THOUSAND'
  | 'MILLION'

/** envoy.type.v3.RateLimitUnit */
export type RateLimitUnit =
  | 'UNKNOWN'
  | 'SECOND'
  | 'MINUTE'
  | 'HOUR'
  | 'DAY'
  | 'MONTH'
  | 'YEAR'

/** envoy.type.v3.StatusCode */
export type StatusCode =
  | 'Empty'
  | 'Continue'
  | 'OK'
  | 'Created'
  | 'Accepted'
  | 'NonAuthoritativeInformation'
  | 'NoContent'
  | 'ResetContent'
  | 'PartialContent'
  | 'MultiStatus'
  | 'AlreadyReported'
  | 'IMUsed'
  | 'MultipleChoices'
  | 'MovedPermanently'
  | 'Found'
  | 'SeeOther'
  | 'NotModified'
  | 'UseProxy'
  | 'TemporaryRedirect'
  | 'PermanentRedirect'
  | 'BadRequest'
  | 'Unauthorized'
  | 'PaymentRequired'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'ProxyAuthenticationRequired'
  | 'RequestTimeout'
  | 'Conflict'
  | 'Gone'
  | 'LengthRequired'
  | 'PreconditionFailed'
  | 'PayloadTooLarge'
  | 'URITooLong'
  | 'UnsupportedMediaType'
  | 'RangeNotSatisfiable'
  | 'ExpectationFailed'
  | 'MisdirectedRequest'
  | 'UnprocessableEntity'
  | 'Locked'
  | 'FailedDependency'
  | 'UpgradeRequired'
  | 'PreconditionRequired'
  | 'TooManyRequests'
  | 'RequestHeaderFieldsTooLarge'
  | 'InternalServerError'
  | 'NotImplemented'
  | 'BadGateway'
  | 'ServiceUnavailable'
  | 'GatewayTimeout'
  | 'HTTPVersionNotSupported'
  | 'VariantAlsoNegotiates'
  | 'InsufficientStorage'
  | 'LoopDetected'
  | 'NotExtended'
  | 'NetworkAuthenticationRequired'

/** google.api.expr.v1alpha1.SourceInfo.Extension.Component */
export type SourceInfo_Extension_Component =
  | 'COMPONENT_UNSPECIFIED'
  | 'COMPONENT_PARSER'
  | 'COMPONENT_TYPE_CHECKER'
  | 'COMPONENT_RUNTIME'

/** google.api.expr.v1alpha1.Type.PrimitiveType */
export type Type_PrimitiveType =
  | 'PRIMITIVE_TYPE_UNSPECIFIED'
  | 'BOOL'
  | 'INT64'
  | 'UINT64'
  | 'DOUBLE'
  | 'STRING'
  | 'BYTES'

/** google.api.expr.v1alpha1.Type.WellKnownType */
export type Type_WellKnownType =
  | 'WELL_KNOWN_TYPE_UNSPECIFIED'
  | 'ANY'
  | 'TIMESTAMP'
  | 'DURATION'

/** envoy.config.accesslog.v3.AccessLog */
export interface AccessLog {
  readonly name: string
  readonly filter?: AccessLogFilter
  readonly typedConfig?: AnyMessage
}

/** envoy.config.accesslog.v3.AccessLogFilter */
export interface AccessLogFilter {
  readonly statusCodeFilter?: StatusCodeFilter
  readonly durationFilter?: DurationFilter
  readonly notHealthCheckFilter?: NotHealthCheckFilter
  readonly traceableFilter?: TraceableFilter
  readonly runtimeFilter?: RuntimeFilter
  readonly andFilter?: AndFilter
  readonly orFilter?: OrFilter
  readonly headerFilter?: HeaderFilter
  readonly responseFlagFilter?: ResponseFlagFilter
  readonly grpcStatusFilter?: GrpcStatusFilter
  readonly extensionFilter?: ExtensionFilter
  readonly metadataFilter?: MetadataFilter
  readonly logTypeFilter?: LogTypeFilter
}

/** envoy.config.accesslog.v3.AndFilter */
export interface AndFilter {
  readonly filters: readonly AccessLogFilter[]
}

/** envoy.config.accesslog.v3.ComparisonFilter */
export interface ComparisonFilter {
  readonly op: ComparisonFilter_Op
  readonly value?: RuntimeUInt32
}

/** envoy.config.accesslog.v3.DurationFilter */
export interface DurationFilter {
  readonly comparison?: ComparisonFilter
}

/** envoy.config.accesslog.v3.ExtensionFilter */
export interface ExtensionFilter {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.accesslog.v3.GrpcStatusFilter */
export interface GrpcStatusFilter {
  readonly statuses: readonly GrpcStatusFilter_Status[]
  readonly exclude: boolean
}

/** envoy.config.accesslog.v3.HeaderFilter */
export interface HeaderFilter {
  readonly header?: HeaderMatcher
}

/** envoy.config.accesslog.v3.LogTypeFilter */
export interface LogTypeFilter {
  readonly types: readonly AccessLogType[]
  readonly exclude: boolean
}

/** envoy.config.accesslog.v3.MetadataFilter */
export interface MetadataFilter {
  readonly matcher?: MetadataMatcher
  readonly matchIfKeyNotFound?: boolean
}

/** envoy.config.accesslog.v3.NotHealthCheckFilter */
export interface NotHealthCheckFilter {
}

/** envoy.config.accesslog.v3.OrFilter */
export interface OrFilter {
  readonly filters: readonly AccessLogFilter[]
}

/** envoy.config.accesslog.v3.ResponseFlagFilter */
export interface ResponseFlagFilter {
  readonly flags: readonly string[]
}

/** envoy.config.accesslog.v3.RuntimeFilter */
export interface RuntimeFilter {
  readonly runtimeKey: string
  readonly percentSampled?: FractionalPercent
  readonly useIndependentRandomness: boolean
}

/** envoy.config.accesslog.v3.StatusCodeFilter */
export interface StatusCodeFilter {
  readonly comparison?: ComparisonFilter
}

/** envoy.config.accesslog.v3.TraceableFilter */
export interface TraceableFilter {
}

/** envoy.config.bootstrap.v3.Admin */
export interface Admin {
  readonly accessLog: readonly AccessLog[]
  /** Deprecated. */
  readonly accessLogPath: string
  readonly profilePath: string
  readonly address?: Address
  readonly socketOptions: readonly SocketOption[]
  readonly ignoreGlobalConnLimit: boolean
  readonly allowPaths: readonly StringMatcher[]
}

/** envoy.config.bootstrap.v3.Bootstrap */
export interface Bootstrap {
  readonly node?: Node
  readonly nodeContextParams: readonly string[]
  readonly staticResources?: Bootstrap_StaticResources
  readonly dynamicResources?: Bootstrap_DynamicResources
  readonly clusterManager?: ClusterManager
  readonly hdsConfig?: ApiConfigSource
  readonly flagsPath: string
  readonly statsSinks: readonly StatsSink[]
  readonly deferredStatOptions?: Bootstrap_DeferredStatOptions
  readonly statsConfig?: StatsConfig
  readonly statsFlushInterval?: number
  readonly statsFlushOnAdmin?: boolean
  readonly statsEvictionInterval?: number
  /** Deprecated. */
  readonly watchdog?: Watchdog
  readonly watchdogs?: Watchdogs
  /** Deprecated. */
  readonly tracing?: TraceTracing
  readonly layeredRuntime?: LayeredRuntime
  readonly admin?: Admin
  readonly overloadManager?: OverloadManager
  readonly enableDispatcherStats: boolean
  readonly headerPrefix: string
  readonly statsServerVersionOverride?: bigint
  /** Deprecated. */
  readonly useTcpForDnsLookups: boolean
  /** Deprecated. */
  readonly dnsResolutionConfig?: DnsResolutionConfig
  readonly typedDnsResolverConfig?: TypedExtensionConfig
  readonly bootstrapExtensions: readonly TypedExtensionConfig[]
  readonly fatalActions: readonly FatalAction[]
  readonly configSources: readonly ConfigSource[]
  readonly defaultConfigSource?: ConfigSource
  readonly defaultSocketInterface: string
  readonly certificateProviderInstances: Readonly<Record<string, TypedExtensionConfig>>
  readonly inlineHeaders: readonly CustomInlineHeader[]
  readonly perfTracingFilePath: string
  readonly defaultRegexEngine?: TypedExtensionConfig
  readonly xdsDelegateExtension?: TypedExtensionConfig
  readonly xdsConfigTrackerExtension?: TypedExtensionConfig
  readonly listenerManager?: TypedExtensionConfig
  readonly applicationLogConfig?: Bootstrap_ApplicationLogConfig
  readonly grpcAsyncClientManagerConfig?: Bootstrap_GrpcAsyncClientManagerConfig
  readonly memoryAllocatorManager?: MemoryAllocatorManager
  readonly enableWorkerCpuAffinity: boolean
}

/** envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig */
export interface Bootstrap_ApplicationLogConfig {
  readonly logFormat?: Bootstrap_ApplicationLogConfig_LogFormat
}

/** envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat */
export interface Bootstrap_ApplicationLogConfig_LogFormat {
  readonly jsonFormat?: JsonObject
  readonly textFormat?: string
}

/** envoy.config.bootstrap.v3.Bootstrap.DeferredStatOptions */
export interface Bootstrap_DeferredStatOptions {
  readonly enableDeferredCreationStats: boolean
}

/** envoy.config.bootstrap.v3.Bootstrap.DynamicResources */
export interface Bootstrap_DynamicResources {
  readonly ldsConfig?: ConfigSource
  readonly ldsResourcesLocator: string
  readonly cdsConfig?: ConfigSource
  readonly cdsResourcesLocator: string
  readonly adsConfig?: ApiConfigSource
}

/** envoy.config.bootstrap.v3.Bootstrap.GrpcAsyncClientManagerConfig */
export interface Bootstrap_GrpcAsyncClientManagerConfig {
  readonly maxCachedEntryIdleDuration?: number
}

/** envoy.config.bootstrap.v3.Bootstrap.StaticResources */
export interface Bootstrap_StaticResources {
  readonly listeners: readonly Listener[]
  readonly clusters: readonly Cluster[]
  readonly secrets: readonly Secret[]
}

/** envoy.config.bootstrap.v3.ClusterManager */
export interface ClusterManager {
  readonly localClusterName: string
  readonly outlierDetection?: ClusterManager_OutlierDetection
  readonly upstreamBindConfig?: BindConfig
  readonly loadStatsConfig?: ApiConfigSource
  readonly enableDeferredClusterCreation: boolean
}

/** envoy.config.bootstrap.v3.ClusterManager.OutlierDetection */
export interface ClusterManager_OutlierDetection {
  readonly eventLogPath: string
  readonly eventService?: EventServiceConfig
}

/** envoy.config.bootstrap.v3.CustomInlineHeader */
export interface CustomInlineHeader {
  readonly inlineHeaderName: string
  readonly inlineHeaderType: CustomInlineHeader_InlineHeaderType
}

/** envoy.config.bootstrap.v3.FatalAction */
export interface FatalAction {
  readonly config?: TypedExtensionConfig
}

/** envoy.config.bootstrap.v3.LayeredRuntime */
export interface LayeredRuntime {
  readonly layers: readonly RuntimeLayer[]
}

/** envoy.config.bootstrap.v3.MemoryAllocatorManager */
export interface MemoryAllocatorManager {
  readonly bytesToRelease: bigint
  readonly memoryReleaseInterval?: number
  readonly softMemoryLimitBytes?: bigint
  readonly maxPerCpuCacheSizeBytes?: number
  readonly maxUnfreedMemoryBytes: bigint
}

/** envoy.config.bootstrap.v3.RuntimeLayer */
export interface RuntimeLayer {
  readonly name: string
  readonly staticLayer?: JsonObject
  readonly diskLayer?: RuntimeLayer_DiskLayer
  readonly adminLayer?: RuntimeLayer_AdminLayer
  readonly rtdsLayer?: RuntimeLayer_RtdsLayer
}

/** envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer */
export interface RuntimeLayer_AdminLayer {
}

/** envoy.config.bootstrap.v3.RuntimeLayer.DiskLayer */
export interface RuntimeLayer_DiskLayer {
  readonly symlinkRoot: string
  readonly subdirectory: string
  readonly appendServiceCluster: boolean
}

/** envoy.config.bootstrap.v3.RuntimeLayer.RtdsLayer */
export interface RuntimeLayer_RtdsLayer {
  readonly name: string
  readonly rtdsConfig?: ConfigSource
}

/** envoy.config.bootstrap.v3.Watchdog */
export interface Watchdog {
  readonly actions: readonly Watchdog_WatchdogAction[]
  readonly missTimeout?: number
  readonly megamissTimeout?: number
  readonly killTimeout?: number
  readonly maxKillTimeoutJitter?: number
  readonly multikillTimeout?: number
  readonly multikillThreshold?: Percent
}

/** envoy.config.bootstrap.v3.Watchdog.WatchdogAction */
export interface Watchdog_WatchdogAction {
  readonly config?: TypedExtensionConfig
  readonly event: Watchdog_WatchdogAction_WatchdogEvent
}

/** envoy.config.bootstrap.v3.Watchdogs */
export interface Watchdogs {
  readonly mainThreadWatchdog?: Watchdog
  readonly workerWatchdog?: Watchdog
}

/** envoy.config.cluster.v3.CircuitBreakers */
export interface CircuitBreakers {
  readonly thresholds: readonly CircuitBreakers_Thresholds[]
  readonly perHostThresholds: readonly CircuitBreakers_Thresholds[]
}

/** envoy.config.cluster.v3.CircuitBreakers.Thresholds */
export interface CircuitBreakers_Thresholds {
  readonly priority: RoutingPriority
  readonly maxConnections?: number
  readonly maxPendingRequests?: number
  readonly maxRequests?: number
  readonly maxRetries?: number
  readonly retryBudget?: CircuitBreakers_Thresholds_RetryBudget
  readonly trackRemaining: boolean
  readonly maxConnectionPools?: number
}

/** envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget */
export interface CircuitBreakers_Thresholds_RetryBudget {
  readonly budgetPercent?: Percent
  readonly budgetInterval?: number
  readonly minRetryConcurrency?: number
}

/** envoy.config.cluster.v3.Cluster */
export interface Cluster {
  readonly transportSocketMatches: readonly Cluster_TransportSocketMatch[]
  readonly transportSocketMatcher?: Matcher
  readonly name: string
  readonly altStatName: string
  readonly statsMatcher?: StatsMatcher
  readonly type?: Cluster_DiscoveryType
  readonly clusterType?: Cluster_CustomClusterType
  readonly edsClusterConfig?: Cluster_EdsClusterConfig
  readonly connectTimeout?: number
  readonly perConnectionBufferLimitBytes?: number
  readonly perConnectionBufferHighWatermarkTimeout?: number
  readonly lbPolicy: Cluster_LbPolicy
  readonly loadAssignment?: ClusterLoadAssignment
  readonly healthChecks: readonly HealthCheck[]
  /** Deprecated. */
  readonly maxRequestsPerConnection?: number
  readonly circuitBreakers?: CircuitBreakers
  /** Deprecated. */
  readonly upstreamHttpProtocolOptions?: UpstreamHttpProtocolOptions
  /** Deprecated. */
  readonly commonHttpProtocolOptions?: HttpProtocolOptions
  /** Deprecated. */
  readonly httpProtocolOptions?: Http1ProtocolOptions
  /** Deprecated. */
  readonly http2ProtocolOptions?: Http2ProtocolOptions
  readonly typedExtensionProtocolOptions: Readonly<Record<string, AnyMessage>>
  /** Deprecated. */
  readonly dnsRefreshRate?: number
  /** Deprecated. */
  readonly dnsJitter?: number
  /** Deprecated. */
  readonly dnsFailureRefreshRate?: Cluster_RefreshRate
  /** Deprecated. */
  readonly respectDnsTtl: boolean
  readonly dnsLookupFamily: Cluster_DnsLookupFamily
  /** Deprecated. */
  readonly dnsResolvers: readonly Address[]
  /** Deprecated. */
  readonly useTcpForDnsLookups: boolean
  /** Deprecated. */
  readonly dnsResolutionConfig?: DnsResolutionConfig
  readonly typedDnsResolverConfig?: TypedExtensionConfig
  readonly waitForWarmOnInit?: boolean
  readonly outlierDetection?: OutlierDetection
  readonly cleanupInterval?: number
  readonly upstreamBindConfig?: BindConfig
  readonly lbSubsetConfig?: Cluster_LbSubsetConfig
  readonly ringHashLbConfig?: Cluster_RingHashLbConfig
  readonly maglevLbConfig?: Cluster_MaglevLbConfig
  readonly originalDstLbConfig?: Cluster_OriginalDstLbConfig
  readonly leastRequestLbConfig?: Cluster_LeastRequestLbConfig
  readonly roundRobinLbConfig?: Cluster_RoundRobinLbConfig
  readonly commonLbConfig?: Cluster_CommonLbConfig
  readonly transportSocket?: TransportSocket
  readonly metadata?: Metadata
  /** Deprecated. */
  readonly protocolSelection: Cluster_ClusterProtocolSelection
  readonly upstreamConnectionOptions?: UpstreamConnectionOptions
  readonly closeConnectionsOnHostHealthFailure: boolean
  readonly ignoreHealthOnHostRemoval: boolean
  readonly filters: readonly ClusterFilter[]
  readonly loadBalancingPolicy?: LoadBalancingPolicy
  readonly lrsServer?: ConfigSource
  readonly lrsReportEndpointMetrics: readonly string[]
  /** Deprecated. */
  readonly trackTimeoutBudgets: boolean
  readonly upstreamConfig?: TypedExtensionConfig
  readonly trackClusterStats?: TrackClusterStats
  readonly preconnectPolicy?: Cluster_PreconnectPolicy
  readonly connectionPoolPerDownstreamConnection: boolean
  readonly queuingPolicies?: Cluster_QueuingPolicies
}

/** envoy.config.cluster.v3.Cluster.CommonLbConfig */
export interface Cluster_CommonLbConfig {
  readonly healthyPanicThreshold?: Percent
  readonly zoneAwareLbConfig?: Cluster_CommonLbConfig_ZoneAwareLbConfig
  readonly localityWeightedLbConfig?: Cluster_CommonLbConfig_LocalityWeightedLbConfig
  readonly updateMergeWindow?: number
  readonly ignoreNewHostsUntilFirstHc: boolean
  readonly closeConnectionsOnHostSetChange: boolean
  readonly consistentHashingLbConfig?: Cluster_CommonLbConfig_ConsistentHashingLbConfig
  readonly overrideHostStatus?: HealthStatusSet
}

/** envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig */
export interface Cluster_CommonLbConfig_ConsistentHashingLbConfig {
  readonly useHostnameForHashing: boolean
  readonly hashBalanceFactor?: number
}

/** envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig */
export interface Cluster_CommonLbConfig_LocalityWeightedLbConfig {
}

/** envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig */
export interface Cluster_CommonLbConfig_ZoneAwareLbConfig {
  readonly routingEnabled?: Percent
  readonly minClusterSize?: bigint
  readonly failTrafficOnPanic: boolean
}

/** envoy.config.cluster.v3.Cluster.CustomClusterType */
export interface Cluster_CustomClusterType {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.cluster.v3.Cluster.EdsClusterConfig */
export interface Cluster_EdsClusterConfig {
  readonly edsConfig?: ConfigSource
  readonly serviceName: string
}

/** envoy.config.cluster.v3.Cluster.LbSubsetConfig */
export interface Cluster_LbSubsetConfig {
  readonly fallbackPolicy: Cluster_LbSubsetConfig_LbSubsetFallbackPolicy
  readonly defaultSubset?: JsonObject
  readonly subsetSelectors: readonly Cluster_LbSubsetConfig_LbSubsetSelector[]
  readonly localityWeightAware: boolean
  readonly scaleLocalityWeight: boolean
  readonly panicModeAny: boolean
  readonly listAsAny: boolean
  readonly metadataFallbackPolicy: Cluster_LbSubsetConfig_LbSubsetMetadataFallbackPolicy
}

/** envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector */
export interface Cluster_LbSubsetConfig_LbSubsetSelector {
  readonly keys: readonly string[]
  readonly singleHostPerSubset: boolean
  readonly fallbackPolicy: Cluster_LbSubsetConfig_LbSubsetSelector_LbSubsetSelectorFallbackPolicy
  readonly fallbackKeysSubset: readonly string[]
}

/** envoy.config.cluster.v3.Cluster.LeastRequestLbConfig */
export interface Cluster_LeastRequestLbConfig {
  readonly choiceCount?: number
  readonly activeRequestBias?: RuntimeDouble
  readonly slowStartConfig?: Cluster_SlowStartConfig
}

/** envoy.config.cluster.v3.Cluster.MaglevLbConfig */
export interface Cluster_MaglevLbConfig {
  readonly tableSize?: bigint
}

/** envoy.config.cluster.v3.Cluster.OriginalDstLbConfig */
export interface Cluster_OriginalDstLbConfig {
  readonly useHttpHeader: boolean
  readonly httpHeaderName: string
  readonly upstreamPortOverride?: number
  readonly metadataKey?: MetadataKey
}

/** envoy.config.cluster.v3.Cluster.PreconnectPolicy */
export interface Cluster_PreconnectPolicy {
  readonly perUpstreamPreconnectRatio?: number
  readonly predictivePreconnectRatio?: number
  readonly preconnectEnabledMetadata?: MetadataMatcher
}

/** envoy.config.cluster.v3.Cluster.QueuingPolicies */
export interface Cluster_QueuingPolicies {
  readonly pendingRqPolicy?: TypedExtensionConfig
}

/** envoy.config.cluster.v3.Cluster.RefreshRate */
export interface Cluster_RefreshRate {
  readonly baseInterval?: number
  readonly maxInterval?: number
}

/** envoy.config.cluster.v3.Cluster.RingHashLbConfig */
export interface Cluster_RingHashLbConfig {
  readonly minimumRingSize?: bigint
  readonly hashFunction: Cluster_RingHashLbConfig_HashFunction
  readonly maximumRingSize?: bigint
}

/** envoy.config.cluster.v3.Cluster.RoundRobinLbConfig */
export interface Cluster_RoundRobinLbConfig {
  readonly slowStartConfig?: Cluster_SlowStartConfig
}

/** envoy.config.cluster.v3.Cluster.SlowStartConfig */
export interface Cluster_SlowStartConfig {
  readonly slowStartWindow?: number
  readonly aggression?: RuntimeDouble
  readonly minWeightPercent?: Percent
}

/** envoy.config.cluster.v3.Cluster.TransportSocketMatch */
export interface Cluster_TransportSocketMatch {
  readonly name: string
  readonly match?: JsonObject
  readonly transportSocket?: TransportSocket
}

/** envoy.config.cluster.v3.Filter */
export interface ClusterFilter {
  readonly name: string
  readonly typedConfig?: AnyMessage
  readonly configDiscovery?: ExtensionConfigSource
}

/** envoy.config.cluster.v3.LoadBalancingPolicy */
export interface LoadBalancingPolicy {
  readonly policies: readonly LoadBalancingPolicy_Policy[]
}

/** envoy.config.cluster.v3.LoadBalancingPolicy.Policy */
export interface LoadBalancingPolicy_Policy {
  readonly typedExtensionConfig?: TypedExtensionConfig
}

/** envoy.config.cluster.v3.OutlierDetection */
export interface OutlierDetection {
  readonly consecutive5xx?: number
  readonly interval?: number
  readonly baseEjectionTime?: number
  readonly maxEjectionPercent?: number
  readonly enforcingConsecutive5xx?: number
  readonly enforcingSuccessRate?: number
  readonly successRateMinimumHosts?: number
  readonly successRateRequestVolume?: number
  readonly successRateStdevFactor?: number
  readonly consecutiveGatewayFailure?: number
  readonly enforcingConsecutiveGatewayFailure?: number
  readonly splitExternalLocalOriginErrors: boolean
  readonly consecutiveLocalOriginFailure?: number
  readonly enforcingConsecutiveLocalOriginFailure?: number
  readonly enforcingLocalOriginSuccessRate?: number
  readonly failurePercentageThreshold?: number
  readonly enforcingFailurePercentage?: number
  readonly enforcingFailurePercentageLocalOrigin?: number
  readonly failurePercentageMinimumHosts?: number
  readonly failurePercentageRequestVolume?: number
  readonly maxEjectionTime?: number
  readonly maxEjectionTimeJitter?: number
  readonly successfulActiveHealthCheckUnejectHost?: boolean
  readonly monitors: readonly TypedExtensionConfig[]
  readonly alwaysEjectOneHost?: boolean
  readonly detectDegradedHosts?: boolean
}

/** envoy.config.cluster.v3.TrackClusterStats */
export interface TrackClusterStats {
  readonly timeoutBudgets: boolean
  readonly requestResponseSizes: boolean
  readonly perEndpointStats: boolean
}

/** envoy.config.cluster.v3.UpstreamConnectionOptions */
export interface UpstreamConnectionOptions {
  readonly tcpKeepalive?: TcpKeepalive
  readonly setLocalInterfaceNameOnUpstreamConnections: boolean
  readonly happyEyeballsConfig?: UpstreamConnectionOptions_HappyEyeballsConfig
}

/** envoy.config.cluster.v3.UpstreamConnectionOptions.HappyEyeballsConfig */
export interface UpstreamConnectionOptions_HappyEyeballsConfig {
  readonly firstAddressFamilyVersion: UpstreamConnectionOptions_FirstAddressFamilyVersion
  readonly firstAddressFamilyCount?: number
}

/** envoy.config.common.matcher.v3.HttpGenericBodyMatch */
export interface HttpGenericBodyMatch {
  readonly bytesLimit: number
  readonly patterns: readonly HttpGenericBodyMatch_GenericTextMatch[]
}

/** envoy.config.common.matcher.v3.HttpGenericBodyMatch.GenericTextMatch */
export interface HttpGenericBodyMatch_GenericTextMatch {
  readonly stringMatch?: string
  readonly binaryMatch?: Uint8Array
}

/** envoy.config.common.matcher.v3.HttpHeadersMatch */
export interface HttpHeadersMatch {
  readonly headers: readonly HeaderMatcher[]
}

/** envoy.config.common.matcher.v3.MatchPredicate */
export interface MatchPredicate {
  readonly orMatch?: MatchPredicate_MatchSet
  readonly andMatch?: MatchPredicate_MatchSet
  readonly notMatch?: MatchPredicate
  readonly anyMatch?: boolean
  readonly httpRequestHeadersMatch?: HttpHeadersMatch
  readonly httpRequestTrailersMatch?: HttpHeadersMatch
  readonly httpResponseHeadersMatch?: HttpHeadersMatch
  readonly httpResponseTrailersMatch?: HttpHeadersMatch
  readonly httpRequestGenericBodyMatch?: HttpGenericBodyMatch
  readonly httpResponseGenericBodyMatch?: HttpGenericBodyMatch
}

/** envoy.config.common.matcher.v3.MatchPredicate.MatchSet */
export interface MatchPredicate_MatchSet {
  readonly rules: readonly MatchPredicate[]
}

/** envoy.config.common.matcher.v3.Matcher */
export interface OldMatcher {
  readonly matcherList?: OldMatcher_MatcherList
  readonly matcherTree?: OldMatcher_MatcherTree
  readonly onNoMatch?: OldMatcher_OnMatch
}

/** envoy.config.common.matcher.v3.Matcher.MatcherList */
export interface OldMatcher_MatcherList {
  readonly matchers: readonly OldMatcher_MatcherList_FieldMatcher[]
}

/** envoy.config.common.matcher.v3.Matcher.MatcherList.FieldMatcher */
export interface OldMatcher_MatcherList_FieldMatcher {
  readonly predicate?: OldMatcher_MatcherList_Predicate
  readonly onMatch?: OldMatcher_OnMatch
}

/** envoy.config.common.matcher.v3.Matcher.MatcherList.Predicate */
export interface OldMatcher_MatcherList_Predicate {
  readonly singlePredicate?: OldMatcher_MatcherList_Predicate_SinglePredicate
  readonly orMatcher?: OldMatcher_MatcherList_Predicate_PredicateList
  readonly andMatcher?: OldMatcher_MatcherList_Predicate_PredicateList
  readonly notMatcher?: OldMatcher_MatcherList_Predicate
}

/** envoy.config.common.matcher.v3.Matcher.MatcherList.Predicate.PredicateList */
export interface OldMatcher_MatcherList_Predicate_PredicateList {
  readonly predicate: readonly OldMatcher_MatcherList_Predicate[]
}

/** envoy.config.common.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate */
export interface OldMatcher_MatcherList_Predicate_SinglePredicate {
  readonly input?: TypedExtensionConfig
  readonly valueMatch?: StringMatcher
  readonly customMatch?: TypedExtensionConfig
}

/** envoy.config.common.matcher.v3.Matcher.MatcherTree */
export interface OldMatcher_MatcherTree {
  readonly input?: TypedExtensionConfig
  readonly exactMatchMap?: OldMatcher_MatcherTree_MatchMap
  readonly prefixMatchMap?: OldMatcher_MatcherTree_MatchMap
  readonly customMatch?: TypedExtensionConfig
}

/** envoy.config.common.matcher.v3.Matcher.MatcherTree.MatchMap */
export interface OldMatcher_MatcherTree_MatchMap {
  readonly map: Readonly<Record<string, OldMatcher_OnMatch>>
}

/** envoy.config.common.matcher.v3.Matcher.OnMatch */
export interface OldMatcher_OnMatch {
  readonly matcher?: OldMatcher
  readonly action?: TypedExtensionConfig
  readonly keepMatching: boolean
}

/** envoy.config.common.mutation_rules.v3.HeaderMutation */
export interface HeaderMutation {
  readonly remove?: string
  readonly append?: HeaderValueOption
  readonly removeOnMatch?: HeaderMutation_RemoveOnMatch
}

/** envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch */
export interface HeaderMutation_RemoveOnMatch {
  readonly keyMatcher?: StringMatcher
}

/** envoy.config.core.v3.Address */
export interface Address {
  readonly socketAddress?: SocketAddress
  readonly pipe?: Pipe
  readonly envoyInternalAddress?: EnvoyInternalAddress
}

/** envoy.config.core.v3.AggregatedConfigSource */
export interface AggregatedConfigSource {
}

/** envoy.config.core.v3.AlternateProtocolsCacheOptions */
export interface AlternateProtocolsCacheOptions {
  readonly name: string
  readonly maxEntries?: number
  readonly keyValueStoreConfig?: TypedExtensionConfig
  readonly prepopulatedEntries: readonly AlternateProtocolsCacheOptions_AlternateProtocolsCacheEntry[]
  readonly canonicalSuffixes: readonly string[]
}

/** envoy.config.core.v3.AlternateProtocolsCacheOptions.AlternateProtocolsCacheEntry */
export interface AlternateProtocolsCacheOptions_AlternateProtocolsCacheEntry {
  readonly hostname: string
  readonly port: number
}

/** envoy.config.core.v3.ApiConfigSource */
export interface ApiConfigSource {
  readonly apiType: ApiConfigSource_ApiType
  readonly transportApiVersion: ApiVersion
  readonly clusterNames: readonly string[]
  readonly grpcServices: readonly GrpcService[]
  readonly refreshDelay?: number
  readonly requestTimeout?: number
  readonly rateLimitSettings?: RateLimitSettings
  readonly setNodeOnFirstMessageOnly: boolean
  readonly configValidators: readonly TypedExtensionConfig[]
}

/** envoy.config.core.v3.AsyncDataSource */
export interface AsyncDataSource {
  readonly local?: DataSource
  readonly remote?: RemoteDataSource
}

/** envoy.config.core.v3.BackoffStrategy */
export interface BackoffStrategy {
  readonly baseInterval?: number
  readonly maxInterval?: number
}

/** envoy.config.core.v3.BindConfig */
export interface BindConfig {
  readonly sourceAddress?: SocketAddress
  readonly freebind?: boolean
  readonly socketOptions: readonly SocketOption[]
  readonly extraSourceAddresses: readonly ExtraSourceAddress[]
  /** Deprecated. */
  readonly additionalSourceAddresses: readonly SocketAddress[]
  readonly localAddressSelector?: TypedExtensionConfig
  readonly validateNetworkNamespaces: boolean
}

/** envoy.config.core.v3.BuildVersion */
export interface BuildVersion {
  readonly version?: SemanticVersion
  readonly metadata?: JsonObject
}

/** envoy.config.core.v3.CelExpressionConfig */
export interface CelExpressionConfig {
  readonly enableStringConversion: boolean
  readonly enableStringConcat: boolean
  readonly enableStringFunctions: boolean
}

/** envoy.config.core.v3.CidrRange */
export interface CidrRange {
  readonly addressPrefix: string
  readonly prefixLen?: number
}

/** envoy.config.core.v3.ConfigSource */
export interface ConfigSource {
  readonly authorities: readonly Authority[]
  /** Deprecated. */
  readonly path?: string
  readonly pathConfigSource?: PathConfigSource
  readonly apiConfigSource?: ApiConfigSource
  readonly ads?: AggregatedConfigSource
  readonly self?: SelfConfigSource
  readonly initialFetchTimeout?: number
  readonly resourceApiVersion: ApiVersion
}

/** envoy.config.core.v3.ControlPlane */
export interface ControlPlane {
  readonly identifier: string
}

/** envoy.config.core.v3.DataSource */
export interface DataSource {
  readonly filename?: string
  readonly inlineBytes?: Uint8Array
  readonly inlineString?: string
  readonly environmentVariable?: string
  readonly watchedDirectory?: WatchedDirectory
}

/** envoy.config.core.v3.DnsResolutionConfig */
export interface DnsResolutionConfig {
  readonly resolvers: readonly Address[]
  readonly dnsResolverOptions?: DnsResolverOptions
}

/** envoy.config.core.v3.DnsResolverOptions */
export interface DnsResolverOptions {
  readonly useTcpForDnsLookups: boolean
  readonly noDefaultSearchDomain: boolean
}

/** envoy.config.core.v3.EnvoyInternalAddress */
export interface EnvoyInternalAddress {
  readonly serverListenerName?: string
  readonly endpointId: string
}

/** envoy.config.core.v3.EventServiceConfig */
export interface EventServiceConfig {
  readonly grpcService?: GrpcService
}

/** envoy.config.core.v3.Extension */
export interface Extension {
  readonly name: string
  readonly category: string
  /** Deprecated. */
  readonly typeDescriptor: string
  readonly version?: BuildVersion
  readonly disabled: boolean
  readonly typeUrls: readonly string[]
}

/** envoy.config.core.v3.ExtensionConfigSource */
export interface ExtensionConfigSource {
  readonly configSource?: ConfigSource
  readonly defaultConfig?: AnyMessage
  readonly applyDefaultConfigWithoutWarming: boolean
  readonly typeUrls: readonly string[]
}

/** envoy.config.core.v3.ExtraSourceAddress */
export interface ExtraSourceAddress {
  readonly address?: SocketAddress
  readonly socketOptions?: SocketOptionsOverride
}

/** envoy.config.core.v3.GrpcMethodList */
export interface GrpcMethodList {
  readonly services: readonly GrpcMethodList_Service[]
}

/** envoy.config.core.v3.GrpcMethodList.Service */
export interface GrpcMethodList_Service {
  readonly name: string
  readonly methodNames: readonly string[]
}

/** envoy.config.core.v3.GrpcService */
export interface GrpcService {
  readonly envoyGrpc?: GrpcService_EnvoyGrpc
  readonly googleGrpc?: GrpcService_GoogleGrpc
  readonly timeout?: number
  readonly initialMetadata: readonly HeaderValue[]
  readonly retryPolicy?: CoreRetryPolicy
}

/** envoy.config.core.v3.GrpcService.EnvoyGrpc */
export interface GrpcService_EnvoyGrpc {
  readonly clusterName: string
  readonly authority: string
  readonly retryPolicy?: CoreRetryPolicy
  readonly maxReceiveMessageLength?: number
  readonly skipEnvoyHeaders: boolean
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc */
export interface GrpcService_GoogleGrpc {
  readonly targetUri: string
  readonly channelCredentials?: GrpcService_GoogleGrpc_ChannelCredentials
  readonly channelCredentialsPlugin: readonly AnyMessage[]
  readonly callCredentials: readonly GrpcService_GoogleGrpc_CallCredentials[]
  readonly callCredentialsPlugin: readonly AnyMessage[]
  readonly statPrefix: string
  readonly credentialsFactoryName: string
  readonly config?: JsonObject
  readonly perStreamBufferLimitBytes?: number
  readonly channelArgs?: GrpcService_GoogleGrpc_ChannelArgs
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials */
export interface GrpcService_GoogleGrpc_CallCredentials {
  readonly accessToken?: string
  readonly googleComputeEngine?: Empty
  readonly googleRefreshToken?: string
  readonly serviceAccountJwtAccess?: GrpcService_GoogleGrpc_CallCredentials_ServiceAccountJWTAccessCredentials
  readonly googleIam?: GrpcService_GoogleGrpc_CallCredentials_GoogleIAMCredentials
  readonly fromPlugin?: GrpcService_GoogleGrpc_CallCredentials_MetadataCredentialsFromPlugin
  readonly stsService?: GrpcService_GoogleGrpc_CallCredentials_StsService
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials.GoogleIAMCredentials */
export interface GrpcService_GoogleGrpc_CallCredentials_GoogleIAMCredentials {
  readonly authorizationToken: string
  readonly authoritySelector: string
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials.MetadataCredentialsFromPlugin */
export interface GrpcService_GoogleGrpc_CallCredentials_MetadataCredentialsFromPlugin {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials.ServiceAccountJWTAccessCredentials */
export interface GrpcService_GoogleGrpc_CallCredentials_ServiceAccountJWTAccessCredentials {
  readonly jsonKey: string
  readonly tokenLifetimeSeconds: bigint
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials.StsService */
export interface GrpcService_GoogleGrpc_CallCredentials_StsService {
  readonly tokenExchangeServiceUri: string
  readonly resource: string
  readonly audience: string
  readonly scope: string
  readonly requestedTokenType: string
  readonly subjectTokenPath: string
  readonly subjectTokenType: string
  readonly actorTokenPath: string
  readonly actorTokenType: string
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.ChannelArgs */
export interface GrpcService_GoogleGrpc_ChannelArgs {
  readonly args: Readonly<Record<string, GrpcService_GoogleGrpc_ChannelArgs_Value>>
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.ChannelArgs.Value */
export interface GrpcService_GoogleGrpc_ChannelArgs_Value {
  readonly stringValue?: string
  readonly intValue?: bigint
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.ChannelCredentials */
export interface GrpcService_GoogleGrpc_ChannelCredentials {
  readonly sslCredentials?: GrpcService_GoogleGrpc_SslCredentials
  readonly googleDefault?: Empty
  readonly localCredentials?: GrpcService_GoogleGrpc_GoogleLocalCredentials
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.GoogleLocalCredentials */
export interface GrpcService_GoogleGrpc_GoogleLocalCredentials {
}

/** envoy.config.core.v3.GrpcService.GoogleGrpc.SslCredentials */
export interface GrpcService_GoogleGrpc_SslCredentials {
  readonly rootCerts?: DataSource
  readonly privateKey?: DataSource
  readonly certChain?: DataSource
}

/** envoy.config.core.v3.HeaderValue */
export interface HeaderValue {
  readonly key: string
  readonly value: string
  readonly rawValue: Uint8Array
}

/** envoy.config.core.v3.HeaderValueOption */
export interface HeaderValueOption {
  readonly header?: HeaderValue
  /** Deprecated. */
  readonly append?: boolean
  readonly appendAction: HeaderValueOption_HeaderAppendAction
  readonly keepEmptyValue: boolean
}

/** envoy.config.core.v3.HealthCheck */
export interface HealthCheck {
  readonly name: string
  readonly timeout?: number
  readonly interval?: number
  readonly initialJitter?: number
  readonly intervalJitter?: number
  readonly intervalJitterPercent: number
  readonly unhealthyThreshold?: number
  readonly healthyThreshold?: number
  readonly altPort?: number
  readonly reuseConnection?: boolean
  readonly httpHealthCheck?: HealthCheck_HttpHealthCheck
  readonly tcpHealthCheck?: HealthCheck_TcpHealthCheck
  readonly grpcHealthCheck?: HealthCheck_GrpcHealthCheck
  readonly customHealthCheck?: HealthCheck_CustomHealthCheck
  readonly noTrafficInterval?: number
  readonly noTrafficHealthyInterval?: number
  readonly unhealthyInterval?: number
  readonly unhealthyEdgeInterval?: number
  readonly healthyEdgeInterval?: number
  /** Deprecated. */
  readonly eventLogPath: string
  readonly eventLogger: readonly TypedExtensionConfig[]
  readonly eventService?: EventServiceConfig
  readonly alwaysLogHealthCheckFailures: boolean
  readonly alwaysLogHealthCheckSuccess: boolean
  readonly tlsOptions?: HealthCheck_TlsOptions
  readonly transportSocketMatchCriteria?: JsonObject
}

/** envoy.config.core.v3.HealthCheck.CustomHealthCheck */
export interface HealthCheck_CustomHealthCheck {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.HealthCheck.GrpcHealthCheck */
export interface HealthCheck_GrpcHealthCheck {
  readonly serviceName: string
  readonly authority: string
  readonly initialMetadata: readonly HeaderValueOption[]
}

/** envoy.config.core.v3.HealthCheck.HttpHealthCheck */
export interface HealthCheck_HttpHealthCheck {
  readonly host: string
  readonly path: string
  readonly send?: HealthCheck_Payload
  readonly receive: readonly HealthCheck_Payload[]
  readonly responseBufferSize?: bigint
  readonly requestHeadersToAdd: readonly HeaderValueOption[]
  readonly requestHeadersToRemove: readonly string[]
  readonly expectedStatuses: readonly Int64Range[]
  readonly retriableStatuses: readonly Int64Range[]
  readonly codecClientType: CodecClientType
  readonly useAlpnProtocol: boolean
  readonly serviceNameMatcher?: StringMatcher
  readonly method: RequestMethod
}

/** envoy.config.core.v3.HealthCheck.Payload */
export interface HealthCheck_Payload {
  readonly text?: string
  readonly binary?: Uint8Array
}

/** envoy.config.core.v3.HealthCheck.TcpHealthCheck */
export interface HealthCheck_TcpHealthCheck {
  readonly send?: HealthCheck_Payload
  readonly receive: readonly HealthCheck_Payload[]
  readonly proxyProtocolConfig?: ProxyProtocolConfig
}

/** envoy.config.core.v3.HealthCheck.TlsOptions */
export interface HealthCheck_TlsOptions {
  readonly alpnProtocols: readonly string[]
}

/** envoy.config.core.v3.HealthStatusSet */
export interface HealthStatusSet {
  readonly statuses: readonly HealthStatus[]
}

/** envoy.config.core.v3.Http1ProtocolOptions */
export interface Http1ProtocolOptions {
  readonly allowAbsoluteUrl?: boolean
  readonly acceptHttp10: boolean
  readonly defaultHostForHttp10: string
  readonly headerKeyFormat?: Http1ProtocolOptions_HeaderKeyFormat
  readonly enableTrailers: boolean
  readonly allowChunkedLength: boolean
  readonly overrideStreamErrorOnInvalidHttpMessage?: boolean
  readonly sendFullyQualifiedUrl: boolean
  /** Deprecated. */
  readonly useBalsaParser?: boolean
  readonly allowCustomMethods: boolean
  readonly ignoreHttp11Upgrade: readonly StringMatcher[]
}

/** envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat */
export interface Http1ProtocolOptions_HeaderKeyFormat {
  readonly properCaseWords?: Http1ProtocolOptions_HeaderKeyFormat_ProperCaseWords
  readonly statefulFormatter?: TypedExtensionConfig
}

/** envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords */
export interface Http1ProtocolOptions_HeaderKeyFormat_ProperCaseWords {
}

/** envoy.config.core.v3.Http2ProtocolOptions */
export interface Http2ProtocolOptions {
  readonly hpackTableSize?: number
  readonly maxConcurrentStreams?: number
  readonly initialStreamWindowSize?: number
  readonly initialConnectionWindowSize?: number
  readonly allowConnect: boolean
  readonly allowMetadata: boolean
  readonly maxOutboundFrames?: number
  readonly maxOutboundControlFrames?: number
  readonly maxConsecutiveInboundFramesWithEmptyPayload?: number
  readonly maxInboundPriorityFramesPerStream?: number
  readonly maxInboundWindowUpdateFramesPerDataFrameSent?: number
  /** Deprecated. */
  readonly streamErrorOnInvalidHttpMessaging: boolean
  readonly overrideStreamErrorOnInvalidHttpMessage?: boolean
  readonly customSettingsParameters: readonly Http2ProtocolOptions_SettingsParameter[]
  readonly connectionKeepalive?: KeepaliveSettings
  readonly useOghttp2Codec?: boolean
  readonly maxMetadataSize?: bigint
  readonly enableHuffmanEncoding?: boolean
  readonly maxHeaderFieldSizeKb?: number
  readonly disallowObsText?: boolean
  readonly streamResetBurst?: bigint
  readonly streamResetRate?: bigint
}

/** envoy.config.core.v3.Http2ProtocolOptions.SettingsParameter */
export interface Http2ProtocolOptions_SettingsParameter {
  readonly identifier?: number
  readonly value?: number
}

/** envoy.config.core.v3.Http3ProtocolOptions */
export interface Http3ProtocolOptions {
  readonly quicProtocolOptions?: CoreQuicProtocolOptions
  readonly overrideStreamErrorOnInvalidHttpMessage?: boolean
  readonly allowExtendedConnect: boolean
  readonly allowMetadata: boolean
  readonly disableQpack: boolean
  readonly disableConnectionFlowControlForStreams: boolean
  readonly disallowObsText?: boolean
}

/** envoy.config.core.v3.HttpProtocolOptions */
export interface HttpProtocolOptions {
  readonly idleTimeout?: number
  readonly maxConnectionDuration?: number
  readonly maxConnectionDurationJitter?: Percent
  readonly maxHeadersCount?: number
  readonly maxResponseHeadersKb?: number
  readonly maxStreamDuration?: number
  readonly headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction
  readonly maxRequestsPerConnection?: number
}

/** envoy.config.core.v3.HttpUri */
export interface HttpUri {
  readonly uri: string
  readonly cluster?: string
  readonly timeout?: number
}

/** envoy.config.core.v3.JsonFormatOptions */
export interface JsonFormatOptions {
  /** Deprecated. */
  readonly sortProperties: boolean
}

/** envoy.config.core.v3.KeepaliveSettings */
export interface KeepaliveSettings {
  readonly interval?: number
  readonly timeout?: number
  readonly intervalJitter?: Percent
  readonly connectionIdleInterval?: number
}

/** envoy.config.core.v3.KeyValue */
export interface KeyValue {
  /** Deprecated. */
  readonly key: string
  /** Deprecated. */
  readonly value: Uint8Array
}

/** envoy.config.core.v3.KeyValueAppend */
export interface KeyValueAppend {
  readonly record?: KeyValuePair
  /** Deprecated. */
  readonly entry?: KeyValue
  readonly action: KeyValueAppend_KeyValueAppendAction
}

/** envoy.config.core.v3.KeyValueMutation */
export interface KeyValueMutation {
  readonly append?: KeyValueAppend
  readonly remove: string
}

/** envoy.config.core.v3.KeyValuePair */
export interface KeyValuePair {
  readonly key: string
  readonly value?: JsonObject['']
}

/** envoy.config.core.v3.Locality */
export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subZone: string
}

/** envoy.config.core.v3.Metadata */
export interface Metadata {
  readonly filterMetadata: Readonly<Record<string, JsonObject>>
  readonly typedFilterMetadata: Readonly<Record<string, AnyMessage>>
}

/** envoy.config.core.v3.Node */
export interface Node {
  readonly id: string
  readonly cluster: string
  readonly metadata?: JsonObject
  readonly dynamicParameters: Readonly<Record<string, ContextParams>>
  readonly locality?: Locality
  readonly userAgentName: string
  readonly userAgentVersion?: string
  readonly userAgentBuildVersion?: BuildVersion
  readonly extensions: readonly Extension[]
  readonly clientFeatures: readonly string[]
  /** Deprecated. */
  readonly listeningAddresses: readonly Address[]
}

/** envoy.config.core.v3.PathConfigSource */
export interface PathConfigSource {
  readonly path: string
  readonly watchedDirectory?: WatchedDirectory
  readonly pollInterval?: number
}

/** envoy.config.core.v3.Pipe */
export interface Pipe {
  readonly path: string
  readonly mode: number
}

/** envoy.config.core.v3.ProxyProtocolConfig */
export interface ProxyProtocolConfig {
  readonly version: ProxyProtocolConfig_Version
  readonly passThroughTlvs?: ProxyProtocolPassThroughTLVs
  readonly addedTlvs: readonly TlvEntry[]
}

/** envoy.config.core.v3.ProxyProtocolPassThroughTLVs */
export interface ProxyProtocolPassThroughTLVs {
  readonly matchType: ProxyProtocolPassThroughTLVs_PassTLVsMatchType
  readonly tlvType: readonly number[]
}

/** envoy.config.core.v3.QuicKeepAliveSettings */
export interface QuicKeepAliveSettings {
  readonly maxInterval?: number
  readonly initialInterval?: number
}

/** envoy.config.core.v3.QuicProtocolOptions */
export interface CoreQuicProtocolOptions {
  readonly maxConcurrentStreams?: number
  readonly initialStreamWindowSize?: number
  readonly initialConnectionWindowSize?: number
  readonly numTimeoutsToTriggerPortMigration?: number
  readonly connectionKeepalive?: QuicKeepAliveSettings
  readonly connectionOptions: string
  readonly clientConnectionOptions: string
  readonly idleNetworkTimeout?: number
  readonly maxPacketLength?: bigint
  readonly clientPacketWriter?: TypedExtensionConfig
  readonly connectionMigration?: QuicProtocolOptions_ConnectionMigrationSettings
  readonly memoryReductionTimeout?: number
  readonly enableScone?: boolean
}

/** envoy.config.core.v3.QuicProtocolOptions.ConnectionMigrationSettings */
export interface QuicProtocolOptions_ConnectionMigrationSettings {
  readonly migrateIdleConnections?: QuicProtocolOptions_ConnectionMigrationSettings_MigrateIdleConnectionSettings
  readonly maxTimeOnNonDefaultNetwork?: number
}

/** envoy.config.core.v3.QuicProtocolOptions.ConnectionMigrationSettings.MigrateIdleConnectionSettings */
export interface QuicProtocolOptions_ConnectionMigrationSettings_MigrateIdleConnectionSettings {
  readonly maxIdleTimeBeforeMigration?: number
}

/** envoy.config.core.v3.RateLimitSettings */
export interface RateLimitSettings {
  readonly maxTokens?: number
  readonly fillRate?: number
}

/** envoy.config.core.v3.RemoteDataSource */
export interface RemoteDataSource {
  readonly httpUri?: HttpUri
  readonly sha256: string
  readonly retryPolicy?: CoreRetryPolicy
}

/** envoy.config.core.v3.RetryPolicy */
export interface CoreRetryPolicy {
  readonly retryBackOff?: BackoffStrategy
  readonly numRetries?: number
  readonly retryOn: string
  readonly retryPriority?: CoreRetryPolicy_RetryPriority
  readonly retryHostPredicate: readonly CoreRetryPolicy_RetryHostPredicate[]
  readonly hostSelectionRetryMaxAttempts: bigint
}

/** envoy.config.core.v3.RetryPolicy.RetryHostPredicate */
export interface CoreRetryPolicy_RetryHostPredicate {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.RetryPolicy.RetryPriority */
export interface CoreRetryPolicy_RetryPriority {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.RuntimeDouble */
export interface RuntimeDouble {
  readonly defaultValue: number
  readonly runtimeKey: string
}

/** envoy.config.core.v3.RuntimeFeatureFlag */
export interface RuntimeFeatureFlag {
  readonly defaultValue?: boolean
  readonly runtimeKey: string
}

/** envoy.config.core.v3.RuntimeFractionalPercent */
export interface RuntimeFractionalPercent {
  readonly defaultValue?: FractionalPercent
  readonly runtimeKey: string
}

/** envoy.config.core.v3.RuntimeUInt32 */
export interface RuntimeUInt32 {
  readonly defaultValue: number
  readonly runtimeKey: string
}

/** envoy.config.core.v3.SchemeHeaderTransformation */
export interface SchemeHeaderTransformation {
  readonly schemeToOverwrite?: string
  readonly matchUpstream: boolean
}

/** envoy.config.core.v3.SelfConfigSource */
export interface SelfConfigSource {
  readonly transportApiVersion: ApiVersion
}

/** envoy.config.core.v3.SocketAddress */
export interface SocketAddress {
  readonly protocol: SocketAddress_Protocol
  readonly address: string
  readonly portValue?: number
  readonly namedPort?: string
  readonly resolverName: string
  readonly ipv4Compat: boolean
  readonly networkNamespaceFilepath: string
}

/** envoy.config.core.v3.SocketCmsgHeaders */
export interface SocketCmsgHeaders {
  readonly level?: number
  readonly type?: number
  readonly expectedSize: number
}

/** envoy.config.core.v3.SocketOption */
export interface SocketOption {
  readonly description: string
  readonly level: bigint
  readonly name: bigint
  readonly intValue?: bigint
  readonly bufValue?: Uint8Array
  readonly state: SocketOption_SocketState
  readonly type?: SocketOption_SocketType
  readonly ipVersion: SocketOption_SocketIpVersion
}

/** envoy.config.core.v3.SocketOption.SocketType */
export interface SocketOption_SocketType {
  readonly stream?: SocketOption_SocketType_Stream
  readonly datagram?: SocketOption_SocketType_Datagram
}

/** envoy.config.core.v3.SocketOption.SocketType.Datagram */
export interface SocketOption_SocketType_Datagram {
}

/** envoy.config.core.v3.SocketOption.SocketType.Stream */
export interface SocketOption_SocketType_Stream {
}

/** envoy.config.core.v3.SocketOptionsOverride */
export interface SocketOptionsOverride {
  readonly socketOptions: readonly SocketOption[]
}

/** envoy.config.core.v3.SubstitutionFormatString */
export interface SubstitutionFormatString {
  /** Deprecated. */
  readonly textFormat?: string
  readonly jsonFormat?: JsonObject
  readonly textFormatSource?: DataSource
  readonly omitEmptyValues: boolean
  readonly contentType: string
  readonly formatters: readonly TypedExtensionConfig[]
  readonly jsonFormatOptions?: JsonFormatOptions
}

/** envoy.config.core.v3.TcpKeepalive */
export interface TcpKeepalive {
  readonly keepaliveProbes?: number
  readonly keepaliveTime?: number
  readonly keepaliveInterval?: number
}

/** envoy.config.core.v3.TlvEntry */
export interface TlvEntry {
  readonly type: number
  readonly value: Uint8Array
  readonly formatString?: SubstitutionFormatString
}

/** envoy.config.core.v3.TransportSocket */
export interface TransportSocket {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.TypedExtensionConfig */
export interface TypedExtensionConfig {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.core.v3.UdpSocketConfig */
export interface UdpSocketConfig {
  readonly maxRxDatagramSize?: bigint
  readonly preferGro?: boolean
}

/** envoy.config.core.v3.UpstreamHttpProtocolOptions */
export interface UpstreamHttpProtocolOptions {
  readonly autoSni: boolean
  readonly autoSanValidation: boolean
  readonly overrideAutoSniHeader: string
}

/** envoy.config.core.v3.WatchedDirectory */
export interface WatchedDirectory {
  readonly path: string
  readonly watchModify: boolean
}

/** envoy.config.endpoint.v3.ClusterLoadAssignment */
export interface ClusterLoadAssignment {
  readonly clusterName: string
  readonly endpoints: readonly LocalityLbEndpoints[]
  readonly namedEndpoints: Readonly<Record<string, Endpoint>>
  readonly policy?: ClusterLoadAssignment_Policy
}

/** envoy.config.endpoint.v3.ClusterLoadAssignment.Policy */
export interface ClusterLoadAssignment_Policy {
  readonly dropOverloads: readonly ClusterLoadAssignment_Policy_DropOverload[]
  readonly overprovisioningFactor?: number
  readonly endpointStaleAfter?: number
  readonly weightedPriorityHealth: boolean
}

/** envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload */
export interface ClusterLoadAssignment_Policy_DropOverload {
  readonly category: string
  readonly dropPercentage?: FractionalPercent
}

/** envoy.config.endpoint.v3.Endpoint */
export interface Endpoint {
  readonly address?: Address
  readonly healthCheckConfig?: Endpoint_HealthCheckConfig
  readonly hostname: string
  readonly additionalAddresses: readonly Endpoint_AdditionalAddress[]
  readonly observabilityName: string
}

/** envoy.config.endpoint.v3.Endpoint.AdditionalAddress */
export interface Endpoint_AdditionalAddress {
  readonly address?: Address
}

/** envoy.config.endpoint.v3.Endpoint.HealthCheckConfig */
export interface Endpoint_HealthCheckConfig {
  readonly portValue: number
  readonly hostname: string
  readonly address?: Address
  readonly disableActiveHealthCheck: boolean
}

/** envoy.config.endpoint.v3.LbEndpoint */
export interface LbEndpoint {
  readonly endpoint?: Endpoint
  readonly endpointName?: string
  readonly healthStatus: HealthStatus
  readonly metadata?: Metadata
  readonly loadBalancingWeight?: number
}

/** envoy.config.endpoint.v3.LedsClusterLocalityConfig */
export interface LedsClusterLocalityConfig {
  readonly ledsConfig?: ConfigSource
  readonly ledsCollectionName: string
}

/** envoy.config.endpoint.v3.LocalityLbEndpoints */
export interface LocalityLbEndpoints {
  readonly locality?: Locality
  readonly metadata?: Metadata
  readonly lbEndpoints: readonly LbEndpoint[]
  /** Deprecated. */
  readonly loadBalancerEndpoints?: LocalityLbEndpoints_LbEndpointList
  readonly ledsClusterLocalityConfig?: LedsClusterLocalityConfig
  readonly loadBalancingWeight?: number
  readonly priority: number
  readonly proximity?: number
}

/** envoy.config.endpoint.v3.LocalityLbEndpoints.LbEndpointList */
export interface LocalityLbEndpoints_LbEndpointList {
  readonly lbEndpoints: readonly LbEndpoint[]
}

/** envoy.config.listener.v3.AdditionalAddress */
export interface AdditionalAddress {
  readonly address?: Address
  readonly socketOptions?: SocketOptionsOverride
  readonly tcpKeepalive?: TcpKeepalive
}

/** envoy.config.listener.v3.ApiListener */
export interface ApiListener {
  readonly apiListener?: AnyMessage
}

/** envoy.config.listener.v3.Filter */
export interface NetworkFilter {
  readonly name: string
  readonly typedConfig?: AnyMessage
  readonly configDiscovery?: ExtensionConfigSource
}

/** envoy.config.listener.v3.FilterChain */
export interface FilterChain {
  readonly filterChainMatch?: FilterChainMatch
  readonly filters: readonly NetworkFilter[]
  /** Deprecated. */
  readonly useProxyProto?: boolean
  readonly metadata?: Metadata
  readonly transportSocket?: TransportSocket
  readonly transportSocketConnectTimeout?: number
  readonly name: string
}

/** envoy.config.listener.v3.FilterChainMatch */
export interface FilterChainMatch {
  readonly destinationPort?: number
  readonly prefixRanges: readonly CidrRange[]
  readonly addressSuffix: string
  readonly suffixLen?: number
  readonly directSourcePrefixRanges: readonly CidrRange[]
  readonly sourceType: FilterChainMatch_ConnectionSourceType
  readonly sourcePrefixRanges: readonly CidrRange[]
  readonly sourcePorts: readonly number[]
  readonly serverNames: readonly string[]
  readonly transportProtocol: string
  readonly applicationProtocols: readonly string[]
}

/** envoy.config.listener.v3.Listener */
export interface Listener {
  readonly name: string
  readonly address?: Address
  readonly additionalAddresses: readonly AdditionalAddress[]
  readonly statPrefix: string
  readonly statsMatcher?: StatsMatcher
  readonly filterChains: readonly FilterChain[]
  readonly fcdsConfig?: Listener_FcdsConfig
  readonly filterChainMatcher?: Matcher
  readonly useOriginalDst?: boolean
  readonly defaultFilterChain?: FilterChain
  readonly perConnectionBufferLimitBytes?: number
  readonly perConnectionBufferHighWatermarkTimeout?: number
  readonly metadata?: Metadata
  /** Deprecated. */
  readonly deprecatedV1?: Listener_DeprecatedV1
  readonly drainType: Listener_DrainType
  readonly listenerFilters: readonly ListenerFilter[]
  readonly listenerFiltersTimeout?: number
  readonly continueOnListenerFiltersTimeout: boolean
  readonly transparent?: boolean
  readonly freebind?: boolean
  readonly socketOptions: readonly SocketOption[]
  readonly tcpFastOpenQueueLength?: number
  readonly trafficDirection: TrafficDirection
  readonly udpListenerConfig?: UdpListenerConfig
  readonly apiListener?: ApiListener
  readonly connectionBalanceConfig?: Listener_ConnectionBalanceConfig
  /** Deprecated. */
  readonly reusePort: boolean
  readonly enableReusePort?: boolean
  readonly accessLog: readonly AccessLog[]
  readonly tcpBacklogSize?: number
  readonly maxConnectionsToAcceptPerSocketEvent?: number
  readonly bindToPort?: boolean
  readonly internalListener?: Listener_InternalListenerConfig
  readonly enableMptcp: boolean
  readonly ignoreGlobalConnLimit: boolean
  readonly bypassOverloadManager: boolean
  readonly tcpKeepalive?: TcpKeepalive
}

/** envoy.config.listener.v3.Listener.ConnectionBalanceConfig */
export interface Listener_ConnectionBalanceConfig {
  readonly exactBalance?: Listener_ConnectionBalanceConfig_ExactBalance
  readonly extendBalance?: TypedExtensionConfig
  readonly cpuLocalityBalance?: Listener_ConnectionBalanceConfig_CpuLocalityBalance
}

/** envoy.config.listener.v3.Listener.ConnectionBalanceConfig.CpuLocalityBalance */
export interface Listener_ConnectionBalanceConfig_CpuLocalityBalance {
}

/** envoy.config.listener.v3.Listener.ConnectionBalanceConfig.ExactBalance */
export interface Listener_ConnectionBalanceConfig_ExactBalance {
}

/** envoy.config.listener.v3.Listener.DeprecatedV1 */
export interface Listener_DeprecatedV1 {
  readonly bindToPort?: boolean
}

/** envoy.config.listener.v3.Listener.FcdsConfig */
export interface Listener_FcdsConfig {
  readonly name: string
  readonly configSource?: ConfigSource
}

/** envoy.config.listener.v3.Listener.InternalListenerConfig */
export interface Listener_InternalListenerConfig {
}

/** envoy.config.listener.v3.ListenerFilter */
export interface ListenerFilter {
  readonly name: string
  readonly typedConfig?: AnyMessage
  readonly configDiscovery?: ExtensionConfigSource
  readonly filterDisabled?: ListenerFilterChainMatchPredicate
}

/** envoy.config.listener.v3.ListenerFilterChainMatchPredicate */
export interface ListenerFilterChainMatchPredicate {
  readonly orMatch?: ListenerFilterChainMatchPredicate_MatchSet
  readonly andMatch?: ListenerFilterChainMatchPredicate_MatchSet
  readonly notMatch?: ListenerFilterChainMatchPredicate
  readonly anyMatch?: boolean
  readonly destinationPortRange?: Int32Range
}

/** envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet */
export interface ListenerFilterChainMatchPredicate_MatchSet {
  readonly rules: readonly ListenerFilterChainMatchPredicate[]
}

/** envoy.config.listener.v3.QuicProtocolOptions */
export interface ListenerQuicProtocolOptions {
  readonly quicProtocolOptions?: CoreQuicProtocolOptions
  readonly idleTimeout?: number
  readonly cryptoHandshakeTimeout?: number
  readonly enabled?: RuntimeFeatureFlag
  readonly packetsToReadToConnectionCountRatio?: number
  readonly cryptoStreamConfig?: TypedExtensionConfig
  readonly proofSourceConfig?: TypedExtensionConfig
  readonly connectionIdGeneratorConfig?: TypedExtensionConfig
  readonly serverPreferredAddressConfig?: TypedExtensionConfig
  readonly sendDisableActiveMigration?: boolean
  readonly connectionDebugVisitorConfig?: TypedExtensionConfig
  readonly saveCmsgConfig: readonly SocketCmsgHeaders[]
  readonly rejectNewConnections: boolean
  readonly maxSessionsPerEventLoop?: number
}

/** envoy.config.listener.v3.UdpListenerConfig */
export interface UdpListenerConfig {
  readonly downstreamSocketConfig?: UdpSocketConfig
  readonly quicOptions?: ListenerQuicProtocolOptions
  readonly udpPacketPacketWriterConfig?: TypedExtensionConfig
}

/** envoy.config.metrics.v3.HistogramBucketSettings */
export interface HistogramBucketSettings {
  readonly match?: StringMatcher
  readonly buckets: readonly number[]
  readonly bins?: number
}

/** envoy.config.metrics.v3.StatsConfig */
export interface StatsConfig {
  readonly statsTags: readonly TagSpecifier[]
  readonly useAllDefaultTags?: boolean
  readonly statsMatcher?: StatsMatcher
  readonly histogramBucketSettings: readonly HistogramBucketSettings[]
  readonly allowDefaultTagOverrides?: boolean
}

/** envoy.config.metrics.v3.StatsMatcher */
export interface StatsMatcher {
  readonly rejectAll?: boolean
  readonly exclusionList?: ListStringMatcher
  readonly inclusionList?: ListStringMatcher
}

/** envoy.config.metrics.v3.StatsSink */
export interface StatsSink {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.metrics.v3.TagSpecifier */
export interface TagSpecifier {
  readonly tagName: string
  readonly regex?: string
  readonly fixedValue?: string
}

/** envoy.config.overload.v3.BufferFactoryConfig */
export interface BufferFactoryConfig {
  readonly minimumAccountToTrackPowerOfTwo: number
}

/** envoy.config.overload.v3.LoadShedPoint */
export interface LoadShedPoint {
  readonly name: string
  readonly triggers: readonly Trigger[]
}

/** envoy.config.overload.v3.OverloadAction */
export interface OverloadAction {
  readonly name: string
  readonly triggers: readonly Trigger[]
  readonly typedConfig?: AnyMessage
}

/** envoy.config.overload.v3.OverloadManager */
export interface OverloadManager {
  readonly refreshInterval?: number
  readonly resourceMonitors: readonly ResourceMonitor[]
  readonly actions: readonly OverloadAction[]
  readonly loadshedPoints: readonly LoadShedPoint[]
  readonly bufferFactoryConfig?: BufferFactoryConfig
}

/** envoy.config.overload.v3.ResourceMonitor */
export interface ResourceMonitor {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.overload.v3.ScaledTrigger */
export interface ScaledTrigger {
  readonly scalingThreshold: number
  readonly saturationThreshold: number
}

/** envoy.config.overload.v3.ThresholdTrigger */
export interface ThresholdTrigger {
  readonly value: number
}

/** envoy.config.overload.v3.Trigger */
export interface Trigger {
  readonly name: string
  readonly threshold?: ThresholdTrigger
  readonly scaled?: ScaledTrigger
}

/** envoy.config.rbac.v3.Permission */
export interface Permission {
  readonly andRules?: Permission_Set
  readonly orRules?: Permission_Set
  readonly any?: boolean
  readonly header?: HeaderMatcher
  readonly urlPath?: PathMatcher
  readonly destinationIp?: CidrRange
  readonly destinationPort?: number
  readonly destinationPortRange?: Int32Range
  /** Deprecated. */
  readonly metadata?: MetadataMatcher
  readonly notRule?: Permission
  readonly requestedServerName?: StringMatcher
  readonly matcher?: TypedExtensionConfig
  readonly uriTemplate?: TypedExtensionConfig
  readonly sourcedMetadata?: SourcedMetadata
}

/** envoy.config.rbac.v3.Permission.Set */
export interface Permission_Set {
  readonly rules: readonly Permission[]
}

/** envoy.config.rbac.v3.Policy */
export interface Policy {
  readonly permissions: readonly Permission[]
  readonly principals: readonly Principal[]
  readonly condition?: Expr
  readonly checkedCondition?: CheckedExpr
  readonly celConfig?: CelExpressionConfig
}

/** envoy.config.rbac.v3.Principal */
export interface Principal {
  readonly andIds?: Principal_Set
  readonly orIds?: Principal_Set
  readonly any?: boolean
  readonly authenticated?: Principal_Authenticated
  /** Deprecated. */
  readonly sourceIp?: CidrRange
  readonly directRemoteIp?: CidrRange
  readonly remoteIp?: CidrRange
  readonly header?: HeaderMatcher
  readonly urlPath?: PathMatcher
  /** Deprecated. */
  readonly metadata?: MetadataMatcher
  readonly filterState?: FilterStateMatcher
  readonly notId?: Principal
  readonly sourcedMetadata?: SourcedMetadata
  readonly custom?: TypedExtensionConfig
}

/** envoy.config.rbac.v3.Principal.Authenticated */
export interface Principal_Authenticated {
  readonly principalName?: StringMatcher
}

/** envoy.config.rbac.v3.Principal.Set */
export interface Principal_Set {
  readonly ids: readonly Principal[]
}

/** envoy.config.rbac.v3.RBAC */
export interface RBAC {
  readonly action: RBAC_Action
  readonly policies: Readonly<Record<string, Policy>>
  readonly auditLoggingOptions?: RBAC_AuditLoggingOptions
}

/** envoy.config.rbac.v3.RBAC.AuditLoggingOptions */
export interface RBAC_AuditLoggingOptions {
  readonly auditCondition: RBAC_AuditLoggingOptions_AuditCondition
  readonly loggerConfigs: readonly RBAC_AuditLoggingOptions_AuditLoggerConfig[]
}

/** envoy.config.rbac.v3.RBAC.AuditLoggingOptions.AuditLoggerConfig */
export interface RBAC_AuditLoggingOptions_AuditLoggerConfig {
  readonly auditLogger?: TypedExtensionConfig
  readonly isOptional: boolean
}

/** envoy.config.rbac.v3.SourcedMetadata */
export interface SourcedMetadata {
  readonly metadataMatcher?: MetadataMatcher
  readonly metadataSource: MetadataSource
}

/** envoy.config.route.v3.ClusterSpecifierPlugin */
export interface ClusterSpecifierPlugin {
  readonly extension?: TypedExtensionConfig
  readonly isOptional: boolean
}

/** envoy.config.route.v3.CookieMatcher */
export interface CookieMatcher {
  readonly name: string
  readonly stringMatch?: StringMatcher
  readonly invertMatch: boolean
}

/** envoy.config.route.v3.CorsPolicy */
export interface CorsPolicy {
  readonly allowOriginStringMatch: readonly StringMatcher[]
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly exposeHeaders: string
  readonly maxAge: string
  readonly allowCredentials?: boolean
  readonly filterEnabled?: RuntimeFractionalPercent
  readonly shadowEnabled?: RuntimeFractionalPercent
  readonly allowPrivateNetworkAccess?: boolean
  readonly forwardNotMatchingPreflights?: boolean
}

/** envoy.config.route.v3.Decorator */
export interface Decorator {
  readonly operation: string
  readonly propagate?: boolean
}

/** envoy.config.route.v3.DirectResponseAction */
export interface DirectResponseAction {
  readonly status: number
  readonly body?: DataSource
  readonly bodyFormat?: SubstitutionFormatString
}

/** envoy.config.route.v3.FilterAction */
export interface FilterAction {
  readonly action?: AnyMessage
}

/** envoy.config.route.v3.FilterConfig */
export interface FilterConfig {
  readonly config?: AnyMessage
  readonly isOptional: boolean
  readonly disabled: boolean
}

/** envoy.config.route.v3.HeaderMatcher */
export interface HeaderMatcher {
  readonly name: string
  /** Deprecated. */
  readonly exactMatch?: string
  /** Deprecated. */
  readonly safeRegexMatch?: RegexMatcher
  readonly rangeMatch?: Int64Range
  readonly presentMatch?: boolean
  /** Deprecated. */
  readonly prefixMatch?: string
  /** Deprecated. */
  readonly suffixMatch?: string
  /** Deprecated. */
  readonly containsMatch?: string
  readonly stringMatch?: StringMatcher
  readonly invertMatch: boolean
  readonly treatMissingHeaderAsEmpty: boolean
}

/** envoy.config.route.v3.HedgePolicy */
export interface HedgePolicy {
  readonly initialRequests?: number
  readonly additionalRequestChance?: FractionalPercent
  readonly hedgeOnPerTryTimeout: boolean
}

/** envoy.config.route.v3.InternalRedirectPolicy */
export interface InternalRedirectPolicy {
  readonly maxInternalRedirects?: number
  readonly redirectResponseCodes: readonly number[]
  readonly predicates: readonly TypedExtensionConfig[]
  readonly allowCrossSchemeRedirect: boolean
  readonly responseHeadersToCopy: readonly string[]
}

/** envoy.config.route.v3.NonForwardingAction */
export interface NonForwardingAction {
}

/** envoy.config.route.v3.QueryParameterMatcher */
export interface QueryParameterMatcher {
  readonly name: string
  readonly stringMatch?: StringMatcher
  readonly presentMatch?: boolean
}

/** envoy.config.route.v3.RateLimit */
export interface RateLimit {
  readonly stage?: number
  readonly disableKey: string
  readonly actions: readonly RateLimit_Action[]
  readonly limit?: RateLimit_Override
  readonly hitsAddend?: RateLimit_HitsAddend
  readonly applyOnStreamDone: boolean
  readonly xRatelimitOption: RateLimit_XRateLimitOption
}

/** envoy.config.route.v3.RateLimit.Action */
export interface RateLimit_Action {
  readonly sourceCluster?: RateLimit_Action_SourceCluster
  readonly destinationCluster?: RateLimit_Action_DestinationCluster
  readonly requestHeaders?: RateLimit_Action_RequestHeaders
  readonly queryParameters?: RateLimit_Action_QueryParameters
  readonly remoteAddress?: RateLimit_Action_RemoteAddress
  readonly genericKey?: RateLimit_Action_GenericKey
  readonly headerValueMatch?: RateLimit_Action_HeaderValueMatch
  /** Deprecated. */
  readonly dynamicMetadata?: RateLimit_Action_DynamicMetaData
  readonly metadata?: RateLimit_Action_MetaData
  readonly extension?: TypedExtensionConfig
  readonly maskedRemoteAddress?: RateLimit_Action_MaskedRemoteAddress
  readonly queryParameterValueMatch?: RateLimit_Action_QueryParameterValueMatch
  readonly remoteAddressMatch?: RateLimit_Action_RemoteAddressMatch
}

/** envoy.config.route.v3.RateLimit.Action.DestinationCluster */
export interface RateLimit_Action_DestinationCluster {
}

/** envoy.config.route.v3.RateLimit.Action.DynamicMetaData */
export interface RateLimit_Action_DynamicMetaData {
  readonly descriptorKey: string
  readonly metadataKey?: MetadataKey
  readonly defaultValue: string
}

/** envoy.config.route.v3.RateLimit.Action.GenericKey */
export interface RateLimit_Action_GenericKey {
  readonly descriptorValue: string
  readonly defaultValue: string
  readonly descriptorKey: string
}

/** envoy.config.route.v3.RateLimit.Action.HeaderValueMatch */
export interface RateLimit_Action_HeaderValueMatch {
  readonly descriptorValue: string
  readonly defaultValue: string
  readonly descriptorKey: string
  readonly expectMatch?: boolean
  readonly headers: readonly HeaderMatcher[]
}

/** envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress */
export interface RateLimit_Action_MaskedRemoteAddress {
  readonly v4PrefixMaskLen?: number
  readonly v6PrefixMaskLen?: number
}

/** envoy.config.route.v3.RateLimit.Action.MetaData */
export interface RateLimit_Action_MetaData {
  readonly descriptorKey: string
  readonly metadataKey?: MetadataKey
  readonly defaultValue: string
  readonly source: RateLimit_Action_MetaData_Source
  readonly skipIfAbsent: boolean
}

/** envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch */
export interface RateLimit_Action_QueryParameterValueMatch {
  readonly descriptorValue: string
  readonly defaultValue: string
  readonly descriptorKey: string
  readonly expectMatch?: boolean
  readonly queryParameters: readonly QueryParameterMatcher[]
}

/** envoy.config.route.v3.RateLimit.Action.QueryParameters */
export interface RateLimit_Action_QueryParameters {
  readonly queryParameterName: string
  readonly descriptorKey: string
  readonly skipIfAbsent: boolean
}

/** envoy.config.route.v3.RateLimit.Action.RemoteAddress */
export interface RateLimit_Action_RemoteAddress {
}

/** envoy.config.route.v3.RateLimit.Action.RemoteAddressMatch */
export interface RateLimit_Action_RemoteAddressMatch {
  readonly descriptorValue: string
  readonly descriptorKey: string
  readonly defaultValue: string
  readonly addressMatcher?: AddressMatcher
}

/** envoy.config.route.v3.RateLimit.Action.RequestHeaders */
export interface RateLimit_Action_RequestHeaders {
  readonly headerName: string
  readonly descriptorKey: string
  readonly skipIfAbsent: boolean
}

/** envoy.config.route.v3.RateLimit.Action.SourceCluster */
export interface RateLimit_Action_SourceCluster {
}

/** envoy.config.route.v3.RateLimit.HitsAddend */
export interface RateLimit_HitsAddend {
  readonly number?: bigint
  readonly format: string
  readonly isNegativeHits: boolean
}

/** envoy.config.route.v3.RateLimit.Override */
export interface RateLimit_Override {
  readonly dynamicMetadata?: RateLimit_Override_DynamicMetadata
  readonly rateLimit?: RateLimit_Override_RateLimitOverride
}

/** envoy.config.route.v3.RateLimit.Override.DynamicMetadata */
export interface RateLimit_Override_DynamicMetadata {
  readonly metadataKey?: MetadataKey
}

/** envoy.config.route.v3.RateLimit.Override.RateLimitOverride */
export interface RateLimit_Override_RateLimitOverride {
  readonly requestsPerUnit: number
  readonly unit: RateLimitUnit
}

/** envoy.config.route.v3.RedirectAction */
export interface RedirectAction {
  readonly httpsRedirect?: boolean
  readonly schemeRedirect?: string
  readonly hostRedirect: string
  readonly portRedirect: number
  readonly pathRedirect?: string
  readonly prefixRewrite?: string
  readonly regexRewrite?: RegexMatchAndSubstitute
  readonly pathRewrite?: string
  readonly responseCode: RedirectAction_RedirectResponseCode
  readonly stripQuery: boolean
}

/** envoy.config.route.v3.RetryPolicy */
export interface RetryPolicy {
  readonly retryOn: string
  readonly numRetries?: number
  readonly perTryTimeout?: number
  readonly perTryIdleTimeout?: number
  readonly retryPriority?: RetryPolicy_RetryPriority
  readonly retryHostPredicate: readonly RetryPolicy_RetryHostPredicate[]
  readonly retryOptionsPredicates: readonly TypedExtensionConfig[]
  readonly hostSelectionRetryMaxAttempts: bigint
  readonly retriableStatusCodes: readonly number[]
  readonly retryBackOff?: RetryPolicy_RetryBackOff
  readonly rateLimitedRetryBackOff?: RetryPolicy_RateLimitedRetryBackOff
  readonly retriableHeaders: readonly HeaderMatcher[]
  readonly retriableRequestHeaders: readonly HeaderMatcher[]
  readonly refreshClusterOnRetry: boolean
}

/** envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff */
export interface RetryPolicy_RateLimitedRetryBackOff {
  readonly resetHeaders: readonly RetryPolicy_ResetHeader[]
  readonly maxInterval?: number
}

/** envoy.config.route.v3.RetryPolicy.ResetHeader */
export interface RetryPolicy_ResetHeader {
  readonly name: string
  readonly format: RetryPolicy_ResetHeaderFormat
}

/** envoy.config.route.v3.RetryPolicy.RetryBackOff */
export interface RetryPolicy_RetryBackOff {
  readonly baseInterval?: number
  readonly maxInterval?: number
}

/** envoy.config.route.v3.RetryPolicy.RetryHostPredicate */
export interface RetryPolicy_RetryHostPredicate {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.route.v3.RetryPolicy.RetryPriority */
export interface RetryPolicy_RetryPriority {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.config.route.v3.Route */
export interface Route {
  readonly name: string
  readonly match?: RouteMatch
  readonly route?: RouteAction
  readonly redirect?: RedirectAction
  readonly directResponse?: DirectResponseAction
  readonly filterAction?: FilterAction
  readonly nonForwardingAction?: NonForwardingAction
  readonly metadata?: Metadata
  readonly decorator?: Decorator
  readonly typedPerFilterConfig: Readonly<Record<string, AnyMessage>>
  readonly requestHeadersToAdd: readonly HeaderValueOption[]
  readonly requestHeadersToRemove: readonly string[]
  readonly responseHeadersToAdd: readonly HeaderValueOption[]
  readonly responseHeadersToRemove: readonly string[]
  readonly tracing?: RouteTracing
  /** Deprecated. */
  readonly perRequestBufferLimitBytes?: number
  readonly statPrefix: string
  readonly requestBodyBufferLimit?: bigint
  readonly routeSpecifiers: readonly TypedExtensionConfig[]
}

/** envoy.config.route.v3.RouteAction */
export interface RouteAction {
  readonly cluster?: string
  readonly clusterHeader?: string
  readonly weightedClusters?: WeightedCluster
  readonly clusterSpecifierPlugin?: string
  readonly inlineClusterSpecifierPlugin?: ClusterSpecifierPlugin
  readonly clusterNotFoundResponseCode: RouteAction_ClusterNotFoundResponseCode
  readonly metadataMatch?: Metadata
  readonly prefixRewrite: string
  readonly regexRewrite?: RegexMatchAndSubstitute
  readonly pathRewritePolicy?: TypedExtensionConfig
  readonly pathRewrite: string
  readonly hostRewriteLiteral?: string
  readonly autoHostRewrite?: boolean
  readonly hostRewriteHeader?: string
  readonly hostRewritePathRegex?: RegexMatchAndSubstitute
  readonly hostRewrite?: string
  readonly appendXForwardedHost: boolean
  readonly timeout?: number
  readonly idleTimeout?: number
  readonly flushTimeout?: number
  readonly earlyDataPolicy?: TypedExtensionConfig
  readonly retryPolicy?: RetryPolicy
  readonly retryPolicyTypedConfig?: AnyMessage
  readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[]
  readonly priority: RoutingPriority
  readonly rateLimits: readonly RateLimit[]
  /** Deprecated. */
  readonly includeVhRateLimits?: boolean
  readonly hashPolicy: readonly RouteAction_HashPolicy[]
  /** Deprecated. */
  readonly cors?: CorsPolicy
  /** Deprecated. */
  readonly maxGrpcTimeout?: number
  /** Deprecated. */
  readonly grpcTimeoutOffset?: number
  readonly upgradeConfigs: readonly RouteAction_UpgradeConfig[]
  readonly internalRedirectPolicy?: InternalRedirectPolicy
  /** Deprecated. */
  readonly internalRedirectAction: RouteAction_InternalRedirectAction
  /** Deprecated. */
  readonly maxInternalRedirects?: number
  readonly hedgePolicy?: HedgePolicy
  readonly maxStreamDuration?: RouteAction_MaxStreamDuration
}

/** envoy.config.route.v3.RouteAction.HashPolicy */
export interface RouteAction_HashPolicy {
  readonly header?: RouteAction_HashPolicy_Header
  readonly cookie?: RouteAction_HashPolicy_Cookie
  readonly connectionProperties?: RouteAction_HashPolicy_ConnectionProperties
  readonly queryParameter?: RouteAction_HashPolicy_QueryParameter
  readonly filterState?: RouteAction_HashPolicy_FilterState
  readonly terminal: boolean
}

/** envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties */
export interface RouteAction_HashPolicy_ConnectionProperties {
  readonly sourceIp: boolean
}

/** envoy.config.route.v3.RouteAction.HashPolicy.Cookie */
export interface RouteAction_HashPolicy_Cookie {
  readonly name: string
  readonly ttl?: number
  readonly path: string
  readonly attributes: readonly RouteAction_HashPolicy_CookieAttribute[]
}

/** envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute */
export interface RouteAction_HashPolicy_CookieAttribute {
  readonly name: string
  readonly value: string
}

/** envoy.config.route.v3.RouteAction.HashPolicy.FilterState */
export interface RouteAction_HashPolicy_FilterState {
  readonly key: string
}

/** envoy.config.route.v3.RouteAction.HashPolicy.Header */
export interface RouteAction_HashPolicy_Header {
  readonly headerName: string
  readonly regexRewrite?: RegexMatchAndSubstitute
}

/** envoy.config.route.v3.RouteAction.HashPolicy.QueryParameter */
export interface RouteAction_HashPolicy_QueryParameter {
  readonly name: string
}

/** envoy.config.route.v3.RouteAction.MaxStreamDuration */
export interface RouteAction_MaxStreamDuration {
  readonly maxStreamDuration?: number
  readonly grpcTimeoutHeaderMax?: number
  readonly grpcTimeoutHeaderOffset?: number
}

/** envoy.config.route.v3.RouteAction.RequestMirrorPolicy */
export interface RouteAction_RequestMirrorPolicy {
  readonly cluster: string
  readonly clusterHeader: string
  readonly runtimeFraction?: RuntimeFractionalPercent
  readonly traceSampled?: boolean
  readonly disableShadowHostSuffixAppend: boolean
  readonly requestHeadersMutations: readonly HeaderMutation[]
  readonly hostRewriteLiteral: string
}

/** envoy.config.route.v3.RouteAction.UpgradeConfig */
export interface RouteAction_UpgradeConfig {
  readonly upgradeType: string
  readonly enabled?: boolean
  readonly connectConfig?: RouteAction_UpgradeConfig_ConnectConfig
}

/** envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig */
export interface RouteAction_UpgradeConfig_ConnectConfig {
  readonly proxyProtocolConfig?: ProxyProtocolConfig
  readonly allowPost: boolean
}

/** envoy.config.route.v3.RouteConfiguration */
export interface RouteConfiguration {
  readonly name: string
  readonly virtualHosts: readonly VirtualHost[]
  readonly vhds?: Vhds
  readonly internalOnlyHeaders: readonly string[]
  readonly responseHeadersToAdd: readonly HeaderValueOption[]
  readonly responseHeadersToRemove: readonly string[]
  readonly requestHeadersToAdd: readonly HeaderValueOption[]
  readonly requestHeadersToRemove: readonly string[]
  readonly mostSpecificHeaderMutationsWins: boolean
  readonly validateClusters?: boolean
  readonly maxDirectResponseBodySizeBytes?: number
  readonly clusterSpecifierPlugins: readonly ClusterSpecifierPlugin[]
  readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[]
  readonly ignorePortInHostMatching: boolean
  readonly vhostHeader: string
  readonly ignorePathParametersInPathMatching: boolean
  readonly typedPerFilterConfig: Readonly<Record<string, AnyMessage>>
  readonly metadata?: Metadata
  readonly routeSpecifiers: readonly TypedExtensionConfig[]
}

/** envoy.config.route.v3.RouteList */
export interface RouteList {
  readonly routes: readonly Route[]
}

/** envoy.config.route.v3.RouteMatch */
export interface RouteMatch {
  readonly prefix?: string
  readonly path?: string
  readonly safeRegex?: RegexMatcher
  readonly connectMatcher?: RouteMatch_ConnectMatcher
  readonly pathSeparatedPrefix?: string
  readonly pathMatchPolicy?: TypedExtensionConfig
  readonly caseSensitive?: boolean
  readonly runtimeFraction?: RuntimeFractionalPercent
  readonly headers: readonly HeaderMatcher[]
  readonly queryParameters: readonly QueryParameterMatcher[]
  readonly cookies: readonly CookieMatcher[]
  readonly grpc?: RouteMatch_GrpcRouteMatchOptions
  readonly tlsContext?: RouteMatch_TlsContextMatchOptions
  readonly dynamicMetadata: readonly MetadataMatcher[]
  readonly filterState: readonly FilterStateMatcher[]
}

/** envoy.config.route.v3.RouteMatch.ConnectMatcher */
export interface RouteMatch_ConnectMatcher {
}

/** envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions */
export interface RouteMatch_GrpcRouteMatchOptions {
}

/** envoy.config.route.v3.RouteMatch.TlsContextMatchOptions */
export interface RouteMatch_TlsContextMatchOptions {
  readonly presented?: boolean
  readonly validated?: boolean
}

/** envoy.config.route.v3.ScopedRouteConfiguration */
export interface ScopedRouteConfiguration {
  readonly onDemand: boolean
  readonly name: string
  readonly routeConfigurationName: string
  readonly routeConfiguration?: RouteConfiguration
  readonly key?: ScopedRouteConfiguration_Key
}

/** envoy.config.route.v3.ScopedRouteConfiguration.Key */
export interface ScopedRouteConfiguration_Key {
  readonly fragments: readonly ScopedRouteConfiguration_Key_Fragment[]
}

/** envoy.config.route.v3.ScopedRouteConfiguration.Key.Fragment */
export interface ScopedRouteConfiguration_Key_Fragment {
  readonly stringKey?: string
}

/** envoy.config.route.v3.Tracing */
export interface RouteTracing {
  readonly clientSampling?: FractionalPercent
  readonly randomSampling?: FractionalPercent
  readonly overallSampling?: FractionalPercent
  readonly customTags: readonly CustomTag[]
  readonly operation: string
  readonly upstreamOperation: string
}

/** envoy.config.route.v3.Vhds */
export interface Vhds {
  readonly configSource?: ConfigSource
}

/** envoy.config.route.v3.VirtualCluster */
export interface VirtualCluster {
  readonly headers: readonly HeaderMatcher[]
  readonly name: string
}

/** envoy.config.route.v3.VirtualHost */
export interface VirtualHost {
  readonly name: string
  readonly domains: readonly string[]
  readonly routes: readonly Route[]
  readonly matcher?: Matcher
  readonly requireTls: VirtualHost_TlsRequirementType
  readonly virtualClusters: readonly VirtualCluster[]
  readonly rateLimits: readonly RateLimit[]
  readonly requestHeadersToAdd: readonly HeaderValueOption[]
  readonly requestHeadersToRemove: readonly string[]
  readonly responseHeadersToAdd: readonly HeaderValueOption[]
  readonly responseHeadersToRemove: readonly string[]
  /** Deprecated. */
  readonly cors?: CorsPolicy
  readonly typedPerFilterConfig: Readonly<Record<string, AnyMessage>>
  readonly includeRequestAttemptCount: boolean
  readonly includeAttemptCountInResponse: boolean
  readonly retryPolicy?: RetryPolicy
  readonly retryPolicyTypedConfig?: AnyMessage
  readonly hedgePolicy?: HedgePolicy
  readonly includeIsTimeoutRetryHeader: boolean
  /** Deprecated. */
  readonly perRequestBufferLimitBytes?: number
  readonly requestBodyBufferLimit?: bigint
  readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[]
  readonly metadata?: Metadata
  readonly routeSpecifiers: readonly TypedExtensionConfig[]
}

/** envoy.config.route.v3.WeightedCluster */
export interface WeightedCluster {
  readonly clusters: readonly WeightedCluster_ClusterWeight[]
  /** Deprecated. */
  readonly totalWeight?: number
  readonly runtimeKeyPrefix: string
  readonly headerName?: string
  readonly useHashPolicy?: boolean
}

/** envoy.config.route.v3.WeightedCluster.ClusterWeight */
export interface WeightedCluster_ClusterWeight {
  readonly name: string
  readonly clusterHeader: string
  readonly weight?: number
  readonly metadataMatch?: Metadata
  readonly requestHeadersToAdd: readonly HeaderValueOption[]
  readonly requestHeadersToRemove: readonly string[]
  readonly responseHeadersToAdd: readonly HeaderValueOption[]
  readonly responseHeadersToRemove: readonly string[]
  readonly typedPerFilterConfig: Readonly<Record<string, AnyMessage>>
  readonly hostRewriteLiteral?: string
}

/** envoy.config.trace.v3.Tracing */
export interface TraceTracing {
  readonly http?: Tracing_Http
}

/** envoy.config.trace.v3.Tracing.Http */
export interface Tracing_Http {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** envoy.extensions.access_loggers.file.v3.FileAccessLog */
export interface FileAccessLog {
  readonly path: string
  /** Deprecated. */
  readonly format?: string
  /** Deprecated. */
  readonly jsonFormat?: JsonObject
  /** Deprecated. */
  readonly typedJsonFormat?: JsonObject
  readonly logFormat?: SubstitutionFormatString
}

/** envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter */
export interface ExpressionFilter {
  readonly expression: string
  readonly celConfig?: CelExpressionConfig
}

/** envoy.extensions.access_loggers.stream.v3.StderrAccessLog */
export interface StderrAccessLog {
  readonly logFormat?: SubstitutionFormatString
}

/** envoy.extensions.access_loggers.stream.v3.StdoutAccessLog */
export interface StdoutAccessLog {
  readonly logFormat?: SubstitutionFormatString
}

/** envoy.extensions.access_loggers.wasm.v3.WasmAccessLog */
export interface WasmAccessLog {
  readonly config?: PluginConfig
}

/** envoy.extensions.common.matching.v3.ExtensionWithMatcher */
export interface ExtensionWithMatcher {
  /** Deprecated. */
  readonly matcher?: OldMatcher
  readonly xdsMatcher?: Matcher
  readonly extensionConfig?: TypedExtensionConfig
}

/** envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute */
export interface ExtensionWithMatcherPerRoute {
  readonly xdsMatcher?: Matcher
}

/** envoy.extensions.common.ratelimit.v3.LocalClusterRateLimit */
export interface LocalClusterRateLimit {
}

/** envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor */
export interface LocalRateLimitDescriptor {
  readonly entries: readonly RateLimitDescriptor_Entry[]
  readonly tokenBucket?: TokenBucket
  readonly shadowMode: boolean
}

/** envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry */
export interface RateLimitDescriptor_Entry {
  readonly key: string
  readonly value: string
}

/** envoy.extensions.early_data.v3.DefaultEarlyDataPolicy */
export interface DefaultEarlyDataPolicy {
}

/** envoy.extensions.filters.common.matcher.action.v3.SkipFilter */
export interface SkipFilter {
}

/** envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue */
export interface FilterStateValue {
  readonly objectKey?: string
  readonly factoryKey: string
  readonly formatString?: SubstitutionFormatString
  /** Deprecated. */
  readonly readOnly: boolean
  readonly sharedWithUpstream: FilterStateValue_SharedWithUpstream
  readonly skipIfEmpty: boolean
}

/** envoy.extensions.filters.http.buffer.v3.Buffer */
export interface Buffer {
  readonly maxRequestBytes?: number
}

/** envoy.extensions.filters.http.buffer.v3.BufferPerRoute */
export interface BufferPerRoute {
  readonly disabled?: boolean
  readonly buffer?: Buffer
}

/** envoy.extensions.filters.http.composite.v3.Composite */
export interface Composite {
  readonly namedFilterChains: Readonly<Record<string, FilterChainConfiguration>>
  readonly matcher?: Matcher
}

/** envoy.extensions.filters.http.composite.v3.DynamicConfig */
export interface DynamicConfig {
  readonly name: string
  readonly configDiscovery?: ExtensionConfigSource
}

/** envoy.extensions.filters.http.composite.v3.ExecuteFilterAction */
export interface ExecuteFilterAction {
  readonly typedConfig?: TypedExtensionConfig
  readonly dynamicConfig?: DynamicConfig
  readonly filterChain?: FilterChainConfiguration
  readonly filterChainName: string
  readonly samplePercent?: RuntimeFractionalPercent
}

/** envoy.extensions.filters.http.composite.v3.FilterChainConfiguration */
export interface FilterChainConfiguration {
  readonly typedConfig: readonly TypedExtensionConfig[]
}

/** envoy.extensions.filters.http.cors.v3.Cors */
export interface Cors {
}

/** envoy.extensions.filters.http.cors.v3.CorsPolicy */
export interface CorsFilterPolicy {
  readonly allowOriginStringMatch: readonly StringMatcher[]
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly exposeHeaders: string
  readonly maxAge: string
  readonly allowCredentials?: boolean
  readonly filterEnabled?: RuntimeFractionalPercent
  readonly shadowEnabled?: RuntimeFractionalPercent
  readonly allowPrivateNetworkAccess?: boolean
  readonly forwardNotMatchingPreflights?: boolean
}

/** envoy.extensions.filters.http.grpc_http1_bridge.v3.Config */
export interface GrpcHttp1Bridge {
  readonly upgradeProtobufToGrpc: boolean
  readonly ignoreQueryParameters: boolean
}

/** envoy.extensions.filters.http.grpc_stats.v3.FilterConfig */
export interface GrpcStatsFilter {
  readonly emitFilterState: boolean
  readonly individualMethodStatsAllowlist?: GrpcMethodList
  readonly statsForAllMethods?: boolean
  readonly enableUpstreamStats: boolean
  readonly replaceDotsInGrpcServiceName: boolean
}

/** envoy.extensions.filters.http.grpc_web.v3.GrpcWeb */
export interface GrpcWeb {
}

/** envoy.extensions.filters.http.header_mutation.v3.HeaderMutation */
export interface HeaderMutationFilter {
  readonly mutations?: Mutations
  readonly mostSpecificHeaderMutationsWins: boolean
}

/** envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute */
export interface HeaderMutationPerRoute {
  readonly mutations?: Mutations
}

/** envoy.extensions.filters.http.header_mutation.v3.Mutations */
export interface Mutations {
  readonly requestMutations: readonly HeaderMutation[]
  readonly queryParameterMutations: readonly KeyValueMutation[]
  readonly responseMutations: readonly HeaderMutation[]
  readonly responseTrailersMutations: readonly HeaderMutation[]
  readonly requestTrailersMutations: readonly HeaderMutation[]
  readonly formatters: readonly TypedExtensionConfig[]
}

/** envoy.extensions.filters.http.header_to_metadata.v3.Config */
export interface HeaderToMetadata {
  readonly requestRules: readonly HeaderToMetadata_Rule[]
  readonly responseRules: readonly HeaderToMetadata_Rule[]
  readonly statPrefix: string
}

/** envoy.extensions.filters.http.header_to_metadata.v3.Config.KeyValuePair */
export interface HeaderToMetadata_KeyValuePair {
  readonly metadataNamespace: string
  readonly key: string
  readonly value: string
  readonly regexValueRewrite?: RegexMatchAndSubstitute
  readonly type: HeaderToMetadata_ValueType
  readonly encode: HeaderToMetadata_ValueEncode
}

/** envoy.extensions.filters.http.header_to_metadata.v3.Config.Rule */
export interface HeaderToMetadata_Rule {
  readonly header: string
  readonly cookie: string
  readonly onHeaderPresent?: HeaderToMetadata_KeyValuePair
  readonly onHeaderMissing?: HeaderToMetadata_KeyValuePair
  readonly remove: boolean
}

/** envoy.extensions.filters.http.health_check.v3.HealthCheck */
export interface HealthCheckFilter {
  readonly passThroughMode?: boolean
  readonly cacheTime?: number
  readonly clusterMinHealthyPercentages: Readonly<Record<string, Percent>>
  readonly headers: readonly HeaderMatcher[]
}

/** envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit */
export interface LocalRateLimit {
  readonly statPrefix: string
  readonly status?: HttpStatus
  readonly tokenBucket?: TokenBucket
  readonly filterEnabled?: RuntimeFractionalPercent
  readonly filterEnforced?: RuntimeFractionalPercent
  readonly requestHeadersToAddWhenNotEnforced: readonly HeaderValueOption[]
  readonly responseHeadersToAdd: readonly HeaderValueOption[]
  readonly descriptors: readonly LocalRateLimitDescriptor[]
  readonly stage: number
  readonly localRateLimitPerDownstreamConnection: boolean
  readonly localClusterRateLimit?: LocalClusterRateLimit
  readonly enableXRatelimitHeaders: XRateLimitHeadersRFCVersion
  readonly vhRateLimits: VhRateLimitsOptions
  readonly alwaysConsumeDefaultTokenBucket?: boolean
  readonly rateLimitedAsResourceExhausted: boolean
  readonly rateLimits: readonly RateLimit[]
  readonly maxDynamicDescriptors?: number
  readonly enableRetryAfterHeader: boolean
}

/** envoy.extensions.filters.http.rbac.v3.RBAC */
export interface RBACFilter {
  readonly rules?: RBAC
  readonly rulesStatPrefix: string
  readonly matcher?: Matcher
  readonly shadowRules?: RBAC
  readonly shadowMatcher?: Matcher
  readonly shadowRulesStatPrefix: string
  readonly trackPerRuleStats: boolean
}

/** envoy.extensions.filters.http.rbac.v3.RBACPerRoute */
export interface RBACPerRoute {
  readonly rbac?: RBACFilter
}

/** envoy.extensions.filters.http.router.v3.Router */
export interface Router {
  readonly dynamicStats?: boolean
  /** Deprecated. */
  readonly startChildSpan: boolean
  readonly upstreamLog: readonly AccessLog[]
  readonly upstreamLogOptions?: Router_UpstreamAccessLogOptions
  readonly suppressEnvoyHeaders: boolean
  readonly strictCheckHeaders: readonly string[]
  readonly respectExpectedRqTimeout: boolean
  readonly suppressGrpcRequestFailureCodeStats: boolean
  readonly upstreamHttpFilters: readonly HttpFilter[]
  readonly rejectConnectRequestEarlyData?: boolean
}

/** envoy.extensions.filters.http.router.v3.Router.UpstreamAccessLogOptions */
export interface Router_UpstreamAccessLogOptions {
  readonly flushUpstreamLogOnUpstreamStream: boolean
  readonly upstreamLogFlushInterval?: number
}

/** envoy.extensions.filters.http.set_filter_state.v3.Config */
export interface SetFilterState {
  readonly onRequestHeaders: readonly FilterStateValue[]
  readonly clearRouteCache: boolean
}

/** envoy.extensions.filters.http.set_metadata.v3.Config */
export interface SetMetadata {
  /** Deprecated. */
  readonly metadataNamespace: string
  /** Deprecated. */
  readonly value?: JsonObject
  readonly metadata: readonly SetMetadataMetadata[]
}

/** envoy.extensions.filters.http.set_metadata.v3.Metadata */
export interface SetMetadataMetadata {
  readonly metadataNamespace: string
  readonly allowOverwrite: boolean
  readonly value?: JsonObject
  readonly typedValue?: AnyMessage
}

/** envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec */
export interface UpstreamCodec {
}

/** envoy.extensions.filters.http.wasm.v3.Wasm */
export interface Wasm {
  readonly config?: PluginConfig
}

/** envoy.extensions.filters.listener.http_inspector.v3.HttpInspector */
export interface HttpInspector {
}

/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol */
export interface ProxyProtocol {
  readonly rules: readonly ProxyProtocol_Rule[]
  readonly allowRequestsWithoutProxyProtocol: boolean
  readonly passThroughTlvs?: ProxyProtocolPassThroughTLVs
  readonly disallowedVersions: readonly ProxyProtocolConfig_Version[]
  readonly statPrefix: string
  readonly tlvLocation: ProxyProtocol_TlvLocation
}

/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.KeyValuePair */
export interface ProxyProtocol_KeyValuePair {
  readonly metadataNamespace: string
  readonly key: string
  readonly valueStringEncoding: ProxyProtocol_KeyValuePair_ValueStringEncoding
}

/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.Rule */
export interface ProxyProtocol_Rule {
  readonly tlvType: number
  readonly onTlvPresent?: ProxyProtocol_KeyValuePair
}

/** envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector */
export interface TlsInspector {
  readonly enableJa3Fingerprinting?: boolean
  readonly enableJa4Fingerprinting?: boolean
  readonly initialReadBufferSize?: number
  readonly closeConnectionOnClientHelloParsingErrors: boolean
  readonly maxClientHelloSize?: number
}

/** envoy.extensions.filters.network.direct_response.v3.Config */
export interface DirectResponseFilter {
  readonly response?: DataSource
}

/** envoy.extensions.filters.network.echo.v3.Echo */
export interface Echo {
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ForwardProtoConfig */
export interface ForwardProtoConfig {
  readonly httpsDestinationPorts: readonly number[]
  readonly httpDestinationPorts: readonly number[]
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager */
export interface HttpConnectionManager {
  readonly codecType: HttpConnectionManager_CodecType
  readonly statPrefix: string
  readonly rds?: Rds
  readonly routeConfig?: RouteConfiguration
  readonly scopedRoutes?: ScopedRoutes
  readonly httpFilters: readonly HttpFilter[]
  readonly addUserAgent?: boolean
  readonly tracing?: HttpConnectionManager_Tracing
  readonly commonHttpProtocolOptions?: HttpProtocolOptions
  readonly http1SafeMaxConnectionDuration: boolean
  readonly httpProtocolOptions?: Http1ProtocolOptions
  readonly http2ProtocolOptions?: Http2ProtocolOptions
  readonly http3ProtocolOptions?: Http3ProtocolOptions
  readonly serverName: string
  readonly serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation
  readonly schemeHeaderTransformation?: SchemeHeaderTransformation
  readonly maxRequestHeadersKb?: number
  readonly streamIdleTimeout?: number
  readonly streamFlushTimeout?: number
  readonly requestTimeout?: number
  readonly requestHeadersTimeout?: number
  readonly drainTimeout?: number
  readonly drainTimeoutJitter?: Percent
  readonly delayedCloseTimeout?: number
  readonly accessLog: readonly AccessLog[]
  /** Deprecated. */
  readonly accessLogFlushInterval?: number
  /** Deprecated. */
  readonly flushAccessLogOnNewRequest: boolean
  readonly accessLogOptions?: HttpConnectionManager_HcmAccessLogOptions
  readonly useRemoteAddress?: boolean
  readonly xffNumTrustedHops: number
  readonly originalIpDetectionExtensions: readonly TypedExtensionConfig[]
  readonly earlyHeaderMutationExtensions: readonly TypedExtensionConfig[]
  readonly internalAddressConfig?: HttpConnectionManager_InternalAddressConfig
  readonly skipXffAppend: boolean
  readonly via: string
  readonly generateRequestId?: boolean
  readonly preserveExternalRequestId: boolean
  readonly alwaysSetRequestIdInResponse: boolean
  readonly forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails
  readonly setCurrentClientCertDetails?: HttpConnectionManager_SetCurrentClientCertDetails
  readonly forwardClientCertMatcher?: Matcher
  readonly proxy100Continue: boolean
  readonly representIpv4RemoteAddressAsIpv4MappedIpv6: boolean
  readonly upgradeConfigs: readonly HttpConnectionManager_UpgradeConfig[]
  readonly normalizePath?: boolean
  readonly mergeSlashes: boolean
  readonly pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction
  readonly requestIdExtension?: RequestIDExtension
  readonly localReplyConfig?: LocalReplyConfig
  readonly stripMatchingHostPort: boolean
  readonly stripAnyHostPort?: boolean
  readonly streamErrorOnInvalidHttpMessage?: boolean
  readonly pathNormalizationOptions?: HttpConnectionManager_PathNormalizationOptions
  readonly stripTrailingHostDot: boolean
  readonly proxyStatusConfig?: HttpConnectionManager_ProxyStatusConfig
  readonly typedHeaderValidationConfig?: TypedExtensionConfig
  readonly appendXForwardedPort: boolean
  readonly appendLocalOverload: boolean
  readonly addProxyProtocolConnectionState?: boolean
  readonly forwardProtoConfig?: ForwardProtoConfig
  readonly recordRouteResolutionStats: boolean
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertConfig */
export interface HttpConnectionManager_ForwardClientCertConfig {
  readonly forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails
  readonly setCurrentClientCertDetails?: HttpConnectionManager_SetCurrentClientCertDetails
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions */
export interface HttpConnectionManager_HcmAccessLogOptions {
  readonly accessLogFlushInterval?: number
  readonly flushAccessLogOnNewRequest: boolean
  readonly flushLogOnTunnelSuccessfullyEstablished: boolean
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.InternalAddressConfig */
export interface HttpConnectionManager_InternalAddressConfig {
  readonly unixSockets: boolean
  readonly cidrRanges: readonly CidrRange[]
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathNormalizationOptions */
export interface HttpConnectionManager_PathNormalizationOptions {
  readonly forwardingTransformation?: PathTransformation
  readonly httpFilterTransformation?: PathTransformation
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ProxyStatusConfig */
export interface HttpConnectionManager_ProxyStatusConfig {
  readonly removeDetails: boolean
  readonly removeConnectionTerminationDetails: boolean
  readonly removeResponseFlags: boolean
  readonly setRecommendedResponseCode: boolean
  readonly useNodeId?: boolean
  readonly literalProxyName?: string
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails */
export interface HttpConnectionManager_SetCurrentClientCertDetails {
  readonly subject?: boolean
  readonly cert: boolean
  readonly chain: boolean
  readonly dns: boolean
  readonly uri: boolean
  readonly issuer: boolean
  readonly format: HttpConnectionManager_ForwardClientCertFormat
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing */
export interface HttpConnectionManager_Tracing {
  readonly clientSampling?: Percent
  readonly randomSampling?: Percent
  readonly overallSampling?: Percent
  readonly verbose: boolean
  readonly maxPathTagLength?: number
  readonly customTags: readonly CustomTag[]
  readonly provider?: Tracing_Http
  readonly spawnUpstreamSpan?: boolean
  readonly operation: string
  readonly upstreamOperation: string
  readonly noContextPropagation: boolean
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig */
export interface HttpConnectionManager_UpgradeConfig {
  readonly upgradeType: string
  readonly filters: readonly HttpFilter[]
  readonly enabled?: boolean
}

/** envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter */
export interface HttpFilter {
  readonly name: string
  readonly typedConfig?: AnyMessage
  readonly configDiscovery?: ExtensionConfigSource
  readonly isOptional: boolean
  readonly disabled: boolean
}

/** envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig */
export interface LocalReplyConfig {
  readonly mappers: readonly ResponseMapper[]
  readonly bodyFormat?: SubstitutionFormatString
}

/** envoy.extensions.filters.network.http_connection_manager.v3.Rds */
export interface Rds {
  readonly configSource?: ConfigSource
  readonly routeConfigName: string
}

/** envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension */
export interface RequestIDExtension {
  readonly typedConfig?: AnyMessage
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper */
export interface ResponseMapper {
  readonly filter?: AccessLogFilter
  readonly statusCode?: number
  readonly body?: DataSource
  readonly bodyFormatOverride?: SubstitutionFormatString
  readonly headersToAdd: readonly HeaderValueOption[]
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRds */
export interface ScopedRds {
  readonly scopedRdsConfigSource?: ConfigSource
  readonly srdsResourcesLocator: string
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRouteConfigurationsList */
export interface ScopedRouteConfigurationsList {
  readonly scopedRouteConfigurations: readonly ScopedRouteConfiguration[]
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes */
export interface ScopedRoutes {
  readonly name: string
  readonly scopeKeyBuilder?: ScopedRoutes_ScopeKeyBuilder
  readonly rdsConfigSource?: ConfigSource
  readonly scopedRouteConfigurationsList?: ScopedRouteConfigurationsList
  readonly scopedRds?: ScopedRds
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder */
export interface ScopedRoutes_ScopeKeyBuilder {
  readonly fragments: readonly ScopedRoutes_ScopeKeyBuilder_FragmentBuilder[]
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder */
export interface ScopedRoutes_ScopeKeyBuilder_FragmentBuilder {
  readonly headerValueExtractor?: ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor */
export interface ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor {
  readonly name: string
  readonly elementSeparator: string
  readonly index?: number
  readonly element?: ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_KvElement
}

/** envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor.KvElement */
export interface ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_KvElement {
  readonly separator: string
  readonly key: string
}

/** envoy.extensions.filters.network.set_filter_state.v3.Config */
export interface NetworkSetFilterState {
  readonly onNewConnection: readonly FilterStateValue[]
  readonly onDownstreamTlsHandshake: readonly FilterStateValue[]
  readonly onDownstreamData: readonly FilterStateValue[]
}

/** envoy.extensions.filters.network.sni_cluster.v3.SniCluster */
export interface SniCluster {
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy */
export interface TcpProxy {
  readonly statPrefix: string
  readonly cluster?: string
  readonly weightedClusters?: TcpProxy_WeightedCluster
  readonly onDemand?: TcpProxy_OnDemand
  readonly metadataMatch?: Metadata
  readonly idleTimeout?: number
  readonly downstreamIdleTimeout?: number
  readonly upstreamIdleTimeout?: number
  readonly accessLog: readonly AccessLog[]
  readonly maxConnectAttempts?: number
  readonly backoffOptions?: BackoffStrategy
  readonly hashPolicy: readonly HashPolicy[]
  readonly tunnelingConfig?: TcpProxy_TunnelingConfig
  readonly maxDownstreamConnectionDuration?: number
  readonly maxDownstreamConnectionDurationJitterPercentage?: Percent
  /** Deprecated. */
  readonly accessLogFlushInterval?: number
  /** Deprecated. */
  readonly flushAccessLogOnConnected: boolean
  readonly accessLogOptions?: TcpProxy_TcpAccessLogOptions
  readonly proxyProtocolTlvs: readonly TlvEntry[]
  readonly proxyProtocolTlvMergePolicy: ProxyProtocolTlvMergePolicy
  readonly upstreamConnectMode: UpstreamConnectMode
  readonly maxEarlyDataBytes?: number
  readonly checkDrainClose?: boolean
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.OnDemand */
export interface TcpProxy_OnDemand {
  readonly odcdsConfig?: ConfigSource
  readonly resourcesLocator: string
  readonly timeout?: number
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TcpAccessLogOptions */
export interface TcpProxy_TcpAccessLogOptions {
  readonly accessLogFlushInterval?: number
  readonly flushAccessLogOnConnected: boolean
  readonly flushAccessLogOnStart: boolean
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig */
export interface TcpProxy_TunnelingConfig {
  readonly hostname: string
  readonly usePost: boolean
  readonly headersToAdd: readonly HeaderValueOption[]
  readonly propagateResponseHeaders: boolean
  readonly postPath: string
  readonly propagateResponseTrailers: boolean
  readonly requestIdExtension?: RequestIDExtension
  readonly requestIdHeader: string
  readonly requestIdMetadataKey: string
  readonly formatters: readonly TypedExtensionConfig[]
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster */
export interface TcpProxy_WeightedCluster {
  readonly clusters: readonly TcpProxy_WeightedCluster_ClusterWeight[]
}

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight */
export interface TcpProxy_WeightedCluster_ClusterWeight {
  readonly name: string
  readonly weight: number
  readonly metadataMatch?: Metadata
}

/** envoy.extensions.filters.network.wasm.v3.Wasm */
export interface NetworkWasm {
  readonly config?: PluginConfig
}

/** envoy.extensions.formatter.cel.v3.Cel */
export interface Cel {
  readonly celConfig?: CelExpressionConfig
}

/** envoy.extensions.formatter.metadata.v3.Metadata */
export interface MetadataMetadata {
}

/** envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery */
export interface ReqWithoutQuery {
}

/** envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation */
export interface EarlyHeaderMutation {
  readonly mutations: readonly HeaderMutation[]
}

/** envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig */
export interface PreserveCaseFormatterConfig {
  readonly forwardReasonPhrase: boolean
  readonly formatterTypeOnEnvoyHeaders: PreserveCaseFormatterConfig_FormatterTypeOnEnvoyHeaders
}

/** envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig */
export interface CustomHeaderConfig {
  readonly headerName: string
  readonly allowExtensionToSetAddressAsTrusted: boolean
  readonly rejectWithStatus?: HttpStatus
}

/** envoy.extensions.http.original_ip_detection.xff.v3.XffConfig */
export interface XffConfig {
  readonly xffNumTrustedHops: number
  readonly xffTrustedCidrs?: XffTrustedCidrs
  readonly skipXffAppend?: boolean
}

/** envoy.extensions.http.original_ip_detection.xff.v3.XffTrustedCidrs */
export interface XffTrustedCidrs {
  readonly cidrs: readonly CidrRange[]
}

/** envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig */
export interface ConsistentHashingLbConfig {
  readonly useHostnameForHashing: boolean
  readonly hashBalanceFactor?: number
  readonly hashPolicy: readonly RouteAction_HashPolicy[]
}

/** envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig */
export interface LocalityLbConfig {
  readonly zoneAwareLbConfig?: LocalityLbConfig_ZoneAwareLbConfig
  readonly localityWeightedLbConfig?: LocalityLbConfig_LocalityWeightedLbConfig
}

/** envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig */
export interface LocalityLbConfig_LocalityWeightedLbConfig {
}

/** envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig */
export interface LocalityLbConfig_ZoneAwareLbConfig {
  readonly routingEnabled?: Percent
  readonly minClusterSize?: bigint
  readonly failTrafficOnPanic: boolean
  /** Deprecated. */
  readonly forceLocalityDirectRouting: boolean
  readonly forceLocalZone?: LocalityLbConfig_ZoneAwareLbConfig_ForceLocalZone
  readonly localityBasis: LocalityLbConfig_ZoneAwareLbConfig_LocalityBasis
}

/** envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig.ForceLocalZone */
export interface LocalityLbConfig_ZoneAwareLbConfig_ForceLocalZone {
  readonly minSize?: number
}

/** envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig */
export interface SlowStartConfig {
  readonly slowStartWindow?: number
  readonly aggression?: RuntimeDouble
  readonly minWeightPercent?: Percent
}

/** envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest */
export interface LeastRequest {
  readonly choiceCount?: number
  readonly activeRequestBias?: RuntimeDouble
  readonly slowStartConfig?: SlowStartConfig
  readonly localityLbConfig?: LocalityLbConfig
  /** Deprecated. */
  readonly enableFullScan?: boolean
  readonly selectionMethod: LeastRequest_SelectionMethod
}

/** envoy.extensions.load_balancing_policies.maglev.v3.Maglev */
export interface Maglev {
  readonly tableSize?: bigint
  readonly consistentHashingLbConfig?: ConsistentHashingLbConfig
  readonly localityWeightedLbConfig?: LocalityLbConfig_LocalityWeightedLbConfig
}

/** envoy.extensions.load_balancing_policies.random.v3.Random */
export interface Random {
  readonly localityLbConfig?: LocalityLbConfig
}

/** envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash */
export interface RingHash {
  readonly hashFunction: RingHash_HashFunction
  readonly minimumRingSize?: bigint
  readonly maximumRingSize?: bigint
  /** Deprecated. */
  readonly useHostnameForHashing: boolean
  /** Deprecated. */
  readonly hashBalanceFactor?: number
  readonly consistentHashingLbConfig?: ConsistentHashingLbConfig
  readonly localityWeightedLbConfig?: LocalityLbConfig_LocalityWeightedLbConfig
}

/** envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin */
export interface RoundRobin {
  readonly slowStartConfig?: SlowStartConfig
  readonly localityLbConfig?: LocalityLbConfig
}

/** envoy.extensions.load_balancing_policies.subset.v3.Subset */
export interface Subset {
  readonly fallbackPolicy: Subset_LbSubsetFallbackPolicy
  readonly defaultSubset?: JsonObject
  readonly subsetSelectors: readonly Subset_LbSubsetSelector[]
  readonly allowRedundantKeys: boolean
  readonly localityWeightAware: boolean
  readonly scaleLocalityWeight: boolean
  readonly panicModeAny: boolean
  readonly listAsAny: boolean
  readonly metadataFallbackPolicy: Subset_LbSubsetMetadataFallbackPolicy
  readonly subsetLbPolicy?: LoadBalancingPolicy
}

/** envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetSelector */
export interface Subset_LbSubsetSelector {
  readonly keys: readonly string[]
  readonly singleHostPerSubset: boolean
  readonly fallbackPolicy: Subset_LbSubsetSelector_LbSubsetSelectorFallbackPolicy
  readonly fallbackKeysSubset: readonly string[]
}

/** envoy.extensions.matching.common_inputs.environment_variable.v3.Config */
export interface EnvironmentVariableInput {
  readonly name: string
}

/** envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput */
export interface ApplicationProtocolInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput */
export interface DestinationIPInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput */
export interface DestinationPortInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.DirectSourceIPInput */
export interface DirectSourceIPInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput */
export interface DynamicMetadataInput {
  readonly filter: string
  readonly path: readonly DynamicMetadataInput_PathSegment[]
}

/** envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput.PathSegment */
export interface DynamicMetadataInput_PathSegment {
  readonly key?: string
}

/** envoy.extensions.matching.common_inputs.network.v3.FilterStateInput */
export interface FilterStateInput {
  readonly key: string
  readonly field: string
}

/** envoy.extensions.matching.common_inputs.network.v3.ServerNameInput */
export interface ServerNameInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.SourceIPInput */
export interface SourceIPInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.SourcePortInput */
export interface SourcePortInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.SourceTypeInput */
export interface SourceTypeInput {
}

/** envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput */
export interface TransportProtocolInput {
}

/** envoy.extensions.matching.common_inputs.ssl.v3.DnsSanInput */
export interface DnsSanInput {
}

/** envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput */
export interface SubjectInput {
}

/** envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput */
export interface UriSanInput {
}

/** envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing */
export interface ConsistentHashing {
  readonly threshold: number
  readonly modulo: number
  readonly seed: bigint
}

/** envoy.extensions.matching.input_matchers.ip.v3.Ip */
export interface Ip {
  readonly cidrRanges: readonly CidrRange[]
  readonly statPrefix: string
}

/** envoy.extensions.matching.input_matchers.metadata.v3.Metadata */
export interface MetadataInputMatcher {
  readonly value?: ValueMatcher
  readonly invert: boolean
}

/** envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction */
export interface RuntimeFraction {
  readonly runtimeFraction?: RuntimeFractionalPercent
  readonly seed: bigint
}

/** envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig */
export interface UriTemplateMatchConfig {
  readonly pathTemplate: string
}

/** envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig */
export interface UriTemplateRewriteConfig {
  readonly pathTemplateRewrite: string
}

/** envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor */
export interface Descriptor {
  readonly descriptorKey: string
  readonly skipIfError: boolean
  readonly text?: string
  readonly parsed?: Expr
}

/** envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig */
export interface UuidRequestIdConfig {
  readonly packTraceReason?: boolean
  readonly useRequestIdForTraceSampling?: boolean
}

/** envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate */
export interface OmitCanaryHostsPredicate {
}

/** envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig */
export interface OmitHostMetadataConfig {
  readonly metadataMatch?: Metadata
}

/** envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate */
export interface PreviousHostsPredicate {
}

/** envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig */
export interface PreviousPrioritiesConfig {
  readonly updateFrequency: number
}

/** envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction */
export interface ClusterAction {
  readonly cluster: string
}

/** envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier */
export interface MatcherClusterSpecifier {
  readonly clusterMatcher?: Matcher
}

/** envoy.extensions.stat_sinks.wasm.v3.Wasm */
export interface WasmStatSink {
  readonly config?: PluginConfig
}

/** envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer */
export interface RawBuffer {
}

/** envoy.extensions.transport_sockets.tls.v3.CertificateProviderPluginInstance */
export interface CertificateProviderPluginInstance {
  readonly instanceName: string
  readonly certificateName: string
}

/** envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext */
export interface CertificateValidationContext {
  readonly trustedCa?: DataSource
  readonly caCertificateProviderInstance?: CertificateProviderPluginInstance
  readonly systemRootCerts?: CertificateValidationContext_SystemRootCerts
  readonly watchedDirectory?: WatchedDirectory
  readonly verifyCertificateSpki: readonly string[]
  readonly verifyCertificateHash: readonly string[]
  readonly matchTypedSubjectAltNames: readonly SubjectAltNameMatcher[]
  /** Deprecated. */
  readonly matchSubjectAltNames: readonly StringMatcher[]
  readonly requireSignedCertificateTimestamp?: boolean
  readonly crl?: DataSource
  readonly allowExpiredCertificate: boolean
  readonly trustChainVerification: CertificateValidationContext_TrustChainVerification
  readonly customValidatorConfig?: TypedExtensionConfig
  readonly onlyVerifyLeafCertCrl: boolean
  readonly maxVerifyDepth?: number
  readonly suppressClientCaList: boolean
}

/** envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.SystemRootCerts */
export interface CertificateValidationContext_SystemRootCerts {
}

/** envoy.extensions.transport_sockets.tls.v3.CommonTlsContext */
export interface CommonTlsContext {
  readonly tlsParams?: TlsParameters
  readonly tlsCertificates: readonly TlsCertificate[]
  readonly tlsCertificateSdsSecretConfigs: readonly SdsSecretConfig[]
  readonly tlsCertificateProviderInstance?: CertificateProviderPluginInstance
  readonly customTlsCertificateSelector?: TypedExtensionConfig
  /** Deprecated. */
  readonly tlsCertificateCertificateProvider?: CommonTlsContext_CertificateProvider
  /** Deprecated. */
  readonly tlsCertificateCertificateProviderInstance?: CommonTlsContext_CertificateProviderInstance
  readonly validationContext?: CertificateValidationContext
  readonly validationContextSdsSecretConfig?: SdsSecretConfig
  readonly combinedValidationContext?: CommonTlsContext_CombinedCertificateValidationContext
  /** Deprecated. */
  readonly validationContextCertificateProvider?: CommonTlsContext_CertificateProvider
  /** Deprecated. */
  readonly validationContextCertificateProviderInstance?: CommonTlsContext_CertificateProviderInstance
  readonly alpnProtocols: readonly string[]
  readonly customHandshaker?: TypedExtensionConfig
  readonly keyLog?: TlsKeyLog
}

/** envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProvider */
export interface CommonTlsContext_CertificateProvider {
  readonly name: string
  readonly typedConfig?: TypedExtensionConfig
}

/** envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProviderInstance */
export interface CommonTlsContext_CertificateProviderInstance {
  readonly instanceName: string
  readonly certificateName: string
}

/** envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext */
export interface CommonTlsContext_CombinedCertificateValidationContext {
  readonly defaultValidationContext?: CertificateValidationContext
  readonly validationContextSdsSecretConfig?: SdsSecretConfig
  /** Deprecated. */
  readonly validationContextCertificateProvider?: CommonTlsContext_CertificateProvider
  /** Deprecated. */
  readonly validationContextCertificateProviderInstance?: CommonTlsContext_CertificateProviderInstance
}

/** envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext */
export interface DownstreamTlsContext {
  readonly commonTlsContext?: CommonTlsContext
  readonly requireClientCertificate?: boolean
  readonly requireSni?: boolean
  readonly sessionTicketKeys?: TlsSessionTicketKeys
  readonly sessionTicketKeysSdsSecretConfig?: SdsSecretConfig
  readonly disableStatelessSessionResumption?: boolean
  readonly disableStatefulSessionResumption: boolean
  readonly sessionTimeout?: number
  readonly ocspStaplePolicy: DownstreamTlsContext_OcspStaplePolicy
  readonly fullScanCertsOnSniMismatch?: boolean
  readonly preferClientCiphers: boolean
}

/** envoy.extensions.transport_sockets.tls.v3.GenericSecret */
export interface GenericSecret {
  readonly secret?: DataSource
  readonly secrets: Readonly<Record<string, DataSource>>
}

/** envoy.extensions.transport_sockets.tls.v3.PrivateKeyProvider */
export interface PrivateKeyProvider {
  readonly providerName: string
  readonly typedConfig?: AnyMessage
  readonly fallback: boolean
}

/** envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig */
export interface SdsSecretConfig {
  readonly name: string
  readonly sdsConfig?: ConfigSource
}

/** envoy.extensions.transport_sockets.tls.v3.Secret */
export interface Secret {
  readonly name: string
  readonly tlsCertificate?: TlsCertificate
  readonly sessionTicketKeys?: TlsSessionTicketKeys
  readonly validationContext?: CertificateValidationContext
  readonly genericSecret?: GenericSecret
}

/** envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher */
export interface SubjectAltNameMatcher {
  readonly sanType: SubjectAltNameMatcher_SanType
  readonly matcher?: StringMatcher
  readonly oid: string
}

/** envoy.extensions.transport_sockets.tls.v3.TlsCertificate */
export interface TlsCertificate {
  readonly certificateChain?: DataSource
  readonly privateKey?: DataSource
  readonly pkcs12?: DataSource
  readonly watchedDirectory?: WatchedDirectory
  readonly privateKeyProvider?: PrivateKeyProvider
  readonly password?: DataSource
  readonly ocspStaple?: DataSource
  readonly signedCertificateTimestamp: readonly DataSource[]
  readonly tlsParams?: TlsParameters
}

/** envoy.extensions.transport_sockets.tls.v3.TlsKeyLog */
export interface TlsKeyLog {
  readonly path: string
  readonly localAddressRange: readonly CidrRange[]
  readonly remoteAddressRange: readonly CidrRange[]
}

/** envoy.extensions.transport_sockets.tls.v3.TlsParameters */
export interface TlsParameters {
  readonly tlsMinimumProtocolVersion: TlsParameters_TlsProtocol
  readonly tlsMaximumProtocolVersion: TlsParameters_TlsProtocol
  readonly cipherSuites: readonly string[]
  readonly ecdhCurves: readonly string[]
  readonly signatureAlgorithms: readonly string[]
  readonly compliancePolicies: readonly TlsParameters_CompliancePolicy[]
}

/** envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys */
export interface TlsSessionTicketKeys {
  readonly keys: readonly DataSource[]
}

/** envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext */
export interface UpstreamTlsContext {
  readonly commonTlsContext?: CommonTlsContext
  readonly sni: string
  readonly autoHostSni: boolean
  readonly autoSniSanValidation: boolean
  readonly allowRenegotiation: boolean
  readonly maxSessionKeys?: number
  /** Deprecated. */
  readonly enforceRsaKeyUsage?: boolean
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions */
export interface ClusterHttpProtocolOptions {
  readonly commonHttpProtocolOptions?: HttpProtocolOptions
  readonly upstreamHttpProtocolOptions?: UpstreamHttpProtocolOptions
  readonly explicitHttpConfig?: ClusterHttpProtocolOptions_ExplicitHttpConfig
  readonly useDownstreamProtocolConfig?: ClusterHttpProtocolOptions_UseDownstreamHttpConfig
  readonly autoConfig?: ClusterHttpProtocolOptions_AutoHttpConfig
  readonly httpFilters: readonly HttpFilter[]
  readonly headerValidationConfig?: TypedExtensionConfig
  readonly outlierDetection?: ClusterHttpProtocolOptions_OutlierDetection
  readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[]
  readonly hashPolicy: readonly RouteAction_HashPolicy[]
  readonly retryPolicy?: RetryPolicy
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig */
export interface ClusterHttpProtocolOptions_AutoHttpConfig {
  readonly httpProtocolOptions?: Http1ProtocolOptions
  readonly http2ProtocolOptions?: Http2ProtocolOptions
  readonly http3ProtocolOptions?: Http3ProtocolOptions
  readonly alternateProtocolsCacheOptions?: AlternateProtocolsCacheOptions
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig */
export interface ClusterHttpProtocolOptions_ExplicitHttpConfig {
  readonly httpProtocolOptions?: Http1ProtocolOptions
  readonly http2ProtocolOptions?: Http2ProtocolOptions
  readonly http3ProtocolOptions?: Http3ProtocolOptions
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions.OutlierDetection */
export interface ClusterHttpProtocolOptions_OutlierDetection {
  readonly errorMatcher?: MatchPredicate
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig */
export interface ClusterHttpProtocolOptions_UseDownstreamHttpConfig {
  readonly httpProtocolOptions?: Http1ProtocolOptions
  readonly http2ProtocolOptions?: Http2ProtocolOptions
  readonly http3ProtocolOptions?: Http3ProtocolOptions
}

/** envoy.extensions.wasm.v3.CapabilityRestrictionConfig */
export interface CapabilityRestrictionConfig {
  readonly allowedCapabilities: Readonly<Record<string, SanitizationConfig>>
}

/** envoy.extensions.wasm.v3.EnvironmentVariables */
export interface EnvironmentVariables {
  readonly hostEnvKeys: readonly string[]
  readonly keyValues: Readonly<Record<string, string>>
}

/** envoy.extensions.wasm.v3.PluginConfig */
export interface PluginConfig {
  readonly name: string
  readonly rootId: string
  readonly vmConfig?: VmConfig
  readonly configuration?: AnyMessage
  /** Deprecated. */
  readonly failOpen: boolean
  readonly failurePolicy: FailurePolicy
  readonly reloadConfig?: ReloadConfig
  /** Deprecated. */
  readonly capabilityRestrictionConfig?: CapabilityRestrictionConfig
  readonly allowOnHeadersStopIteration?: boolean
}

/** envoy.extensions.wasm.v3.ReloadConfig */
export interface ReloadConfig {
  readonly backoff?: BackoffStrategy
}

/** envoy.extensions.wasm.v3.SanitizationConfig */
export interface SanitizationConfig {
}

/** envoy.extensions.wasm.v3.VmConfig */
export interface VmConfig {
  readonly vmId: string
  readonly runtime: string
  readonly code?: AsyncDataSource
  readonly configuration?: AnyMessage
  readonly allowPrecompiled: boolean
  readonly nackOnCodeCacheMiss: boolean
  readonly environmentVariables?: EnvironmentVariables
  readonly capabilityRestrictionConfig?: CapabilityRestrictionConfig
}

/** envoy.extensions.wasm.v3.WasmService */
export interface WasmService {
  readonly config?: PluginConfig
  readonly singleton: boolean
}

/** envoy.service.discovery.v3.DeltaDiscoveryRequest */
export interface DeltaDiscoveryRequest {
  readonly node?: Node
  readonly typeUrl: string
  readonly resourceNamesSubscribe: readonly string[]
  readonly resourceNamesUnsubscribe: readonly string[]
  readonly resourceLocatorsSubscribe: readonly ResourceLocator[]
  readonly resourceLocatorsUnsubscribe: readonly ResourceLocator[]
  readonly initialResourceVersions: Readonly<Record<string, string>>
  readonly responseNonce: string
  readonly errorDetail?: Status
}

/** envoy.service.discovery.v3.DeltaDiscoveryResponse */
export interface DeltaDiscoveryResponse {
  readonly systemVersionInfo: string
  readonly resources: readonly Resource[]
  readonly typeUrl: string
  readonly removedResources: readonly string[]
  readonly removedResourceNames: readonly ResourceName[]
  readonly nonce: string
  readonly controlPlane?: ControlPlane
  readonly resourceErrors: readonly ResourceError[]
}

/** envoy.service.discovery.v3.DiscoveryRequest */
export interface DiscoveryRequest {
  readonly versionInfo: string
  readonly node?: Node
  readonly resourceNames: readonly string[]
  readonly resourceLocators: readonly ResourceLocator[]
  readonly typeUrl: string
  readonly responseNonce: string
  readonly errorDetail?: Status
}

/** envoy.service.discovery.v3.DiscoveryResponse */
export interface DiscoveryResponse {
  readonly versionInfo: string
  readonly resources: readonly AnyMessage[]
  readonly canary: boolean
  readonly typeUrl: string
  readonly nonce: string
  readonly controlPlane?: ControlPlane
  readonly resourceErrors: readonly ResourceError[]
}

/** envoy.service.discovery.v3.DynamicParameterConstraints */
export interface DynamicParameterConstraints {
  readonly constraint?: DynamicParameterConstraints_SingleConstraint
  readonly orConstraints?: DynamicParameterConstraints_ConstraintList
  readonly andConstraints?: DynamicParameterConstraints_ConstraintList
  readonly notConstraints?: DynamicParameterConstraints
}

/** envoy.service.discovery.v3.DynamicParameterConstraints.ConstraintList */
export interface DynamicParameterConstraints_ConstraintList {
  readonly constraints: readonly DynamicParameterConstraints[]
}

/** envoy.service.discovery.v3.DynamicParameterConstraints.SingleConstraint */
export interface DynamicParameterConstraints_SingleConstraint {
  readonly key: string
  readonly value?: string
  readonly exists?: DynamicParameterConstraints_SingleConstraint_Exists
}

/** envoy.service.discovery.v3.DynamicParameterConstraints.SingleConstraint.Exists */
export interface DynamicParameterConstraints_SingleConstraint_Exists {
}

/** envoy.service.discovery.v3.Resource */
export interface Resource {
  readonly name: string
  readonly resourceName?: ResourceName
  readonly aliases: readonly string[]
  readonly version: string
  readonly resource?: AnyMessage
  readonly ttl?: number
  readonly cacheControl?: Resource_CacheControl
  readonly metadata?: Metadata
}

/** envoy.service.discovery.v3.Resource.CacheControl */
export interface Resource_CacheControl {
  readonly doNotCache: boolean
}

/** envoy.service.discovery.v3.ResourceError */
export interface ResourceError {
  readonly resourceName?: ResourceName
  readonly errorDetail?: Status
}

/** envoy.service.discovery.v3.ResourceLocator */
export interface ResourceLocator {
  readonly name: string
  readonly dynamicParameters: Readonly<Record<string, string>>
}

/** envoy.service.discovery.v3.ResourceName */
export interface ResourceName {
  readonly name: string
  readonly dynamicParameterConstraints?: DynamicParameterConstraints
}

/** envoy.type.http.v3.PathTransformation */
export interface PathTransformation {
  readonly operations: readonly PathTransformation_Operation[]
}

/** envoy.type.http.v3.PathTransformation.Operation */
export interface PathTransformation_Operation {
  readonly normalizePathRfc3986?: PathTransformation_Operation_NormalizePathRFC3986
  readonly mergeSlashes?: PathTransformation_Operation_MergeSlashes
}

/** envoy.type.http.v3.PathTransformation.Operation.MergeSlashes */
export interface PathTransformation_Operation_MergeSlashes {
}

/** envoy.type.http.v3.PathTransformation.Operation.NormalizePathRFC3986 */
export interface PathTransformation_Operation_NormalizePathRFC3986 {
}

/** envoy.type.matcher.v3.AddressMatcher */
export interface AddressMatcher {
  readonly ranges: readonly XdsCoreCidrRange[]
  readonly invertMatch: boolean
}

/** envoy.type.matcher.v3.DoubleMatcher */
export interface DoubleMatcher {
  readonly range?: DoubleRange
  readonly exact?: number
}

/** envoy.type.matcher.v3.FilterStateMatcher */
export interface FilterStateMatcher {
  readonly key: string
  readonly stringMatch?: StringMatcher
  readonly addressMatch?: AddressMatcher
}

/** envoy.type.matcher.v3.HttpRequestHeaderMatchInput */
export interface HttpRequestHeaderMatchInput {
  readonly headerName: string
}

/** envoy.type.matcher.v3.HttpRequestQueryParamMatchInput */
export interface HttpRequestQueryParamMatchInput {
  readonly queryParam: string
}

/** envoy.type.matcher.v3.HttpRequestTrailerMatchInput */
export interface HttpRequestTrailerMatchInput {
  readonly headerName: string
}

/** envoy.type.matcher.v3.HttpResponseHeaderMatchInput */
export interface HttpResponseHeaderMatchInput {
  readonly headerName: string
}

/** envoy.type.matcher.v3.HttpResponseLocalReplyMatchInput */
export interface HttpResponseLocalReplyMatchInput {
}

/** envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput */
export interface HttpResponseStatusCodeClassMatchInput {
}

/** envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput */
export interface HttpResponseStatusCodeMatchInput {
}

/** envoy.type.matcher.v3.HttpResponseTrailerMatchInput */
export interface HttpResponseTrailerMatchInput {
  readonly headerName: string
}

/** envoy.type.matcher.v3.ListMatcher */
export interface ListMatcher {
  readonly oneOf?: ValueMatcher
}

/** envoy.type.matcher.v3.ListStringMatcher */
export interface ListStringMatcher {
  readonly patterns: readonly StringMatcher[]
}

/** envoy.type.matcher.v3.MetadataMatcher */
export interface MetadataMatcher {
  readonly filter: string
  readonly path: readonly MetadataMatcher_PathSegment[]
  readonly value?: ValueMatcher
  readonly invert: boolean
}

/** envoy.type.matcher.v3.MetadataMatcher.PathSegment */
export interface MetadataMatcher_PathSegment {
  readonly key?: string
}

/** envoy.type.matcher.v3.OrMatcher */
export interface OrMatcher {
  readonly valueMatchers: readonly ValueMatcher[]
}

/** envoy.type.matcher.v3.PathMatcher */
export interface PathMatcher {
  readonly path?: StringMatcher
}

/** envoy.type.matcher.v3.RegexMatchAndSubstitute */
export interface RegexMatchAndSubstitute {
  readonly pattern?: RegexMatcher
  readonly substitution: string
}

/** envoy.type.matcher.v3.RegexMatcher */
export interface RegexMatcher {
  /** Deprecated. */
  readonly googleRe2?: RegexMatcher_GoogleRE2
  readonly regex: string
}

/** envoy.type.matcher.v3.RegexMatcher.GoogleRE2 */
export interface RegexMatcher_GoogleRE2 {
  /** Deprecated. */
  readonly maxProgramSize?: number
}

/** envoy.type.matcher.v3.StringMatcher */
export interface StringMatcher {
  readonly exact?: string
  readonly prefix?: string
  readonly suffix?: string
  readonly safeRegex?: RegexMatcher
  readonly contains?: string
  readonly custom?: XdsCoreTypedExtensionConfig
  readonly ignoreCase: boolean
}

/** envoy.type.matcher.v3.ValueMatcher */
export interface ValueMatcher {
  readonly nullMatch?: ValueMatcher_NullMatch
  readonly doubleMatch?: DoubleMatcher
  readonly stringMatch?: StringMatcher
  readonly boolMatch?: boolean
  readonly presentMatch?: boolean
  readonly listMatch?: ListMatcher
  readonly orMatch?: OrMatcher
}

/** envoy.type.matcher.v3.ValueMatcher.NullMatch */
export interface ValueMatcher_NullMatch {
}

/** envoy.type.metadata.v3.MetadataKey */
export interface MetadataKey {
  readonly key: string
  readonly path: readonly MetadataKey_PathSegment[]
}

/** envoy.type.metadata.v3.MetadataKey.PathSegment */
export interface MetadataKey_PathSegment {
  readonly key?: string
  readonly index?: number
}

/** envoy.type.metadata.v3.MetadataKind */
export interface MetadataKind {
  readonly request?: MetadataKind_Request
  readonly route?: MetadataKind_Route
  readonly cluster?: MetadataKind_Cluster
  readonly host?: MetadataKind_Host
}

/** envoy.type.metadata.v3.MetadataKind.Cluster */
export interface MetadataKind_Cluster {
}

/** envoy.type.metadata.v3.MetadataKind.Host */
export interface MetadataKind_Host {
}

/** envoy.type.metadata.v3.MetadataKind.Request */
export interface MetadataKind_Request {
}

/** envoy.type.metadata.v3.MetadataKind.Route */
export interface MetadataKind_Route {
}

/** envoy.type.tracing.v3.CustomTag */
export interface CustomTag {
  readonly tag: string
  readonly literal?: CustomTag_Literal
  readonly environment?: CustomTag_Environment
  readonly requestHeader?: CustomTag_Header
  readonly metadata?: CustomTag_Metadata
  readonly value?: string
  readonly valueType: CustomTag_ValueType
}

/** envoy.type.tracing.v3.CustomTag.Environment */
export interface CustomTag_Environment {
  readonly name: string
  readonly defaultValue: string
}

/** envoy.type.tracing.v3.CustomTag.Header */
export interface CustomTag_Header {
  readonly name: string
  readonly defaultValue: string
}

/** envoy.type.tracing.v3.CustomTag.Literal */
export interface CustomTag_Literal {
  readonly value: string
}

/** envoy.type.tracing.v3.CustomTag.Metadata */
export interface CustomTag_Metadata {
  readonly kind?: MetadataKind
  readonly metadataKey?: MetadataKey
  readonly defaultValue: string
}

/** envoy.type.v3.DoubleRange */
export interface DoubleRange {
  readonly start: number
  readonly end: number
}

/** envoy.type.v3.FractionalPercent */
export interface FractionalPercent {
  readonly numerator: number
  readonly denominator: FractionalPercent_DenominatorType
}

/** envoy.type.v3.HashPolicy */
export interface HashPolicy {
  readonly sourceIp?: HashPolicy_SourceIp
  readonly filterState?: HashPolicy_FilterState
}

/** envoy.type.v3.HashPolicy.FilterState */
export interface HashPolicy_FilterState {
  readonly key: string
}

/** envoy.type.v3.HashPolicy.SourceIp */
export interface HashPolicy_SourceIp {
}

/** envoy.type.v3.HttpStatus */
export interface HttpStatus {
  readonly code: StatusCode
}

/** envoy.type.v3.Int32Range */
export interface Int32Range {
  readonly start: number
  readonly end: number
}

/** envoy.type.v3.Int64Range */
export interface Int64Range {
  readonly start: bigint
  readonly end: bigint
}

/** envoy.type.v3.Percent */
export interface Percent {
  readonly value: number
}

/** envoy.type.v3.SemanticVersion */
export interface SemanticVersion {
  readonly majorNumber: number
  readonly minorNumber: number
  readonly patch: number
}

/** envoy.type.v3.TokenBucket */
export interface TokenBucket {
  readonly maxTokens: number
  readonly tokensPerFill?: number
  readonly fillInterval?: number
}

/** google.api.expr.v1alpha1.CheckedExpr */
export interface CheckedExpr {
  readonly referenceMap: Readonly<Record<string, Reference>>
  readonly typeMap: Readonly<Record<string, Type>>
  readonly sourceInfo?: SourceInfo
  readonly exprVersion: string
  readonly expr?: Expr
}

/** google.api.expr.v1alpha1.Constant */
export interface Constant {
  readonly nullValue?: 'NULL_VALUE'
  readonly boolValue?: boolean
  readonly int64Value?: bigint
  readonly uint64Value?: bigint
  readonly doubleValue?: number
  readonly stringValue?: string
  readonly bytesValue?: Uint8Array
  /** Deprecated. */
  readonly durationValue?: number
  /** Deprecated. */
  readonly timestampValue?: number
}

/** google.api.expr.v1alpha1.Expr */
export interface Expr {
  readonly id: bigint
  readonly constExpr?: Constant
  readonly identExpr?: Expr_Ident
  readonly selectExpr?: Expr_Select
  readonly callExpr?: Expr_Call
  readonly listExpr?: Expr_CreateList
  readonly structExpr?: Expr_CreateStruct
  readonly comprehensionExpr?: Expr_Comprehension
}

/** google.api.expr.v1alpha1.Expr.Call */
export interface Expr_Call {
  readonly target?: Expr
  readonly function: string
  readonly args: readonly Expr[]
}

/** google.api.expr.v1alpha1.Expr.Comprehension */
export interface Expr_Comprehension {
  readonly iterVar: string
  readonly iterVar2: string
  readonly iterRange?: Expr
  readonly accuVar: string
  readonly accuInit?: Expr
  readonly loopCondition?: Expr
  readonly loopStep?: Expr
  readonly result?: Expr
}

/** google.api.expr.v1alpha1.Expr.CreateList */
export interface Expr_CreateList {
  readonly elements: readonly Expr[]
  readonly optionalIndices: readonly number[]
}

/** google.api.expr.v1alpha1.Expr.CreateStruct */
export interface Expr_CreateStruct {
  readonly messageName: string
  readonly entries: readonly Expr_CreateStruct_Entry[]
}

/** google.api.expr.v1alpha1.Expr.CreateStruct.Entry */
export interface Expr_CreateStruct_Entry {
  readonly id: bigint
  readonly fieldKey?: string
  readonly mapKey?: Expr
  readonly value?: Expr
  readonly optionalEntry: boolean
}

/** google.api.expr.v1alpha1.Expr.Ident */
export interface Expr_Ident {
  readonly name: string
}

/** google.api.expr.v1alpha1.Expr.Select */
export interface Expr_Select {
  readonly operand?: Expr
  readonly field: string
  readonly testOnly: boolean
}

/** google.api.expr.v1alpha1.Reference */
export interface Reference {
  readonly name: string
  readonly overloadId: readonly string[]
  readonly value?: Constant
}

/** google.api.expr.v1alpha1.SourceInfo */
export interface SourceInfo {
  readonly syntaxVersion: string
  readonly location: string
  readonly lineOffsets: readonly number[]
  readonly positions: Readonly<Record<string, number>>
  readonly macroCalls: Readonly<Record<string, Expr>>
  readonly extensions: readonly SourceInfo_Extension[]
}

/** google.api.expr.v1alpha1.SourceInfo.Extension */
export interface SourceInfo_Extension {
  readonly id: string
  readonly affectedComponents: readonly SourceInfo_Extension_Component[]
  readonly version?: SourceInfo_Extension_Version
}

/** google.api.expr.v1alpha1.SourceInfo.Extension.Version */
export interface SourceInfo_Extension_Version {
  readonly major: bigint
  readonly minor: bigint
}

/** google.api.expr.v1alpha1.Type */
export interface Type {
  readonly dyn?: Empty
  readonly null?: 'NULL_VALUE'
  readonly primitive?: Type_PrimitiveType
  readonly wrapper?: Type_PrimitiveType
  readonly wellKnown?: Type_WellKnownType
  readonly listType?: Type_ListType
  readonly mapType?: Type_MapType
  readonly function?: Type_FunctionType
  readonly messageType?: string
  readonly typeParam?: string
  readonly type?: Type
  readonly error?: Empty
  readonly abstractType?: Type_AbstractType
}

/** google.api.expr.v1alpha1.Type.AbstractType */
export interface Type_AbstractType {
  readonly name: string
  readonly parameterTypes: readonly Type[]
}

/** google.api.expr.v1alpha1.Type.FunctionType */
export interface Type_FunctionType {
  readonly resultType?: Type
  readonly argTypes: readonly Type[]
}

/** google.api.expr.v1alpha1.Type.ListType */
export interface Type_ListType {
  readonly elemType?: Type
}

/** google.api.expr.v1alpha1.Type.MapType */
export interface Type_MapType {
  readonly keyType?: Type
  readonly valueType?: Type
}

/** google.protobuf.Empty */
export interface Empty {
}

/** google.rpc.Status */
export interface Status {
  readonly code: number
  readonly message: string
  readonly details: readonly AnyMessage[]
}

/** xds.core.v3.Authority */
export interface Authority {
  readonly name: string
}

/** xds.core.v3.CidrRange */
export interface XdsCoreCidrRange {
  readonly addressPrefix: string
  readonly prefixLen?: number
}

/** xds.core.v3.ContextParams */
export interface ContextParams {
  readonly params: Readonly<Record<string, string>>
}

/** xds.core.v3.TypedExtensionConfig */
export interface XdsCoreTypedExtensionConfig {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

/** xds.type.matcher.v3.HttpAttributesCelMatchInput */
export interface HttpAttributesCelMatchInput {
}

/** xds.type.matcher.v3.IPMatcher */
export interface IPMatcher {
  readonly rangeMatchers: readonly IPMatcher_IPRangeMatcher[]
}

/** xds.type.matcher.v3.IPMatcher.IPRangeMatcher */
export interface IPMatcher_IPRangeMatcher {
  readonly ranges: readonly XdsCoreCidrRange[]
  readonly onMatch?: Matcher_OnMatch
  readonly exclusive: boolean
}

/** xds.type.matcher.v3.Matcher */
export interface Matcher {
  readonly matcherList?: Matcher_MatcherList
  readonly matcherTree?: Matcher_MatcherTree
  readonly onNoMatch?: Matcher_OnMatch
}

/** xds.type.matcher.v3.Matcher.MatcherList */
export interface Matcher_MatcherList {
  readonly matchers: readonly Matcher_MatcherList_FieldMatcher[]
}

/** xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher */
export interface Matcher_MatcherList_FieldMatcher {
  readonly predicate?: Matcher_MatcherList_Predicate
  readonly onMatch?: Matcher_OnMatch
}

/** xds.type.matcher.v3.Matcher.MatcherList.Predicate */
export interface Matcher_MatcherList_Predicate {
  readonly singlePredicate?: Matcher_MatcherList_Predicate_SinglePredicate
  readonly orMatcher?: Matcher_MatcherList_Predicate_PredicateList
  readonly andMatcher?: Matcher_MatcherList_Predicate_PredicateList
  readonly notMatcher?: Matcher_MatcherList_Predicate
}

/** xds.type.matcher.v3.Matcher.MatcherList.Predicate.PredicateList */
export interface Matcher_MatcherList_Predicate_PredicateList {
  readonly predicate: readonly Matcher_MatcherList_Predicate[]
}

/** xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate */
export interface Matcher_MatcherList_Predicate_SinglePredicate {
  readonly input?: XdsCoreTypedExtensionConfig
  readonly valueMatch?: XdsMatcherStringMatcher
  readonly customMatch?: XdsCoreTypedExtensionConfig
}

/** xds.type.matcher.v3.Matcher.MatcherTree */
export interface Matcher_MatcherTree {
  readonly input?: XdsCoreTypedExtensionConfig
  readonly exactMatchMap?: Matcher_MatcherTree_MatchMap
  readonly prefixMatchMap?: Matcher_MatcherTree_MatchMap
  readonly customMatch?: XdsCoreTypedExtensionConfig
}

/** xds.type.matcher.v3.Matcher.MatcherTree.MatchMap */
export interface Matcher_MatcherTree_MatchMap {
  readonly map: Readonly<Record<string, Matcher_OnMatch>>
}

/** xds.type.matcher.v3.Matcher.OnMatch */
export interface Matcher_OnMatch {
  readonly matcher?: Matcher
  readonly action?: XdsCoreTypedExtensionConfig
  readonly keepMatching: boolean
}

/** xds.type.matcher.v3.RegexMatcher */
export interface XdsMatcherRegexMatcher {
  readonly googleRe2?: XdsMatcherRegexMatcher_GoogleRE2
  readonly regex: string
}

/** xds.type.matcher.v3.RegexMatcher.GoogleRE2 */
export interface XdsMatcherRegexMatcher_GoogleRE2 {
}

/** xds.type.matcher.v3.ServerNameMatcher */
export interface ServerNameMatcher {
  readonly domainMatchers: readonly ServerNameMatcher_DomainMatcher[]
}

/** xds.type.matcher.v3.ServerNameMatcher.DomainMatcher */
export interface ServerNameMatcher_DomainMatcher {
  readonly domains: readonly string[]
  readonly onMatch?: Matcher_OnMatch
}

/** xds.type.matcher.v3.StringMatcher */
export interface XdsMatcherStringMatcher {
  readonly exact?: string
  readonly prefix?: string
  readonly suffix?: string
  readonly safeRegex?: XdsMatcherRegexMatcher
  readonly contains?: string
  readonly custom?: XdsCoreTypedExtensionConfig
  readonly ignoreCase: boolean
}

export const Bootstrap: MessageType<Bootstrap> = { typeUrl: 'type.googleapis.com/envoy.config.bootstrap.v3.Bootstrap' }
export const Listener: MessageType<Listener> = { typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener' }
export const Cluster: MessageType<Cluster> = { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }
export const RouteConfiguration: MessageType<RouteConfiguration> = { typeUrl: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration' }
export const Route: MessageType<Route> = { typeUrl: 'type.googleapis.com/envoy.config.route.v3.Route' }
export const RouteList: MessageType<RouteList> = { typeUrl: 'type.googleapis.com/envoy.config.route.v3.RouteList' }
export const FilterConfig: MessageType<FilterConfig> = { typeUrl: 'type.googleapis.com/envoy.config.route.v3.FilterConfig' }
export const ClusterLoadAssignment: MessageType<ClusterLoadAssignment> = { typeUrl: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment' }
export const ScopedRouteConfiguration: MessageType<ScopedRouteConfiguration> = { typeUrl: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration' }
export const TypedExtensionConfig: MessageType<TypedExtensionConfig> = { typeUrl: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig' }
export const DiscoveryRequest: MessageType<DiscoveryRequest> = { typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.DiscoveryRequest' }
export const DiscoveryResponse: MessageType<DiscoveryResponse> = { typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.DiscoveryResponse' }
export const DeltaDiscoveryRequest: MessageType<DeltaDiscoveryRequest> = { typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.DeltaDiscoveryRequest' }
export const DeltaDiscoveryResponse: MessageType<DeltaDiscoveryResponse> = { typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.DeltaDiscoveryResponse' }
export const Resource: MessageType<Resource> = { typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.Resource' }
export const Secret: MessageType<Secret> = { typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret' }
export const HttpConnectionManager: MessageType<HttpConnectionManager> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager' }
export const TcpProxy: MessageType<TcpProxy> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy' }
export const Echo: MessageType<Echo> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo' }
export const DirectResponseFilter: MessageType<DirectResponseFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config' }
export const NetworkWasm: MessageType<NetworkWasm> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm' }
export const SniCluster: MessageType<SniCluster> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.sni_cluster.v3.SniCluster' }
export const NetworkSetFilterState: MessageType<NetworkSetFilterState> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config' }
export const Router: MessageType<Router> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' }
export const UpstreamCodec: MessageType<UpstreamCodec> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' }
export const Wasm: MessageType<Wasm> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm' }
export const Buffer: MessageType<Buffer> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer' }
export const BufferPerRoute: MessageType<BufferPerRoute> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute' }
export const Cors: MessageType<Cors> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors' }
export const CorsFilterPolicy: MessageType<CorsFilterPolicy> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy' }
export const GrpcHttp1Bridge: MessageType<GrpcHttp1Bridge> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.grpc_http1_bridge.v3.Config' }
export const GrpcStatsFilter: MessageType<GrpcStatsFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig' }
export const GrpcWeb: MessageType<GrpcWeb> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb' }
export const HealthCheckFilter: MessageType<HealthCheckFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck' }
export const Composite: MessageType<Composite> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.composite.v3.Composite' }
export const ExecuteFilterAction: MessageType<ExecuteFilterAction> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction' }
export const HeaderMutationFilter: MessageType<HeaderMutationFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation' }
export const HeaderMutationPerRoute: MessageType<HeaderMutationPerRoute> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute' }
export const HeaderToMetadata: MessageType<HeaderToMetadata> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config' }
export const LocalRateLimit: MessageType<LocalRateLimit> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit' }
export const RBACFilter: MessageType<RBACFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC' }
export const RBACPerRoute: MessageType<RBACPerRoute> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute' }
export const SetFilterState: MessageType<SetFilterState> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config' }
export const SetMetadata: MessageType<SetMetadata> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config' }
export const ExtensionWithMatcher: MessageType<ExtensionWithMatcher> = { typeUrl: 'type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher' }
export const ExtensionWithMatcherPerRoute: MessageType<ExtensionWithMatcherPerRoute> = { typeUrl: 'type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute' }
export const SkipFilter: MessageType<SkipFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter' }
export const UriTemplateMatchConfig: MessageType<UriTemplateMatchConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig' }
export const UriTemplateRewriteConfig: MessageType<UriTemplateRewriteConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig' }
export const ClusterAction: MessageType<ClusterAction> = { typeUrl: 'type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction' }
export const MatcherClusterSpecifier: MessageType<MatcherClusterSpecifier> = { typeUrl: 'type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier' }
export const DefaultEarlyDataPolicy: MessageType<DefaultEarlyDataPolicy> = { typeUrl: 'type.googleapis.com/envoy.extensions.early_data.v3.DefaultEarlyDataPolicy' }
export const Descriptor: MessageType<Descriptor> = { typeUrl: 'type.googleapis.com/envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor' }
export const PreviousHostsPredicate: MessageType<PreviousHostsPredicate> = { typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate' }
export const OmitCanaryHostsPredicate: MessageType<OmitCanaryHostsPredicate> = { typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate' }
export const OmitHostMetadataConfig: MessageType<OmitHostMetadataConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig' }
export const PreviousPrioritiesConfig: MessageType<PreviousPrioritiesConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig' }
export const HttpRequestHeaderMatchInput: MessageType<HttpRequestHeaderMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput' }
export const HttpRequestTrailerMatchInput: MessageType<HttpRequestTrailerMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestTrailerMatchInput' }
export const HttpResponseHeaderMatchInput: MessageType<HttpResponseHeaderMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpResponseHeaderMatchInput' }
export const HttpResponseTrailerMatchInput: MessageType<HttpResponseTrailerMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpResponseTrailerMatchInput' }
export const HttpRequestQueryParamMatchInput: MessageType<HttpRequestQueryParamMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestQueryParamMatchInput' }
export const HttpResponseStatusCodeMatchInput: MessageType<HttpResponseStatusCodeMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput' }
export const HttpResponseStatusCodeClassMatchInput: MessageType<HttpResponseStatusCodeClassMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput' }
export const HttpResponseLocalReplyMatchInput: MessageType<HttpResponseLocalReplyMatchInput> = { typeUrl: 'type.googleapis.com/envoy.type.matcher.v3.HttpResponseLocalReplyMatchInput' }
export const EnvironmentVariableInput: MessageType<EnvironmentVariableInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.environment_variable.v3.Config' }
export const ApplicationProtocolInput: MessageType<ApplicationProtocolInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput' }
export const DestinationIPInput: MessageType<DestinationIPInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput' }
export const DestinationPortInput: MessageType<DestinationPortInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput' }
export const DirectSourceIPInput: MessageType<DirectSourceIPInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DirectSourceIPInput' }
export const DynamicMetadataInput: MessageType<DynamicMetadataInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput' }
export const FilterStateInput: MessageType<FilterStateInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput' }
export const ServerNameInput: MessageType<ServerNameInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.ServerNameInput' }
export const SourceIPInput: MessageType<SourceIPInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.SourceIPInput' }
export const SourcePortInput: MessageType<SourcePortInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.SourcePortInput' }
export const SourceTypeInput: MessageType<SourceTypeInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.SourceTypeInput' }
export const TransportProtocolInput: MessageType<TransportProtocolInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput' }
export const DnsSanInput: MessageType<DnsSanInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.DnsSanInput' }
export const SubjectInput: MessageType<SubjectInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput' }
export const UriSanInput: MessageType<UriSanInput> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput' }
export const ConsistentHashing: MessageType<ConsistentHashing> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing' }
export const Ip: MessageType<Ip> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.input_matchers.ip.v3.Ip' }
export const MetadataInputMatcher: MessageType<MetadataInputMatcher> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.input_matchers.metadata.v3.Metadata' }
export const RuntimeFraction: MessageType<RuntimeFraction> = { typeUrl: 'type.googleapis.com/envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction' }
export const HttpAttributesCelMatchInput: MessageType<HttpAttributesCelMatchInput> = { typeUrl: 'type.googleapis.com/xds.type.matcher.v3.HttpAttributesCelMatchInput' }
export const IPMatcher: MessageType<IPMatcher> = { typeUrl: 'type.googleapis.com/xds.type.matcher.v3.IPMatcher' }
export const ServerNameMatcher: MessageType<ServerNameMatcher> = { typeUrl: 'type.googleapis.com/xds.type.matcher.v3.ServerNameMatcher' }
export const TlsInspector: MessageType<TlsInspector> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector' }
export const HttpInspector: MessageType<HttpInspector> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector' }
export const ProxyProtocol: MessageType<ProxyProtocol> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol' }
export const DownstreamTlsContext: MessageType<DownstreamTlsContext> = { typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext' }
export const UpstreamTlsContext: MessageType<UpstreamTlsContext> = { typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext' }
export const RawBuffer: MessageType<RawBuffer> = { typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer' }
export const ClusterHttpProtocolOptions: MessageType<ClusterHttpProtocolOptions> = { typeUrl: 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions' }
export const RoundRobin: MessageType<RoundRobin> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin' }
export const RingHash: MessageType<RingHash> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash' }
export const Maglev: MessageType<Maglev> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.maglev.v3.Maglev' }
export const Random: MessageType<Random> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.random.v3.Random' }
export const LeastRequest: MessageType<LeastRequest> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest' }
export const Subset: MessageType<Subset> = { typeUrl: 'type.googleapis.com/envoy.extensions.load_balancing_policies.subset.v3.Subset' }
export const FileAccessLog: MessageType<FileAccessLog> = { typeUrl: 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog' }
export const StdoutAccessLog: MessageType<StdoutAccessLog> = { typeUrl: 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog' }
export const StderrAccessLog: MessageType<StderrAccessLog> = { typeUrl: 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StderrAccessLog' }
export const ExpressionFilter: MessageType<ExpressionFilter> = { typeUrl: 'type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter' }
export const Cel: MessageType<Cel> = { typeUrl: 'type.googleapis.com/envoy.extensions.formatter.cel.v3.Cel' }
export const MetadataMetadata: MessageType<MetadataMetadata> = { typeUrl: 'type.googleapis.com/envoy.extensions.formatter.metadata.v3.Metadata' }
export const ReqWithoutQuery: MessageType<ReqWithoutQuery> = { typeUrl: 'type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery' }
export const WasmAccessLog: MessageType<WasmAccessLog> = { typeUrl: 'type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog' }
export const XffConfig: MessageType<XffConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.http.original_ip_detection.xff.v3.XffConfig' }
export const CustomHeaderConfig: MessageType<CustomHeaderConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig' }
export const EarlyHeaderMutation: MessageType<EarlyHeaderMutation> = { typeUrl: 'type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation' }
export const PreserveCaseFormatterConfig: MessageType<PreserveCaseFormatterConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig' }
export const UuidRequestIdConfig: MessageType<UuidRequestIdConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig' }
export const HttpConnectionManager_ForwardClientCertConfig: MessageType<HttpConnectionManager_ForwardClientCertConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertConfig' }
export const PluginConfig: MessageType<PluginConfig> = { typeUrl: 'type.googleapis.com/envoy.extensions.wasm.v3.PluginConfig' }
export const WasmService: MessageType<WasmService> = { typeUrl: 'type.googleapis.com/envoy.extensions.wasm.v3.WasmService' }
export const WasmStatSink: MessageType<WasmStatSink> = { typeUrl: 'type.googleapis.com/envoy.extensions.stat_sinks.wasm.v3.Wasm' }
