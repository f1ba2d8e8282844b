/**
 * `envoy.filters.http.grpc_web`: gRPC for browsers, trailers in the body and, where asked for, all in base64 (gRPC's
 * PROTOCOL-WEB.md). Follows Envoy's `grpc_web_filter.cc`.
 */
import { GrpcWeb as GrpcWebMessage } from '../../../../config/v3.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import { grpcStatusOfHttp, isGrpcResponse, percentEncode } from '../../../../core/grpc.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import { frameHead } from '../../../../grpc/frames.ts'
import { clusterStatsOf, type GrpcRequestStats, GrpcStatsByCluster } from '../../../../grpc/request-stats.ts'
import { Base64Decoder, Base64FrameEncoder } from './base64.ts'

const binaryType = 'application/grpc-web+proto'
const textType = 'application/grpc-web-text+proto'
const textTypes: ReadonlySet<string> = new Set(['application/grpc-web-text', textType])
const types: ReadonlySet<string> = new Set(['application/grpc-web', binaryType, ...textTypes])
/** Flag of the frame that holds the trailers. */
const trailersFlag = 0x80
/** What is kept of a body that is no gRPC, for `grpc-message`. */
const maxMessageBytes = 16 * 1024

export const grpcWeb: HttpFilterExtension<GrpcWebMessage> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.grpc_web',
  message: GrpcWebMessage,
  terminal: false,
  create(_message, context) {
    const stats = new GrpcStatsByCluster('grpc-web')
    return callbacks => new GrpcWeb(context.clusters, stats, callbacks)
  },
}

class GrpcWeb implements HttpFilter {
  readonly #clusters: Pick<ClusterManager, 'get'>
  readonly #statsByCluster: GrpcStatsByCluster
  readonly #callbacks: HttpFilterCallbacks
  #isGrpcWeb = false
  /** Of a request in base64. */
  #decoder: Base64Decoder | undefined
  #textResponse = false
  #encoder: Base64FrameEncoder | undefined
  #stats: GrpcRequestStats | undefined
  /** Of a response with a body that is no gRPC: the body becomes its `grpc-message`. */
  #plainResponse: HeaderMap | undefined

  constructor(
    clusters: Pick<ClusterManager, 'get'>,
    statsByCluster: GrpcStatsByCluster,
    callbacks: HttpFilterCallbacks,
  ) {
    this.#clusters = clusters
    this.#statsByCluster = statsByCluster
    this.#callbacks = callbacks
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    const type = headers.get('content-type')
    if (type === undefined || !types.has(type)) return 'continue'
    this.#isGrpcWeb = true
    // The length of the client's body need not be that of ours.
    headers.remove('content-length')
    const cluster = clusterStatsOf(this.#callbacks, this.#clusters)
    if (cluster !== undefined) this.#stats = this.#statsByCluster.ofPath(cluster, headers.path)
    if (textTypes.has(type)) this.#decoder = new Base64Decoder()
    headers.set('content-type', 'application/grpc')
    this.#textResponse = textTypes.has(headers.get('accept') ?? '')
    headers.set('te', 'trailers')
    if (!headers.has('grpc-accept-encoding')) headers.add('grpc-accept-encoding', 'identity')
    return 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#decoder === undefined) return 'continue'
    const decoded = this.#decoder.decode(data, endStream)
    if (typeof decoded === 'string') {
      const body = 'Bad gRPC-web request, invalid base64 data.'
      this.#callbacks.sendLocalReply({ status: 400, body, details: decoded })
      return 'stop-no-buffer'
    }
    if (decoded.length === 0 && !endStream) return 'stop-no-buffer'
    this.#callbacks.replaceCurrentData(decoded)
    return 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    if (!this.#isGrpcWeb) return 'continue'
    this.#stats?.chargeStatus(headers.get('grpc-status'))
    const isGrpc = isGrpcResponse(headers, endStream) || isGrpcWebResponse(headers)
    headers.remove('content-length')
    headers.set('content-type', this.#textResponse ? textType : binaryType)
    if (endStream) return 'continue'
    if (isGrpc) {
      if (this.#textResponse) this.#encoder = new Base64FrameEncoder()
      return 'continue'
    }
    this.#plainResponse = headers
    return 'stop'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.#plainResponse !== undefined) {
      if (!endStream)
        return (this.#callbacks.encodingBuffer()?.length ?? 0) >= maxMessageBytes ? 'stop-no-buffer' : 'stop-and-buffer'
      this.#moveBodyToMessage(this.#plainResponse, data)
      return 'continue'
    }
    if (this.#encoder === undefined) return 'continue'
    const encoded = this.#encoder.encode(data)
    if (encoded.length === 0 && !endStream) return 'stop-no-buffer'
    this.#callbacks.replaceCurrentData(encoded)
    return 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (!this.#isGrpcWeb) return 'continue'
    this.#stats?.chargeStatus(trailers.get('grpc-status'))
    if (this.#plainResponse !== undefined) {
      this.#moveBodyToMessage(this.#plainResponse, undefined)
      return 'continue'
    }
    const lines = Buffer.from([...trailers].map(([name, value]) => `${name}:${value}\r\n`).join(''), 'latin1')
    const frame = Buffer.concat([frameHead(lines.length, trailersFlag), lines])
    trailers.removeIf(() => true)
    this.#callbacks.addEncodedData(this.#textResponse ? Buffer.from(frame.toString('base64')) : frame)
    return 'continue'
  }

  #moveBodyToMessage(headers: HeaderMap, last: Uint8Array | undefined): void {
    this.#plainResponse = undefined
    const held = this.#callbacks.encodingBuffer()
    // A body that came at once is taken whole.
    let message = last ?? new Uint8Array(0)
    if (held !== undefined) {
      const before = held.slice(0, held.length)
      // What a filter before this one has held back comes as the data and stands in the buffer.
      const same = before.buffer === message.buffer && before.byteOffset === message.byteOffset
      message = Buffer.concat(same ? [before] : [before, message]).subarray(0, maxMessageBytes)
      held.drain(held.length)
    }
    headers.set('grpc-message', percentEncode(message))
    headers.set('grpc-status', String(grpcStatusOfHttp(headers.status)))
    headers.set('content-length', '0')
    if (last !== undefined) this.#callbacks.replaceCurrentData(new Uint8Array(0))
  }
}

/** A server that speaks gRPC-Web itself. */
function isGrpcWebResponse(headers: HeaderMap): boolean {
  if (headers.get(':status') !== '200') return false
  const type = (headers.get('content-type')?.split(';', 1)[0] ?? '').trimEnd().toLowerCase()
  return type === 'application/grpc-web' || type === binaryType
}
