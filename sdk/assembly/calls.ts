/**
 * Calls to upstream clusters: who made each, so that answers reach that context and act on its stream. Answers to contexts
 * that are gone are dropped.
 */
import * as host from "./host"
import { BaseContext } from "./contexts"
import { Headers, serializeHeaders } from "./headers"
import { WasmResultValues } from "./enums"
import { beginCall, outNumber, outPointer, outSize, takeString } from "./memory"
import { findContext } from "./registry"

/** Called with the answer of an HTTP call. Functions hold no variables of where they were written: use the context. */
export type HttpCallbackFunction = (origin_context: BaseContext, headers: u32, body_size: usize, trailers: u32) => void

/** A function and the context that it is called with. The SDK keeps one for each HTTP call with a function. */
export class HttpCallback {
  constructor(
    /** Whose stream host calls act on in the function. */
    public origin_context: BaseContext,
    /** The function. */
    public cb: HttpCallbackFunction,
  ) {}
}

/** A call under way. */
class PendingCall {
  constructor(
    public origin: BaseContext,
    /** Where the answer of an HTTP call goes, if not to the context. */
    public callback: HttpCallback | null,
    /** Its answer is one callback. */
    public unary: bool,
  ) {}
}

// @ts-ignore: decorator
@lazy
const pending: Map<u32, PendingCall> = new Map<u32, PendingCall>()

/** The number of a call, or why there is none. */
export class CallResult {
  constructor(
    /** Not Ok: there is no such cluster, or the headers lack :method, :path or :authority. */
    public result: WasmResultValues,
    /** Names the call in callbacks. */
    public token: u32,
  ) {}
}

/** Remembers a call that the host took. */
function started(result: WasmResultValues, call: PendingCall): CallResult {
  const token = result == WasmResultValues.Ok ? load<u32>(outNumber) : 0
  if (token != 0) pending.set(token, call)
  return new CallResult(result, token)
}

// A call costs much more than the garbage of its parameters: they are encoded in the plain way.

/** `BaseContext.dispatchHttpCall` and `RootContext.httpCall`. */
export function httpCall(
  origin: BaseContext,
  cluster: string,
  headers: Headers,
  body: ArrayBuffer,
  trailers: Headers,
  timeout_milliseconds: u32,
  callback: HttpCallback | null,
): CallResult {
  const c = String.UTF8.encode(cluster)
  const h = serializeHeaders(headers)
  const t = serializeHeaders(trailers)
  // prettier-ignore
  const result = host.proxy_http_call(
    at(c), c.byteLength, at(h), h.byteLength, at(body), body.byteLength, at(t), t.byteLength, timeout_milliseconds, outNumber,
  )
  return started(result, new PendingCall(origin, callback, true))
}

/** `BaseContext.grpcCall`. */
export function grpcCall(
  origin: BaseContext,
  cluster: string,
  service: string,
  method: string,
  metadata: Headers,
  message: ArrayBuffer,
  timeout_milliseconds: u32,
): CallResult {
  const c = String.UTF8.encode(cluster)
  const s = String.UTF8.encode(service)
  const m = String.UTF8.encode(method)
  const h = serializeHeaders(metadata)
  // prettier-ignore
  const result = host.proxy_grpc_call(
    at(c), c.byteLength, at(s), s.byteLength, at(m), m.byteLength, at(h), h.byteLength, at(message), message.byteLength,
    timeout_milliseconds, outNumber,
  )
  return started(result, new PendingCall(origin, null, true))
}

/** `BaseContext.grpcStream`. */
export function grpcStream(
  origin: BaseContext,
  cluster: string,
  service: string,
  method: string,
  metadata: Headers,
): CallResult {
  const c = String.UTF8.encode(cluster)
  const s = String.UTF8.encode(service)
  const m = String.UTF8.encode(method)
  const h = serializeHeaders(metadata)
  // prettier-ignore
  const result = host.proxy_grpc_stream(
    at(c), c.byteLength, at(s), s.byteLength, at(m), m.byteLength, at(h), h.byteLength, outNumber,
  )
  return started(result, new PendingCall(origin, null, false))
}

