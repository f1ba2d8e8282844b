/** The HTTP filters of one attempt at an upstream: a filter chain whose terminal filter is the codec. Follows Envoy's `UpstreamFilterManager`. */
import { stackOf } from '../base/errors.ts'
import { logger } from '../base/log.ts'
import type { StreamResetReason } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { DownstreamWatermarkCallbacks, HttpFilter, HttpFilterCallbacks, LocalReply } from '../core/http-filter.ts'
import type { Route } from '../core/route.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import type { MakeUpstreamFilterChain, UpstreamFilterCallbacks, UpstreamFilterChain } from '../core/upstream-filters.ts'
import { FilterChain } from './filter-chain.ts'
import type { FilterChainOwner } from './filter-chain-owner.ts'
import type { HttpFilterSettings } from './settings.ts'

const log = logger('router')

/** @param filters those before the codec; undefined stands for no filters: the router then needs no chain */
export function makeUpstreamFilterChain(filters: readonly HttpFilterSettings[]): MakeUpstreamFilterChain | undefined {
  if (filters.length === 0) return undefined
  return callbacks => new AttemptFilters(callbacks, filters)
}

class AttemptFilters implements UpstreamFilterChain, FilterChainOwner {
  readonly #attempt: UpstreamFilterCallbacks
  readonly #chain: FilterChain
  readonly #codec: HttpFilterCallbacks
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  readonly streamId: number
  readonly random: number
  readonly proxy100Continue = true
  readonly localReplyRewriter = undefined
  requestHeaders: HeaderMap | undefined = undefined
  requestTrailers: HeaderMap | undefined = undefined
  informationalHeaders: HeaderMap | undefined = undefined
  responseHeaders: HeaderMap | undefined = undefined
  responseTrailers: HeaderMap | undefined = undefined

  constructor(attempt: UpstreamFilterCallbacks, filters: readonly HttpFilterSettings[]) {
    const { router } = attempt
    this.#attempt = attempt
    this.connection = router.connection
    this.downstream = router.downstream
    this.streamInfo = router.streamInfo
    this.streamId = router.streamId
    this.random = router.random
    this.#chain = new FilterChain(this, router.decoderBufferLimitBytes)
    const route = router.route()
    for (const { name, factory, disabled } of filters)
      if (!(route?.filterDisabled(name) ?? disabled)) this.#chain.addFilter(name, factory)
    this.#chain.addFilter('envoy.filters.http.upstream_codec', () => new UpstreamCodec(attempt))
    this.#codec = this.#chain.filters.at(-1) as HttpFilterCallbacks
    this.#codec.addDownstreamWatermarkCallbacks(new ResponseWatermark(attempt))
  }

  // ── from the router ──

  decodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.requestHeaders = headers
    this.#chain.remoteComplete = endStream
    this.#chain.decodeHeaders(0, headers, endStream)
  }

  decodeData(data: Uint8Array, endStream: boolean): void {
    this.#chain.remoteComplete = endStream
    this.#chain.decodeData(0, data, endStream)
  }

  decodeTrailers(trailers: HeaderMap): void {
    this.requestTrailers = trailers
    this.#chain.remoteComplete = true
    this.#chain.decodeTrailers(0, trailers)
  }

  // ── from the upstream ──

  encode1xxHeaders(headers: HeaderMap): void {
    this.#codec.encode1xxHeaders(headers)
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.#codec.encodeHeaders(headers, endStream)
  }

  encodeData(data: Uint8Array, endStream: boolean): void {
    this.#codec.encodeData(data, endStream)
  }

  encodeTrailers(trailers: HeaderMap): void {
    this.#codec.encodeTrailers(trailers)
  }

  destroy(): void {
    if (this.#chain.destroyed) return
    this.#chain.onStreamComplete()
    this.#chain.destroy()
  }

  // ── for the chain ──

  route(): Route | undefined {
    return this.#attempt.router.route()
  }

  /** The route is chosen. */
  clearRouteCache(): void {}

  onActivity(): void {}

  disarmRequestTimeout(): void {}

  createFilterChain(): void {}

  finalizeLocalReplyHeaders(): void {}

  onLocalReply(): void {}

  /** Ends the whole request, retries included. */
  takeLocalReply(reply: LocalReply): void {
    this.#attempt.router.sendLocalReply(reply)
  }

  onRequestDataTooLarge(): void {}

  onResponseDataTooLarge(): void {}

  onFilterError(filterConfigName: string, error: unknown): void {
    log.error(`upstream filter "${filterConfigName}" threw, stream ${this.streamId}: ${stackOf(error)}`)
  }

  pauseReading(): void {
    this.#attempt.pauseRequest()
  }

  resumeReading(): void {
    this.#attempt.resumeRequest()
  }

  sendInformationalHeaders(headers: HeaderMap): void {
    this.#attempt.on1xxHeaders(headers)
  }

  sendHeaders(headers: HeaderMap, endStream: boolean): void {
    this.#attempt.onHeaders(headers, endStream)
  }

  sendData(data: Uint8Array, endStream: boolean): void {
    this.#attempt.onData(data, endStream)
  }

  sendTrailers(trailers: HeaderMap): void {
    this.#attempt.onTrailers(trailers)
  }

  sendMetadata(): void {}

  endStream(): void {}

  /** A filter that resets means the whole stream, not the attempt, which could be made again. */
  resetStream(reason: StreamResetReason, details: string): void {
    if (reason === 'local-reset') this.#attempt.router.resetStream(reason, details)
    else this.#attempt.onFilterReset(reason)
  }

  recreateStream(): boolean {
    return false
  }
}

/** The terminal filter. */
class UpstreamCodec implements HttpFilter {
  readonly #attempt: UpstreamFilterCallbacks

  constructor(attempt: UpstreamFilterCallbacks) {
    this.#attempt = attempt
  }

  decodeHeaders(headers: HeaderMap, endStream: boolean): 'stop' {
    this.#attempt.sendHeaders(headers, endStream)
    return 'stop'
  }

  decodeData(data: Uint8Array, endStream: boolean): 'stop-no-buffer' {
    this.#attempt.sendData(data, endStream)
    return 'stop-no-buffer'
  }

  decodeTrailers(trailers: HeaderMap): 'stop' {
    this.#attempt.sendTrailers(trailers)
    return 'stop'
  }
}

/** Filters hold as much of the response as they may: the upstream waits. */
class ResponseWatermark implements DownstreamWatermarkCallbacks {
  readonly #attempt: UpstreamFilterCallbacks

  constructor(attempt: UpstreamFilterCallbacks) {
    this.#attempt = attempt
  }

  onAboveWriteBufferHighWatermark(): void {
    this.#attempt.readDisable(true)
  }

  onBelowWriteBufferLowWatermark(): void {
    this.#attempt.readDisable(false)
  }
}
