// Cross-origin resource sharing (Fetch Standard): answers preflight requests and marks answers for allowed origins.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  FilterHeadersStatusValues,
  makeHeaderPair,
  makeHeaders,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

class CorsRoot extends RootContext {
  origins: string[] = []
  methods: string = ""
  headers: string = ""
  exposed: string = ""
  credentials: bool = false
  maxAge: string = ""

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.origins = config.texts("allow_origins")
    if (this.origins.length == 0) config.fault("allow_origins", "must have an origin, or *")
    for (let i = 0; i < this.origins.length; i++) {
      const origin = this.origins[i]
      const host = origin.indexOf("://")
      const wildcard = origin.indexOf("*")
      const isPattern = host > 0 && wildcard == host + 3 && origin.charAt(wildcard + 1) == "." && origin.lastIndexOf("*") == wildcard
      if (origin != "*" && (host <= 0 || origin.indexOf("/", host + 3) >= 0 || (wildcard >= 0 && !isPattern)))
        config.fault("allow_origins[" + i.toString() + "]", "must be *, scheme://host[:port] or scheme://*.domain[:port]")
      this.origins[i] = origin.toLowerCase()
    }
    this.methods = config.has("allow_methods") ? config.texts("allow_methods").join(", ") : "GET, HEAD, POST"
    this.headers = config.texts("allow_headers").join(", ")
    this.exposed = config.texts("expose_headers").join(", ")
    this.credentials = config.flag("allow_credentials", false)
    const maxAge = config.integer("max_age_seconds", 0, 86_400, -1)
    this.maxAge = maxAge < 0 ? "" : maxAge.toString()
    if (this.credentials && this.origins.includes("*"))
      config.fault("allow_credentials", "may not be with the origin *: any site could act for its visitors")
    return config.accept()
  }

  allows(origin: string): bool {
    const asked = origin.toLowerCase()
    for (let i = 0; i < this.origins.length; i++) {
      const allowed = this.origins[i]
      if (allowed == "*" || allowed == asked) return true
      const star = allowed.indexOf("*")
      if (star < 0 || asked.length < allowed.length) continue
      // The host must have something before the domain: https://.example.org is none.
      if (asked.startsWith(allowed.substring(0, star)) && asked.endsWith(allowed.substring(star + 1))) return true
    }
    return false
  }

  createContext(context_id: u32): Context {
    return new Cors(context_id, this)
  }
}

class Cors extends Context {
  /** Of an allowed cross-origin request. */
  private origin: string = ""
  private answered: bool = false

  constructor(
    context_id: u32,
    private root: CorsRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    const origin = headers.get("origin")
    if (origin.length == 0 || !root.allows(origin)) return FilterHeadersStatusValues.Continue
    this.origin = origin
    if (headers.get(":method") != "OPTIONS" || !headers.has("access-control-request-method"))
      return FilterHeadersStatusValues.Continue
    this.answered = true
    const reply = makeHeaders(["access-control-allow-origin", this.allowedOrigin(), "access-control-allow-methods", root.methods])
    if (root.headers.length > 0) reply.push(makeHeaderPair("access-control-allow-headers", root.headers))
    if (root.credentials) reply.push(makeHeaderPair("access-control-allow-credentials", "true"))
    if (root.maxAge.length > 0) reply.push(makeHeaderPair("access-control-max-age", root.maxAge))
    reply.push(makeHeaderPair("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"))
    send_http_response(204, "cors_preflight", new ArrayBuffer(0), reply)
    return FilterHeadersStatusValues.StopIteration
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.response
    if (this.answered) return FilterHeadersStatusValues.Continue
    // Caches must keep answers to different origins apart, those to none included.
    if (!root.origins.includes("*")) headers.add("vary", "Origin")
    if (this.origin.length == 0) return FilterHeadersStatusValues.Continue
    headers.replace("access-control-allow-origin", this.allowedOrigin())
    if (root.credentials) headers.replace("access-control-allow-credentials", "true")
    if (root.exposed.length > 0) headers.replace("access-control-expose-headers", root.exposed)
    return FilterHeadersStatusValues.Continue
  }

  private allowedOrigin(): string {
    return this.root.origins.includes("*") ? "*" : this.origin
  }
}

registerRootContext((context_id: u32) => new CorsRoot(context_id), "")