// @ts-ignore: decorator
@inline
function at(bytes: ArrayBuffer): usize {
  return changetype<usize>(bytes)
}

/** Sends a message on a gRPC stream. @param end_of_stream it is the last */
export function grpc_send(token: u32, message: ArrayBuffer, end_of_stream: bool): WasmResultValues {
  return host.proxy_grpc_send(token, changetype<usize>(message), message.byteLength, end_of_stream)
}

/** Ends a call or stream at once; no callbacks follow. */
export function grpc_cancel(token: u32): WasmResultValues {
  pending.delete(token)
  return host.proxy_grpc_cancel(token)
}

/** Ends a stream from our side; what the server still sends goes nowhere. */
export function grpc_close(token: u32): WasmResultValues {
  return host.proxy_grpc_close(token)
}

/** `BaseContext.cancelPendingRequests`. */
export function dropCalls(origin: BaseContext): void {
  const tokens = pending.keys()
  for (let i = 0; i < tokens.length; i++) if (pending.get(tokens[i]).origin === origin) pending.delete(tokens[i])
}

/** What `get_status` answers. */
export class StatusWithData {
  constructor(
    /** The code: of gRPC, or 11 for an HTTP call cut off. */
    public status: u32,
    /** The message, "" when there is none. */
    public message: string,
  ) {}

  /** The message as bytes. */
  get data(): ArrayBuffer {
    return String.UTF8.encode(this.message)
  }
}

/** Status and message of the call that the running callback is about; 11 "reset" for an HTTP call cut off. */
export function get_status(): StatusWithData {
  beginCall()
  return host.proxy_get_status(outNumber, outPointer, outSize) == WasmResultValues.Ok
    ? new StatusWithData(load<u32>(outNumber), takeString())
    : new StatusWithData(0, "")
}

/** Who made a call, if it lives; host calls act on it from now on. */
function callOf(token: u32, over: bool): PendingCall | null {
  if (!pending.has(token)) return null
  const call = pending.get(token)
  if (over) pending.delete(token)
  const origin = call.origin
  if (findContext(origin.context_id) !== origin || origin.setEffectiveContext() != WasmResultValues.Ok) {
    pending.delete(token)
    return null
  }
  return call
}

/** The host's `proxy_on_http_call_response`. */
export function httpCallResponse(token: u32, headers: u32, bodySize: u32, trailers: u32): void {
  const call = callOf(token, true)
  if (call === null) return
  const callback = call.callback
  if (callback !== null) callback.cb(call.origin, headers, bodySize, trailers)
  else call.origin.onHttpCallResponse(token, headers, bodySize, trailers)
}

/** The host's `proxy_on_grpc_receive_initial_metadata`. */
export function grpcInitialMetadata(token: u32, headers: u32): void {
  const call = callOf(token, false)
  if (call !== null) call.origin.onGrpcReceiveInitialMetadata(token, headers)
}

/** The host's `proxy_on_grpc_receive`. */
export function grpcReceive(token: u32, size: u32): void {
  const call = callOf(token, false)
  if (call === null) return
  if (call.unary) pending.delete(token)
  call.origin.onGrpcReceive(token, size)
}

/** The host's `proxy_on_grpc_receive_trailing_metadata`. */
export function grpcTrailingMetadata(token: u32, trailers: u32): void {
  const call = callOf(token, false)
  if (call !== null) call.origin.onGrpcReceiveTrailingMetadata(token, trailers)
}

/** The host's `proxy_on_grpc_close`. */
export function grpcClosed(token: u32, status: u32): void {
  const call = callOf(token, true)
  if (call !== null) call.origin.onGrpcClose(token, status)
}
