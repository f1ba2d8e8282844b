/**
 * The host's probe (test/fixtures/wasm/as-probe) through the SDK: does what the request tells it and logs what it gets. The
 * request header `x-probe` holds commands separated by ";": `PHASE OPERATION ARGUMENT…`, described there. Reading calls that
 * answer null or nothing log `none`.
 */
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  BufferManipulator,
  BufferTypeValues,
  close_downstream,
  close_request,
  close_response,
  close_upstream,
  Context,
  continue_downstream,
  continue_request,
  continue_response,
  define_metric,
  dequeue_shared_queue,
  done,
  enqueue_shared_queue,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  FilterStatusValues,
  FilterTrailersStatusValues,
  foreign_function,
  get_buffer_bytes,
  get_buffer_status,
  get_metric,
  get_property_bytes,
  get_shared_data,
  get_status,
  grpc_cancel,
  grpc_close,
  grpc_send,
  GrpcStatusValues,
  headerMap,
  HeaderMapTypeValues,
  Headers,
  HeaderStreamManipulator,
  increment_metric,
  log,
  logLevel,
  LogLevelValues,
  makeHeaderPair,
  MetricTypeValues,
  PeerTypeValues,
  property_path,
  record_metric,
  register_shared_queue,
  registerRootContext,
  resolve_shared_queue,
  RootContext,
  send_http_response,
  send_local_response,
  set_buffer_bytes,
  set_effective_context,
  set_property,
  set_shared_data,
  set_tick_period_milliseconds,
  stream_context,
  WasmResultValues,
} from "proxy-wasm-sdk-as/assembly"

const none = "none"
/** "@" in the commands of gRPC. */
let lastToken: u32 = 0

function say(text: string): void {
  log(LogLevelValues.info, text)
}

function num(text: string): i32 {
  return <i32>parseInt(text)
}

/** "_" is nothing, "0x…" bytes, "~" NUL. */
function bytes(text: string): ArrayBuffer {
  if (text == "_") return new ArrayBuffer(0)
  if (text.startsWith("0x")) {
    const raw = new Uint8Array((text.length - 2) / 2)
    for (let i = 0; i < raw.length; i++) raw[i] = <u8>parseInt(text.substr(2 + i * 2, 2), 16)
    return raw.buffer
  }
  return String.UTF8.encode(text.split("~").join("\0"))
}

function text(argument: string): string {
  return String.UTF8.decode(bytes(argument))
}

/** "." divides the parts, "~" stands for ".". */
function path(argument: string): string {
  const parts = argument.split(".")
  for (let i = 0; i < parts.length; i++) parts[i] = parts[i].split("~").join(".")
  return property_path(parts)
}

function pairs(argument: string): Headers {
  const headers: Headers = []
  if (argument == "_") return headers
  const items = argument.split("|")
  for (let i = 0; i < items.length; i++) {
    const equals = items[i].indexOf("=")
    headers.push(makeHeaderPair(items[i].substring(0, equals), items[i].substring(equals + 1)))
  }
  return headers
}

/** Printable text as it is, other bytes in hexadecimal. */
function shown(data: ArrayBuffer): string {
  const raw = Uint8Array.wrap(data)
  let printable = true
  for (let i = 0; i < raw.length; i++) if (raw[i] < 32 || raw[i] > 126) printable = false
  if (printable) return String.UTF8.decode(data)
  let hex = "0x"
  for (let i = 0; i < raw.length; i++) hex += (<u32>raw[i] + 256).toString(16).substring(1)
  return hex
}

/** Of a call that answers bytes or null. */
function found(data: ArrayBuffer | null): string {
  return data === null ? none : "0 " + shown(data)
}

/** Of a call that answers a status, with what it brought if that is Ok. */
function status(result: WasmResultValues, value: string): string {
  return result == WasmResultValues.Ok ? "0 " + value : result.toString()
}

function mapOf(argument: string): HeaderStreamManipulator {
  const type = num(argument)
  if (type == 0) return stream_context.headers.request
  if (type == 1) return stream_context.trailers.request
  if (type == 2) return stream_context.headers.response
  if (type == 3) return stream_context.trailers.response
  if (type == 4) return stream_context.grpc.initial_metadata
  if (type == 5) return stream_context.grpc.trailing_metadata
  if (type == 6) return stream_context.headers.http_callback
  if (type == 7) return stream_context.trailers.http_callback
  return headerMap(<HeaderMapTypeValues>type)
}

