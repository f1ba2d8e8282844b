/**
 * `envoy.filters.http.match_delegate`: another filter, which a unified matcher may have skipped for a stream. Follows Envoy's
 * `source/extensions/filters/http/match_delegate`.
 */
import { httpMatching } from '../../../../cel/matching.ts'
import { configError } from '../../../../config/position.ts'
import { ExtensionWithMatcher, ExtensionWithMatcherPerRoute, SkipFilter } from '../../../../config/v3.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import { insufficientData } from '../../../../matching/match-data.ts'
import { makeMatchTree, type MatchTree } from '../../../../matching/match-tree.ts'

type Tree = MatchTree<'skip'>

export const matchDelegate: HttpFilterExtension<ExtensionWithMatcher, ExtensionWithMatcherPerRoute> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.match_delegate',
  message: ExtensionWithMatcher,
  terminal: false,
  perRoute: {
    message: ExtensionWithMatcherPerRoute,
    parse(message, context): Tree {
      if (message.xdsMatcher === undefined) throw configError(message, 'xdsMatcher', 'is required')
      return makeTree(message.xdsMatcher, context)
    },
  },
  create(message, context) {
    if (message.extensionConfig === undefined) throw configError(message, 'extensionConfig', 'is required')
    const { factory, terminal } = context.extensions.httpFilter(message.extensionConfig, context)
    if (terminal) throw configError(message, 'extensionConfig', 'a terminal filter cannot be skipped')
    const matcher = message.xdsMatcher ?? message.matcher
    const tree = matcher && makeTree(matcher, context)
    return callbacks => new DelegatingFilter(callbacks, factory(callbacks), tree)
  },
}

function makeTree(message: Parameters<typeof makeMatchTree>[0], context: FactoryContext): Tree {
  return makeMatchTree(message, {
    ...httpMatching(context),
    runtime: context.runtime,
    keepsMatching: true,
    makeAction(config, of) {
      if (config.typeUrl !== SkipFilter.typeUrl)
        throw configError(of, 'typedConfig', `must be ${SkipFilter.typeUrl}: filters take no other actions`)
      return 'skip'
    },
  })
}

class DelegatingFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #filter: HttpFilter
  #tree: Tree | undefined
  #decided = false
  #skip = false

  constructor(callbacks: HttpFilterCallbacks, filter: HttpFilter, tree: Tree | undefined) {
    this.#callbacks = callbacks
    this.#filter = filter
    this.#tree = tree
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const callbacks = this.#callbacks
    const ofRoute = callbacks.route()?.perFilterConfig(callbacks.filterConfigName, ExtensionWithMatcherPerRoute)
    if (ofRoute !== undefined) this.#tree = ofRoute as Tree
    if (this.#skips(undefined)) return 'continue'
    return this.#filter.decodeHeaders?.(headers, endStream) ?? 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#skip) return 'continue'
    return this.#filter.decodeData?.(data, endStream) ?? 'continue'
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (this.#skips(undefined)) return 'continue'
    return this.#filter.decodeTrailers?.(trailers) ?? 'continue'
  }

  decodeComplete(): void {
    if (!this.#skip) this.#filter.decodeComplete?.()
  }

  encode1xxHeaders(headers: HeaderMap): 'continue' | 'stop' {
    if (this.#skip) return 'continue'
    return this.#filter.encode1xxHeaders?.(headers) ?? 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    if (this.#skips(undefined)) return 'continue'
    return this.#filter.encodeHeaders?.(headers, endStream) ?? 'continue'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#skip) return 'continue'
    return this.#filter.encodeData?.(data, endStream) ?? 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (this.#skips(trailers)) return 'continue'
    return this.#filter.encodeTrailers?.(trailers) ?? 'continue'
  }

  encodeComplete(): void {
    if (!this.#skip) this.#filter.encodeComplete?.()
  }

  onStreamComplete(): void {
    this.#filter.onStreamComplete?.()
  }

  log(): void {
    this.#filter.log?.()
  }

  onDestroy(): void {
    this.#filter.onDestroy?.()
  }

  /** Asks the matcher as long as it could not tell; until then the filter is not skipped. */
  #skips(responseTrailers: HeaderMap | undefined): boolean {
    if (this.#decided) return this.#skip
    const { streamInfo, requestHeaders, requestTrailers, responseHeaders } = this.#callbacks
    const data = { streamInfo, requestHeaders, requestTrailers, responseHeaders, responseTrailers }
    const action = this.#tree === undefined ? 'skip' : this.#tree(data)
    this.#decided = action !== insufficientData
    this.#skip = action === 'skip'
    return this.#skip
  }
}
