/**
 * Extensions: code that a type URL in the configuration selects. The registry is a value made from the one list
 * in extensions/builtin.ts; it refuses a second registration of the same kind and type.
 */
import type { MessageType } from '../config/message-type.ts'
import type { Node } from '../config/v3.ts'
import type { Scope } from '../stats/scope.ts'
import type { AccessLog, AccessLogFile, AccessLogPredicate } from './access-log.ts'
import type { ClusterManager } from './cluster.ts'
import type {
  EarlyHeaderMutation,
  HeaderKeyFormatterFactory,
  OriginalIpDetection,
  RequestIds,
} from './connection-manager-extensions.ts'
import type { NetworkFilterFactory } from './connection.ts'
import type { Discovery } from './discovery.ts'
import type { Command, FormatContext } from './format.ts'
import type { HttpFilterFactory } from './http-filter.ts'
import type { MakeUpstreamFilterChain } from './upstream-filters.ts'
import type { StatSink } from './stat-sink.ts'
import type { SharedCells } from '../base/shared-cells.ts'
import type { ClusterSpecifier } from './route.ts'
import type { TlsClientSettings, TlsServerSettings } from './transport-socket.ts'

/** What every factory may use; one a worker (main thread included, which builds everything to check it). */
export interface FactoryContext {
  readonly clusters: ClusterManager
  readonly stats: Scope
  /** Process-wide counters, over all workers. */
  readonly shared: SharedCells
  /** 0 … N-1; -1 on the main thread. */
  readonly workerIndex: number
  /** The main thread only checks the configuration: what a factory makes is thrown away. */
  readonly checking?: boolean
  /** Of a check: whether wasm plugins are run too, or the workers will find out when they are built. */
  readonly trials?: { needed: boolean }
  readonly node: LocalNode
  /** True while draining: connections should be closed as they become idle. */
  drainClose(): boolean
  /** Somebody asked for it: `/healthcheck/fail`. */
  healthCheckFailed(): boolean
  /** Runtime values, first cut: default of the field unless a layer overrides. */
  readonly runtime: Runtime
  openAccessLog(path: string): AccessLogFile
  /** Finds and runs the factory for an `Any` of another kind. */
  readonly extensions: ExtensionResolver
  readonly discovery: Discovery
  /** Values made on the main thread for this process: compiled wasm modules by content key. */
  readonly singletons: Map<string, unknown>
  /** Called when the owner (listener, cluster) of what the factory made is removed. */
  onClose(close: () => void): void
  /** Called when the thread ends, for what all on it share. */
  onThreadEnd(close: () => void): void
}

/** `node` of the bootstrap, with what the command line says of it. */
export interface LocalNode {
  readonly id: string
  readonly cluster: string
  readonly zone: string
  /** All of it, where there is a bootstrap. */
  readonly message?: Node
}

export interface Runtime {
  getInteger(key: string, defaultValue: number): number
  getDouble(key: string, defaultValue: number): number
  getBoolean(key: string, defaultValue: boolean): boolean
  /** numerator/denominator of RuntimeFractionalPercent, `random` any non-negative integer. */
  featureEnabled(key: string, numerator: number, denominator: number, random: number): boolean
}

/** An `Any` of the configuration: type URL and decoded message. */
export interface AnyMessage {
  readonly typeUrl: string
  readonly value: unknown
}

/** `envoy.config.core.v3.TypedExtensionConfig` and its older twins (name + typed_config). */
export interface NamedConfig {
  readonly name: string
  readonly typedConfig?: AnyMessage
}

export interface ExtensionResolver {
  /** For what may be left out when it is unknown. */
  knows(kind: Extension['kind'], config: NamedConfig): boolean
  networkFilter(
    config: NamedConfig,
    context: ListenerFactoryContext,
  ): { factory: NetworkFilterFactory; terminal: boolean }
  httpFilter(config: NamedConfig, context: HttpFilterContext): { factory: HttpFilterFactory; terminal: boolean }
  /** Of a cluster or a router: the last one must be the codec. Undefined: there are none before it. Throws `ConfigError`. */
  upstreamHttpFilters(
    filters: readonly UpstreamFilterConfig[],
    context: HttpFilterContext,
  ): MakeUpstreamFilterChain | undefined
  /** Parses one entry of `typed_per_filter_config`; the result is what `Route.perFilterConfig` returns. */
  perFilterConfig(name: string, config: AnyMessage, context: FactoryContext): unknown
  accessLog(config: NamedConfig, context: FactoryContext): AccessLog
  /** `extension_filter` of an access log. */
  accessLogFilter(config: NamedConfig, context: FormatContext): AccessLogPredicate
  /** The commands that an entry of `formatters` brings. */
  formatter(config: NamedConfig, context: FormatContext): ReadonlyMap<string, Command>
  originalIpDetection(config: NamedConfig, context: FactoryContext): OriginalIpDetection
  earlyHeaderMutation(config: NamedConfig, context: FactoryContext): EarlyHeaderMutation
  requestIds(config: NamedConfig, context: FactoryContext): RequestIds
  headerKeyFormatter(config: NamedConfig, context: FactoryContext): HeaderKeyFormatterFactory
  clusterSpecifier(config: NamedConfig, context: FactoryContext): ClusterSpecifier
  /** Undefined: a plain socket. */
  downstreamTransportSocket(config: NamedConfig, context: ListenerFactoryContext): TlsServerSettings | undefined
  upstreamTransportSocket(config: NamedConfig, context: ClusterFactoryContext): TlsClientSettings | undefined
  statSink(config: NamedConfig, context: FactoryContext): StatSink
  /** Starts what `bootstrap_extensions` name. */
  bootstrapExtension(config: NamedConfig, context: FactoryContext): void
}

