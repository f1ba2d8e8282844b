// Puts each visitor into a variant by weight, keeps it there by a cookie, and tells the variant in a request header.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  cookie_value,
  Counter,
  FilterHeadersStatusValues,
  random_u64,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

class AbSplitRoot extends RootContext {
  cookie: string = ""
  attributes: string = ""
  header: string = ""
  forceHeader: string = ""
  names: string[] = []
  weights: u64[] = []
  counters: Counter[] = []
  total: u64 = 0

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.cookie = config.textOr("cookie", "variant")
    this.header = config.textOr("header", "x-variant").toLowerCase()
    this.forceHeader = config.textOr("force_header", "").toLowerCase()
    this.attributes = "; Path=" + config.textOr("path", "/")
    const maxAge = config.integer("max_age_seconds", 0, 31_536_000, 2_592_000)
    // 0 is a cookie for the session.
    if (maxAge > 0) this.attributes += "; Max-Age=" + maxAge.toString()
    const sameSite = config.choice("same_site", ["Lax", "Strict", "None"])
    this.attributes += "; HttpOnly; SameSite=" + sameSite
    if (config.flag("secure", sameSite == "None")) this.attributes += "; Secure"
    const variants = config.list("variants")
    for (let i = 0; i < variants.length; i++) {
      const name = variants[i].text("name")
      if (!isCookieText(name)) variants[i].fault("name", "may have letters, digits, '-', '_' and '.' only")
      if (this.names.includes(name)) variants[i].fault("name", "is there twice")
      this.names.push(name)
      const weight = variants[i].integer("weight", 0, 1_000_000, 1)
      this.weights.push(weight)
      this.total += weight
    }
    if (!isCookieText(this.cookie)) config.fault("cookie", "may have letters, digits, '-', '_' and '.' only")
    if (this.total == 0) config.fault("variants", "must have one with a weight above 0")
    if (!config.accept()) return false
    for (let i = 0; i < this.names.length; i++) this.counters.push(new Counter("ab_split", ["variant", this.names[i]]))
    return true
  }

  choose(): i32 {
    let rest = random_u64() % this.total
    for (let i = 0; i < this.weights.length; i++) {
      if (rest < this.weights[i]) return i
      rest -= this.weights[i]
    }
    return 0
  }

  createContext(context_id: u32): Context {
    return new AbSplit(context_id, this)
  }
}

function isCookieText(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const letter = unit | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (unit < 0x30 || unit > 0x39) && unit != 0x2d && unit != 0x2e && unit != 0x5f) return false
  }
  return text.length > 0
}

class AbSplit extends Context {
  /** The variant to tell the visitor's browser; -1: it knows. */
  private fresh: i32 = -1

  constructor(
    context_id: u32,
    private root: AbSplitRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    let variant = root.forceHeader.length > 0 ? root.names.indexOf(headers.get(root.forceHeader)) : -1
    if (variant < 0) {
      const kept = cookie_value(headers.get("cookie"), root.cookie)
      if (kept !== null) variant = root.names.indexOf(kept)
      // A variant that takes no part any more lets its visitors go.
      if (variant < 0 || root.weights[variant] == 0) this.fresh = variant = root.choose()
    }
    root.counters[variant].increment()
    headers.replace(root.header, root.names[variant])
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    if (this.fresh >= 0)
      stream_context.headers.response.add("set-cookie", root.cookie + "=" + root.names[this.fresh] + root.attributes)
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new AbSplitRoot(context_id), "")
