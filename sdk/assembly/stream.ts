/** The stream that the running callback is about: its headers and bodies, and steering it. */
import * as host from './host'
import { BufferManipulator, buffer } from './buffers'
import { BufferTypeValues, GrpcStatusValues, HeaderMapTypeValues, StreamTypeValues, WasmResultValues } from './enums'
import { Headers, HeaderStreamManipulator, headerMap, serializeHeaders } from './headers'
import { beginCall, encode, encodedSize } from './memory'

/** Headers, of both directions and of the answer of an HTTP call. */
@unmanaged
export class HeaderMapManipulator {
  /** Of the request. */
  get request(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.RequestHeaders)
  }

  /** Of the response. */
  get response(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.ResponseHeaders)
  }

  /** Of the answer of an HTTP call, in its callback. */
  get http_callback(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.HttpCallResponseHeaders)
  }
}

/** Trailers. Those of a message without any are made by adding one in the body callback with `end_of_stream`. */
@unmanaged
export class TrailerMapManipulator {
  /** Of the request. */
  get request(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.RequestTrailers)
  }

  /** Of the response. */
  get response(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.ResponseTrailers)
  }

  /** Of the answer of an HTTP call, in its callback. */
  get http_callback(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.HttpCallResponseTrailers)
  }
}

/** Bodies. */
@unmanaged
export class BodyManipulator {
  /** Of the request, in `onRequestBody`. */
  get request(): BufferManipulator {
    return buffer(BufferTypeValues.HttpRequestBody)
  }

  /** Of the response, in `onResponseBody`. */
  get response(): BufferManipulator {
    return buffer(BufferTypeValues.HttpResponseBody)
  }

  /** Of the answer of an HTTP call, in its callback. */
  get http_callback(): BufferManipulator {
    return buffer(BufferTypeValues.HttpCallResponseBody)
  }
}

/** Bytes of a network connection. */
@unmanaged
export class DataManipulator {
  /** From the client, in `onDownstreamData`. */
  get downstream(): BufferManipulator {
    return buffer(BufferTypeValues.NetworkDownstreamData)
  }

  /** From the upstream host, in `onUpstreamData`. */
  get upstream(): BufferManipulator {
    return buffer(BufferTypeValues.NetworkUpstreamData)
  }
}

/** What gRPC callbacks are about. */
@unmanaged
export class GrpcManipulator {
  /** In `onGrpcReceiveInitialMetadata`. */
  get initial_metadata(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.GrpcReceiveInitialMetadata)
  }

  /** In `onGrpcReceiveTrailingMetadata`. */
  get trailing_metadata(): HeaderStreamManipulator {
    return headerMap(HeaderMapTypeValues.GrpcReceiveTrailingMetadata)
  }

  /** The message, in `onGrpcReceive`. */
  get message(): BufferManipulator {
    return buffer(BufferTypeValues.GrpcReceiveBuffer)
  }
}

/** The kinds of things that a stream has. */
@unmanaged
export class StreamContext {
  /** Headers of request, response and answers of HTTP calls. */
  get headers(): HeaderMapManipulator {
    return changetype<HeaderMapManipulator>(1)
  }

  /** Their trailers. */
  get trailers(): TrailerMapManipulator {
    return changetype<TrailerMapManipulator>(1)
  }

  /** Their bodies. */
  get body(): BodyManipulator {
    return changetype<BodyManipulator>(1)
  }

  /** Bytes of a network connection. */
  get data(): DataManipulator {
    return changetype<DataManipulator>(1)
  }

  /** What a gRPC callback is about. */
  get grpc(): GrpcManipulator {
    return changetype<GrpcManipulator>(1)
  }
}

/** The stream of the running callback: `stream_context.headers.request.get(":path")`. */
export const stream_context: StreamContext = changetype<StreamContext>(1)

/** Makes host calls act on a context's stream until the callback returns. BadArgument: there is no such context. */
export function set_effective_context(context_id: u32): WasmResultValues {
  return host.proxy_set_effective_context(context_id)
}

/** Ends the root context whose `onDone` returned false. */
export function done(): WasmResultValues {
  return host.proxy_done()
}

/** Lets a request go on that a callback held back. */
export function continue_request(): WasmResultValues {
  return host.proxy_continue_stream(StreamTypeValues.Request)
}

/** Lets a response go on that a callback held back. */
export function continue_response(): WasmResultValues {
  return host.proxy_continue_stream(StreamTypeValues.Response)
}

/** Lets a connection's data go on that `onNewConnection` or `onDownstreamData` held back. */
export function continue_downstream(): WasmResultValues {
  return host.proxy_continue_stream(StreamTypeValues.Downstream)
}

/** Ends the HTTP stream with a reset. */
export function close_request(): WasmResultValues {
  return host.proxy_close_stream(StreamTypeValues.Request)
}

/** Ends the HTTP stream with a reset, from the response's side. */
export function close_response(): WasmResultValues {
  return host.proxy_close_stream(StreamTypeValues.Response)
}

/** Closes the client's connection, after what was written to it. For network filters. */
export function close_downstream(): WasmResultValues {
  return host.proxy_close_stream(StreamTypeValues.Downstream)
}

/** Closes the upstream connection. For network filters. */
export function close_upstream(): WasmResultValues {
  return host.proxy_close_stream(StreamTypeValues.Upstream)
}

/**
 * Answers the request from here. Nothing that the callback returns counts after it; return StopIteration.
 * @param response_code_details for the access log (%RESPONSE_CODE_DETAILS%)
 * @param additional_headers added to the proxy's own; `content-type` replaces
 * @param grpc_status for gRPC requests, which get HTTP 200 with this status and the body as `grpc-message`
 */
export function send_local_response(
  response_code: u32,
  response_code_details: string,
  body: ArrayBuffer,
  additional_headers: Headers,
  grpc_status: GrpcStatusValues = GrpcStatusValues.InvalidCode,
): WasmResultValues {
  const headers = serializeHeaders(additional_headers)
  beginCall()
  const details = encode(response_code_details)
  const detailsSize = encodedSize
  return host.proxy_send_local_response(
    response_code,
    details,
    detailsSize,
    changetype<usize>(body),
    body.byteLength,
    changetype<usize>(headers),
    headers.byteLength,
    grpc_status,
  )
}

/** `send_local_response` without a gRPC status. */
export function send_http_response(
  response_code: u32,
  response_code_details: string,
  body: ArrayBuffer,
  additional_headers: Headers,
): WasmResultValues {
  return send_local_response(response_code, response_code_details, body, additional_headers)
}
