/** A filter in whose place another one stands, or none for a while. */
import type { HeaderMap } from '../../core/header-map.ts'
import type { DataStatus, HeadersStatus, HttpFilter, TrailersStatus } from '../../core/http-filter.ts'

export abstract class DelegatingFilter implements HttpFilter {
  /** Who handles the stream now; without one it passes. */
  protected delegate: HttpFilter | undefined = undefined

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    return this.delegate?.decodeHeaders?.(headers, endStream) ?? 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    return this.delegate?.decodeData?.(data, endStream) ?? 'continue'
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    return this.delegate?.decodeTrailers?.(trailers) ?? 'continue'
  }

  decodeComplete(): void {
    this.delegate?.decodeComplete?.()
  }

  encode1xxHeaders(headers: HeaderMap): 'continue' | 'stop' {
    return this.delegate?.encode1xxHeaders?.(headers) ?? 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    return this.delegate?.encodeHeaders?.(headers, endStream) ?? 'continue'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    return this.delegate?.encodeData?.(data, endStream) ?? 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    return this.delegate?.encodeTrailers?.(trailers) ?? 'continue'
  }

  encodeComplete(): void {
    this.delegate?.encodeComplete?.()
  }

  onStreamComplete(): void {
    this.delegate?.onStreamComplete?.()
  }

  log(): void {
    this.delegate?.log?.()
  }

  onDestroy(): void {
    this.delegate?.onDestroy?.()
  }
}
