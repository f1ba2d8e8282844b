// Each exported function makes one SDK call (or a few of a kind) and logs what came back. Run by host-calls.test.ts.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import * as sdk from "proxy-wasm-sdk-as/assembly"
import { stream_context } from "proxy-wasm-sdk-as/assembly"

function say(text: string): void {
  sdk.log(sdk.LogLevelValues.info, text)
}

function bytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text)
}

function textOf(data: ArrayBuffer | null): string {
  return data === null ? "null" : '"' + String.UTF8.decode(data) + '"'
}

function orNull(text: string | null): string {
  return text === null ? "null" : '"' + text + '"'
}

// ── contexts that log their callbacks ──

class Root extends sdk.RootContext {
  createContext(context_id: u32): sdk.Context {
    return new Stream(context_id, this)
  }
  onStart(size: usize): bool {
    say("onStart " + size.toString())
    return true
  }
  validateConfiguration(size: usize): bool {
    say("validateConfiguration " + size.toString())
    return size != 0
  }
  onConfigure(size: u32): bool {
    say("onConfigure " + size.toString() + " " + this.getConfiguration() + " " + this.getConfigurationBytes().byteLength.toString())
    return this.getConfiguration() != "bad"
  }
  onTick(): void {
    say("onTick " + this.context_id.toString())
  }
  onQueueReady(token: u32): void {
    say("onQueueReady " + token.toString())
  }
  onForeignFunction(id: u32, size: u32): void {
    say("onForeignFunction " + id.toString() + " " + size.toString())
  }
  onDone(): bool {
    say("root onDone")
    return false
  }
  onLog(): void {
    say("root onLog")
  }
  onDelete(): void {
    say("root onDelete")
  }
}

class Stream extends sdk.Context {
  private name(): string {
    return this.context_id.toString()
  }
  onRequestHeaders(n: u32, end: bool): sdk.FilterHeadersStatusValues {
    say("onRequestHeaders " + n.toString() + " " + end.toString())
    return sdk.FilterHeadersStatusValues.StopIteration
  }
  onRequestBody(n: usize, end: bool): sdk.FilterDataStatusValues {
    say("onRequestBody " + n.toString() + " " + end.toString())
    return sdk.FilterDataStatusValues.StopIterationAndBuffer
  }
  onRequestTrailers(n: u32): sdk.FilterTrailersStatusValues {
    say("onRequestTrailers " + n.toString())
    return sdk.FilterTrailersStatusValues.StopIteration
  }
  onRequestMetadata(n: u32): sdk.FilterMetadataStatusValues {
    say("onRequestMetadata " + n.toString())
    return sdk.FilterMetadataStatusValues.Continue
  }
  onResponseHeaders(n: u32, end: bool): sdk.FilterHeadersStatusValues {
    say("onResponseHeaders " + n.toString() + " " + end.toString())
    return sdk.FilterHeadersStatusValues.StopAllIterationAndWatermark
  }
  onResponseBody(n: usize, end: bool): sdk.FilterDataStatusValues {
    say("onResponseBody " + n.toString() + " " + end.toString())
    return sdk.FilterDataStatusValues.StopIterationNoBuffer
  }
  onResponseTrailers(n: u32): sdk.FilterTrailersStatusValues {
    say("onResponseTrailers " + n.toString())
    return sdk.FilterTrailersStatusValues.Continue
  }
  onResponseMetadata(n: u32): sdk.FilterMetadataStatusValues {
    say("onResponseMetadata " + n.toString())
    return sdk.FilterMetadataStatusValues.Continue
  }
  onNewConnection(): sdk.FilterStatusValues {
    say("onNewConnection")
    return sdk.FilterStatusValues.StopIteration
  }
  onDownstreamData(n: usize, end: bool): sdk.FilterStatusValues {
    say("onDownstreamData " + n.toString() + " " + end.toString())
    return sdk.FilterStatusValues.StopIteration
  }
  onUpstreamData(n: usize, end: bool): sdk.FilterStatusValues {
    say("onUpstreamData " + n.toString() + " " + end.toString())
    return sdk.FilterStatusValues.Continue
  }
  onDownstreamConnectionClose(t: sdk.PeerTypeValues): void {
    say("onDownstreamConnectionClose " + t.toString())
  }
  onUpstreamConnectionClose(t: sdk.PeerTypeValues): void {
    say("onUpstreamConnectionClose " + t.toString())
  }
  onHttpCallResponse(token: u32, headers: u32, size: u32, trailers: u32): void {
    say(this.name() + " onHttpCallResponse " + token.toString() + " " + headers.toString() + " " + size.toString() + " " + trailers.toString())
  }
  onGrpcReceiveInitialMetadata(token: u32, n: u32): void {
    say(this.name() + " onGrpcReceiveInitialMetadata " + token.toString() + " " + n.toString())
  }
  onGrpcReceive(token: u32, n: u32): void {
    say(this.name() + " onGrpcReceive " + token.toString() + " " + n.toString())
  }
  onGrpcReceiveTrailingMetadata(token: u32, n: u32): void {
    say(this.name() + " onGrpcReceiveTrailingMetadata " + token.toString() + " " + n.toString())
  }
  onGrpcClose(token: u32, status: u32): void {
    say(this.name() + " onGrpcClose " + token.toString() + " " + status.toString())
  }
  onLog(): void {
    say("onLog")
  }
}

