/**
 * `envoy.filters.http.grpc_http1_bridge`: unary gRPC for HTTP/1 clients, the status in the response's headers. Follows Envoy's
 * `http1_bridge_filter.cc`.
 */
import { GrpcHttp1Bridge as GrpcHttp1BridgeMessage } from '../../../../config/v3.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import { isGrpcRequest, isGrpcResponse } from '../../../../core/grpc.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  TrailersStatus,
} from '../../../../core/http-filter.ts'
import { frameHead, frameHeadBytes } from '../../../../grpc/frames.ts'
import { clusterStatsOf, type GrpcRequestStats, GrpcStatsByCluster } from '../../../../grpc/request-stats.ts'

interface Settings {
  readonly clusters: Pick<ClusterManager, 'get'>
  readonly stats: GrpcStatsByCluster
  readonly upgradeProtobuf: boolean
  readonly ignoreQueryParameters: boolean
}

export const grpcHttp1Bridge: HttpFilterExtension<GrpcHttp1BridgeMessage> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.grpc_http1_bridge',
  message: GrpcHttp1BridgeMessage,
  terminal: false,
  create(message, context) {
    const settings: Settings = {
      clusters: context.clusters,
      stats: new GrpcStatsByCluster(),
      upgradeProtobuf: message.upgradeProtobufToGrpc,
      ignoreQueryParameters: message.ignoreQueryParameters,
    }
    return callbacks => new GrpcHttp1Bridge(settings, callbacks)
  },
}

const protobufType = 'application/x-protobuf'

class GrpcHttp1Bridge implements HttpFilter {
  readonly #settings: Settings
  readonly #callbacks: HttpFilterCallbacks
  #bridging = false
  /** The client sends and takes bare messages. */
  #framing = false
  #unframing = false
  #stats: GrpcRequestStats | undefined
  #responseHeaders: HeaderMap | undefined

  constructor(settings: Settings, callbacks: HttpFilterCallbacks) {
    this.#settings = settings
    this.#callbacks = callbacks
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    const { upgradeProtobuf, ignoreQueryParameters, clusters, stats } = this.#settings
    if (upgradeProtobuf && headers.get('content-type') === protobufType) {
      this.#framing = true
      headers.set('content-type', 'application/grpc')
      // It would be the message's alone.
      headers.remove('content-length')
    }
    if (!isGrpcRequest(headers)) return 'continue'
    const cluster = clusterStatsOf(this.#callbacks, clusters)
    if (cluster !== undefined) this.#stats = stats.ofPath(cluster, headers.path)
    this.#bridging = this.#callbacks.streamInfo.protocol !== 'HTTP/2'
    if (this.#bridging && ignoreQueryParameters) {
      const query = headers.path.indexOf('?')
      if (query >= 0) headers.set(':path', headers.path.slice(0, query))
    }
    return 'continue'
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (!this.#framing) return 'continue'
    if (!endStream) return 'stop-and-buffer'
    const held = this.#callbacks.decodingBuffer()
    const head = frameHead((held?.length ?? 0) + data.length)
    if (held === undefined) this.#callbacks.replaceCurrentData(Buffer.concat([head, data]))
    else held.prepend(head)
    return 'continue'
  }

  decodeTrailers(): TrailersStatus {
    const held = this.#framing ? this.#callbacks.decodingBuffer() : undefined
    held?.prepend(frameHead(held.length))
    return 'continue'
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    this.#stats?.chargeStatus(headers.get('grpc-status'))
    if (!this.#bridging || endStream) return 'continue'
    this.#unframing = this.#framing && isGrpcResponse(headers, endStream)
    this.#responseHeaders = headers
    return 'stop'
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    const headers = this.#responseHeaders
    if (headers === undefined) return 'continue'
    if (!endStream) return 'stop-and-buffer'
    if (!this.#unframing) return 'continue'
    const held = this.#callbacks.encodingBuffer()
    const cut = Math.min(frameHeadBytes, held?.length ?? 0)
    held?.drain(cut)
    const rest = data.subarray(frameHeadBytes - cut)
    this.#callbacks.replaceCurrentData(rest)
    headers.set('content-length', String((held?.length ?? 0) + rest.length))
    return 'continue'
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    this.#stats?.chargeStatus(trailers.get('grpc-status'))
    const headers = this.#responseHeaders
    if (headers === undefined) return 'continue'
    const status = trailers.get('grpc-status')
    if (status !== undefined) {
      if (!/^0+$/.test(status)) headers.set(':status', '503')
      headers.set('grpc-status', status)
    }
    const message = trailers.get('grpc-message')
    if (message !== undefined) headers.set('grpc-message', message)
    const held = this.#callbacks.encodingBuffer()
    if (this.#unframing) held?.drain(Math.min(frameHeadBytes, held.length))
    headers.set('content-length', String(held?.length ?? 0))
    return 'continue'
  }
}