function snapshot(map: HeaderStreamManipulator): string {
  const all = map.snapshot()
  if (all.length == 0) return none
  let line = "0 " + all.length.toString()
  for (let i = 0; i < all.length; i++) line += " " + all.name(i) + "=" + all.value(i)
  return line
}

/** Buffers that have an object of their own; the others are read by number. */
function hasBuffer(type: i32): bool {
  return type <= 5
}

function bufferOf(type: i32): BufferManipulator {
  if (type == 0) return stream_context.body.request
  if (type == 1) return stream_context.body.response
  if (type == 2) return stream_context.data.downstream
  if (type == 3) return stream_context.data.upstream
  if (type == 4) return stream_context.body.http_callback
  return stream_context.grpc.message
}

function read(type: i32, start: u32, length: u32): string {
  const data = hasBuffer(type)
    ? bufferOf(type).get(start, length)
    : get_buffer_bytes(<BufferTypeValues>type, start, length)
  return data.byteLength == 0 ? none : "0 " + shown(data)
}

function write(type: i32, start: u32, length: u32, value: ArrayBuffer): WasmResultValues {
  if (start == 0 && length == 0 && hasBuffer(type)) return bufferOf(type).prepend(value)
  return set_buffer_bytes(<BufferTypeValues>type, start, length, value)
}

function goOn(stream: i32): string {
  if (stream == 0) return continue_request().toString()
  if (stream == 1) return continue_response().toString()
  if (stream == 2) return continue_downstream().toString()
  return "unknown"
}

function close(stream: i32): string {
  if (stream == 0) return close_request().toString()
  if (stream == 1) return close_response().toString()
  if (stream == 2) return close_downstream().toString()
  if (stream == 3) return close_upstream().toString()
  return "unknown"
}

class ProbeRoot extends RootContext {
  /** Of connections and access logs; requests bring their own. */
  script: string[] = []

  onConfigure(configuration_size: u32): bool {
    if (configuration_size > 0) this.script = this.getConfiguration().split(";")
    return true
  }

  /** As an access logger. */
  onLog(): void {
    say("log")
    const probe = new Probe(this.context_id, this)
    probe.script = this.script
    probe.run("log")
  }

  createContext(context_id: u32): Context {
    say("create stream")
    return new Probe(context_id, this)
  }

  onQueueReady(token: u32): void {
    say("queue_ready " + token.toString())
  }
}

class Probe extends Context {
  script: string[] = []
  private downstreamPieces: u32 = 0
  private upstreamPieces: u32 = 0

  constructor(
    context_id: u32,
    private probeRoot: ProbeRoot,
  ) {
    super(context_id, probeRoot)
  }

  run(phase: string): u32 {
    let action: u32 = 0
    for (let i = 0; i < this.script.length; i++) {
      const words = this.script[i].split(" ")
      if (words[0] != phase) continue
      if (words[1] == "ret") action = num(words[2])
      else say("  " + words.slice(1).join(" ") + " -> " + this.execute(words))
    }
    return action
  }

  private execute(w: string[]): string {
    const op = w[1]
    const a1 = w.length > 2 ? w[2] : "_"
    const a2 = w.length > 3 ? w[3] : "_"
    const a3 = w.length > 4 ? w[4] : "_"
    const a4 = w.length > 5 ? w[5] : "_"
    if (op == "get") return found(mapOf(a1).getBytes(text(a2)))
    if (op == "add") return mapOf(a1).add(text(a2), text(a3)).toString()
    if (op == "set") return mapOf(a1).replace(text(a2), text(a3)).toString()
    if (op == "del") return mapOf(a1).remove(text(a2)).toString()
    if (op == "pairs") return snapshot(mapOf(a1))
    if (op == "setpairs") return mapOf(a1).set_headers(pairs(a2)).toString()
    if (op == "mapsize") return mapOf(a1).size() > 0 ? "0 some" : none
    if (op == "buf") return read(num(a1), num(a2), num(a3))
    if (op == "bufsize") {
      const buffer = get_buffer_status(<BufferTypeValues>num(a1))
      return status(buffer.result, buffer.length.toString())
    }
    if (op == "bufset") return write(num(a1), num(a2), num(a3), bytes(a4)).toString()
    if (op == "prop") return found(get_property_bytes(path(a1)))
    if (op == "hasprop") {
      const value = get_property_bytes(path(a1))
      return value === null ? none : "0 size " + value.byteLength.toString()
    }
    if (op == "setprop") return set_property(path(a1), bytes(a2)).toString()
    if (op == "reply") {
      const grpc = w.length > 6
      return grpc
        ? send_local_response(num(a1), text(a2), bytes(a3), pairs(a4), <GrpcStatusValues>num(w[6])).toString()
        : send_http_response(num(a1), text(a2), bytes(a3), pairs(a4)).toString()
    }
    if (op == "continue") return goOn(num(a1))
    if (op == "close") return close(num(a1))
    return this.call(op, w, a1, a2, a3, a4)
  }