sdk.registerRootContext((context_id: u32) => new Root(context_id), "calls")

// ── host calls ──

export function logs(): void {
  sdk.log(sdk.LogLevelValues.trace, "t")
  sdk.log(sdk.LogLevelValues.critical, "grüße 😀 " + "x".repeat(3000))
}

export function logLevel(): void {
  say(sdk.logLevel().toString() + sdk.logEnabled(sdk.LogLevelValues.debug).toString())
}

export function status(): void {
  const status = sdk.get_status()
  say(status.status.toString() + " " + status.message)
}

export function timer(): void {
  say(sdk.set_tick_period_milliseconds(250).toString())
}

export function time(): void {
  say(sdk.get_current_time_nanoseconds().toString())
}

export function propertyBytes(): void {
  say(textOf(sdk.get_property(sdk.property_path(["a", "b"]))) + textOf(sdk.get_property_bytes("c")))
}

export function propertyString(): void {
  say(orNull(sdk.get_property_string("p")))
}

export function propertyNumbers(): void {
  say(sdk.get_property_i64("i", -7).toString() + " " + sdk.get_property_u64("u", 8).toString() + " " + sdk.get_property_f64("f", 0.5).toString())
}

export function propertyBool(): void {
  say(sdk.get_property_bool("b", true).toString())
}

export function propertyMap(): void {
  const map = sdk.get_property_map("m")
  let all = ""
  for (let i = 0; i < map.length; i++) all += map.name(i) + "=" + map.value(i) + ";"
  say(all)
}

export function propertyNamed(): void {
  say(sdk.properties.request.path() + " " + sdk.properties.response.code().toString() + " " + sdk.properties.request.header("x"))
}

export function setProperty(): void {
  sdk.set_property("key", bytes("value"))
  sdk.set_property_string("key", "text")
}

export function continueAndClose(): void {
  sdk.continue_request()
  sdk.continue_response()
  sdk.continue_downstream()
  sdk.close_request()
  sdk.close_response()
  sdk.close_downstream()
  sdk.close_upstream()
}

export function localResponse(): void {
  sdk.send_local_response(429, "too many", bytes("slow"), sdk.makeHeaders(["retry-after", "1", "x", "ü"]), sdk.GrpcStatusValues.ResourceExhausted)
  sdk.send_http_response(204, "", new ArrayBuffer(0), [])
}

export function sharedData(): void {
  const found = sdk.get_shared_data("key")
  say(found.result.toString() + " " + textOf(found.value) + " " + found.cas.toString())
  say(sdk.set_shared_data("key", bytes("new"), found.cas).toString())
}

export function queues(): void {
  const queue = sdk.register_shared_queue("q")
  const other = sdk.resolve_shared_queue("vm", "q2")
  say(queue.token.toString() + " " + other.token.toString() + " " + sdk.enqueue_shared_queue(other.token, bytes("item")).toString())
  const item = sdk.dequeue_shared_queue(queue.token)
  say(item.result.toString() + " " + textOf(item.data))
}

export function headerGet(): void {
  const headers = stream_context.headers.request
  say('"' + headers.get("x") + '" ' + orNull(headers.getOrNull("x")) + " " + headers.has("x").toString() + " " + textOf(headers.getBytes("x")))
}

export function headerChange(): void {
  stream_context.headers.response.add("a", "1")
  stream_context.headers.response.replace("ä", "ö".repeat(1500))
  stream_context.trailers.request.remove("c")
}

