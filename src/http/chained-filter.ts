/**
 * A filter's place on a chain: how far it has come in each direction, and what it may ask of the stream.
 * Follows `ActiveStreamFilterBase` of Envoy's `source/common/http/filter_manager.cc`.
 */
import type { StreamResetReason } from '../core/codec.ts'
import type { Connection } from '../core/connection.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type {
  BodyBuffer,
  DownstreamWatermarkCallbacks,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  LocalReply,
} from '../core/http-filter.ts'
import type { Route } from '../core/route.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import type { FilterChain } from './filter-chain.ts'

/** Passes everything on. */
export const running = 0
/** It returned stop…: it gets data and trailers itself while later filters wait. */
export const stopped = 1
/** It gets nothing until it continues. */
export const stoppedAllBuffer = 2
export const stoppedAllWatermark = 3

export function stateAfterHeaders(status: HeadersStatus): number {
  switch (status) {
    case 'stop':
      return stopped
    case 'stop-all-and-buffer':
      return stoppedAllBuffer
    case 'stop-all-and-watermark':
      return stoppedAllWatermark
    default:
      return running
  }
}

const nothing: HttpFilter = {}

/** A filter in its place on the chain, and its handle on the stream. */
export class ChainedFilter implements HttpFilterCallbacks {
  readonly chain: FilterChain
  readonly filterConfigName: string
  readonly index: number
  filter: HttpFilter = nothing
  decodeState = running
  decodeHeadersContinued = false
  /** Continuing from stop-all…: data and trailers begin with this filter, which has not seen them. */
  decodeFromCurrent = false
  decodeEnded = false
  encodeState = running
  encode1xxContinued = false
  encodeHeadersContinued = false
  encodeFromCurrent = false
  encodeEnded = false

  constructor(chain: FilterChain, filterConfigName: string, index: number) {
    this.chain = chain
    this.filterConfigName = filterConfigName
    this.index = index
  }

  nextDecode(): number {
    return this.decodeFromCurrent ? this.index : this.index + 1
  }

  nextEncode(): number {
    return this.encodeFromCurrent ? this.index : this.index - 1
  }

  get connection(): Connection {
    return this.chain.owner.connection
  }
  get downstream(): DownstreamInfo {
    return this.chain.owner.downstream
  }
  get streamInfo(): StreamInfo {
    return this.chain.owner.streamInfo
  }
  get streamId(): number {
    return this.chain.owner.streamId
  }
  get random(): number {
    return this.chain.owner.random
  }
  get requestHeaders(): HeaderMap | undefined {
    return this.chain.owner.requestHeaders
  }
  get requestTrailers(): HeaderMap | undefined {
    return this.chain.owner.requestTrailers
  }
  get responseHeaders(): HeaderMap | undefined {
    return this.chain.owner.responseHeaders
  }
  get responseTrailers(): HeaderMap | undefined {
    return this.chain.owner.responseTrailers
  }
  route(): Route | undefined {
    return this.chain.owner.route()
  }
  clearRouteCache(): void {
    this.chain.owner.clearRouteCache()
  }
  recreateStream(response: HeaderMap, body: readonly Uint8Array[]): boolean {
    return this.chain.owner.recreateStream(response, body)
  }
  continueDecoding(): void {
    this.chain.continueDecoding(this)
  }
  continueEncoding(): void {
    this.chain.continueEncoding(this)
  }
  sendLocalReply(reply: LocalReply): void {
    this.chain.sendLocalReply(reply)
  }
  resetStream(reason: StreamResetReason = 'local-reset', details = ''): void {
    this.chain.resetStream(reason, details)
  }
  decodingBuffer(): BodyBuffer | undefined {
    return this.chain.requestBuffer
  }
  encodingBuffer(): BodyBuffer | undefined {
    return this.chain.responseBuffer
  }
  replaceCurrentData(data: Uint8Array): void {
    this.chain.replaceCurrentData(data)
  }
  addDecodedData(data: Uint8Array): void {
    this.chain.addDecodedData(this, data)
  }
  addEncodedData(data: Uint8Array): void {
    this.chain.addEncodedData(this, data)
  }
  injectDecodedData(data: Uint8Array, endStream: boolean): void {
    this.chain.injectDecodedData(this, data, endStream)
  }
  injectEncodedData(data: Uint8Array, endStream: boolean): void {
    this.chain.injectEncodedData(this, data, endStream)
  }
  addDecodedTrailers(): HeaderMap {
    return this.chain.addDecodedTrailers()
  }
  addEncodedTrailers(): HeaderMap {
    return this.chain.addEncodedTrailers()
  }
  get decoderBufferLimitBytes(): number {
    return this.chain.decoderBufferLimitBytes
  }
  set decoderBufferLimitBytes(limit: number) {
    this.chain.decoderBufferLimitBytes = limit
    this.chain.checkRequestLimit()
  }
  get encoderBufferLimitBytes(): number {
    return this.chain.encoderBufferLimitBytes
  }
  set encoderBufferLimitBytes(limit: number) {
    this.chain.encoderBufferLimitBytes = limit
    this.chain.checkResponseLimit()
  }
  encode1xxHeaders(headers: HeaderMap): void {
    this.chain.encode1xxHeaders(headers)
  }
  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.chain.startResponse(headers, endStream)
  }
  encodeData(data: Uint8Array, endStream: boolean): void {
    this.chain.responseData(data, endStream)
  }
  encodeTrailers(trailers: HeaderMap): void {
    this.chain.responseTrailers(trailers)
  }
  encodeMetadata(list: readonly string[]): void {
    this.chain.owner.sendMetadata(list)
  }
  onDecoderFilterAboveWriteBufferHighWatermark(): void {
    this.chain.owner.pauseReading()
  }
  onDecoderFilterBelowWriteBufferLowWatermark(): void {
    this.chain.owner.resumeReading()
  }
  addDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void {
    this.chain.addDownstreamWatermarkCallbacks(callbacks)
  }
  removeDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void {
    this.chain.removeDownstreamWatermarkCallbacks(callbacks)
  }
}
