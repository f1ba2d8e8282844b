// A program for @gcoredev/proxy-wasm-sdk-as that uses every call of its index. Rewritten and run by migrate.test.ts.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  BaseContext,
  BufferTypeValues,
  call_foreign_function,
  Context,
  continue_request,
  continue_response,
  Counter,
  dequeue_shared_queue,
  enqueue_shared_queue,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  FilterMetadataStatusValues,
  FilterStatusValues,
  FilterTrailersStatusValues,
  Gauge,
  get_buffer_bytes,
  get_current_time_nanoseconds,
  get_property,
  get_shared_data,
  GetSharedData,
  GrpcStatusValues,
  HeaderPair,
  Headers,
  Histogram,
  HttpCallback,
  log,
  LogLevelValues,
  makeHeaderPair,
  set_effective_context,
  register_shared_queue,
  registerRootContext,
  resolve_shared_queue,
  RootContext,
  send_http_response,
  send_local_response,
  set_buffer_bytes,
  set_property,
  set_shared_data,
  set_tick_period_milliseconds,
  stream_context,
  WasmResultValues,
} from "proxy-wasm-sdk-as/assembly"
import * as runtime from "proxy-wasm-sdk-as/assembly"

class OldRoot extends RootContext {
  constructor(context_id: u32) {
    super(context_id)
  }
  createContext(context_id: u32): Context {
    return new OldContext(context_id, this)
  }
  validateConfiguration(configuration_size: usize): bool {
    return true
  }
  onConfigure(configuration_size: u32): bool {
    super.onConfigure(configuration_size)
    new Counter("old_counter").increment(1)
    new Gauge("old_gauge").increment(1)
    new Histogram("old_histogram").record(1)
    set_tick_period_milliseconds(1000)
    return true
  }
  onStart(vm_configuration_size: usize): bool {
    return true
  }
  onTick(): void {
    log(LogLevelValues.debug, get_current_time_nanoseconds().toString())
  }
  onQueueReady(token: u32): void {
    const queue = register_shared_queue("queue")
    if (resolve_shared_queue("vm", "queue").result == WasmResultValues.Ok) {
      enqueue_shared_queue(queue.token, String.UTF8.encode("item"))
      dequeue_shared_queue(queue.token)
    }
    if (runtime.logLevel() > LogLevelValues.debug) runtime.record_metric(1, 2)
  }
  onDone(): bool {
    this.cancelPendingRequests()
    return super.onDone()
  }
}

class OldContext extends Context {
  constructor(context_id: u32, root_context: OldRoot) {
    super(context_id, root_context)
  }
  onRequestHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const headers: Headers = []
    headers.push(makeHeaderPair(":path", "/"))
    headers.push(new HeaderPair(String.UTF8.encode(":method"), String.UTF8.encode("GET")))
    const result = this.root_context.httpCall(
      "cluster",
      headers,
      new ArrayBuffer(0),
      [],
      1000,
      this,
      (origin_context: BaseContext, headers: u32, body_size: usize, trailers: u32): void => {
        log(LogLevelValues.info, "callback " + body_size.toString())
        continue_request()
      },
    )
    if (result != WasmResultValues.Ok) {
      send_local_response(500, "failed", String.UTF8.encode("body"), [], GrpcStatusValues.Internal)
      send_http_response(500, "failed", String.UTF8.encode("body"), [])
    }
    get_property("plugin_name")
    set_property("key", String.UTF8.encode("value"))
    const shared: GetSharedData = get_shared_data("key")
    set_shared_data("key", String.UTF8.encode("value"), shared.cas)
    runtime.headerMap(runtime.HeaderMapTypeValues.RequestHeaders).add("added", "1")
    call_foreign_function("f", "argument")
    return FilterHeadersStatusValues.StopIteration
  }
  onRequestBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    const body = get_buffer_bytes(BufferTypeValues.HttpRequestBody, 0, body_buffer_length as u32)
    set_buffer_bytes(BufferTypeValues.HttpRequestBody, 0, body.byteLength, body)
    return FilterDataStatusValues.Continue
  }
  onRequestMetadata(a: u32): FilterMetadataStatusValues {
    return FilterMetadataStatusValues.Continue
  }
  onRequestTrailers(a: u32): FilterTrailersStatusValues {
    return FilterTrailersStatusValues.Continue
  }
  onResponseHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("hello", this.root_context.getConfiguration())
    stream_context.headers.response.replace("x", stream_context.headers.request.get("y"))
    stream_context.headers.response.remove("z")
    stream_context.headers.response.set_headers(stream_context.headers.response.get_headers())
    continue_response()
    return FilterHeadersStatusValues.Continue
  }
  onResponseBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    return FilterDataStatusValues.Continue
  }
  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    return FilterStatusValues.Continue
  }
  onUpstreamData(size: usize, end: bool): FilterStatusValues {
    return FilterStatusValues.Continue
  }
  onDownstreamConnectionClose(t: runtime.PeerTypeValues): void {}
  onDone(): bool {
    return super.onDone()
  }
  onLog(): void {
    super.onLog()
    this.setEffectiveContext()
    set_effective_context(this.context_id)
    new HttpCallback(this, (origin_context: BaseContext, headers: u32, body_size: usize, trailers: u32): void => {})
  }
}

registerRootContext((context_id: u32) => {
  return new OldRoot(context_id)
}, "add_header")