  private call(op: string, w: string[], a1: string, a2: string, a3: string, a4: string): string {
    if (op == "call") {
      const call = this.dispatchHttpCall(text(a1), pairs(a2), bytes(a3), [], num(a4))
      return status(call.result, call.token.toString())
    }
    if (op == "grpc") {
      const message = bytes(w.length > 6 ? w[6] : "_")
      const timeout = w.length > 7 ? num(w[7]) : 0
      const call = this.grpcCall(text(a1), text(a2), text(a3), pairs(a4), message, timeout)
      if (call.result == WasmResultValues.Ok) lastToken = call.token
      return status(call.result, call.token.toString())
    }
    if (op == "gstream") {
      const stream = this.grpcStream(text(a1), text(a2), text(a3), pairs(a4))
      if (stream.result == WasmResultValues.Ok) lastToken = stream.token
      return status(stream.result, stream.token.toString())
    }
    return global(op, a1, a2, a3)
  }

  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const commands = stream_context.headers.request.getOrNull("x-probe")
    if (commands !== null) {
      this.script = commands.split(";")
      stream_context.headers.request.remove("x-probe")
    }
    say("request_headers eos=" + end(end_of_stream))
    return <FilterHeadersStatusValues>this.run("rqh")
  }

  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    say("request_body " + size.toString() + " eos=" + end(end_of_stream))
    const action = size > 0 ? this.run("rqb") : 0
    return <FilterDataStatusValues>(end_of_stream ? this.run("rqe") : action)
  }

  onRequestTrailers(trailers: u32): FilterTrailersStatusValues {
    say("request_trailers " + trailers.toString())
    return <FilterTrailersStatusValues>this.run("rqt")
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    say("response_headers eos=" + end(end_of_stream))
    return <FilterHeadersStatusValues>this.run("rsh")
  }

  onResponseBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    say("response_body " + size.toString() + " eos=" + end(end_of_stream))
    const action = size > 0 ? this.run("rsb") : 0
    return <FilterDataStatusValues>(end_of_stream ? this.run("rse") : action)
  }

  onResponseTrailers(trailers: u32): FilterTrailersStatusValues {
    say("response_trailers " + trailers.toString())
    return <FilterTrailersStatusValues>this.run("rst")
  }

  onNewConnection(): FilterStatusValues {
    say("new_connection")
    this.script = this.probeRoot.script
    return <FilterStatusValues>this.run("new")
  }

  onDownstreamData(size: usize, end_of_stream: bool): FilterStatusValues {
    say("downstream_data " + size.toString() + " eos=" + end(end_of_stream))
    return this.runData("dn", ++this.downstreamPieces, end_of_stream)
  }

  onUpstreamData(size: usize, end_of_stream: bool): FilterStatusValues {
    say("upstream_data " + size.toString() + " eos=" + end(end_of_stream))
    return this.runData("up", ++this.upstreamPieces, end_of_stream)
  }

  /** The commands of any piece, of the nth, and of the last. */
  private runData(phase: string, nth: u32, end_of_stream: bool): FilterStatusValues {
    const always = this.run(phase)
    const ofNth = this.run(phase + nth.toString())
    const atEnd = end_of_stream ? this.run(phase + "e") : 0
    return <FilterStatusValues>(always != 0 ? always : ofNth != 0 ? ofNth : atEnd)
  }

  onDownstreamConnectionClose(t: PeerTypeValues): void {
    say("downstream_close " + (<u32>t).toString())
    this.run("dclose")
  }

  onUpstreamConnectionClose(t: PeerTypeValues): void {
    say("upstream_close " + (<u32>t).toString())
    this.run("uclose")
  }

  onHttpCallResponse(token: u32, headers: u32, body_size: u32, trailers: u32): void {
    const some = headers > 0 ? "some" : "0"
    say("call_response headers=" + some + " body=" + body_size.toString() + " trailers=" + trailers.toString())
    this.resume("call")
  }

  onGrpcReceiveInitialMetadata(token: u32, headers: u32): void {
    say("grpc_initial_metadata " + token.toString() + (headers > 0 ? " some" : " none"))
    this.resume("ginit")
  }

  onGrpcReceive(token: u32, response_size: u32): void {
    say("grpc_receive " + token.toString() + " " + response_size.toString())
    this.resume("grecv")
  }

  onGrpcReceiveTrailingMetadata(token: u32, trailers: u32): void {
    say("grpc_trailing_metadata " + token.toString() + (trailers > 0 ? " some" : " none"))
    this.resume("gtrail")
  }

  onGrpcClose(token: u32, status_code: u32): void {
    say("grpc_close " + token.toString() + " " + status_code.toString())
    this.resume("gend")
  }

  private resume(phase: string): void {
    say("  context -> " + this.setEffectiveContext().toString())
    this.run(phase)
  }

  onDone(): bool {
    say("done")
    this.run("done")
    return true
  }

  onLog(): void {
    say("log")
    this.run("log")
  }

  onDelete(): void {
    say("delete")
  }
}

