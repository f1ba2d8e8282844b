// Writes a JSON line for each request, to the proxy's log or in batches to an HTTP endpoint.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  ConfigReader,
  Context,
  Counter,
  Headers,
  log,
  LogLevelValues,
  makeHeaderPair,
  makeHeaders,
  properties,
  quoteJson,
  random_u64,
  registerRootContext,
  RootContext,
  set_tick_period_milliseconds,
  stream_context,
  WasmResultValues,
} from "proxy-wasm-sdk-as/assembly"
import { path_is_below_any } from "../../lib/assembly/request"
import { isSource, usualFields, valueOf } from "./fields"

const levels = ["info", "debug", "trace", "warn", "error"]
const levelValues: LogLevelValues[] = [LogLevelValues.info, LogLevelValues.debug, LogLevelValues.trace, LogLevelValues.warn, LogLevelValues.error]

class RequestLogRoot extends RootContext {
  private names: string[] = []
  private sources: string[] = []
  private level: LogLevelValues = LogLevelValues.info
  private sample: f64 = 100
  private minStatus: i64 = 0
  private skipPaths: string[] = []
  // Of an HTTP endpoint.
  private cluster: string = ""
  private endpoint: Headers = []
  private isArray: bool = false
  private batchLines: i32 = 0
  private maxWaiting: i32 = 0
  private timeout: u32 = 0
  private tries: i32 = 0
  private waiting: string[] = []
  /** The batch that was sent, until it is answered. */
  private batch: string[] = []
  private tried: i32 = 0
  private underWay: bool = false
  private ends: bool = false
  private sent!: Counter
  private dropped!: Counter
  private failed!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.readFields(config)
    this.sample = config.decimal("sample_percent", 0, 100, 100)
    this.minStatus = config.integer("min_status", 0, 599, 0)
    this.skipPaths = config.texts("skip_paths")
    const level = levels.indexOf(config.choice("level", levels))
    if (level >= 0) this.level = levelValues[level]
    let interval: u32 = 0
    if (config.has("http")) interval = this.readEndpoint(config.object("http"))
    if (!config.accept()) return false
    this.sent = new Counter("request_log_sent")
    this.dropped = new Counter("request_log_dropped")
    this.failed = new Counter("request_log_failed_calls")
    if (interval > 0) set_tick_period_milliseconds(interval)
    return true
  }

  private readFields(config: ConfigReader): void {
    if (!config.has("fields")) {
      this.names = usualFields
      this.sources = usualFields
      return
    }
    const fields = config.object("fields")
    const names = fields.keys()
    for (let i = 0; i < names.length; i++) {
      const source = fields.text(names[i])
      if (source.length > 0 && !isSource(source)) fields.fault(names[i], "is no source: there is no " + source)
      this.names.push(names[i])
      this.sources.push(source)
    }
    if (names.length == 0) config.fault("fields", "must have one")
  }

  private readEndpoint(http: ConfigReader): u32 {
    this.cluster = http.text("cluster")
    this.isArray = http.choice("format", ["lines", "array"]) == "array"
    const type = this.isArray ? "application/json" : "application/x-ndjson"
    this.endpoint = makeHeaders([":method", "POST", ":path", http.textOr("path", "/"), ":authority", http.textOr("authority", this.cluster), "content-type", type])
    const headers = http.object("headers")
    const names = headers.keys()
    for (let i = 0; i < names.length; i++) this.endpoint.push(makeHeaderPair(names[i].toLowerCase(), headers.text(names[i])))
    this.batchLines = <i32>http.integer("batch_lines", 1, 10_000, 100)
    this.maxWaiting = <i32>http.integer("max_waiting_lines", 1, 100_000, 10_000)
    if (this.maxWaiting < this.batchLines) http.fault("max_waiting_lines", "must be batch_lines or more")
    this.timeout = <u32>http.integer("timeout_ms", 1, 600_000, 5000)
    this.tries = <i32>http.integer("tries", 1, 100, 3)
    return <u32>http.integer("flush_interval_ms", 10, 600_000, 1000)
  }

  /** The request of the running callback. */
  record(): void {
    const status = properties.response.code()
    if (status < this.minStatus) return
    if (this.sample < 100 && <f64>(random_u64() % 1_000_000) >= this.sample * 10_000) return
    if (this.skipPaths.length > 0 && path_is_below_any(stream_context.headers.request.get(":path"), this.skipPaths)) return
    let line = "{"
    for (let i = 0; i < this.names.length; i++) line += (i > 0 ? "," : "") + quoteJson(this.names[i]) + ":" + valueOf(this.sources[i])
    line += "}"
    if (this.cluster.length == 0) {
      log(this.level, line)
      this.sent.increment()
      return
    }
    if (this.waiting.length >= this.maxWaiting) {
      this.dropped.increment()
      return
    }
    this.waiting.push(line)
    // The call is the root context's: a stream's own would end with it.
    if (this.waiting.length >= this.batchLines && !this.underWay && this.setEffectiveContext() == WasmResultValues.Ok) this.flush()
  }

  onTick(): void {
    this.flush()
  }

  /** As an access logger (`envoy.access_loggers.wasm`). */
  onLog(): void {
    this.record()
  }

  onDone(): bool {
    this.ends = true
    this.flush()
    return !this.underWay
  }

  private flush(): void {
    if (this.underWay) return
    if (this.batch.length == 0) {
      if (this.waiting.length == 0) return
      this.batch = this.waiting.splice(0, this.batchLines)
      this.tried = 0
    }
    this.tried++
    const text = this.isArray ? "[" + this.batch.join(",") + "]" : this.batch.join("\n") + "\n"
    const call = this.dispatchHttpCall(this.cluster, this.endpoint, String.UTF8.encode(text), [], this.timeout)
    this.underWay = call.result == WasmResultValues.Ok
    if (!this.underWay) this.fail("there is no cluster " + this.cluster)
  }

  onHttpCallResponse(token: u32, headers: u32, body_size: u32, trailers: u32): void {
    this.underWay = false
    const status = headers > 0 ? <i32>parseInt(stream_context.headers.http_callback.get(":status")) : 0
    if (status >= 200 && status < 300) {
      this.sent.increment(this.batch.length)
      this.batch = []
      if (this.waiting.length >= this.batchLines || this.ends) this.flush()
    } else this.fail("the endpoint answered " + status.toString())
    if (this.ends && !this.underWay) this.done()
  }

  /** The batch stays for the next tick, or goes after so many tries. */
  private fail(reason: string): void {
    this.failed.increment()
    if (this.tried < this.tries && !this.ends) return
    log(LogLevelValues.warn, this.batch.length.toString() + " lines are lost: " + reason)
    this.dropped.increment(this.batch.length)
    this.batch = []
  }

  createContext(context_id: u32): Context {
    return new RequestLog(context_id, this)
  }
}

class RequestLog extends Context {
  constructor(
    context_id: u32,
    private root: RequestLogRoot,
  ) {
    super(context_id, root)
  }

  onLog(): void {
    this.root.record()
  }
}

registerRootContext((context_id: u32) => new RequestLogRoot(context_id), "")
