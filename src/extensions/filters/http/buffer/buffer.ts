/** `envoy.filters.http.buffer`: holds a request until its body is whole, up to a limit. Follows Envoy's `buffer_filter.cc`. */
import { Buffer as BufferMessage, BufferPerRoute } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'

/** Most bytes to hold; undefined: the route switches the filter off. */
interface RouteSettings {
  readonly maxRequestBytes: number | undefined
}

export const bufferFilter: HttpFilterExtension<BufferMessage, BufferPerRoute> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.buffer',
  message: BufferMessage,
  terminal: false,
  upstream: true,
  perRoute: {
    message: BufferPerRoute,
    parse: (message): RouteSettings => ({
      maxRequestBytes: message.disabled === true ? undefined : message.buffer?.maxRequestBytes,
    }),
  },
  create(message) {
    const maxRequestBytes = message.maxRequestBytes as number
    return callbacks => new BufferFilter(callbacks, maxRequestBytes)
  },
}

class BufferFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #maxRequestBytes: number
  #headers: HeaderMap | undefined = undefined
  #length = 0

  constructor(callbacks: HttpFilterCallbacks, maxRequestBytes: number) {
    this.#callbacks = callbacks
    this.#maxRequestBytes = maxRequestBytes
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    if (endStream) return 'continue'
    const callbacks = this.#callbacks
    const own = callbacks.route()?.perFilterConfig(callbacks.filterConfigName, BufferPerRoute) as
      | RouteSettings
      | undefined
    const limit = own === undefined ? this.#maxRequestBytes : own.maxRequestBytes
    if (limit === undefined) return 'continue'
    this.#headers = headers
    callbacks.decoderBufferLimitBytes = limit
    return 'stop'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#headers === undefined) return 'continue'
    this.#length += data.length
    // Also the last chunk when it is too much: buffering it makes the chain answer 413.
    if (!endStream || this.#length > this.#callbacks.decoderBufferLimitBytes) return 'stop-and-buffer'
    this.#addContentLength(this.#headers)
    return 'continue'
  }

  decodeTrailers(): TrailersStatus {
    if (this.#headers !== undefined) this.#addContentLength(this.#headers)
    return 'continue'
  }

  /** The whole body is known, so the upstream need not get it in chunks. */
  #addContentLength(headers: HeaderMap): void {
    if (!headers.has('content-length')) headers.add('content-length', String(this.#length))
  }
}
