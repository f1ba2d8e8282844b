/**
 * `envoy.filters.http.match_delegate`: another filter, which a unified matcher may have skipped for a stream. Follows Envoy's
 * `source/extensions/filters/http/match_delegate`.
 */
import { configError } from '../../../../config/position.ts'
import { ExtensionWithMatcher, ExtensionWithMatcherPerRoute } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks, TrailersStatus } from '../../../../core/http-filter.ts'
import { insufficientData } from '../../../../matching/match-data.ts'
import { DelegatingFilter } from '../../../common/delegating-filter.ts'
import { type FilterActionTree, makeFilterActionTree } from '../../../common/filter-actions.ts'

export const matchDelegate: HttpFilterExtension<ExtensionWithMatcher, ExtensionWithMatcherPerRoute> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.match_delegate',
  message: ExtensionWithMatcher,
  terminal: false,
  perRoute: {
    message: ExtensionWithMatcherPerRoute,
    parse(message, context): FilterActionTree {
      if (message.xdsMatcher === undefined) throw configError(message, 'xdsMatcher', 'is required')
      return makeFilterActionTree(message.xdsMatcher, context, undefined)
    },
  },
  create(message, context) {
    if (message.extensionConfig === undefined) throw configError(message, 'extensionConfig', 'is required')
    const { factory, terminal } = context.extensions.httpFilter(message.extensionConfig, context)
    if (terminal) throw configError(message, 'extensionConfig', 'a terminal filter cannot be skipped')
    const matcher = message.xdsMatcher ?? message.matcher
    const tree = matcher && makeFilterActionTree(matcher, context, context)
    return callbacks => new MatchDelegate(callbacks, factory(callbacks), tree)
  },
}

class MatchDelegate extends DelegatingFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #filter: HttpFilter
  #tree: FilterActionTree | undefined
  #decided = false

  constructor(callbacks: HttpFilterCallbacks, filter: HttpFilter, tree: FilterActionTree | undefined) {
    super()
    this.#callbacks = callbacks
    this.#filter = filter
    this.#tree = tree
    // Until the matcher can tell, it is not skipped.
    this.delegate = filter
  }

  override decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const callbacks = this.#callbacks
    const ofRoute = callbacks.route()?.perFilterConfig(callbacks.filterConfigName, ExtensionWithMatcherPerRoute)
    if (ofRoute !== undefined) this.#tree = ofRoute as FilterActionTree
    this.#match(undefined)
    return super.decodeHeaders(headers, endStream)
  }

  override decodeTrailers(trailers: HeaderMap): TrailersStatus {
    this.#match(undefined)
    return super.decodeTrailers(trailers)
  }

  override encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    this.#match(undefined)
    return super.encodeHeaders(headers, endStream)
  }

  override encodeTrailers(trailers: HeaderMap): TrailersStatus {
    this.#match(trailers)
    return super.encodeTrailers(trailers)
  }

  // Also a filter that was skipped has been made.
  override onStreamComplete(): void {
    this.#filter.onStreamComplete?.()
  }

  override log(): void {
    this.#filter.log?.()
  }

  override onDestroy(): void {
    this.#filter.onDestroy?.()
  }

  #match(responseTrailers: HeaderMap | undefined): void {
    if (this.#decided) return
    const { streamInfo, requestHeaders, requestTrailers, responseHeaders } = this.#callbacks
    const data = { streamInfo, requestHeaders, requestTrailers, responseHeaders, responseTrailers }
    const action = this.#tree === undefined ? 'skip' : this.#tree(data)
    this.#decided = action !== insufficientData
    if (action === 'skip') this.delegate = undefined
    else if (typeof action === 'object') this.#filter.onMatch?.(action)
  }
}