function end(end_of_stream: bool): string {
  return end_of_stream ? "1" : "0"
}

function token(argument: string): u32 {
  return argument == "@" ? lastToken : num(argument)
}

/** Of what all VMs share, and of the proxy as a whole. */
function global(op: string, a1: string, a2: string, a3: string): string {
  if (op == "share") return set_shared_data(text(a1), bytes(a2), num(a3)).toString()
  if (op == "shared") {
    const data = get_shared_data(text(a1))
    const value = data.value
    return status(data.result, (value === null ? "" : shown(value)) + " cas " + data.cas.toString())
  }
  if (op == "queue") {
    const queue = register_shared_queue(text(a1))
    return status(queue.result, queue.token.toString())
  }
  if (op == "resolve") {
    const queue = resolve_shared_queue(text(a1), text(a2))
    return status(queue.result, queue.token.toString())
  }
  if (op == "push") return enqueue_shared_queue(num(a1), bytes(a2)).toString()
  if (op == "pop") {
    const item = dequeue_shared_queue(num(a1))
    const data = item.data
    return status(item.result, data === null ? "" : shown(data))
  }
  if (op == "define") {
    const metric = define_metric(<MetricTypeValues>num(a1), text(a2))
    return status(metric.result, metric.metric_id.toString())
  }
  if (op == "increment") return increment_metric(num(a1), num(a2)).toString()
  if (op == "record") return record_metric(num(a1), num(a2)).toString()
  if (op == "metric") {
    const metric = get_metric(num(a1))
    return status(metric.result, metric.data.toString())
  }
  if (op == "foreign") {
    const answer = foreign_function(text(a1), bytes(a2))
    return status(answer.result, shown(answer.data))
  }
  if (op == "status") {
    const known = get_status()
    return "0 " + known.status.toString() + " " + known.message
  }
  if (op == "context") return set_effective_context(num(a1)).toString()
  if (op == "tick") return set_tick_period_milliseconds(num(a1)).toString()
  if (op == "level") return logLevel() == LogLevelValues.info ? "0" : none
  if (op == "done") return done().toString()
  if (op == "trap") unreachable()
  if (op == "gsend") return grpc_send(token(a1), bytes(a2), num(a3) != 0).toString()
  if (op == "gcancel") return grpc_cancel(token(a1)).toString()
  if (op == "gclose") return grpc_close(token(a1)).toString()
  return "unknown"
}

registerRootContext((context_id: u32) => new ProbeRoot(context_id), "probe-root")
