/**
 * Finds the extension that a type URL of the configuration selects, as Envoy does: by the URL, never by the name.
 * A value made from a list (builtin.ts); a second registration of the same kind and type is refused.
 */
import { ConfigError } from '../base/errors.ts'
import { configError } from '../config/position.ts'
import type { AccessLog, AccessLogPredicate } from '../core/access-log.ts'
import type {
  EarlyHeaderMutation,
  HeaderKeyFormatterFactory,
  OriginalIpDetection,
  RequestIds,
} from '../core/connection-manager-extensions.ts'
import type { NetworkFilterFactory } from '../core/connection.ts'
import type {
  AnyMessage,
  ClusterFactoryContext,
  Extension,
  ExtensionResolver,
  FactoryContext,
  HttpFilterContext,
  ListenerFactoryContext,
  NamedConfig,
  UpstreamFilterConfig,
} from '../core/extension.ts'
import type { Command, FormatContext } from '../core/format.ts'
import type { HttpFilterFactory } from '../core/http-filter.ts'
import type { ClusterSpecifier } from '../core/route.ts'
import type { MakeUpstreamFilterChain } from '../core/upstream-filters.ts'
import type { StatSink } from '../core/stat-sink.ts'
import type { TlsClientSettings, TlsServerSettings } from '../core/transport-socket.ts'
import { makeUpstreamFilterChain } from '../http/upstream-filter-chain.ts'

type Kind = Extension['kind']
type OfKind<K extends Kind> = Extract<Extension, { kind: K }>

export class ExtensionRegistry implements ExtensionResolver {
  readonly #byType = new Map<string, Extension>()
  readonly #perRoute = new Map<string, OfKind<'http-filter'>>()

  constructor(extensions: readonly Extension[]) {
    for (const extension of extensions) {
      this.#add(this.#byType, `${extension.kind} ${extension.message.typeUrl}`, extension)
      if (extension.kind === 'http-filter' && extension.perRoute)
        this.#add(this.#perRoute, extension.perRoute.message.typeUrl, extension)
    }
  }

  knows(kind: Kind, config: NamedConfig): boolean {
    return config.typedConfig !== undefined && this.#byType.has(`${kind} ${config.typedConfig.typeUrl}`)
  }

  networkFilter(
    config: NamedConfig,
    context: ListenerFactoryContext,
  ): { factory: NetworkFilterFactory; terminal: boolean } {
    const { extension, message } = this.#find('network-filter', config)
    return { factory: extension.create(message, context), terminal: extension.terminal }
  }

  httpFilter(config: NamedConfig, context: HttpFilterContext): { factory: HttpFilterFactory; terminal: boolean } {
    const { extension, message } = this.#find('http-filter', config)
    return { factory: extension.create(message, context), terminal: extension.terminal }
  }

  upstreamHttpFilters(
    filters: readonly UpstreamFilterConfig[],
    context: HttpFilterContext,
  ): MakeUpstreamFilterChain | undefined {
    const isCodec = (filter: NamedConfig): boolean => this.knows('upstream-codec', filter)
    const known = filters.filter(filter => !filter.isOptional || isCodec(filter) || this.knows('http-filter', filter))
    const codec = known.at(-1)
    if (codec === undefined) return undefined
    if (!isCodec(codec))
      throw configError(
        codec,
        undefined,
        "the codec filter is the only valid terminal upstream HTTP filter, use 'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec'",
      )
    if (codec.disabled)
      throw configError(codec, 'disabled', `the last (terminal) filter (${codec.name}) cannot be disabled`)
    const settings = known.slice(0, -1).map(filter => {
      if (isCodec(filter))
        throw configError(
          filter,
          undefined,
          `terminal filter named ${filter.name} must be the last filter in an upstream http filter chain`,
        )
      const { extension, message } = this.#find('http-filter', filter)
      if (extension.upstream !== true)
        throw configError(filter, 'typedConfig', `${filter.typedConfig?.typeUrl} is no upstream http filter`)
      return { name: filter.name, factory: extension.create(message, context), disabled: filter.disabled }
    })
    return makeUpstreamFilterChain(settings)
  }

  perFilterConfig(name: string, config: AnyMessage, context: FactoryContext): unknown {
    const perRoute = this.#perRoute.get(config.typeUrl)?.perRoute
    if (perRoute === undefined)
      throw new ConfigError(`the filter "${name}" takes no per-route configuration of type ${config.typeUrl}`)
    return perRoute.parse(config.value, context)
  }

  accessLog(config: NamedConfig, context: FactoryContext): AccessLog {
    const { extension, message } = this.#find('access-log', config)
    return extension.create(message, context)
  }

  originalIpDetection(config: NamedConfig, context: FactoryContext): OriginalIpDetection {
    const { extension, message } = this.#find('original-ip-detection', config)
    return extension.create(message, context)
  }

  earlyHeaderMutation(config: NamedConfig, context: FactoryContext): EarlyHeaderMutation {
    const { extension, message } = this.#find('early-header-mutation', config)
    return extension.create(message, context)
  }

  requestIds(config: NamedConfig, context: FactoryContext): RequestIds {
    const { extension, message } = this.#find('request-id', config)
    return extension.create(message, context)
  }

  headerKeyFormatter(config: NamedConfig, context: FactoryContext): HeaderKeyFormatterFactory {
    const { extension, message } = this.#find('header-formatter', config)
    return extension.create(message, context)
  }

  clusterSpecifier(config: NamedConfig, context: FactoryContext): ClusterSpecifier {
    const { extension, message } = this.#find('cluster-specifier', config)
    return extension.create(message, context)
  }

  accessLogFilter(config: NamedConfig, context: FormatContext): AccessLogPredicate {
    const { extension, message } = this.#find('access-log-filter', config)
    return extension.create(message, context)
  }

  formatter(config: NamedConfig): ReadonlyMap<string, Command> {
    const { extension, message } = this.#find('formatter', config)
    return extension.create(message)
  }

  downstreamTransportSocket(config: NamedConfig, context: ListenerFactoryContext): TlsServerSettings | undefined {
    const { extension, message } = this.#find('downstream-transport-socket', config)
    return extension.create(message, context)
  }

  upstreamTransportSocket(config: NamedConfig, context: ClusterFactoryContext): TlsClientSettings | undefined {
    const { extension, message } = this.#find('upstream-transport-socket', config)
    return extension.create(message, context)
  }

  statSink(config: NamedConfig, context: FactoryContext): StatSink {
    const { extension, message } = this.#find('stat-sink', config)
    return extension.create(message, context)
  }

  bootstrapExtension(config: NamedConfig, context: FactoryContext): void {
    const { extension, message } = this.#find('bootstrap-extension', config)
    extension.create(message, context)
  }

  #add<T>(map: Map<string, T>, key: string, value: T): void {
    if (map.has(key)) throw new Error(`two extensions for ${key}`)
    map.set(key, value)
  }

  #find<K extends Kind>(kind: K, config: NamedConfig): { extension: OfKind<K>; message: unknown } {
    const any = config.typedConfig
    if (any === undefined)
      throw configError(
        config,
        'typedConfig',
        `"${config.name}" needs a typed_config: extensions are found by its "@type"`,
      )
    const extension = this.#byType.get(`${kind} ${any.typeUrl}`)
    if (extension === undefined)
      throw configError(config, 'typedConfig', `${any.typeUrl} is not a ${kind.replaceAll('-', ' ')} that sluice has`)
    return { extension: extension as OfKind<K>, message: any.value }
  }
}
