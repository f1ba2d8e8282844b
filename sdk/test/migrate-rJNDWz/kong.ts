// A program for @kong/proxy-wasm-sdk that uses every call of its index. Rewritten and run by migrate.test.ts.
export * from 'proxy-wasm-sdk-as/assembly/proxy'
import {
  BaseContext,
  RootContext,
  Context,
  registerRootContext,
  BufferTypeValues,
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
  makeHeaderPair,
  Gauge,
  Histogram,
  Counter,
  log,
  HttpCallback,
  send_local_response,
  send_http_response,
  continue_request,
  continue_response,
  set_effective_context as effective,
  set_property,
  get_property,
  get_shared_data,
  GetSharedData,
  set_shared_data,
  set_tick_period_milliseconds,
  register_shared_queue,
  resolve_shared_queue,
  enqueue_shared_queue,
  dequeue_shared_queue,
  get_buffer_bytes,
  call_foreign_function,
  get_current_time_nanoseconds,
  set_effective_context
} from 'proxy-wasm-sdk-as/assembly'

class AllRoot extends RootContext {
  gauge: Gauge = new Gauge('kong_gauge')

  createContext(context_id: u32): Context {
    return new All(context_id, this)
  }
  onConfigure(configuration_size: u32): bool {
    super.onConfigure(configuration_size)
    set_tick_period_milliseconds(1000)
    new Counter('kong_counter').increment(1)
    const sizes = new Histogram('kong_sizes')
    sizes.record(3)
    sizes.record(4)
    this.gauge.record(5)
    return this.getConfiguration() == 'configuration'
  }
  onTick(): void {
    log(LogLevelValues.debug, (get_current_time_nanoseconds() > 0).toString())
  }
  onQueueReady(token: u32): void {
    const queue = register_shared_queue('queue')
    const other = resolve_shared_queue('vm', 'queue')
    if (queue.result == WasmResultValues.Ok && other.result == WasmResultValues.Ok)
      enqueue_shared_queue(other.token, String.UTF8.encode('item'))
    const item = dequeue_shared_queue(token)
    const data = item.data
    if (data !== null) log(LogLevelValues.info, String.UTF8.decode(data))
  }
  onDone(): bool {
    this.cancelPendingRequests()
    return super.onDone()
  }
}

function onAnswer(origin_context: BaseContext, headers: u32, body_size: usize, trailers: u32): void {
  const body = get_buffer_bytes(BufferTypeValues.HttpCallResponseBody, 0, body_size as u32)
  log(LogLevelValues.info, 'body ' + String.UTF8.decode(body))
  const callback = new HttpCallback(origin_context, onAnswer)
  if (callback.origin_context === origin_context) continue_request()
  else continue_response()
}

class All extends Context {
  constructor(context_id: u32, root_context: AllRoot) {
    super(context_id, root_context)
  }
  onRequestHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const headers: Headers = stream_context.headers.request.get_headers()
    headers.push(makeHeaderPair('x', 'y'))
    const pair: HeaderPair = headers[0]
    log(LogLevelValues.trace, pair.toString())
    const result = this.root_context.httpCall('cluster', headers, new ArrayBuffer(0), [], 500, this, onAnswer)
    if (result != WasmResultValues.Ok) {
      send_http_response(502, 'call', new ArrayBuffer(0), [])
      send_local_response(502, 'call', new ArrayBuffer(0), [], GrpcStatusValues.Unavailable)
    }
    return FilterHeadersStatusValues.StopAllIterationAndWatermark
  }
  onRequestMetadata(a: u32): FilterMetadataStatusValues {
    return FilterMetadataStatusValues.Continue
  }
  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    const shared: GetSharedData = get_shared_data('key')
    set_shared_data('key', String.UTF8.encode('new'), shared.cas)
    set_property('to', get_property('from'))
    set_effective_context(this.context_id)
    log(LogLevelValues.info, String.UTF8.decode(call_foreign_function('reverse', 'abc')))
    return FilterDataStatusValues.StopIterationNoBuffer
  }
  onRequestTrailers(a: u32): FilterTrailersStatusValues {
    return FilterTrailersStatusValues.Continue
  }
  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    return FilterStatusValues.StopIteration
  }
}

registerRootContext((context_id: u32) => {
  return new AllRoot(context_id)
}, 'all')
