/**
 * A copy of a request for a mirror: it passes a router of its own, so that filters, retries and limits of the mirror's cluster
 * hold for it; its answer is thrown away. Follows Envoy's `ShadowWriterImpl` and `Http::AsyncStreamImpl`.
 */
import type { Connection } from '../core/connection.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HttpFilter, HttpFilterCallbacks } from '../core/http-filter.ts'
import type { Route } from '../core/route.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import { StreamInformation } from '../network/stream-info.ts'
import { ForwardRoute, type ForwardSettings } from './route.ts'

/** Copies may be copied again, by the clusters that they go to, as often as this. */
export const maxShadowDepth = 3

/** Who sends the original: it waits while the copy cannot take more. */
export interface ShadowOwner {
  readonly callbacks: HttpFilterCallbacks
  onShadowAboveWriteBufferHighWatermark(): void
  onShadowBelowWriteBufferLowWatermark(): void
}

/** A route that says nothing but its cluster. */
const nullRoute: ForwardSettings = {
  routeName: '',
  virtualHostName: '',
  metadata: undefined,
  virtualHostMetadata: undefined,
  perFilterConfigs: new Map(),
  corsPolicies: [],
  refreshCluster: undefined,
  rateLimits: { route: [], virtualHost: [], includeVirtualHost: false },
  requestMutations: [],
  responseMutations: [],
  clusterNotFoundStatus: 500,
  priority: 'default',
  timeoutMs: 0,
  idleTimeoutMs: undefined,
  flushTimeoutMs: undefined,
  maxStreamDurationMs: undefined,
  grpcTimeoutHeaderMaxMs: undefined,
  retryPolicy: undefined,
  hedgeOnPerTryTimeout: false,
  grpcTimeoutHeaderOffsetMs: 0,
  usesMaxStreamDuration: false,
  maxGrpcTimeoutMs: undefined,
  grpcTimeoutOffsetMs: 0,
  includeAttemptCountInRequest: false,
  includeAttemptCountInResponse: false,
  includeIsTimeoutRetryHeader: false,
  retryBufferLimitBytes: undefined,
  autoHostRewrite: false,
  appendXForwardedHost: false,
  metadataMatch: undefined,
  upgrades: new Map(),
  connectConfig: undefined,
  shadowPolicies: [],
  hashPolicy: undefined,
  internalRedirectPolicy: undefined,
  stats: undefined,
  virtualCluster: undefined,
  pathRewrite: undefined,
  clusterHost: '',
  hostRewrite: undefined,
}

/**
 * Until the request is complete it belongs to its owner, which cancels it when the original breaks off; after that it
 * goes on by itself, at most for the timeout.
 */
export class ShadowStream implements HttpFilterCallbacks {
  readonly connection: Connection
  readonly downstream: DownstreamInfo
  readonly streamInfo: StreamInfo
  readonly streamId: number
  readonly random: number
  readonly filterConfigName: string
  readonly requestHeaders: HeaderMap
  requestTrailers: HeaderMap | undefined = undefined
  readonly responseHeaders = undefined
  readonly responseTrailers = undefined
  readonly decoderBufferLimitBytes: number
  readonly encoderBufferLimitBytes = 0
  readonly #route: Route
  readonly #router: HttpFilter
  #owner: ShadowOwner | undefined
  #pauses = 0
  #done = false

  /** @param headers with the timeout that is asked for  @param makeRouter makes the router that it passes */
  constructor(
    clusterName: string,
    headers: HeaderMap,
    owner: ShadowOwner,
    makeRouter: (callbacks: HttpFilterCallbacks) => HttpFilter,
  ) {
    const { callbacks } = owner
    this.connection = callbacks.connection
    this.downstream = callbacks.downstream
    this.streamId = callbacks.streamId
    this.random = callbacks.random
    this.filterConfigName = callbacks.filterConfigName
    this.decoderBufferLimitBytes = callbacks.decoderBufferLimitBytes
    this.requestHeaders = headers
    this.#route = new ForwardRoute(nullRoute, clusterName)
    const info = new StreamInformation(callbacks.downstream, 'HTTP/1.1')
    info.route = this.#route
    this.streamInfo = info
    this.#owner = owner
    this.#router = makeRouter(this)
  }

  // ── from the owner ──

  start(endStream: boolean): void {
    if (endStream) this.#release()
    this.#router.decodeHeaders?.(this.requestHeaders, endStream)
  }

  acceptData(data: Uint8Array, endStream: boolean): void {
    if (this.#done) return
    if (endStream) this.#release()
    this.#router.decodeData?.(data, endStream)
  }

  acceptTrailers(trailers: HeaderMap): void {
    if (this.#done) return
    this.#release()
    this.requestTrailers = trailers
    this.#router.decodeTrailers?.(trailers)
  }

  /** The original broke off. */
  cancel(): void {
    this.#owner = undefined
    this.#end()
  }

  // ── from the router ──

  route(): Route {
    return this.#route
  }

  clearRouteCache(): void {
    // There is but one.
  }

  sendLocalReply(): void {
    this.#end()
  }

  resetStream(): void {
    this.#end()
  }

  recreateStream(): boolean {
    return false
  }

  encode1xxHeaders(): void {
    // Nobody waits for it.
  }

  encodeHeaders(_headers: HeaderMap, endStream: boolean): void {
    if (endStream) this.#end()
  }

  encodeData(_data: Uint8Array, endStream: boolean): void {
    if (endStream) this.#end()
  }

  encodeTrailers(): void {
    this.#end()
  }

  encodeMetadata(): void {
    // Nobody waits for it.
  }

  onDecoderFilterAboveWriteBufferHighWatermark(): void {
    if (this.#owner === undefined) return
    this.#pauses++
    this.#owner.onShadowAboveWriteBufferHighWatermark()
  }

  onDecoderFilterBelowWriteBufferLowWatermark(): void {
    if (this.#pauses === 0) return
    this.#pauses--
    this.#owner?.onShadowBelowWriteBufferLowWatermark()
  }

  addDownstreamWatermarkCallbacks(): void {
    // Answers are not kept, so there is never too much of them.
  }

  removeDownstreamWatermarkCallbacks(): void {
    // As above.
  }

  // ── what only other filters than the router ask for ──

  continueDecoding = unexpected
  continueEncoding = unexpected
  decodingBuffer = unexpected
  encodingBuffer = unexpected
  replaceCurrentData = unexpected
  addDecodedData = unexpected
  addEncodedData = unexpected
  injectDecodedData = unexpected
  injectEncodedData = unexpected
  addDecodedTrailers = unexpected
  addEncodedTrailers = unexpected

  #end(): void {
    if (this.#done) return
    this.#done = true
    this.#release()
    this.#router.onDestroy?.()
  }

  /** The owner has nothing to wait for any more. */
  #release(): void {
    while (this.#pauses > 0) this.onDecoderFilterBelowWriteBufferLowWatermark()
    this.#owner = undefined
  }
}

function unexpected(): never {
  throw new Error('only filters before the router do this')
}
