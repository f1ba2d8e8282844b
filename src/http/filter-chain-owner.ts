/** What a filter chain asks of the stream that it belongs to: downstream's streams, and attempts at an upstream. */
import type { StreamResetReason } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { LocalReply } from '../core/http-filter.ts'
import type { Route } from '../core/route.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import type { LocalReplyOwner } from './local-reply.ts'

/** The stream that a chain belongs to: where what has passed all filters goes. */
export interface FilterChainOwner extends LocalReplyOwner {
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  readonly streamId: number
  readonly random: number
  readonly proxy100Continue: boolean
  requestHeaders: HeaderMap | undefined
  requestTrailers: HeaderMap | undefined
  informationalHeaders: HeaderMap | undefined
  responseHeaders: HeaderMap | undefined
  responseTrailers: HeaderMap | undefined
  route(): Route | undefined
  clearRouteCache(): void
  /** Something moved: the idle timer starts again. */
  onActivity(): void
  /** The request is complete or answered: the request timer stops. */
  disarmRequestTimeout(): void
  /** A local reply comes before the chain was made (the codec refused the request). */
  createFilterChain(): void
  /** A local reply begins. */
  onLocalReply(status: number): void
  /** Gives it to somebody else, which ends this chain; left out where the chain answers itself. */
  takeLocalReply?(reply: LocalReply): void
  onRequestDataTooLarge(): void
  onResponseDataTooLarge(): void
  onFilterError(filterConfigName: string, error: unknown): void
  pauseReading(): void
  resumeReading(): void
  sendInformationalHeaders(headers: HeaderMap): void
  sendHeaders(headers: HeaderMap, endStream: boolean): void
  sendData(data: Uint8Array, endStream: boolean): void
  sendTrailers(trailers: HeaderMap): void
  sendMetadata(list: readonly string[]): void
  /** The last byte of the response went to the codec. */
  endStream(): void
  resetStream(reason: StreamResetReason, details: string): void
  recreateStream(response: HeaderMap, body: readonly Uint8Array[]): boolean
}
