/** The numbers of the ABI, by name. */

/** Levels of `log`. */
export enum LogLevelValues {
  trace = 0,
  debug = 1,
  info = 2,
  warn = 3,
  error = 4,
  critical = 5,
}

/** What network callbacks return. */
export enum FilterStatusValues {
  Continue = 0,
  /** Later filters see nothing of it until `continue_downstream`. */
  StopIteration = 1,
}

/** What header callbacks return. */
export enum FilterHeadersStatusValues {
  Continue = 0,
  /** Waits for `continue_request` / `continue_response`. Body callbacks run only where the plugin has `allow_on_headers_stop_iteration`. */
  StopIteration = 1,
  /** Taken as Continue by Envoy and sluice. */
  ContinueAndEndStream = 2,
  /** Waits; the body that arrives meanwhile is buffered. */
  StopAllIterationAndBuffer = 3,
  /** Waits; the sender is slowed down when the body buffer is full. */
  StopAllIterationAndWatermark = 4,
}

/** What metadata callbacks return. */
export enum FilterMetadataStatusValues {
  Continue = 0,
}

/** What trailer callbacks return. */
export enum FilterTrailersStatusValues {
  Continue = 0,
  StopIteration = 1,
}

/** What body callbacks return. */
export enum FilterDataStatusValues {
  Continue = 0,
  /** Keeps the body: the next callback sees all of it. 413 (or 500 for a response) when it outgrows the proxy's buffer. */
  StopIterationAndBuffer = 1,
  /** Keeps the body and slows the sender down when the buffer is full. */
  StopIterationAndWatermark = 2,
  /** Drops this piece of the body. */
  StopIterationNoBuffer = 3,
}

/** gRPC status codes. `InvalidCode` stands for "not a gRPC answer". */
export enum GrpcStatusValues {
  Ok = 0,
  Canceled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
  MaximumValid = 16,
  InvalidCode = -1,
}

/** Kinds of metrics. */
export enum MetricTypeValues {
  Counter = 0,
  Gauge = 1,
  Histogram = 2,
}

/** Who closed a connection. */
export enum PeerTypeValues {
  Unknown = 0,
  Local = 1,
  Remote = 2,
}

/** What the host answers to a call. */
export enum WasmResultValues {
  Ok = 0,
  /** No such header, property, key, queue, function. */
  NotFound = 1,
  /** The map or buffer may not be used now, or an argument is out of range. */
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  InvalidMemoryAccess = 6,
  /** The queue is empty. */
  Empty = 7,
  /** Somebody else changed the shared data: read it again. */
  CasMismatch = 8,
  ResultMismatch = 9,
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
}

/** Header maps. */
export enum HeaderMapTypeValues {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  GrpcReceiveInitialMetadata = 4,
  GrpcReceiveTrailingMetadata = 5,
  HttpCallResponseHeaders = 6,
  HttpCallResponseTrailers = 7,
}

/** Buffers. */
export enum BufferTypeValues {
  HttpRequestBody = 0,
  HttpResponseBody = 1,
  NetworkDownstreamData = 2,
  NetworkUpstreamData = 3,
  HttpCallResponseBody = 4,
  GrpcReceiveBuffer = 5,
  VmConfiguration = 6,
  PluginConfiguration = 7,
  CallData = 8,
}

/** Flags of buffers, as bits. */
export enum BufferFlagsValues {
  EndOfStream = 1,
}

/** Streams, for `proxy_continue_stream` and `proxy_close_stream`. */
export enum StreamTypeValues {
  Request = 0,
  Response = 1,
  Downstream = 2,
  Upstream = 3,
}
