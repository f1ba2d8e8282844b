// A program for @solo-io/proxy-runtime that uses every call of it. Rewritten and run by migrate.test.ts.
export * from "proxy-wasm-sdk-as/assembly/proxy"; // this exports the required functions for the proxy to interact with us.
import {
  BaseContext,
  RootContext,
  Context,
  registerRootContext,
  LogLevelValues,
  WasmResultValues,
  GrpcStatusValues,
  FilterStatusValues,
  FilterHeadersStatusValues,
  FilterMetadataStatusValues,
  FilterTrailersStatusValues,
  FilterDataStatusValues,
  stream_context,
  HeaderPair,
  Headers,
  Gauge,
  Histogram,
  Counter,
  log,
  HttpCallback,
  send_local_response,
  continue_request,
  continue_response,
  set_effective_context,
  headerMap
} from "proxy-wasm-sdk-as/assembly";
import {
  BufferTypeValues,
  clear_route_cache,
  define_metric,
  dequeue_shared_queue,
  done,
  enqueue_shared_queue,
  get_buffer_bytes,
  get_buffer_status,
  get_current_time_nanoseconds,
  get_metric,
  get_property,
  get_shared_data,
  get_status,
  HeaderMapTypeValues,
  increment_metric,
  MetricTypeValues,
  PeerTypeValues,
  record_metric,
  register_shared_queue,
  resolve_shared_queue,
  set_property,
  set_shared_data,
  set_tick_period_milliseconds,
  StreamTypeValues,
  BufferFlagsValues
} from "proxy-wasm-sdk-as/assembly";

function bytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

class AllRoot extends RootContext {
  counter: Counter = new Counter("solo_counter");
  gauge: Gauge = new Gauge("solo_gauge");
  sizes: Histogram = new Histogram("solo_sizes");

  createContext(context_id: u32): Context {
    return new All(context_id, this);
  }
  validateConfiguration(configuration_size: usize): bool {
    return super.validateConfiguration(configuration_size);
  }
  onStart(vm_configuration_size: usize): bool {
    return super.onStart(vm_configuration_size);
  }
  onConfigure(configuration_size: u32): bool {
    super.onConfigure(configuration_size);
    log(LogLevelValues.info, "configured " + this.getConfiguration());
    set_tick_period_milliseconds(100);
    return true;
  }
  onTick(): void {
    this.counter.increment(2);
    this.gauge.increment(-3);
    this.gauge.record(7);
    record_metric(this.counter.metric_id, 8);
    this.sizes.record(9);
    this.sizes.record(10);
    const defined = define_metric(MetricTypeValues.Gauge, "solo_defined");
    if (defined.result == WasmResultValues.Ok) {
      increment_metric(defined.metric_id, 1);
      record_metric(defined.metric_id, 2);
      log(LogLevelValues.info, "metric " + get_metric(defined.metric_id).data.toString());
    }
  }
  onQueueReady(token: u32): void {
    const item = dequeue_shared_queue(token);
    const data = item.data;
    if (item.result == WasmResultValues.Ok && data !== null) log(LogLevelValues.info, "item " + String.UTF8.decode(data));
    register_shared_queue("queue").result;
    const found = resolve_shared_queue("vm", "queue").result;
    if (found == WasmResultValues.Ok) enqueue_shared_queue(token, bytes("next"));
  }
  onDone(): bool {
    this.cancelPendingRequests();
    super.onDone();
    return false;
  }
  onDelete(): void {
    super.onDelete();
    this.done();
    done();
  }
  onGrpcReceiveInitialMetadata(token: u32, headers: u32): void {
    log(LogLevelValues.info, "initial");
  }
  onGrpcReceiveTrailingMetadata(token: u32, trailers: u32): void {
    log(LogLevelValues.info, "trailing");
  }
  onGrpcReceive(token: u32, response_size: u32): void {
    log(LogLevelValues.info, "message");
  }
  onGrpcClose(token: u32, status_code: u32): void {
    super.onGrpcClose(token, status_code);
    log(LogLevelValues.info, "close " + String.UTF8.decode(get_status().data));
  }
}

class All extends Context {
  name: string = "all";

  onRequestHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const headers: Headers = [];
    headers.push(new HeaderPair(bytes(":path"), bytes("/")));
    const result = this.root_context.httpCall("auth", headers, new ArrayBuffer(0), [], 1000, this,
      (origin_context_: BaseContext, headers: u32, body_size: usize, trailers: u32) => {
        const origin_context = changetype<Context>(origin_context_)
        const all = changetype<All>(origin_context);
        log(LogLevelValues.info, "answer for " + all.name + " " + stream_context.headers.http_callback.get(":status"));
        log(LogLevelValues.info, "trailer " + stream_context.trailers.http_callback.get("x"));
        origin_context.continueRequest();
      });
    if (result != WasmResultValues.Ok) send_local_response(500, "failed", bytes("no"), [], GrpcStatusValues.Internal);
    return FilterHeadersStatusValues.StopIteration;
  }
  onRequestMetadata(a: u32): FilterMetadataStatusValues { return FilterMetadataStatusValues.Continue; }
  onRequestBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    const status = get_buffer_status(BufferTypeValues.HttpRequestBody);
    if (status.flags == BufferFlagsValues.EndOfStream) return FilterDataStatusValues.Continue;
    get_buffer_bytes(BufferTypeValues.HttpRequestBody, 0, <u32>status.length);
    return FilterDataStatusValues.StopIterationAndBuffer;
  }
  onRequestTrailers(a: u32): FilterTrailersStatusValues {
    stream_context.trailers.request.add("t", "1");
    return FilterTrailersStatusValues.StopIteration;
  }
  onResponseHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("a", "1");
    stream_context.headers.response.replace("b", stream_context.headers.response.get("c"));
    stream_context.headers.response.remove("d");
    stream_context.headers.request.set_headers(stream_context.headers.request.get_headers());
    headerMap(HeaderMapTypeValues.ResponseHeaders).add("e", "2");
    headerMap(HeaderMapTypeValues.ResponseHeaders).replace("f", "3");
    headerMap(HeaderMapTypeValues.ResponseHeaders).remove("g");
    headerMap(HeaderMapTypeValues.ResponseHeaders).add(String.UTF8.decode(bytes("h")), String.UTF8.decode(bytes("4")));
    headerMap(HeaderMapTypeValues.ResponseHeaders).replace(String.UTF8.decode(bytes("i")), String.UTF8.decode(String.UTF8.encode(headerMap(HeaderMapTypeValues.RequestHeaders).get(String.UTF8.decode(bytes("j"))))));
    headerMap(HeaderMapTypeValues.ResponseHeaders).remove(String.UTF8.decode(bytes("k")));
    log(LogLevelValues.info, "size " + headerMap(HeaderMapTypeValues.ResponseHeaders).size().toString());
    return FilterHeadersStatusValues.Continue;
  }
  onResponseMetadata(a: u32): FilterMetadataStatusValues { return FilterMetadataStatusValues.Continue; }
  onResponseBody(body_buffer_length: usize, end_of_stream: bool): FilterDataStatusValues {
    set_property("key", get_property("other"));
    set_shared_data("key", bytes("value"));
    const shared = get_shared_data("key");
    const value = shared.value;
    if (shared.result == WasmResultValues.Ok && value !== null) log(LogLevelValues.info, "shared " + String.UTF8.decode(value));
    clear_route_cache();
    return FilterDataStatusValues.Continue;
  }
  onResponseTrailers(s: u32): FilterTrailersStatusValues {
    stream_context.trailers.response.add("t", HeaderMapTypeValues.HttpCallResponseTrailers.toString() + BufferTypeValues.CallData.toString() + StreamTypeValues.Upstream.toString());
    return FilterTrailersStatusValues.Continue;
  }
  onNewConnection(): FilterStatusValues { return FilterStatusValues.Continue; }
  onDownstreamData(size: usize, end: bool): FilterStatusValues { return FilterStatusValues.StopIteration; }
  onUpstreamData(size: usize, end: bool): FilterStatusValues { return FilterStatusValues.Continue; }
  onDownstreamConnectionClose(t: PeerTypeValues): void { log(LogLevelValues.info, "closed " + t.toString()); }
  onUpstreamConnectionClose(t: PeerTypeValues): void {}
  onLog(): void {
    super.onLog();
    this.setEffectiveContext();
    set_effective_context(this.root_context.context_id);
    const callback = new HttpCallback(this, (origin_context: BaseContext, headers: u32, body_size: usize, trailers: u32) => {
      continue_request();
      continue_response();
    });
    callback.cb(callback.origin_context, 0, 0, 0);
    log(LogLevelValues.info, (get_current_time_nanoseconds() > 0).toString());
  }
}

registerRootContext((context_id: u32) => { return new AllRoot(context_id); }, "all");
