/** `envoy.filters.http.header_to_metadata`: headers and cookies become dynamic metadata. Follows Envoy's `header_to_metadata_filter.cc`. */
import { HeaderToMetadata } from '../../../../config/v3.ts'
import { configError } from '../../../../config/position.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks } from '../../../../core/http-filter.ts'
import type { StreamInfo } from '../../../../core/stream-info.ts'
import { makeRule, makeRuleStats, type Rule } from './rule.ts'

interface Settings {
  readonly request: readonly Rule[]
  readonly response: readonly Rule[]
}

export const headerToMetadataFilter: HttpFilterExtension<HeaderToMetadata, HeaderToMetadata> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.header_to_metadata',
  message: HeaderToMetadata,
  terminal: false,
  perRoute: {
    message: HeaderToMetadata,
    parse(message, context): Settings {
      if (message.requestRules.length === 0 && message.responseRules.length === 0)
        throw configError(message, undefined, 'a route must at least specify either request or response rules')
      return makeSettings(message, context)
    },
  },
  create(message, context) {
    const settings = makeSettings(message, context)
    return callbacks => new HeaderToMetadataFilter(callbacks, settings)
  },
}

function makeSettings(message: HeaderToMetadata, context: FactoryContext): Settings {
  const scope = message.statPrefix === '' ? undefined : context.stats.scope(`http_filter_name.${message.statPrefix}`)
  const requestStats = scope && makeRuleStats(scope, 'request')
  const responseStats = scope && makeRuleStats(scope, 'response')
  return {
    request: message.requestRules.map(each => makeRule(each, requestStats)),
    response: message.responseRules.map(each => makeRule(each, responseStats)),
  }
}

class HeaderToMetadataFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #own: Settings
  #chosen: Settings | undefined = undefined

  constructor(callbacks: HttpFilterCallbacks, own: Settings) {
    this.#callbacks = callbacks
    this.#own = own
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    write(this.#settings().request, headers, this.#callbacks.streamInfo)
    return 'continue'
  }

  encodeHeaders(headers: HeaderMap): HeadersStatus {
    write(this.#settings().response, headers, this.#callbacks.streamInfo)
    return 'continue'
  }

  #settings(): Settings {
    const callbacks = this.#callbacks
    return (this.#chosen ??=
      (callbacks.route()?.perFilterConfig(callbacks.filterConfigName, HeaderToMetadata) as Settings | undefined) ??
      this.#own)
  }
}

function write(rules: readonly Rule[], headers: HeaderMap, streamInfo: StreamInfo): void {
  for (let i = 0; i < rules.length; i++) {
    const found = (rules[i] as Rule)(headers)
    if (found === undefined) continue
    const metadata = (streamInfo.dynamicMetadata ??= new Map())
    metadata.set(found.namespace, { ...metadata.get(found.namespace), [found.key]: found.value })
  }
}
