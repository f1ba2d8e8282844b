/**
 * HTTP filters between the router and an upstream's codec, run anew by each attempt of a request. Follows Envoy's upstream HTTP
 * filters (`UpstreamFilterManager` of `source/common/router/upstream_request.cc`).
 */
import type { StreamResetReason } from './codec.ts'
import type { HeaderMap } from './header-map.ts'
import type { HttpFilterCallbacks } from './http-filter.ts'

/** The filters of one attempt. */
export interface UpstreamFilterChain {
  // What the router sends.
  decodeHeaders(headers: HeaderMap, endStream: boolean): void
  decodeData(data: Uint8Array, endStream: boolean): void
  decodeTrailers(trailers: HeaderMap): void
  // What the upstream answers.
  encode1xxHeaders(headers: HeaderMap): void
  encodeHeaders(headers: HeaderMap, endStream: boolean): void
  encodeData(data: Uint8Array, endStream: boolean): void
  encodeTrailers(trailers: HeaderMap): void
  /** The attempt is over; nothing is called afterwards. */
  destroy(): void
}

/** The attempt that a chain belongs to: where what has passed all filters goes. */
export interface UpstreamFilterCallbacks {
  /** Of the router, for what filters ask about the stream. */
  readonly router: HttpFilterCallbacks
  sendHeaders(headers: HeaderMap, endStream: boolean): void
  sendData(data: Uint8Array, endStream: boolean): void
  sendTrailers(trailers: HeaderMap): void
  on1xxHeaders(headers: HeaderMap): void
  onHeaders(headers: HeaderMap, endStream: boolean): void
  onData(data: Uint8Array, endStream: boolean): void
  onTrailers(trailers: HeaderMap): void
  /** A filter resets the attempt. */
  onFilterReset(reason: StreamResetReason): void
  /** A filter holds more than its limit of the request, or no longer. */
  pauseRequest(): void
  resumeRequest(): void
  /** The same of the response. */
  readDisable(disable: boolean): void
}

export type MakeUpstreamFilterChain = (callbacks: UpstreamFilterCallbacks) => UpstreamFilterChain