/** An entry of `http_filters` or `upstream_http_filters`. */
export interface UpstreamFilterConfig extends NamedConfig {
  readonly isOptional: boolean
  readonly disabled: boolean
}

/** Adds what only extensions of a cluster may use. */
export interface ClusterFactoryContext extends FactoryContext {
  readonly clusterName: string
  /** `cluster.<name>.` */
  readonly clusterStats: Scope
}

/** Adds what only extensions inside a listener may use. */
export interface ListenerFactoryContext extends FactoryContext {
  readonly listenerName: string
  readonly trafficDirection: 'UNSPECIFIED' | 'INBOUND' | 'OUTBOUND'
  readonly listenerMetadata: Readonly<Record<string, unknown>> | undefined
  /** `listener.<address>.` */
  readonly listenerStats: Scope
}

/** Adds what only HTTP filters may use. */
export interface HttpFilterContext extends ListenerFactoryContext {
  /** `http.<stat_prefix>.` of the connection manager. */
  readonly httpStats: Scope
}

export interface NetworkFilterExtension<Message> {
  readonly kind: 'network-filter'
  /** `envoy.filters.network.tcp_proxy` */
  readonly name: string
  readonly message: MessageType<Message>
  readonly terminal: boolean
  /** Throws `ConfigError` for what the validation rules cannot say. */
  create(message: Message, context: ListenerFactoryContext): NetworkFilterFactory
}

export interface HttpFilterExtension<Message, RouteMessage = never> {
  readonly kind: 'http-filter'
  readonly name: string
  readonly message: MessageType<Message>
  readonly terminal: boolean
  /** Also between the router and an upstream, as in Envoy. */
  readonly upstream?: true
  readonly perRoute?: {
    readonly message: MessageType<RouteMessage>
    parse(message: RouteMessage, context: FactoryContext): unknown
  }
  create(message: Message, context: HttpFilterContext): HttpFilterFactory
}

/** The terminal filter of upstream HTTP filters; there is one. */
export interface UpstreamCodecExtension<Message> {
  readonly kind: 'upstream-codec'
  readonly name: string
  readonly message: MessageType<Message>
}

export interface AccessLogExtension<Message> {
  readonly kind: 'access-log'
  readonly name: string
  readonly message: MessageType<Message>
  /** The filter of the entry is applied by the caller. */
  create(message: Message, context: FactoryContext): AccessLog
}

/** An extension that makes one thing of its message. Throws `ConfigError`. */
interface MakingExtension<Kind extends string, Message, Made> {
  readonly kind: Kind
  readonly name: string
  readonly message: MessageType<Message>
  create(message: Message, context: FactoryContext): Made
}

export type OriginalIpDetectionExtension<Message> = MakingExtension<
  'original-ip-detection',
  Message,
  OriginalIpDetection
>
export type EarlyHeaderMutationExtension<Message> = MakingExtension<
  'early-header-mutation',
  Message,
  EarlyHeaderMutation
>
export type RequestIdExtension<Message> = MakingExtension<'request-id', Message, RequestIds>
export type ClusterSpecifierExtension<Message> = MakingExtension<'cluster-specifier', Message, ClusterSpecifier>
export type HeaderFormatterExtension<Message> = MakingExtension<'header-formatter', Message, HeaderKeyFormatterFactory>

export interface AccessLogFilterExtension<Message> {
  readonly kind: 'access-log-filter'
  readonly name: string
  readonly message: MessageType<Message>
  create(message: Message, context: FormatContext): AccessLogPredicate
}

export interface FormatterExtension<Message> {
  readonly kind: 'formatter'
  readonly name: string
  readonly message: MessageType<Message>
  /** By their names. */
  create(message: Message): ReadonlyMap<string, Command>
}

export interface DownstreamTransportSocketExtension<Message> {
  readonly kind: 'downstream-transport-socket'
  readonly name: string
  readonly message: MessageType<Message>
  /** Undefined: a plain socket. Throws `ConfigError`. */
  create(message: Message, context: ListenerFactoryContext): TlsServerSettings | undefined
}

export interface UpstreamTransportSocketExtension<Message> {
  readonly kind: 'upstream-transport-socket'
  readonly name: string
  readonly message: MessageType<Message>
  create(message: Message, context: ClusterFactoryContext): TlsClientSettings | undefined
}

export interface StatSinkExtension<Message> {
  readonly kind: 'stat-sink'
  readonly name: string
  readonly message: MessageType<Message>
  /** On the main thread. */
  create(message: Message, context: FactoryContext): StatSink
}

/** What runs beside the listeners for as long as the process does. */
export interface BootstrapExtension<Message> {
  readonly kind: 'bootstrap-extension'
  readonly name: string
  readonly message: MessageType<Message>
  /** Called on the main thread and on every worker, before anything listens; ends with `context.onClose`. */
  create(message: Message, context: FactoryContext): void
}

/* oxlint-disable typescript/no-explicit-any -- the one place where extensions of different messages share a list */
export type Extension =
  | NetworkFilterExtension<any>
  | HttpFilterExtension<any, any>
  | UpstreamCodecExtension<any>
  | AccessLogExtension<any>
  | AccessLogFilterExtension<any>
  | FormatterExtension<any>
  | DownstreamTransportSocketExtension<any>
  | UpstreamTransportSocketExtension<any>
  | OriginalIpDetectionExtension<any>
  | EarlyHeaderMutationExtension<any>
  | RequestIdExtension<any>
  | HeaderFormatterExtension<any>
  | ClusterSpecifierExtension<any>
  | StatSinkExtension<any>
  | BootstrapExtension<any>
/* oxlint-enable typescript/no-explicit-any */
