/** Contexts: the classes that filters extend. One root context for each use in the configuration, one context a stream. */
import {
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  FilterMetadataStatusValues,
  FilterStatusValues,
  FilterTrailersStatusValues,
  PeerTypeValues,
  WasmResultValues,
} from './enums'
import { CallResult, dropCalls, grpcCall, grpcStream, HttpCallback, httpCall, HttpCallbackFunction } from './calls'
import { Headers } from './headers'
import { ConfigReader, parseConfiguration } from './config'
import { decode } from './memory'
import { continue_request, continue_response, done, set_effective_context } from './stream'

/** What root and stream contexts have in common. */
export abstract class BaseContext {
  /** @param context_id the host's number of this context */
  constructor(public context_id: u32) {}

  /** Lets the request go on that a callback held back. */
  continueRequest(): WasmResultValues {
    return continue_request()
  }

  /** Lets the response go on that a callback held back. */
  continueResponse(): WasmResultValues {
    return continue_response()
  }

  /**
   * Makes host calls act on this context's stream until the callback returns. Not Ok: the stream is gone. Callbacks of
   * calls that this context made have it done already.
   */
  setEffectiveContext(): WasmResultValues {
    return set_effective_context(this.context_id)
  }

  /**
   * Sends a request to a cluster; the answer comes to `onHttpCallResponse` of this context. No answer in time is one with
   * :status 504, a refused connection one with 503.
   * @param headers with :method, :path and :authority
   * @param timeout_milliseconds 0: none
   */
  dispatchHttpCall(
    cluster: string,
    headers: Headers,
    body: ArrayBuffer,
    trailers: Headers,
    timeout_milliseconds: u32,
  ): CallResult {
    return httpCall(this, cluster, headers, body, trailers, timeout_milliseconds, null)
  }

  /**
   * A unary gRPC call: ends with `onGrpcReceive` of this context, or with `onGrpcClose` when it fails.
   * @param cluster its name, or a serialized envoy.config.core.v3.GrpcService
   * @param service `package.Service`
   * @param message serialized
   */
  grpcCall(
    cluster: string,
    service: string,
    method: string,
    metadata: Headers,
    message: ArrayBuffer,
    timeout_milliseconds: u32,
  ): CallResult {
    return grpcCall(this, cluster, service, method, metadata, message, timeout_milliseconds)
  }

  /** Opens a gRPC stream; `grpc_send` writes to it, what comes goes to the onGrpc… callbacks of this context. */
  grpcStream(cluster: string, service: string, method: string, metadata: Headers): CallResult {
    return grpcStream(this, cluster, service, method, metadata)
  }

  /** Drops the answers of the calls that this context made. */
  cancelPendingRequests(): void {
    dropCalls(this)
  }

  /** The context ends. A root context that returns false lives until it calls `done`; for streams it changes nothing. */
  onDone(): bool {
    return true
  }

  /** The last callback of this context. */
  onDelete(): void {}

  /** The stream is over and may be logged; all header maps can be read. Called on the root context of an access logger. */
  onLog(): void {}

  /**
   * The answer of an HTTP call that this context dispatched. The answer is in `stream_context.headers.http_callback`,
   * `.body.http_callback`, `.trailers.http_callback`.
   * @param headers number of headers; 0 when the call failed half way
   */
  onHttpCallResponse(token: u32, headers: u32, body_size: u32, trailers: u32): void {}

  /** A gRPC stream's initial metadata came: `stream_context.grpc.initial_metadata`. */
  onGrpcReceiveInitialMetadata(token: u32, headers: u32): void {}

  /** A message came: `stream_context.grpc.message`. A unary call that succeeds ends with this. */
  onGrpcReceive(token: u32, response_size: u32): void {}

  /** A gRPC stream's trailing metadata came: `stream_context.grpc.trailing_metadata`. */
  onGrpcReceiveTrailingMetadata(token: u32, trailers: u32): void {}

  /** A stream ended, or a unary call failed. `get_status` has the message. */
  onGrpcClose(token: u32, status_code: u32): void {}
}

/** One use of the module in the configuration: holds what its streams share. */
export class RootContext extends BaseContext {
  /** The plugin configuration as it came, empty when there is none. Set before `onConfigure`. */
  configuration_bytes: ArrayBuffer = new ArrayBuffer(0)

  constructor(context_id: u32) {
    super(context_id)
  }

  /** The plugin configuration as text. */
  getConfiguration(): string {
    return decode(changetype<usize>(this.configuration_bytes), this.configuration_bytes.byteLength)
  }

  /** The plugin configuration as bytes. */
  getConfigurationBytes(): ArrayBuffer {
    return this.configuration_bytes
  }