export function headerPairs(): void {
  const all = stream_context.headers.request.snapshot()
  for (let i = 0; i < all.length; i++) say(all.name(i) + "=" + all.value(i))
  const headers = stream_context.headers.request.get_headers()
  for (let i = 0; i < headers.length; i++) say(headers[i].toString())
  headers.push(sdk.makeHeaderPair("last", ""))
  stream_context.trailers.response.set_headers(headers)
}

export function headerSize(): void {
  say(stream_context.headers.request.size().toString())
}

export function headerMaps(): void {
  stream_context.headers.request.has("")
  stream_context.trailers.request.has("")
  stream_context.headers.response.has("")
  stream_context.trailers.response.has("")
  stream_context.grpc.initial_metadata.has("")
  stream_context.grpc.trailing_metadata.has("")
  stream_context.headers.http_callback.has("")
  stream_context.trailers.http_callback.has("")
}

export function bufferGet(): void {
  say(textOf(stream_context.body.request.get(1, 2)) + " " + stream_context.body.response.text())
  say(stream_context.data.downstream.get().byteLength.toString())
}

export function bufferSize(): void {
  const status = sdk.get_buffer_status(sdk.BufferTypeValues.NetworkUpstreamData)
  say(stream_context.grpc.message.size().toString() + " " + status.length.toString() + " " + status.flags.toString())
}

export function bufferSet(): void {
  stream_context.body.request.set(bytes("all"))
  stream_context.body.response.set_text("text")
  stream_context.data.upstream.append(bytes("end"))
  stream_context.data.downstream.prepend(bytes("start"))
}

export function counter(): void {
  const counter = new sdk.Counter("requests", ["method", "GET", "code", "200"])
  counter.increment()
  counter.increment(5)
  say(counter.value.toString())
}

export function gauge(): void {
  const gauge = new sdk.Gauge("open")
  gauge.increment(-3)
  gauge.record(9)
  say(gauge.value.toString())
}

export function histogram(): void {
  new sdk.Histogram("size").record(1234)
}

export function foreign(): void {
  say(textOf(sdk.call_foreign_function("f", "argument")))
  const answer = sdk.foreign_function("g", bytes("x"))
  say(answer.result.toString() + " " + answer.data.byteLength.toString())
  say(textOf(sdk.compress(bytes("x"))) + textOf(sdk.uncompress(bytes("x"))) + sdk.clear_route_cache().toString())
}

export function metadata(): void {
  say(sdk.set_metadata("com.example", "user", "jo").toString())
}

export function done(): void {
  say(new Root(1).done().toString())
}

const noHeaders: sdk.Headers = []
const target = sdk.makeHeaders([":method", "GET", ":path", "/", ":authority", "a"])

/** Of a stream context (which must exist), by callback function and by method. */
export function httpCall(origin: u32): void {
  const stream = contextOf(origin)
  const call = stream.dispatchHttpCall("cluster", target, bytes("body"), sdk.makeHeaders(["t", "1"]), 1500)
  say(call.result.toString() + " " + call.token.toString())
}

export function httpCallTo(origin: u32): void {
  const stream = contextOf(origin)
  const result = stream.root_context.httpCall("cluster", target, new ArrayBuffer(0), noHeaders, 0, stream, (origin, headers, size, trailers) => {
    say("callback of " + origin.context_id.toString() + ": " + headers.toString() + " " + size.toString() + " " + trailers.toString())
  })
  say(result.toString())
}

export function cancelCalls(origin: u32): void {
  contextOf(origin).cancelPendingRequests()
}

export function grpcCall(origin: u32): void {
  const call = contextOf(origin).grpcCall("cluster", "pkg.Service", "Method", sdk.makeHeaders(["m", "d"]), bytes("message"), 700)
  say(call.result.toString() + " " + call.token.toString())
}

export function grpcStream(origin: u32): void {
  const call = contextOf(origin).grpcStream("cluster", "pkg.Service", "Method", noHeaders)
  say(call.result.toString() + " " + call.token.toString())
}

export function grpcSend(token: u32): void {
  sdk.grpc_send(token, bytes("one"), false)
  sdk.grpc_send(token, bytes("two"), true)
  sdk.grpc_close(token)
}

export function grpcCancel(token: u32): void {
  sdk.grpc_cancel(token)
}

import { getContext } from "proxy-wasm-sdk-as/assembly/registry"
function contextOf(id: u32): sdk.Context {
  return getContext(id)
}

export function boom(): void {
  throw new Error("boom")
}
