// A token bucket for each key, in shared data: the limit holds over all workers of the proxy.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  Counter,
  FilterHeadersStatusValues,
  get_current_time_nanoseconds,
  get_shared_data,
  log,
  LogLevelValues,
  makeHeaders,
  properties,
  registerRootContext,
  RootContext,
  send_http_response,
  set_shared_data,
  stream_context,
  WasmResultValues,
  withoutPort,
} from "proxy-wasm-sdk-as/assembly"

/** Other workers may take from the same bucket meanwhile; after so many tries the request passes. */
const maxTries = 16

class RateLimitRoot extends RootContext {
  key: string = ""
  /** Tokens a nanosecond. */
  rate: f64 = 0
  burst: f64 = 0
  status: u32 = 429
  body: string = ""
  headers: bool = true
  limited!: Counter
  passed!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.key = config.textOr("key", "client_ip")
    if (this.key != "client_ip" && this.key != "path" && this.key != "all" && !(this.key.startsWith("header:") && this.key.length > 7))
      config.fault("key", "must be client_ip, path, all, or header: and a name")
    const requests = <f64>config.integer("requests", 1, 1_000_000_000, 0)
    if (requests == 0) config.fault("requests", "is missing: how many requests in per_seconds")
    const seconds = config.decimal("per_seconds", 0.001, 86_400, 1)
    this.rate = requests / (seconds * 1e9)
    this.burst = <f64>config.integer("burst", 1, 1_000_000_000, <i64>requests)
    this.status = <u32>config.integer("status", 400, 599, 429)
    this.body = config.textOr("body", "too many requests\n")
    this.headers = config.flag("headers", true)
    if (!config.accept()) return false
    this.limited = new Counter("rate_limit_limited")
    this.passed = new Counter("rate_limit_passed")
    return true
  }

  createContext(context_id: u32): Context {
    return new RateLimit(context_id, this)
  }
}

class RateLimit extends Context {
  private remaining: f64 = 0

  constructor(
    context_id: u32,
    private root: RateLimitRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    if (this.take(properties.plugin_name() + " " + this.key())) {
      root.passed.increment()
      return FilterHeadersStatusValues.Continue
    }
    root.limited.increment()
    const seconds = <i64>Math.ceil((1 - this.remaining) / root.rate / 1e9)
    const headers = makeHeaders(["content-type", "text/plain", "retry-after", seconds.toString()])
    send_http_response(root.status, "rate_limited", String.UTF8.encode(root.body), headers)
    return FilterHeadersStatusValues.StopIteration
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    if (this.root.headers) {
      stream_context.headers.response.replace("x-ratelimit-limit", (<i64>this.root.burst).toString())
      stream_context.headers.response.replace("x-ratelimit-remaining", (<i64>this.remaining).toString())
    }
    return FilterHeadersStatusValues.Continue
  }

  private key(): string {
    const key = this.root.key
    if (key == "client_ip") return withoutPort(properties.source.address())
    if (key == "path") return properties.request.url_path()
    return key == "all" ? "" : stream_context.headers.request.get(key.substring(7))
  }

  /** Takes a token from a bucket: 8 bytes tokens, 8 bytes when they were counted. */
  private take(key: string): bool {
    const root = this.root
    for (let i = 0; i < maxTries; i++) {
      const shared = get_shared_data(key)
      const now = get_current_time_nanoseconds()
      let tokens = root.burst
      const value = shared.value
      if (value !== null && value.byteLength == 16) {
        const then = load<u64>(changetype<usize>(value), 8)
        const passed = now > then ? <f64>(now - then) : 0
        tokens = min(root.burst, load<f64>(changetype<usize>(value)) + passed * root.rate)
      }
      this.remaining = tokens
      if (tokens < 1) return false
      const next = new ArrayBuffer(16)
      store<f64>(changetype<usize>(next), tokens - 1)
      store<u64>(changetype<usize>(next), now, 8)
      const result = set_shared_data(key, next, shared.cas)
      if (result == WasmResultValues.CasMismatch) continue
      this.remaining = tokens - 1
      if (result != WasmResultValues.Ok) log(LogLevelValues.warn, "no room for another bucket: not limited")
      return true
    }
    return true
  }
}

registerRootContext((context_id: u32) => new RateLimitRoot(context_id), "")
