// Uses the SDK the way filters do; what comes out must be the same on every host. Run by conformance.test.ts, which says
// what to do by the request's path (`/case`) and looks at answers, at the upstream's view and at the log.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import * as sdk from "proxy-wasm-sdk-as/assembly"
import { properties, stream_context } from "proxy-wasm-sdk-as/assembly"

function say(text: string): void {
  sdk.log(sdk.LogLevelValues.info, text)
}

function bytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text)
}

function textOf(data: ArrayBuffer | null): string {
  return data === null ? "null" : String.UTF8.decode(data)
}

const none: sdk.Headers = []
const empty = new ArrayBuffer(0)

class HttpRoot extends sdk.RootContext {
  requests!: sdk.Counter
  open!: sdk.Gauge
  size!: sdk.Histogram
  queue: u32 = 0
  ticks: i32 = 0

  onConfigure(size: u32): bool {
    this.requests = new sdk.Counter("sdk_requests", ["kind", "test"])
    this.open = new sdk.Gauge("sdk_open")
    this.size = new sdk.Histogram("sdk_size")
    this.queue = sdk.register_shared_queue("queue").token
    return this.getConfiguration() != "refuse"
  }

  onTick(): void {
    if (++this.ticks == 2) sdk.set_tick_period_milliseconds(0)
    say("tick " + this.ticks.toString())
  }

  onQueueReady(token: u32): void {
    const item = sdk.dequeue_shared_queue(token)
    if (item.result == sdk.WasmResultValues.Ok) say("queue " + (token == this.queue).toString() + " " + textOf(item.data))
  }

  createContext(context_id: u32): sdk.Context {
    return new HttpFilter(context_id, this)
  }
}

class HttpFilter extends sdk.Context {
  private mode: string = ""
  private calls: i32 = 0

  constructor(
    context_id: u32,
    private root: HttpRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): sdk.FilterHeadersStatusValues {
    const headers = stream_context.headers.request
    const path = headers.get(":path")
    this.mode = path.substring(1)
    this.root.requests.increment()
    if (this.mode == "headers") {
      say([headers.get("x-one"), headers.has("x-empty").toString(), headers.has("x-none").toString(), headers.get("x-two")].join(" "))
      const all = headers.snapshot()
      let names = ""
      for (let i = 0; i < all.length; i++) if (all.name(i).startsWith("x-two")) names += all.name(i) + "=" + all.value(i) + ";"
      say(names + " " + (all.length == count).toString())
      headers.remove("x-one")
      headers.replace("x-two", "changed")
      headers.add("x-three", "1")
      headers.add("x-three", "zwei ü")
    } else if (this.mode == "set-headers") {
      const all = headers.get_headers()
      all.push(sdk.makeHeaderPair("x-pushed", "yes"))
      say(headers.set_headers(all).toString())
    } else if (this.mode == "reply") {
      sdk.send_local_response(418, "short and stout", bytes("teapot\n"), sdk.makeHeaders(["x-pot", "tea", "content-type", "text/x-tea"]))
      return sdk.FilterHeadersStatusValues.StopIteration
    } else if (this.mode == "upper" || this.mode == "upper-response") {
      headers.remove("content-length")
    } else if (this.mode == "call") {
      const call = this.dispatchHttpCall("other", sdk.makeHeaders([":method", "POST", ":path", "/service", ":authority", "svc", "x-call", "1"]), bytes("question"), none, 2000)
      say("call " + call.result.toString())
      const refused = this.dispatchHttpCall("nowhere", sdk.makeHeaders([":method", "GET", ":path", "/", ":authority", "svc"]), empty, none, 2000)
      say("unknown cluster " + refused.result.toString())
      return sdk.FilterHeadersStatusValues.StopIteration
    } else if (this.mode == "call-function") {
      this.root.httpCall("dead", sdk.makeHeaders([":method", "GET", ":path", "/", ":authority", "svc"]), empty, none, 2000, this, (origin, headers, size, trailers) => {
        say("answer " + stream_context.headers.http_callback.get(":status") + " " + (headers > 0).toString())
        stream_context.headers.request.add("x-answer", stream_context.headers.http_callback.get(":status"))
        origin.continueRequest()
      })
      return sdk.FilterHeadersStatusValues.StopAllIterationAndWatermark
    } else if (this.mode == "properties") {
      this.sayProperties()
    } else if (this.mode == "shared") {
      this.useShared()
    } else if (this.mode == "metrics") {
      this.root.open.record(7)
      this.root.open.increment(-2)
      this.root.size.record(100)
      say("gauge " + this.root.open.value.toString())
    } else if (this.mode == "foreign") {
      const packed = sdk.compress(bytes("hello hello hello hello"))
      say("compressed " + (packed !== null && packed.byteLength > 0).toString())
      if (packed !== null) say("uncompressed " + textOf(sdk.uncompress(packed)))
      say("broken " + (sdk.uncompress(bytes("no zlib")) === null).toString() + " unknown " + sdk.foreign_function("no_such", empty).result.toString())
      sdk.clear_route_cache()
    } else if (this.mode == "state") {
      say("set " + sdk.set_property_string("sdk_state", "kept ü").toString())
      say("metadata " + sdk.set_metadata("com.example", "user", "jo").toString())
    } else if (this.mode == "close") {
      sdk.close_request()
      return sdk.FilterHeadersStatusValues.StopIteration
    } else if (this.mode == "throw") {
      throw new Error("thrown by the filter")
    } else if (this.mode == "grpc") {
      const call = this.grpcCall("grpc", "test.Echo", "Say", sdk.makeHeaders(["x-md", "1"]), bytes("message"), 2000)
      say("grpc call " + call.result.toString())
      if (call.result != sdk.WasmResultValues.Ok) return sdk.FilterHeadersStatusValues.Continue
      return sdk.FilterHeadersStatusValues.StopAllIterationAndWatermark
    } else if (this.mode == "grpc-stream") {
      const call = this.grpcStream("grpc", "test.Echo", "Stream", none)
      say("grpc stream " + call.result.toString())
      if (call.result != sdk.WasmResultValues.Ok) return sdk.FilterHeadersStatusValues.Continue
      sdk.grpc_send(call.token, bytes("one"), false)
      sdk.grpc_send(call.token, bytes("two"), true)
      return sdk.FilterHeadersStatusValues.StopAllIterationAndWatermark
    }
    return sdk.FilterHeadersStatusValues.Continue
  }