  /**
   * The plugin configuration as JSON text, whether the host hands over JSON or a serialized google.protobuf.Struct, for
   * libraries such as json-as: `JSON.parse<Config>(this.getConfigurationJsonText())`. Null when it is neither.
   */
  getConfigurationJsonText(): string | null {
    const value = parseConfiguration(this.configuration_bytes)
    if (value === null) return null
    return value.toString()
  }

  /** The plugin configuration, JSON or a google.protobuf.Struct, as an object whose faults are told with their paths. */
  getConfigurationJson(): ConfigReader {
    return ConfigReader.parse(this.configuration_bytes)
  }

  /** Makes the context of a new stream. */
  createContext(context_id: u32): Context {
    return new Context(context_id, this)
  }

  /**
   * Sends a request to a cluster; the answer goes to a function that knows `origin_context`, whose stream host calls then
   * act on. See `dispatchHttpCall` for what the parameters hold.
   */
  httpCall(
    cluster: string,
    headers: Headers,
    body: ArrayBuffer,
    trailers: Headers,
    timeout_milliseconds: u32,
    origin_context: BaseContext,
    cb: HttpCallbackFunction,
  ): WasmResultValues {
    const callback = new HttpCallback(origin_context, cb)
    return httpCall(origin_context, cluster, headers, body, trailers, timeout_milliseconds, callback).result
  }

  /** The VM starts. False refuses the configuration. `get_buffer_bytes(BufferTypeValues.VmConfiguration, …)`. */
  onStart(vm_configuration_size: usize): bool {
    return true
  }

  /** Reserved by the ABI; neither Envoy nor sluice calls it. */
  validateConfiguration(configuration_size: usize): bool {
    return true
  }

  /** The configuration is there: `getConfiguration`. False refuses it, and the proxy says so. */
  onConfigure(configuration_size: u32): bool {
    return true
  }

  /** See `set_tick_period_milliseconds`. */
  onTick(): void {}

  /** Something was put into a queue that this root context registered. */
  onQueueReady(token: u32): void {}

  /** A foreign function calls back; its arguments are in `BufferTypeValues.CallData`. */
  onForeignFunction(function_id: u32, data_size: u32): void {}

  /** Ends a context whose `onDone` returned false. */
  done(): WasmResultValues {
    return done()
  }
}

/** One HTTP stream or one network connection. */
export class Context extends BaseContext {
  constructor(
    context_id: u32,
    /** The root context that made this one. */
    public root_context: RootContext,
  ) {
    super(context_id)
  }

  /** Request headers came: `stream_context.headers.request`. @param a number of headers */
  onRequestHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    return FilterHeadersStatusValues.Continue
  }

  /** HTTP/2 METADATA frames came. Envoy only. */
  onRequestMetadata(a: u32): FilterMetadataStatusValues {
    return FilterMetadataStatusValues.Continue
  }

  /** A piece of the request's body, or all that was kept of it: `stream_context.body.request`. */
  onRequestBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    return FilterDataStatusValues.Continue
  }

  /** The request's trailers came: `stream_context.trailers.request`. @param a number of trailers */
  onRequestTrailers(a: u32): FilterTrailersStatusValues {
    return FilterTrailersStatusValues.Continue
  }

  /** Response headers came: `stream_context.headers.response`. @param a number of headers */
  onResponseHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    return FilterHeadersStatusValues.Continue
  }

  /** HTTP/2 METADATA frames came. Envoy only. */
  onResponseMetadata(a: u32): FilterMetadataStatusValues {
    return FilterMetadataStatusValues.Continue
  }

  /** A piece of the response's body, or all that was kept of it: `stream_context.body.response`. */
  onResponseBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    return FilterDataStatusValues.Continue
  }

  /** The response's trailers came: `stream_context.trailers.response`. @param a number of trailers */
  onResponseTrailers(a: u32): FilterTrailersStatusValues {
    return FilterTrailersStatusValues.Continue
  }

  /** A client connected. */
  onNewConnection(): FilterStatusValues {
    return FilterStatusValues.Continue
  }

  /** Bytes from the client: `stream_context.data.downstream`. */
  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    return FilterStatusValues.Continue
  }

  /** Bytes from the upstream host: `stream_context.data.upstream`. */
  onUpstreamData(size: usize, end: bool): FilterStatusValues {
    return FilterStatusValues.Continue
  }

  /** The client's connection is closed. @param t by whom: Local is the proxy, Remote the client */
  onDownstreamConnectionClose(t: PeerTypeValues): void {}

  /** The upstream connection is closed. @param t by whom: Local is the proxy, Remote the upstream host */
  onUpstreamConnectionClose(t: PeerTypeValues): void {}
}
