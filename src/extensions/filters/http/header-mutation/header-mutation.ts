/** `envoy.filters.http.header_mutation`: changes headers, trailers and query parameters. Follows Envoy's `header_mutation.cc`. */
import { HeaderMutationFilter, HeaderMutationPerRoute, type Mutations } from '../../../../config/v3.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks, TrailersStatus } from '../../../../core/http-filter.ts'
import { formatterCommands } from '../../../../format/formatter.ts'
import { headerContext } from '../../../../format/header-parser.ts'
import { type HeaderMutationList, makeHeaderMutationList } from '../../../../router/header-mutation.ts'
import { makeQueryMutations, type QueryMutations } from './query-mutations.ts'

interface Settings {
  readonly request: HeaderMutationList | undefined
  readonly query: QueryMutations | undefined
  readonly response: HeaderMutationList | undefined
  readonly requestTrailers: HeaderMutationList | undefined
  readonly responseTrailers: HeaderMutationList | undefined
}

export const headerMutationFilter: HttpFilterExtension<HeaderMutationFilter, HeaderMutationPerRoute> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.header_mutation',
  message: HeaderMutationFilter,
  terminal: false,
  upstream: true,
  perRoute: {
    message: HeaderMutationPerRoute,
    parse: (message, context) => makeSettings(message.mutations, context),
  },
  create(message, context) {
    const own = makeSettings(message.mutations, context)
    return callbacks => new HeaderMutation(callbacks, own, message.mostSpecificHeaderMutationsWins)
  },
}

function makeSettings(message: Mutations | undefined, context: FactoryContext): Settings {
  const commands = message && formatterCommands(message.formatters, context)
  const list = (mutations: Mutations['requestMutations'] | undefined): HeaderMutationList | undefined =>
    mutations && makeHeaderMutationList(mutations, context, commands)
  return {
    request: list(message?.requestMutations),
    query: message && makeQueryMutations(message.queryParameterMutations, context, commands),
    response: list(message?.responseMutations),
    requestTrailers: list(message?.requestTrailersMutations),
    responseTrailers: list(message?.responseTrailersMutations),
  }
}

class HeaderMutation implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #own: Settings
  readonly #specificLast: boolean
  #all: readonly Settings[] | undefined = undefined

  constructor(callbacks: HttpFilterCallbacks, own: Settings, specificLast: boolean) {
    this.#callbacks = callbacks
    this.#own = own
    this.#specificLast = specificLast
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    const { streamInfo } = this.#callbacks
    // The changes of the filter itself may have no influence on which route's are applied: the route is the one so far.
    for (const each of this.#settings()) {
      each.request?.(headers, headerContext(headers, undefined, streamInfo))
      each.query?.(headers, headerContext(headers, undefined, streamInfo))
    }
    return 'continue'
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    const { requestHeaders, streamInfo } = this.#callbacks
    for (const each of this.#settings())
      each.requestTrailers?.(trailers, headerContext(requestHeaders, undefined, streamInfo))
    return 'continue'
  }

  encodeHeaders(headers: HeaderMap): HeadersStatus {
    const { requestHeaders, streamInfo } = this.#callbacks
    for (const each of this.#settings()) each.response?.(headers, headerContext(requestHeaders, headers, streamInfo))
    return 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    const { requestHeaders, responseHeaders, streamInfo } = this.#callbacks
    const context = { ...headerContext(requestHeaders, responseHeaders, streamInfo), responseTrailers: trailers }
    for (const each of this.#settings()) each.responseTrailers?.(trailers, context)
    return 'continue'
  }

  /** What comes last wins. */
  #settings(): readonly Settings[] {
    if (this.#all !== undefined) return this.#all
    const callbacks = this.#callbacks
    const ofRoute = (callbacks.route()?.allPerFilterConfigs(callbacks.filterConfigName, HeaderMutationPerRoute) ??
      []) as readonly Settings[]
    this.#all = [this.#own, ...(this.#specificLast ? ofRoute : ofRoute.toReversed())]
    return this.#all
  }
}