  private sayProperties(): void {
    say([properties.request.path(), properties.request.url_path(), properties.request.query(), properties.request.method(), properties.request.host(), properties.request.scheme(), properties.request.protocol(), properties.request.header("x-two")].join(" "))
    say([properties.plugin_name(), properties.plugin_root_id(), properties.plugin_vm_id(), properties.xds.node_id(), properties.xds.cluster_name(), properties.xds.route_name()].join(" "))
    const now = <i64>sdk.get_current_time_nanoseconds()
    say((properties.request.time() <= now && now - properties.request.time() < 10_000_000_000).toString())
    say(properties.source.address().startsWith("127.0.0.1:").toString() + " " + (properties.source.port() > 0).toString() + " " + (properties.destination.port() > 0).toString() + " " + properties.connection.mtls().toString())
    say((sdk.get_property_string("no_such") === null).toString() + " " + properties.response.code().toString())
    const headers = sdk.get_property_map(sdk.property_path(["request", "headers"]))
    say((headers.length > 3).toString())
  }

  private useShared(): void {
    const key = "key " + this.context_id.toString()
    const first = sdk.get_shared_data(key)
    say("absent " + first.result.toString())
    sdk.set_shared_data(key, bytes("a"))
    const second = sdk.get_shared_data(key)
    say(textOf(second.value) + " " + (second.cas > 0).toString() + " " + sdk.set_shared_data(key, bytes("b"), second.cas).toString())
    say("stale " + sdk.set_shared_data(key, bytes("c"), second.cas).toString() + " " + textOf(sdk.get_shared_data(key).value))
    const queue = sdk.resolve_shared_queue("", "queue")
    say("resolve " + queue.result.toString() + " " + sdk.resolve_shared_queue("", "none").result.toString())
    sdk.enqueue_shared_queue(queue.token, bytes("item"))
    sdk.set_tick_period_milliseconds(20)
  }

  onRequestBody(size: usize, end_of_stream: bool): sdk.FilterDataStatusValues {
    if (this.mode != "upper") return sdk.FilterDataStatusValues.Continue
    if (!end_of_stream) return sdk.FilterDataStatusValues.StopIterationAndBuffer
    const body = stream_context.body.request
    body.set_text(body.text().toUpperCase())
    body.append(bytes("!"))
    body.prepend(bytes(">"))
    return sdk.FilterDataStatusValues.Continue
  }

