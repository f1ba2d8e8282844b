/** HTTP filters whose configuration comes from a file or a control plane (ECDS). Follows Envoy's `filter_config_discovery_impl.cc`. */
import { ConfigError } from '../../../../base/errors.ts'
import { configError } from '../../../../config/position.ts'
import { type HttpFilter as HttpFilterMessage, TypedExtensionConfig } from '../../../../config/v3.ts'
import type { AnyMessage, HttpFilterContext } from '../../../../core/extension.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks, HttpFilterFactory } from '../../../../core/http-filter.ts'
import { ResponseFlag } from '../../../../core/stream-info.ts'

/**
 * Until its configuration has come, the default one counts; without one every request fails. Throws `ConfigError`.
 * @param last the filter ends its chain: only terminal ones may come, else only others
 */
export function discoveredFilter(
  message: HttpFilterMessage,
  context: HttpFilterContext,
  last: boolean,
): HttpFilterFactory {
  const { name, configDiscovery: discovery } = message
  const source = discovery?.configSource
  if (discovery === undefined || source === undefined)
    throw configError(discovery ?? message, 'configSource', 'is required')
  const { typeUrls, defaultConfig, applyDefaultConfigWithoutWarming } = discovery
  if (applyDefaultConfigWithoutWarming && defaultConfig === undefined)
    throw configError(
      discovery,
      'applyDefaultConfigWithoutWarming',
      `filter config ${name} applied without warming but has no default config`,
    )
  for (const [index, typeUrl] of typeUrls.entries())
    if (!context.extensions.knows('http-filter', { name, typedConfig: { typeUrl, value: undefined } }))
      throw configError(discovery, 'typeUrls', `no factory found for a required type URL ${typeUrl}`, index)
  const make = (typedConfig: AnyMessage | undefined, context: HttpFilterContext): HttpFilterFactory => {
    if (typedConfig === undefined || !typeUrls.includes(typedConfig.typeUrl))
      throw new ConfigError(
        `filter config has type URL ${typedConfig?.typeUrl ?? ''} but expect ${typeUrls.join(', ')}`,
      )
    const { factory, terminal } = context.extensions.httpFilter({ name, typedConfig }, context)
    if (terminal !== last)
      throw new ConfigError(
        terminal
          ? `terminal filter named ${name} must be the last filter in a http filter chain`
          : `non-terminal filter named ${name} is the last filter in a http filter chain`,
      )
    return factory
  }
  const fallback = defaultConfig === undefined ? noConfig : make(defaultConfig, context)
  const statPrefix = `extension_config_discovery.http_filter.${name}`
  const isOptional = applyDefaultConfigWithoutWarming
  const discovered = context.discovery.follow(
    { typeUrl: TypedExtensionConfig.typeUrl, name, source, statPrefix, isOptional },
    (resource, onClose) => make((resource as TypedExtensionConfig).typedConfig, { ...context, onClose }),
  )
  return callbacks => (discovered.current ?? fallback)(callbacks)
}

const noConfig: HttpFilterFactory = callbacks => new MissingConfigFilter(callbacks)

class MissingConfigFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks

  constructor(callbacks: HttpFilterCallbacks) {
    this.#callbacks = callbacks
  }

  decodeHeaders(): HeadersStatus {
    this.#callbacks.sendLocalReply({ status: 500, details: '', flags: ResponseFlag.noFilterConfigFound })
    return 'stop'
  }
}
