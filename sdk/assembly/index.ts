/** The AssemblyScript SDK for proxy-wasm filters (ABI 0.2.1): everything that a filter imports. */
export * from './enums'
export {
  BufferManipulator,
  BufferStatusResult,
  get_buffer_bytes,
  get_buffer_status,
  set_buffer_bytes,
} from './buffers'
export {
  CallResult,
  get_status,
  grpc_cancel,
  grpc_close,
  grpc_send,
  HttpCallback,
  HttpCallbackFunction,
  StatusWithData,
} from './calls'
export { ConfigReader } from './config'
export { BaseContext, Context, RootContext } from './contexts'
export {
  call_foreign_function,
  clear_route_cache,
  compress,
  foreign_function,
  ForeignResult,
  set_metadata,
  uncompress,
} from './foreign'
export {
  deserializeHeaders,
  headerMap,
  HeaderPair,
  Headers,
  HeaderSnapshot,
  HeaderStreamManipulator,
  makeHeaderPair,
  makeHeaders,
  serializeHeaders,
} from './headers'
export { IpRange, withoutPort } from './ip'
export { Json, JsonKind, quoteJson } from './json'
export { get_current_time_nanoseconds, log, logEnabled, logLevel, set_tick_period_milliseconds } from './log'
export {
  Counter,
  define_metric,
  Gauge,
  get_metric,
  Histogram,
  increment_metric,
  Metric,
  metric_name,
  MetricData,
  MetricResult,
  record_metric,
} from './metrics'
export {
  get_property,
  get_property_bool,
  get_property_bytes,
  get_property_f64,
  get_property_i64,
  get_property_map,
  get_property_string,
  get_property_u64,
  properties,
  property_path,
  set_property,
  set_property_string,
} from './properties'
export { registerRootContext, RootContextFactory } from './registry'
export {
  dequeue_shared_queue,
  DequeueSharedQueueResult,
  enqueue_shared_queue,
  get_shared_data,
  GetSharedData,
  register_shared_queue,
  resolve_shared_queue,
  set_shared_data,
  TokenSharedQueueResult,
} from './shared'
export {
  BodyManipulator,
  close_downstream,
  close_request,
  close_response,
  close_upstream,
  continue_downstream,
  continue_request,
  continue_response,
  DataManipulator,
  done,
  GrpcManipulator,
  HeaderMapManipulator,
  send_http_response,
  send_local_response,
  set_effective_context,
  stream_context,
  StreamContext,
  TrailerMapManipulator,
} from './stream'
export { base64_decode, cookie_value, equals_constant_time, path_is_below, random_u64 } from './text'
