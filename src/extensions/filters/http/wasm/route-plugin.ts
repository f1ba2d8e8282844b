/**
 * A wasm filter whose plugin the route may replace (`typed_per_filter_config`), which Envoy does not have: the plugin is
 * chosen when the request's headers come to the filter, and stays for the stream.
 */
import { Wasm } from '../../../../config/v3.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import type { PluginUse } from '../../../../wasm/plugin.ts'

export class RoutePluginFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #default: PluginUse
  #filter: HttpFilter | undefined

  constructor(callbacks: HttpFilterCallbacks, handle: PluginUse) {
    this.#callbacks = callbacks
    this.#default = handle
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const callbacks = this.#callbacks
    const own = callbacks.route()?.perFilterConfig(callbacks.filterConfigName, Wasm) as PluginUse | undefined
    this.#filter = (own ?? this.#default).newHttpFilter(callbacks)
    return this.#filter.decodeHeaders?.(headers, endStream) ?? 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    return this.#filter?.decodeData?.(data, endStream) ?? 'continue'
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    return this.#filter?.decodeTrailers?.(trailers) ?? 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    return this.#filter?.encodeHeaders?.(headers, endStream) ?? 'continue'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    return this.#filter?.encodeData?.(data, endStream) ?? 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    return this.#filter?.encodeTrailers?.(trailers) ?? 'continue'
  }

  /** A request that never came to the filter is logged by the default plugin, as without route plugins. */
  log(): void {
    this.#filter ??= this.#default.newHttpFilter(this.#callbacks)
    this.#filter.log?.()
  }

  onDestroy(): void {
    this.#filter?.onDestroy?.()
  }
}