  onHttpCallResponse(token: u32, headers: u32, body_size: u32, trailers: u32): void {
    const body = stream_context.body.http_callback.text()
    say("answer " + stream_context.headers.http_callback.get(":status") + " " + (body.length == body_size).toString())
    const json = sdk.Json.parse(body)
    if (json !== null) {
      const got = json.get("body")
      if (got !== null) stream_context.headers.request.add("x-answer", got.text)
    }
    this.continueRequest()
  }

  onGrpcReceiveInitialMetadata(token: u32, headers: u32): void {
    say("grpc initial " + stream_context.grpc.initial_metadata.get("x-initial"))
  }

  onGrpcReceive(token: u32, size: u32): void {
    say("grpc message " + size.toString() + " " + stream_context.grpc.message.text())
    if (this.mode == "grpc") this.continueRequest()
  }

  onGrpcReceiveTrailingMetadata(token: u32, trailers: u32): void {
    say("grpc trailing " + stream_context.grpc.trailing_metadata.get("x-trailing"))
  }

  onGrpcClose(token: u32, status: u32): void {
    say("grpc close " + status.toString() + " " + sdk.get_status().message)
    this.continueRequest()
  }

  onResponseHeaders(count: u32, end_of_stream: bool): sdk.FilterHeadersStatusValues {
    const headers = stream_context.headers.response
    if (this.mode == "upper-response") headers.remove("content-length")
    if (this.mode == "reply-late") {
      sdk.send_http_response(502, "late", bytes("replaced"), none)
      return sdk.FilterHeadersStatusValues.StopIteration
    }
    headers.add("x-sdk", this.mode)
    return sdk.FilterHeadersStatusValues.Continue
  }

  onResponseBody(size: usize, end_of_stream: bool): sdk.FilterDataStatusValues {
    if (this.mode != "upper-response") return sdk.FilterDataStatusValues.Continue
    if (!end_of_stream) return sdk.FilterDataStatusValues.StopIterationAndBuffer
    const body = stream_context.body.response
    body.set_text(body.text().toUpperCase())
    stream_context.trailers.response.add("x-trailer", "added")
    return sdk.FilterDataStatusValues.Continue
  }

  onLog(): void {
    if (this.mode == "properties") say("log " + properties.response.code().toString() + " " + properties.request.path() + " " + properties.response.header("x-sdk"))
  }
}

/** The filter after the first: says what it finds. */
class SecondRoot extends sdk.RootContext {
  createContext(context_id: u32): sdk.Context {
    return new SecondFilter(context_id, this)
  }
}

class SecondFilter extends sdk.Context {
  onRequestHeaders(count: u32, end_of_stream: bool): sdk.FilterHeadersStatusValues {
    const state = sdk.get_property_string("sdk_state")
    if (state !== null) say("second sees " + state)
    stream_context.headers.request.add("x-second", properties.plugin_root_id())
    return sdk.FilterHeadersStatusValues.Continue
  }
}

/** Keeps the first bytes of a connection to itself until a whole line came, and marks answers. */
class NetworkRoot extends sdk.RootContext {
  createContext(context_id: u32): sdk.Context {
    return new NetworkFilter(context_id, this)
  }
}

class NetworkFilter extends sdk.Context {
  onNewConnection(): sdk.FilterStatusValues {
    say("connected")
    return sdk.FilterStatusValues.Continue
  }

  onDownstreamData(size: usize, end: bool): sdk.FilterStatusValues {
    const data = stream_context.data.downstream
    const text = data.text()
    if (!text.includes("\n") && !end) return sdk.FilterStatusValues.StopIteration
    if (text.startsWith("close")) {
      sdk.close_downstream()
      return sdk.FilterStatusValues.StopIteration
    }
    data.set_text(text.replace("ping", "PING"))
    return sdk.FilterStatusValues.Continue
  }

  onUpstreamData(size: usize, end: bool): sdk.FilterStatusValues {
    if (size > 0) stream_context.data.upstream.append(bytes("<seen>"))
    return sdk.FilterStatusValues.Continue
  }

  onDownstreamConnectionClose(peer: sdk.PeerTypeValues): void {
    say("downstream closed " + peer.toString())
  }
}

/** An access logger. */
class LoggerRoot extends sdk.RootContext {
  onLog(): void {
    say("access " + properties.request.path() + " " + properties.response.code().toString())
  }
}

sdk.registerRootContext((context_id: u32) => new HttpRoot(context_id), "http")
sdk.registerRootContext((context_id: u32) => new SecondRoot(context_id), "second")
sdk.registerRootContext((context_id: u32) => new NetworkRoot(context_id), "network")
sdk.registerRootContext((context_id: u32) => new LoggerRoot(context_id), "logger")
